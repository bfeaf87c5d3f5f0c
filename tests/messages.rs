//! Message files, good and bad: each file in `tests/messages` is a project with what is to be said of it, by place.
//!
//! Does not render; hostile files are only asked to be answered in time.

mod parts;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tabi::diag::{Code, Diagnostic};
use tabi::text::{Source, Sources};

const EXPECT: &str = "expect";
/// What every case stands in.
const PRELUDE: &str = include_str!("messages/world.tabi");

/// `CODE PATH:LINE:COLUMN HEADLINE`, and the text under the caret.
fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut lines = String::new();
    for found in diagnostics {
        let source = sources.get(found.primary.span.source);
        let (line, column) = source.line_column(found.primary.span.start);
        let under = source.slice(found.primary.span).lines().next().unwrap_or_default();
        let _ =
            writeln!(lines, "{} {}:{line}:{column} `{under}` {}", found.code.name(), source.path, found.headline.en);
    }
    lines
}

fn look_at(text: &str) -> String {
    let (campaign, mut files) = parts::split(text);
    files.retain(|(path, _)| path != EXPECT);
    let mut sources = Sources::default();
    sources.add(Source::new("world.tabi", PRELUDE));
    sources.add(Source::new("case.tabi", campaign));
    let (compiled, sources) = parts::compiled(sources, &files);
    // No case sends its messages.
    let found: Vec<Diagnostic> = compiled.diagnostics.into_iter().filter(|d| d.code != Code::W0705).collect();
    shown(&found, &sources)
}

/// With `BLESS` set, what was said is written down instead: to be read before it is kept.
#[test]
fn every_case_is_judged_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut wrong, mut cases) = (String::new(), 0);
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "case")) {
        let text = fs::read_to_string(path).unwrap();
        let (_, files) = parts::split(&text);
        let expected = files.into_iter().find(|(name, _)| name == EXPECT).expect("a case says what it expects").1;
        let found = look_at(&text);
        cases += 1;
        if std::env::var_os("BLESS").is_some() {
            let head = text.split_once("=== expect\n").map_or(text.as_str(), |(head, _)| head);
            fs::write(path, format!("{head}=== expect\n{found}")).unwrap();
        } else if found != expected {
            let _ = writeln!(wrong, "--- {}\n{found}", path.display());
        }
    }
    assert!(cases > 10, "the cases were not found");
    assert!(wrong.is_empty(), "{wrong}");
}

/// The edits of the first finding, put into the file.
#[test]
fn a_misspelt_attribute_is_put_right_by_its_own_edit() {
    let mail = |attribute: &str| {
        format!(
            "---\nsubject: x\nfrom: a@b.jp\n---\n<mjml><mj-body><mj-section {attribute}=\"#fff\"><mj-column></mj-column></mj-section></mj-body></mjml>\n"
        )
    };
    let campaign = "message m on email for transactional from \"m.mjml\"\n";
    for written in ["backgroud-color", "Background-Color", "background_color"] {
        let text = mail(written);
        let mut sources = Sources::default();
        sources.add(Source::new("world.tabi", PRELUDE));
        sources.add(Source::new("case.tabi", campaign));
        let (compiled, _) = parts::compiled(sources, &[("m.mjml".to_owned(), text.clone())]);
        let found = compiled.diagnostics.iter().find(|d| d.code == Code::E0442).expect(written);
        let fix = &found.fix[0];
        let mut right = text;
        right.replace_range(fix.span.range(), &fix.replacement);
        assert_eq!(right, mail("background-color"));
        assert!(found.help.as_ref().unwrap().ja.contains("`background-color` のことですか"));
    }
}

