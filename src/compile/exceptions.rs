//! Exceptions that campaigns make from checks: each with its reason, for a journey or a file, perhaps until a day.
//!
//! Excuses findings; finds none but what is wrong with the exceptions themselves.

use super::Suppressed;
use crate::diag::{Code, Diagnostic};
use crate::schema::{Sink, unknown};
use crate::syntax::tree::{self, Allow, HeaderKind, Item, JourneyLine};
use crate::text::Span;
use crate::value::Date;

/// One `allow`, and what became of it.
#[derive(Debug, Clone)]
pub struct Exception {
    pub code: Code,
    pub because: String,
    /// The last day it holds.
    pub until: Option<Date>,
    pub place: Span,
    /// How many findings it excused.
    pub excused: usize,
    /// Its last day has passed: it excuses nothing any more.
    pub expired: bool,
    /// The journey, or the whole file.
    scope: Span,
}

/// All exceptions of the campaigns, in the order of the text. Wrong ones are reported.
pub fn collect(files: &[tree::File], today: Option<Date>, sink: &mut Sink) -> Vec<Exception> {
    let mut found = Vec::new();
    for file in files {
        let whole = Span { source: file.source, start: 0, end: u32::MAX };
        for item in &file.items {
            match item {
                Item::Allow(allow) => found.extend(exception(allow, whole, today, sink)),
                Item::Journey(journey) => {
                    let lines = journey.lines.iter().filter_map(|line| match line {
                        JourneyLine::Header(header) => Some(&header.kind),
                        JourneyLine::Start(_)
                        | JourneyLine::Exit { .. }
                        | JourneyLine::OnlyIf { .. }
                        | JourneyLine::Step(_) => None,
                    });
                    for line in lines {
                        if let HeaderKind::Allow(allow) = line {
                            found.extend(exception(allow, journey.span, today, sink));
                        }
                    }
                }
                Item::Enum(_)
                | Item::Record(_)
                | Item::Profile(_)
                | Item::Event(_)
                | Item::Message(_)
                | Item::Action(_)
                | Item::Policy(_)
                | Item::Segment(_)
                | Item::Moves(_)
                | Item::Test(_)
                | Item::Error(_) => {}
            }
        }
    }
    found
}

fn exception(allow: &Allow, scope: Span, today: Option<Date>, sink: &mut Sink) -> Option<Exception> {
    let Ok(code) = allow.code.text.parse::<Code>() else {
        let known = Code::ALL.iter().filter(|code| code.is_livable()).map(|code| (code.name(), None));
        sink.report(unknown(("code", "コード"), &allow.code.text, allow.code.span, known));
        return None;
    };
    if !code.is_livable() {
        sink.report(
            Diagnostic::new(
                Code::E0404,
                allow.code.span,
                format!("`{}` allows no exception", code.name()),
                format!("`{}` に例外は認められません", code.name()),
            )
            .help(
                "what it reports has no meaning to run: correct it, and delete this line",
                "このままでは実行できない誤りです。直してから、この行を削除する",
            ),
        );
        return None;
    }
    if allow.because.text.trim().is_empty() {
        sink.report(
            Diagnostic::new(Code::E0404, allow.because.span, "an exception without a reason", "理由のない例外")
                .help("say why, for whoever reads it in half a year", "半年後に読む人のために理由を書く"),
        );
    }
    let until = allow.until.and_then(|(year, month, day)| Date::from_ymd(year, month, day));
    let expired = matches!((until, today), (Some(until), Some(today)) if today > until);
    let because = allow.because.text.clone();
    Some(Exception { code, because, until, place: allow.span, excused: 0, expired, scope })
}

/// Takes the excused findings away and returns them, tells at the others that an exception has ended, and reports exceptions that excuse
/// nothing (W0109).
pub fn excuse(exceptions: &mut [Exception], findings: &mut Vec<Diagnostic>) -> Vec<Suppressed> {
    let mut suppressed: Vec<Suppressed> = Vec::new();
    findings.retain_mut(|finding| {
        let mut kept = true;
        for exception in exceptions.iter_mut() {
            if !exception.covers(finding) {
                continue;
            }
            exception.excused += 1;
            if exception.expired {
                let day = exception.until.map_or_else(String::new, |day| day.to_string());
                let en = format!("its exception ended on {day}");
                let ja = format!("例外は {day} で終わりました");
                finding
                    .others
                    .push(crate::diag::Label { span: exception.place, text: crate::diag::Phrase::new(en, ja) });
            } else if kept {
                kept = false;
                let exception = Some(exception.because.clone());
                suppressed.push(Suppressed { diagnostic: finding.clone(), exception });
            }
        }
        kept
    });
    for exception in exceptions.iter().filter(|e| e.excused == 0) {
        let name = exception.code.name();
        findings.push(
            Diagnostic::new(
                Code::W0109,
                exception.place,
                format!("there is no `{name}` here to make an exception from"),
                format!("ここには例外にすべき `{name}` がありません"),
            )
            .help("delete the line", "この行を削除する")
            .fix(exception.place, ""),
        );
    }
    suppressed
}

impl Exception {
    fn covers(&self, finding: &Diagnostic) -> bool {
        let place = finding.primary.span;
        let inside =
            place.source == self.scope.source && self.scope.start <= place.start && place.end <= self.scope.end;
        self.code == finding.code && inside
    }
}
