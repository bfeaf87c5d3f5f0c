//! The last line of a check: how many of what, in how many files.
//!
//! Counts; shows no diagnostic.

use crate::diag::{Diagnostic, Language};

/// `2 errors, 1 warning in 3 files`, without a line end. `files` is how many were looked at.
pub fn summary(diagnostics: &[Diagnostic], files: usize, language: Language) -> String {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    counted(errors, diagnostics.len() - errors, files, language)
}

/// The same from numbers.
pub(super) fn counted(errors: usize, warnings: usize, files: usize, language: Language) -> String {
    match language {
        Language::English => {
            let found = match (errors, warnings) {
                (0, 0) => "no problems".to_string(),
                (e, 0) => plural(e, "error"),
                (0, w) => plural(w, "warning"),
                (e, w) => format!("{}, {}", plural(e, "error"), plural(w, "warning")),
            };
            format!("{found} in {}", plural(files, "file"))
        }
        Language::Japanese => match (errors, warnings) {
            (0, 0) => format!("{files} ファイル、問題なし"),
            (e, 0) => format!("{files} ファイル中、エラー {e} 件"),
            (0, w) => format!("{files} ファイル中、警告 {w} 件"),
            (e, w) => format!("{files} ファイル中、エラー {e} 件、警告 {w} 件"),
        },
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