/// What no author writes: it is answered, in bounded time, and nothing falls over.
#[test]
fn hostile_files_are_answered() {
    // Lines, since one that is too long is answered before anything else.
    let repeat = |text: &str, times: usize| format!("{text}\n").repeat(times);
    let mail = |body: String| ("on email", "m.mjml", format!("---\nsubject: x\nfrom: a@b.jp\n---\n{body}"));
    let line = |json: String| ("on line", "m.json", json);
    let text = |template: String| {
        line(format!("[{{\"type\":\"text\",\"text\":{}}}]", serde_json::to_string(&template).unwrap()))
    };
    let cases = [
        mail(repeat("{{ ", 200_000)),
        mail(repeat("{% if x %}", 50_000)),
        mail(repeat("{% for a in x %}", 100_000)),
        mail(format!("{{{{ {} }}}}", repeat("(", 100_000))),
        mail(format!("{{{{ {}x }}}}", repeat("not ", 200_000))),
        mail(format!("{{{{ {}x }}}}", repeat("-", 200_000))),
        mail(format!("{{{{ x{} }}}}", repeat(" ~ x", 200_000))),
        mail(format!("{{{{ x{} }}}}", repeat(".x", 200_000))),
        mail(format!("{{{{ x{} }}}}", repeat("|upper", 200_000))),
        mail(format!("{{% if x %}}{}{{% endif %}}", repeat("{% elif x %}", 100_000))),
        mail(format!("{{{{ {} }}}}", repeat("[", 100_000))),
        mail(format!("{{{{ 'x' * {} }}}}", repeat("9", 100_000))),
        mail(repeat("<mj-section>", 100_000)),
        mail(repeat("<a href=\"", 100_000)),
        mail(repeat("<style>", 100_000)),
        mail("{% raw %}".to_owned()),
        mail("{# never closed".to_owned()),
        mail("{{ 'never closed }}".to_owned()),
        mail(repeat("", 1_000_000)),
        mail("a".repeat(70_000) + "{{ {"),
        mail("\u{0}\u{fffd}\u{202e}{{ \u{202e} }}".to_owned()),
        ("on email", "m.mjml", format!("---\n{}", repeat("a: ", 20_000))),
        ("on email", "m.mjml", format!("---\n{}\n---\n", repeat("[", 20_000))),
        ("on email", "m.mjml", "---\nsubject: &a [*a, *a]\n---\n".to_owned()),
        line(repeat("[", 1_000_000)),
        line(format!("{}{}", repeat("[", 1_000_000), repeat("]", 1_000_000))),
        line(format!("{}1{}", repeat("{\"a\":", 100_000), repeat("}", 100_000))),
        line(format!("[{}1]", repeat("1,", 500_000))),
        line(format!("[{}{{}}]", repeat("{\"type\":\"text\"},", 50_000))),
        line(format!("{{{}\"z\":1}}", (0..20_000).map(|i| format!("\"k{i}\":1,")).collect::<String>())),
        text(repeat("{{ ", 100_000)),
        text(repeat("\\u0041", 100_000)),
        line("[{\"type\":\"text\",\"text\":\"\\ud800\"}]".to_owned()),
        line("[{\"$for\":\"x in [\",\"type\":\"text\",\"text\":\"\"}]".to_owned()),
        line("[{\"$if\":\"{{\",\"type\":\"text\",\"text\":\"x\"}]".to_owned()),
        line("[{\"$if\":\"あ }} {{\",\"type\":\"text\",\"text\":\"x\"}]".to_owned()),
        line(String::new()),
        line("\r\n[\r\n]\r\n".to_owned()),
        ("on sms", "m.yaml", repeat("- ", 20_000)),
        ("on sms", "m.txt", repeat("あ", 300_000)),
        ("on push", "m.yaml", "title: {a: {b: {c: d}}}\nbody: [x]\n".to_owned()),
        ("on webhook", "m.json", format!("{}{}", repeat("[", 40), repeat("]", 40))),
    ];
    for (i, (channel, path, content)) in cases.into_iter().enumerate() {
        let began = Instant::now();
        let case = format!("message m {channel} for transactional from \"{path}\"\n=== {path}\n{content}");
        look_at(&case);
        // Generous: what is not linear takes minutes.
        assert!(began.elapsed() < Duration::from_secs(20), "case {i} took {:?}", began.elapsed());
    }
}
