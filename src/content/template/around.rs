//! What surrounds a value: text, an attribute, an address; and what may leave by the message's channel.
//!
//! Does not type expressions.

use minijinja::machinery::ast::Expr;

use super::html::{Around, Misfit, MisfitKind, Unfinished};
use super::typed::{Length, Link, Typed};
use super::{At, Checker, Setting};
use crate::content::piece::Piece;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::{Channel, Type};
use crate::text::Span;
use crate::value::mjml;

/// Tags that are named where an attribute is of another tag.
const ELSEWHERE_SHOWN_MAX: usize = 4;

impl Checker<'_> {
    /// Raw text between tags; it begins at `from` in the piece.
    pub(super) fn raw(&mut self, text: &str, from: usize, piece: &Piece) -> Length {
        let (conditional, words) = (self.conditional > 0, &mut self.seen.words);
        let mut see = |c: char| {
            if !conditional && !c.is_whitespace() {
                words.push(c);
            }
        };
        let mut misfits = Vec::new();
        match &mut self.setting {
            Setting::Text => text.chars().for_each(see),
            Setting::Link(before) => before.push_str(text),
            Setting::Page(html) => html.raw(text, from, &mut see, &mut misfits),
        }
        for misfit in misfits {
            let found = worded(&misfit, piece);
            self.report(found);
        }
        Length::of(text)
    }

    /// Tags of MJML that nobody closed, and whatever hides the rest of the page.
    pub(super) fn left_open(&mut self, piece: &Piece, html: &super::html::Html) {
        if let Some((what, range)) = html.unfinished() {
            let found = unfinished(&what, piece.place(range));
            self.report(found);
        } else if let Some((tag, range)) = html.open.last() {
            let found = Diagnostic::new(
                Code::E0442,
                piece.place(range.clone()),
                format!("`<{tag}>` is never closed"),
                format!("`<{tag}>` が閉じていません"),
            );
            self.report(found.help(format!("close it: `</{tag}>`"), format!("`</{tag}>` で閉じてください")));
        }
    }
}

/// A link that no reader could follow.
pub fn leads_nowhere(place: Span, target: &str) -> Diagnostic {
    let found = match target {
        "" => Diagnostic::new(Code::E0442, place, "a link to nothing", "リンク先がありません"),
        _ => Diagnostic::new(
            Code::E0442,
            place,
            format!("a link to `{target}` leads nowhere a reader can go"),
            format!("`{target}` は読者が開けるリンク先ではありません"),
        ),
    };
    found.help(
        "begin links with `https://`, `mailto:` or `tel:`",
        "リンクは `https://`・`mailto:`・`tel:` で始めてください",
    )
}

