//! What an operating system says of files, in Japanese as well.
//!
//! Opens nothing; whoever tried brings the error.

use std::io;

use super::Phrase;

impl Phrase {
    /// The system's own words in English; in Japanese ours for what commonly happens, and the system's for the rest.
    pub fn of_io(error: &io::Error) -> Phrase {
        let en = error.to_string();
        let ja = match error.kind() {
            io::ErrorKind::NotFound => "ファイルかフォルダーがありません",
            io::ErrorKind::PermissionDenied => "権限がありません",
            io::ErrorKind::AlreadyExists => "すでに存在します",
            io::ErrorKind::NotADirectory => "フォルダーではありません",
            io::ErrorKind::IsADirectory => "フォルダーです",
            io::ErrorKind::DirectoryNotEmpty => "フォルダーが空ではありません",
            io::ErrorKind::ReadOnlyFilesystem => "読み取り専用の場所です",
            io::ErrorKind::StorageFull => "空き容量がありません",
            io::ErrorKind::QuotaExceeded => "容量の割り当てを超えています",
            io::ErrorKind::FileTooLarge => "ファイルが大きすぎます",
            io::ErrorKind::InvalidFilename => "ファイル名が正しくありません",
            io::ErrorKind::InvalidData => "UTF-8 のテキストではありません",
            io::ErrorKind::UnexpectedEof => "途中で終わっています",
            io::ErrorKind::BrokenPipe => "出力先が閉じられています",
            // The kinds are open: new ones come with the standard library.
            _ => return Phrase { ja: format!("「{en}」"), en },
        };
        Phrase { en, ja: ja.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commonly_happens_is_told_in_japanese() {
        let missing = Phrase::of_io(&io::Error::from_raw_os_error(2));
        assert_eq!(missing.ja, "ファイルかフォルダーがありません");
        assert!(missing.en.starts_with("No such file"), "{}", missing.en);
        assert_eq!(Phrase::of_io(&io::Error::other("odd")).ja, "「odd」");
    }
}