fn worded(misfit: &Misfit, piece: &Piece) -> Diagnostic {
    let place = piece.place(misfit.range.clone());
    match &misfit.kind {
        MisfitKind::Unknown(tag) => {
            let found = Diagnostic::new(
                Code::E0442,
                place,
                format!("MJML has no `<{tag}>`"),
                format!("MJML に `<{tag}>` はありません"),
            );
            match did_you_mean(tag, mjml::TAGS.iter().map(|tag| tag.name)) {
                Some(alike) => found.help(format!("did you mean `<{alike}>`?"), format!("`<{alike}>` のことですか?")),
                None => found,
            }
        }
        MisfitKind::Refused(tag) => refused(tag, place),
        MisfitKind::Attribute(tag, name) => attribute(tag, name, place),
        MisfitKind::Quote(open) => Diagnostic::new(
            Code::E0442,
            place,
            "a quotation mark where an attribute would begin",
            "属性が始まる位置に引用符があります",
        )
        .other(piece.place(open.clone()), "in this tag", "このタグの中です")
        .help(
            "a value before it is not closed, or has a quotation mark in it: write `name=\"value\"`, and `&quot;` within",
            "前の値が閉じていないか、値の中に引用符があります。`名前=\"値\"` と書き、値の中では `&quot;` にしてください",
        ),
        MisfitKind::Unquoted(value) => Diagnostic::new(
            Code::E0442,
            place,
            "a value without quotation marks; MJML needs them",
            "MJML では属性の値を引用符で囲みます",
        )
        .help(format!("write `\"{value}\"`"), format!("`\"{value}\"` と書いてください"))
        .fix(place, format!("\"{value}\"")),
        MisfitKind::Text(parent) => loose(place, parent),
        MisfitKind::Misplaced(tag, parent) => {
            let (children, parent) = (parent.holds.unwrap_or_default(), parent.name);
            let list =
                children.iter().filter(|c| **c != "mj-raw").map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
            let found = Diagnostic::new(
                Code::E0442,
                place,
                format!("`<{tag}>` may not stand directly in `<{parent}>`"),
                format!("`<{tag}>` は `<{parent}>` の直下に置けません"),
            );
            found.help(format!("in it may stand {list}"), format!("置けるもの: {list}"))
        }
        MisfitKind::Crossed(tag, inner, open) => Diagnostic::new(
            Code::E0442,
            place,
            format!("`</{tag}>` closes before `</{inner}>` does"),
            format!("`</{inner}>` より先に `</{tag}>` が閉じています"),
        )
        .other(piece.place(open.clone()), format!("`<{inner}>` is open"), format!("`<{inner}>` が開いています"))
        .help(format!("write `</{inner}>` before it"), format!("その前に `</{inner}>` を書いてください")),
        MisfitKind::LeadsNowhere(target) => leads_nowhere(place, target),
        MisfitKind::NeverOpened(tag) => Diagnostic::new(
            Code::E0442,
            place,
            format!("`</{tag}>` closes nothing"),
            format!("`</{tag}>` に対応する開始タグがありません"),
        ),
    }
}

/// Text that no reader would see.
fn loose(place: Span, parent: &mjml::Tag) -> Diagnostic {
    let name = parent.name;
    Diagnostic::new(
        Code::E0442,
        place,
        format!("text directly in `<{name}>` is not shown"),
        format!("`<{name}>` の直下の文字は表示されません"),
    )
    .help("put it into `<mj-text>`, in a column", "カラムの中の `<mj-text>` に入れてください")
}

/// What MJML has and a message has not.
fn refused(tag: &str, place: Span) -> Diagnostic {
    if tag == "mj-include" {
        return Diagnostic::new(
            Code::E0442,
            place,
            "a message is one file: `<mj-include>` cannot read another",
            "メッセージは一つのファイルです。`<mj-include>` で他のファイルは読めません",
        )
        .help(
            "put what that file holds here; styles go into `<mj-style>` in `<mj-head>`",
            "そのファイルの中身をここに書いてください。スタイルは `<mj-head>` の `<mj-style>` に書きます",
        );
    }
    Diagnostic::new(
        Code::E0442,
        place,
        format!("`<{tag}>` is not supported"),
        format!("`<{tag}>` には対応していません"),
    )
    .help(
        "write the HTML with its attributes in `<mj-raw>` or `<mj-text>`",
        "属性を付けた HTML を `<mj-raw>` か `<mj-text>` の中に書いてください",
    )
}

/// An attribute that nothing would come of.
fn attribute(tag: &mjml::Tag, name: &str, place: Span) -> Diagnostic {
    let found = Diagnostic::new(
        Code::E0442,
        place,
        format!("`<{}>` has no attribute `{name}`", tag.name),
        format!("`<{}>` に `{name}` という属性はありません", tag.name),
    );
    let takes = tag.takes();
    let small = name.to_lowercase();
    let alike = takes.iter().copied().find(|known| *known == small);
    if let Some(alike) = alike.or_else(|| did_you_mean(name, takes.iter().copied())) {
        let (en, ja) = (format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"));
        return found.help(en, ja).fix(place, alike);
    }
    let others: Vec<String> = mjml::TAGS
        .iter()
        .filter(|other| !matches!(other.name, "mj-all" | "mj-class") && other.takes().contains(&name))
        .map(|other| format!("`<{}>`", other.name))
        .take(ELSEWHERE_SHOWN_MAX)
        .collect();
    if !others.is_empty() {
        let list = others.join(", ");
        return found.help(format!("it is taken by {list}"), format!("この属性があるのは {list} です"));
    }
    if takes.is_empty() {
        return found.help("it takes none: delete it", "このタグに属性はありません。削除してください");
    }
    let list = takes.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    found.help(format!("there is {list}"), format!("使えるもの: {list}"))
}

fn unfinished(what: &Unfinished, place: Span) -> Diagnostic {
    let (en, ja, close) = match what {
        Unfinished::Tag(tag) => {
            (format!("`<{tag}` has no end"), format!("`<{tag}` のタグが終わっていません"), ">".to_owned())
        }
        Unfinished::Comment => {
            ("this comment has no end".to_owned(), "コメントが終わっていません".to_owned(), "-->".to_owned())
        }
        Unfinished::Code(tag) => {
            (format!("`<{tag}>` is never closed"), format!("`<{tag}>` が閉じていません"), format!("</{tag}>"))
        }
    };
    let found = Diagnostic::new(Code::E0442, place, en, ja);
    let found = found.note("nothing behind it is shown", "これより後は表示されません");
    match what {
        Unfinished::Tag(_) => found.help(
            format!("close it: `{close}`; see that every quotation mark has its pair"),
            format!("`{close}` で閉じてください。引用符の閉じ忘れも確かめてください"),
        ),
        Unfinished::Comment | Unfinished::Code(_) => {
            found.help(format!("close it: `{close}`"), format!("`{close}` で閉じてください"))
        }
    }
}

impl At<'_, '_> {
    /// Judges a value where it stands and goes on behind it.
    pub fn write_out(&mut self, typed: &Typed, expr: &Expr<'_>) {
        let around = match &self.checker.setting {
            Setting::Text => Around::Text,
            Setting::Link(before) => Around::Link(before.clone()),
            Setting::Page(html) => html.around(),
        };
        let place = self.place(expr);
        self.may_leave(typed, place);
        self.note(typed, &around);
        if let Setting::Page(html) = &self.checker.setting
            && let Some(parent) = html.holds_no_text()
        {
            self.report(loose(place, parent));
        }
        match around {
            Around::Text | Around::Attribute => {}
            Around::Link(before) => self.in_link(typed, expr, &before),
            Around::Style if typed.link == Link::Text => self.out_of_place(expr, "`style`", "`style`"),
            Around::Style => {}
            Around::Unquoted => {
                let what = ("an attribute needs quotes around a value", "値を入れる属性は引用符で囲みます");
                self.refuse(expr, what, Some(("write `href=\"…\"`", "`href=\"…\"` のように書いてください")));
            }
            Around::Name => self.out_of_place(expr, "the name of a tag or an attribute", "タグや属性の名前"),
            Around::Code => self.out_of_place(expr, "a script or a style sheet", "スクリプトやスタイルシート"),
        }
        match &mut self.checker.setting {
            Setting::Text => {}
            Setting::Link(before) => before.push('\u{fffc}'),
            Setting::Page(html) => html.value(),
        }
    }

    fn out_of_place(&mut self, expr: &Expr<'_>, en: &str, ja: &str) {
        let written = self.written(expr);
        let found = Diagnostic::new(
            Code::E0402,
            self.place(expr),
            format!("`{written}` may not stand in {en}"),
            format!("`{written}` は{ja}の中に置けません"),
        );
        self.report(found.help(
            "choose between written texts: `{% if … %}red{% else %}blue{% endif %}`",
            "`{% if … %}red{% else %}blue{% endif %}` のように、書いた言葉から選んでください",
        ));
    }

    /// What the law asks for, and names of the settings that make it true.
    fn note(&mut self, typed: &Typed, around: &Around) {
        let Some(path) = &typed.path else { return };
        let seen = &mut self.checker.seen;
        if path == "unsubscribe_url" {
            let email = self.checker.about.channel == Channel::Email;
            let linked = !email || matches!(around, Around::Link(before) if before.is_empty());
            seen.unsubscribe_link |= linked && self.checker.conditional == 0;
        }
        let list = if self.checker.conditional == 0 { &mut seen.always } else { &mut seen.sometimes };
        list.insert(path.clone());
    }

    /// Behind the host a value is percent-encoded when it is rendered, so anything may stand there.
    fn in_link(&mut self, typed: &Typed, expr: &Expr<'_>, before: &str) {
        let written = self.written(expr);
        let place = self.place(expr);
        if before.is_empty() {
            if typed.link == Link::Whole {
                return;
            }
            let found = Diagnostic::new(
                Code::E0402,
                place,
                format!("`{written}` is no address on the web"),
                format!("`{written}` は URL ではありません"),
            );
            let found = self.with_origin(found, typed);
            return self.report(found.help(
                "begin with `https://` and the host, or declare the value as `url`",
                "`https://` とホスト名から書くか、値を `url` 型で宣言してください",
            ));
        }
        let to_person = ["mailto:", "tel:", "sms:"].iter().any(|scheme| before.starts_with(scheme));
        if to_person {
            let fits = typed.is(|ty| matches!(ty, Type::Email | Type::Phone))
                || typed.link == Link::Part
                || self.is_sender(typed);
            if !fits {
                self.mismatch(typed, expr, ("an address or a number", "宛先"));
            }
        } else if !has_host(before) {
            let found = Diagnostic::new(
                Code::E0402,
                place,
                format!("`{written}` would decide where the link leads"),
                format!("`{written}` によってリンク先のサイトが変わってしまいます"),
            );
            self.report(found.help(
                "write the host out: `https://www.example.jp/…`",
                "ホスト名までを書いてください: `https://www.example.jp/…`",
            ));
        }
    }

    fn is_sender(&self, typed: &Typed) -> bool {
        typed.path.as_deref().is_some_and(|path| path.starts_with("sender."))
    }

    /// Whether a value may go where the message goes: what is personal, to a system only on purpose.
    pub fn may_leave(&mut self, typed: &Typed, place: Span) {
        if !typed.pii || self.checker.about.channel.is_personal() {
            return;
        }
        let message = self.checker.about.message;
        let found = Diagnostic::new(
            Code::E0431,
            place,
            format!("personal data in `{}`, which goes to a system", message.name),
            format!("`{}` は外部システムに届きます。個人情報が含まれています", message.name),
        );
        let found = self.with_origin(found, typed).other(message.span, "a webhook", "Webhook です");
        self.report(found.help(
            "if it must have it, pass it: `takes { x: text pii }`",
            "必要なら `takes { x: text pii }` と宣言し、引数として渡してください",
        ));
    }
}

/// Whether an address is complete up to its host, so that nothing behind can change where it leads. A value within it is
/// a `\u{fffc}`.
fn has_host(before: &str) -> bool {
    if before.starts_with('\u{fffc}') {
        // A whole address was given as one value; more may follow its path.
        return true;
    }
    let Some((scheme, rest)) = before.split_once("://") else {
        // A path leads within one site.
        return before.starts_with('/') && !before.starts_with("//");
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !scheme.contains('\u{fffc}') && !host.is_empty() && !host.contains('\u{fffc}') && host.len() < rest.len()
}

#[cfg(test)]
mod tests {
    use super::has_host;

    #[test]
    fn where_a_link_leads_is_settled_by_its_host() {
        let settled = [
            "https://a.example/",
            "https://a.example?x=",
            "https://a.example/x/\u{fffc}/",
            "line://app/",
            "/x/",
            "\u{fffc}",
        ];
        for address in settled {
            assert!(has_host(address), "{address}");
        }
        for open in ["https://", "https://www.", "https://www.a.example", "//", "https://\u{fffc}/", "javascript:", "x"]
        {
            assert!(!has_host(open), "{open}");
        }
    }
}
