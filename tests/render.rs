//! Messages as people get them: what templates make of ordinary and of malicious values.
//!
//! Builds its programs from text and puts the content in by hand, so that every case stands in one place.

#![allow(clippy::disallowed_methods, reason = "a test reads its files and the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use scraper::{Html, Selector};
use tabi::compile::{self, compile};
use tabi::ir::content::{
    Body, Content, Each, Email, Expression, Item, Line, Member, Node, Push, Sms, Template, Webhook,
};
use tabi::ir::{MessageId, Program};
use tabi::render::{Language, Links, Part, RenderError, Rendered, Renderer, Scene, Untracked, sample};
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Date, Decimal, Instant, Money, Value, Zone};

const WORLD: &str = r#"
record item { item_id: id, name: text, quantity: int, price: money JPY }
enum taste { green, roasted }
profile {
  given_name: text? pii
  email: email? pii
  line_user: line_id? pii
  phone: phone? pii
  app: push_token? pii
}
message mail on email for marketing takes {
  name: text, url: url, total: money JPY, ends: instant, day: date, items: list of item, taste: taste, share: percent
}
"#;

/// The program of the world above, its one message with this content.
fn program(content: Content) -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("world.tabi", WORLD));
    let compiled = compile(&sources, &compile::Settings::default());
    let mut program = compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    program.messages[0].content = Some(content);
    program
}

fn scene() -> Scene {
    Scene {
        now: Instant::parse_rfc3339("2026-04-01T09:00:00+09:00").unwrap(),
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        language: Language::Japanese,
        unsubscribe_url: "https://mail.example.com/u/abc".to_owned(),
        links: Arc::new(Untracked),
    }
}

/// The message's values, all texts being `text`.
fn params(text: &str) -> Vec<Value> {
    let yen = |minor| Value::Money(Money { currency: Currency::from_code("JPY").unwrap(), minor });
    let item =
        |name: &str, price| Value::Record(Arc::from([Value::text("i1"), Value::text(name), Value::Int(2), yen(price)]));
    vec![
        Value::text(text),
        Value::text("https://shop.example.com/?a=1&b=2"),
        yen(7_040),
        Value::Instant(Instant::parse_rfc3339("2026-05-17T23:59:00+09:00").unwrap()),
        Value::Date(Date::from_ymd(2026, 6, 6).unwrap()),
        Value::List(Arc::from([item(text, 540), item("湯呑み", 2_200)])),
        Value::Enum(1),
        Value::Decimal(Decimal { micro: 125_000 }),
    ]
}

fn render_with(content: Content, text: &str, scene: &Scene) -> Result<Rendered, RenderError> {
    let program = program(content);
    let renderer = Renderer::new(&program);
    let profile = vec![Value::text(text)];
    renderer.render(MessageId(0), &params(text), &profile, scene).map(Option::unwrap)
}

fn rendered(content: Content, text: &str) -> Rendered {
    render_with(content, text, &scene()).unwrap_or_else(|error| panic!("{error}"))
}

fn t(text: &str) -> Template {
    Template(text.to_owned())
}

fn email(body: Body) -> Content {
    Content::Email(Email {
        subject: t("{{ name }}さま"),
        preheader: None,
        from: "つむぎ堂 <a@example.com>".to_owned(),
        reply_to: None,
        body,
        text: None,
    })
}

fn html(text: &str) -> Content {
    email(Body::Html(t(text)))
}

fn mjml(body: &str) -> Content {
    email(Body::Mjml(t(&format!(
        "<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
    ))))
}

fn sms(text: &str) -> Content {
    Content::Sms(Sms { text: t(text) })
}

fn said(text: &str) -> String {
    match rendered(sms(text), "花子").part {
        Part::Sms(sms) => sms.body,
        other => panic!("{other:?}"),
    }
}

fn mail(content: Content, text: &str) -> tabi::render::Email {
    match rendered(content, text).part {
        Part::Email(email) => email,
        other => panic!("{other:?}"),
    }
}

fn text_of(html: &str, selector: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let selector = Selector::parse(selector).unwrap();
    document.select(&selector).map(|element| element.text().collect::<String>().trim().to_owned()).collect()
}

fn attributes(html: &str, selector: &str, name: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let selector = Selector::parse(selector).unwrap();
    document.select(&selector).filter_map(|element| element.value().attr(name).map(str::to_owned)).collect()
}

/// Names of all elements, in order: what no value may change.
fn shape(html: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let all = Selector::parse("*").unwrap();
    document.select(&all).map(|element| element.value().name().to_owned()).collect()
}

#[test]
fn values_are_written_as_people_read_them() {
    let cases = [
        ("{{ total | money }}", "7,040円"),
        ("{{ total | amount }}", "7040"),
        ("{{ day | date }}", "6月6日（土）"),
        ("{{ ends | date }}", "5月17日（日）"),
        ("{{ ends | datetime }}", "5月17日 23:59"),
        ("{{ ends | time }}", "23:59"),
        ("{{ share | percent }}", "12.5%"),
        ("{{ taste }}", "roasted"),
        ("{{ 'つむぎ堂のお茶' | truncate(5) }}", "つむぎ堂…"),
        ("{{ 'つむぎ堂' | truncate(4) }}", "つむぎ堂"),
        ("{{ '👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦' | truncate(13) }}", "👨‍👩‍👧‍👦…"),
        ("{{ items | map(attribute='name') | join('、') }}", "花子、湯呑み"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{{ 'a b&茶' | urlencode }}", "a%20b%26%E8%8C%B6"),
        ("{% if items | length > 1 %}{{ items | length - 1 }}点{% endif %}", "1点"),
        ("{% for item in items[:1] %}{{ item.name }}{{ loop.index }}{% endfor %}", "花子1"),
        ("{{ profile.email | default('なし') }}", "なし"),
        ("{% if profile.email %}a{% else %}b{% endif %}", "b"),
        ("{% if profile.email is defined %}a{% else %}b{% endif %}", "b"),
        ("{% if items[0].price < items[1].price %}安い{% endif %}", "安い"),
        ("{% if items is empty %}なし{% else %}あり{% endif %}", "あり"),
    ];
    for (template, expected) in cases {
        assert_eq!(said(template), expected, "{template}");
    }
    let english = Scene { language: Language::English, ..scene() };
    for (template, expected) in [
        ("{{ total | money }}", "¥7,040"),
        ("{{ day | date }}", "Sat, Jun 6"),
        ("{{ ends | datetime }}", "May 17, 23:59"),
    ] {
        match render_with(sms(template), "x", &english).unwrap().part {
            Part::Sms(sms) => assert_eq!(sms.body, expected),
            other => panic!("{other:?}"),
        }
    }
    let next_year = Scene { now: Instant::parse_rfc3339("2025-04-01T00:00:00Z").unwrap(), ..scene() };
    match render_with(sms("{{ day | date }}"), "x", &next_year).unwrap().part {
        Part::Sms(sms) => assert_eq!(sms.body, "2026年6月6日（土）"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_missing_is_never_written() {
    let fault = render_with(sms("\nab {{ profile.email }}"), "x", &scene()).unwrap_err().fault;
    assert_eq!(fault.what.en, "`profile.email` is missing for this person");
    assert_eq!(fault.line, Some(2));
    for template in
        ["{{ nothing }}", "{{ profile.nothing }}", "{{ profile.email | money }}", "{{ 'a' ~ profile.email }}"]
    {
        if let Ok(rendered) = render_with(sms(template), "x", &scene()) {
            panic!("{template}: {rendered:?}");
        }
    }
}

#[test]
fn no_template_runs_on() {
    let nested = "{% for a in items %}".repeat(30) + "x" + &"{% endfor %}".repeat(30);
    let doubling = "{% set a = 'x' %}".to_owned() + &"{% set a = a ~ a %}".repeat(60) + "{{ a }}";
    let repeat = "{{ 'x' * 1000000000 }}".to_owned();
    let escapes = "{% set a = '<' * 100000 %}".to_owned() + &"{{ a | escape | escape | escape }}".repeat(2_000);
    for bomb in [nested, doubling, repeat, escapes] {
        let started = Clock::now();
        assert!(render_with(sms(&bomb), "x", &scene()).is_err(), "{}", &bomb[..40]);
        // A debug build on a busy machine; a release build takes a few ms.
        assert!(started.elapsed() < Duration::from_secs(5), "{}: {:?}", &bomb[..40], started.elapsed());
    }
    for forbidden in
        ["{% include 'x' %}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ dict(a=1) }}", "{{ 'x' | safe }}"]
    {
        assert!(render_with(sms(forbidden), "x", &scene()).is_err(), "{forbidden}");
    }
}

const MALICE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'\"`</style></title></textarea><!--",
    "-->]]><![endif]-->",
    "a\r\nBcc: victim@example.com\r\n\r\nbody",
    "\",\"type\":\"image\",\"x\":\"",
    "\\u0022}],\"a\":[{",
    "{{ 7*7 }}{% for a in items %}{# x #}",
    "\u{e000}0\u{e001}",
    "\u{202e}txt.exe\u{2066}",
    "javascript:alert(1)",
    "&lt;b&gt;&amp;#60;",
    "\u{0}\u{1}\u{7f}\u{2028}\u{2029}",
    "&x=1#y?z /../",
];

const FULL: &str = r#"<!doctype html><html><head><title>{{ name }}</title><style>p { color: red }</style></head><body>
<!-- {{ name }} --><p class="n" title="{{ name }}" data-x='{{ name }}'>{{ name }}</p>
<a class="l" href="https://x.example/{{ name }}/?q={{ name }}&amp;r=1#{{ name }}">{{ name }}</a>
<a class="u" href="{{ url }}">u</a><img src="https://x.example/{{ name }}.png" alt={{ name }}>
<table><tbody>{% for item in items %}<tr><td style="color: {{ item.name }}">{{ item.name }}</td></tr>{% endfor %}</tbody></table>
</body></html>"#;

#[test]
fn no_value_changes_the_shape_of_html() {
    let expected = shape(&mail(html(FULL), "花子").html);
    for malice in MALICE {
        let mail = mail(html(FULL), malice);
        assert_eq!(shape(&mail.html), expected, "{malice:?}");
        let visible: String = malice.chars().filter(|c| !c.is_control() && !"\u{202e}\u{2066}".contains(*c)).collect();
        let shown = &text_of(&mail.html, "p.n")[0];
        assert_eq!(shown.replace(['\r', '\n'], ""), visible.trim(), "{malice:?}");
        let link = &attributes(&mail.html, "a.l", "href")[0];
        assert!(link.starts_with("https://x.example/"), "{link}");
        assert_eq!(
            link.matches(['/', '?', '&', '#']).count(),
            "https://x.example//?&#".matches(['/', '?', '&', '#']).count(),
            "{link}"
        );
        assert_eq!(attributes(&mail.html, "a.u", "href"), ["https://shop.example.com/?a=1&b=2"]);
        assert!(
            !attributes(&mail.html, "td", "style")[0].contains([':', ';'])
                || !malice.contains(':')
                || attributes(&mail.html, "td", "style")[0].matches(':').count() == 1
        );
    }
}

#[test]
fn no_value_changes_the_shape_of_mjml() {
    let source = r#"<mj-text>{{ name }}</mj-text>
        {% for item in items %}<mj-text>{{ item.name }}</mj-text>{% endfor %}
        <mj-image src="https://x.example/{{ name }}.png" alt="{{ name }}" href="https://x.example/{{ name }}" />
        <mj-button href="{{ url }}">{{ name }}</mj-button>
        <mj-table>{% for item in items %}<tr><td>{{ item.name }}</td></tr>{% endfor %}</mj-table>"#;
    let expected = shape(&mail(mjml(source), "花子").html);
    assert_eq!(expected.iter().filter(|name| *name == "img").count(), 1);
    for malice in MALICE {
        assert_eq!(shape(&mail(mjml(source), malice).html), expected, "{malice:?}");
    }
    let mail = mail(mjml(source), "山田　花子 👨‍👩‍👧 \"\\");
    assert_eq!(attributes(&mail.html, "img", "alt"), ["山田　花子 👨‍👩‍👧 \"\\"]);
    assert_eq!(attributes(&mail.html, "a", "href")[1], "https://shop.example.com/?a=1&b=2");
    assert!(attributes(&mail.html, "img", "src")[0].starts_with("https://x.example/%E5%B1%B1%E7%94%B0%E3%80%80"));
}

/// The parsed document, spaces between its elements aside.
fn tree(html: &str) -> String {
    let html = Html::parse_document(html).html();
    let mut out = String::new();
    for piece in html.split_inclusive('>') {
        let text = piece.trim_start();
        out.push_str(if text.starts_with('<') { text } else { piece });
    }
    out
}

/// Rows without a `tbody`: the reader of HTML puts one around them, so that it must know how many there are.
const GROUPED: &str = "<mj-table>{% for item in items %}<tr><td>{{ item.name }}</td></tr>{% endfor %}</mj-table>";

/// Compiling before filling in, and filling in before compiling: the same mail.
#[test]
fn mjml_compiled_once_says_the_same_as_compiled_for_each() {
    let each = r#"<mj-text>{{ name }} {% if taste == "roasted" and items | length > 1 %}茶<b>葉</b>{% endif %}</mj-text>
        {% for item in items %}<mj-text padding="4px">{{ item.name }}　{{ item.price | money }}</mj-text>{% endfor %}
        <mj-image src="https://x.example/{{ name }}.png" alt="全角　の空白" href="https://x.example/{{ name }}" />
        {% if name %}<mj-button href="{{ url }}">{{ name }}</mj-button>{% else %}<mj-divider />{% endif %}
        <mj-table>{% for item in items %}<tr><td>{{ item.name }}</td></tr>{% endfor %}</mj-table>
        <mj-raw><p title="{{ name }}">{{ name }}</p></mj-raw>"#;
    // A style with a value in it cannot be compiled before it is filled in.
    let tables = "<mj-table><tbody>{% for item in items %}<tr>{% if taste %}<td>{{ item.name }}</td>{% endif %}</tr>{% endfor %}</tbody></mj-table>";
    let each = &each.replace(GROUPED, tables);
    let forced = format!("{each}<mj-text color=\"#{{{{ '111111' }}}}\">x</mj-text>");
    let plain = format!("{each}<mj-text color=\"#111111\">x</mj-text>");
    for text in ["花子", "a b", "<b>&\"'", "山田　花子 👨‍👩‍👧 \\", "tabi0123456789abcdefn0z"] {
        let (once, later) = (mail(mjml(&plain), text), mail(mjml(&forced), text));
        let (a, b) = (tree(&once.html), tree(&later.html));
        let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
        let around = |html: &str| html.bytes().skip(same.saturating_sub(80)).take(200).collect::<Vec<u8>>();
        let shown = |html: &str| String::from_utf8_lossy(&around(html)).into_owned();
        assert!(a == b, "{text}\n{}\n{}", shown(&a), shown(&b));
        assert_eq!(once.text, later.text);
    }
}

#[test]
fn what_a_compiler_counts_is_filled_in_first() {
    let columns = "</mj-column>{% for item in items %}<mj-column><mj-text>{{ item.name }}</mj-text></mj-column>{% endfor %}<mj-column>";
    let html = mail(mjml(columns), "花子").html;
    // Two columns of items between the two of the frame: a quarter each.
    assert!(html.contains("mj-column-per-25"), "{html}");
    assert_eq!(mail(mjml(GROUPED), "花子").html.matches("<tbody>").count(), 3);
}

#[test]
fn no_value_begins_a_header_or_another_line() {
    for malice in MALICE {
        let mail = mail(html("<p>x</p>"), malice);
        assert!(!mail.subject.contains(|c: char| c.is_control() || c == '\u{2028}'), "{:?}", mail.subject);
    }
    let mail = mail(html("<p>x</p>"), "a\r\nBcc: b@example.com");
    assert_eq!(mail.subject, "a Bcc: b@example.comさま");
    assert_eq!(mail.headers[0], ("List-Unsubscribe".to_owned(), "<https://mail.example.com/u/abc>".to_owned()));
    assert_eq!(mail.headers[1].1, "List-Unsubscribe=One-Click");
}

#[test]
fn a_name_of_a_megabyte_is_cut() {
    let long = "あ".repeat(400_000);
    let mail = mail(html("<p>{{ name }}</p>"), &long);
    assert_eq!(text_of(&mail.html, "p")[0].chars().count(), 10_000);
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    for target in ["javascript:alert(1)", "data:text/html,x", "", "x.example"] {
        let content = html("<a href=\"{{ name }}\">x</a>");
        let error = render_with(content, target, &scene()).unwrap_err();
        assert!(error.fault.what.en.contains("leads nowhere"), "{error}");
    }
    let mail = mail(html("<a href=\"mailto:a@b.example\">x</a><a href=\"tel:+8175\">y</a>"), "x");
    assert_eq!(attributes(&mail.html, "a", "href"), ["mailto:a@b.example", "tel:+8175"]);
}

/// Stands for a server that counts taps.
struct Tracked;

impl Links for Tracked {
    fn rewrite(&self, id: &str, target: &str) -> String {
        format!("https://t.example/{id}?to={}&x=1", target.len())
    }
}

#[test]
fn links_are_rewritten_where_they_are_tracked() {
    let source = "<a href='https://x.example/{{ name }}'>a</a><a href=\"https://x.example/{{ name }}\">b</a>\
        <a href=\"{{ unsubscribe_url }}\">c</a><a href=\"mailto:a@b.example\">d</a>\
        {% for item in items %}<a href=\"https://y.example/{{ item.item_id }}\">e</a>{% endfor %}";
    let program = program(html(source));
    let renderer = Renderer::new(&program);
    let scene = Scene { links: Arc::new(Tracked), ..scene() };
    let rendered = renderer.render(MessageId(0), &params("花"), &[], &scene).unwrap().unwrap();
    let Part::Email(mail) = rendered.part else { panic!() };
    let shown = attributes(&mail.html, "a", "href");
    assert_eq!(shown[2], "https://mail.example.com/u/abc");
    assert_eq!(shown[3], "mailto:a@b.example");
    assert_eq!(shown[4], shown[5], "one link in a loop has one name");
    assert_ne!(shown[0], shown[1], "equal targets are told apart by their place");
    assert!(shown[0].starts_with("https://t.example/") && shown[0].ends_with("&x=1"));
    assert!(mail.text.contains(&shown[0]), "{}", mail.text);
    let targets: Vec<&str> = rendered.links.iter().map(|link| link.target.as_str()).collect();
    assert_eq!(targets[0], "https://x.example/%E8%8A%B1");
    assert_eq!(targets.len(), 5, "{targets:?}");
    let names: Vec<&str> = renderer.targets(MessageId(0)).iter().map(|t| t.id.as_str()).collect();
    assert!(names.contains(&rendered.links[0].id.as_str()));
    assert_eq!(names.len(), 5, "all links but those in loops twice, and the ones left as they are");
}

fn object(members: &[(&str, Node)]) -> Node {
    let member = |(name, value): &(&str, Node)| Member { name: (*name).to_owned(), when: None, value: value.clone() };
    Node::Object(members.iter().map(member).collect())
}

fn s(text: &str) -> Node {
    Node::Text(t(text))
}

fn one(node: Node) -> Item {
    Item { each: None, when: None, node }
}

fn line_message(text: &str) -> Content {
    let bubble = object(&[
        ("type", s("bubble")),
        (
            "body",
            object(&[
                ("type", s("box")),
                ("layout", s("vertical")),
                (
                    "contents",
                    Node::List(vec![
                        one(object(&[("type", s("text")), ("text", s(text))])),
                        Item {
                            each: Some(Each { name: "item".to_owned(), list: Expression("items".to_owned()) }),
                            when: Some(Expression("loop.index < 2".to_owned())),
                            node: object(&[("type", s("text")), ("text", s("{{ item.name }}{{ loop.length }}"))]),
                        },
                        one(object(&[
                            ("type", s("button")),
                            (
                                "action",
                                object(&[
                                    ("type", s("uri")),
                                    ("label", s("{{ name }}を見る")),
                                    ("uri", s("https://x.example/?q={{ name }}")),
                                ]),
                            ),
                        ])),
                    ]),
                ),
            ]),
        ),
    ]);
    Content::Line(Line {
        messages: vec![one(object(&[("type", s("flex")), ("altText", s("{{ name }}")), ("contents", bubble)]))],
    })
}

fn line_shape(json: &serde_json::Value, out: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(members) => members.iter().for_each(|(name, value)| {
            out.push(name.clone());
            line_shape(value, out);
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|item| {
            out.push("-".to_owned());
            line_shape(item, out);
        }),
        _ => {}
    }
}

#[test]
fn no_value_changes_the_shape_of_a_bubble() {
    let shape_of = |text: &str| {
        let Part::Line(line) = rendered(line_message("{{ name }}"), text).part else { panic!() };
        let mut shape = Vec::new();
        line.messages.iter().for_each(|message| line_shape(message, &mut shape));
        (shape, line)
    };
    let (expected, line) = shape_of("花子");
    assert_eq!(line.messages[0]["contents"]["body"]["contents"][1]["text"], "花子2");
    assert_eq!(line.messages[0]["contents"]["body"]["contents"].as_array().unwrap().len(), 3);
    assert_eq!(line.notification, "花子");
    for malice in MALICE {
        if malice.chars().all(|c| c.is_control() || c.is_whitespace()) {
            continue;
        }
        let (shape, line) = shape_of(malice);
        assert_eq!(shape, expected, "{malice:?}");
        let uri = line.messages[0]["contents"]["body"]["contents"][2]["action"]["uri"].as_str().unwrap();
        assert_eq!(uri.matches(['&', '#', '/', '?']).count(), 4, "{uri}");
    }
}

#[test]
fn bubbles_stay_within_the_limits_of_the_api() {
    let Part::Line(line) = rendered(line_message("{{ name }}"), &"長".repeat(60)).part else { panic!() };
    let label = line.messages[0]["contents"]["body"]["contents"][2]["action"]["label"].as_str().unwrap();
    assert_eq!(label.encode_utf16().count(), 40);
    assert!(label.ends_with('…'));
    assert_eq!(line.cut, ["label"]);
    let error = render_with(line_message("{{ name }}"), &"長".repeat(400), &scene()).unwrap_err();
    assert!(error.fault.what.en.starts_with("`uri` has"), "{error}");
    let error = render_with(line_message("{{ name }}"), "\u{0}", &scene()).unwrap_err();
    assert!(error.fault.what.en.contains("empty"), "{error}");
    let many = Content::Line(Line {
        messages: vec![Item {
            each: Some(Each { name: "i".to_owned(), list: Expression("items * 3".to_owned()) }),
            when: None,
            node: object(&[("type", s("text")), ("text", s("x"))]),
        }],
    });
    let error = render_with(many, "x", &scene()).unwrap_err();
    assert!(error.fault.what.en.contains("at most 5"), "{error}");
}

#[test]
fn a_system_gets_values_of_their_own_kinds() {
    let node = object(&[
        ("name", s("{{ name }}")),
        ("total", Node::Value(Expression("total".to_owned()))),
        ("day", Node::Value(Expression("day".to_owned()))),
        ("ends", Node::Value(Expression("ends".to_owned()))),
        ("items", Node::Value(Expression("items".to_owned()))),
        ("email", Node::Value(Expression("profile.email".to_owned()))),
        ("count", Node::Value(Expression("items | length".to_owned()))),
    ]);
    let Part::Webhook(json) = rendered(Content::Webhook(Webhook { json: node }), "a\"b").part else { panic!() };
    let expected = serde_json::json!({
        "name": "a\"b", "total": 7040, "day": "2026-06-06", "ends": "2026-05-17T14:59:00Z",
        "items": [
            {"item_id": "i1", "name": "a\"b", "quantity": 2, "price": 540},
            {"item_id": "i1", "name": "湯呑み", "quantity": 2, "price": 2200}
        ],
        "email": null, "count": 2
    });
    assert_eq!(json, expected);
}

#[test]
fn a_push_is_filled_in() {
    let content = Content::Push(Push {
        title: t("{{ name }}"),
        body: t("{{ total | money }}"),
        link: Some(t("https://x.example/{{ name }}")),
        image: None,
        data: vec![("k".to_owned(), t("{{ taste }}"))],
    });
    let rendered = rendered(content, "a\nb c");
    let Part::Push(push) = rendered.part else { panic!() };
    assert_eq!((push.title.as_str(), push.body.as_str()), ("a b c", "7,040円"));
    assert_eq!(push.link.as_deref(), Some("https://x.example/a%0Ab%20c"));
    assert_eq!(push.data, [("k".to_owned(), "roasted".to_owned())]);
    assert_eq!(rendered.links.len(), 1);
}

#[test]
fn a_push_may_open_a_page_of_an_app() {
    let push = |link: &str| {
        let content = Push { title: t("a"), body: t("b"), link: Some(t(link)), image: None, data: Vec::new() };
        rendered(Content::Push(content), "a b")
    };
    let opened = push("shop://items/{{ name }}");
    let Part::Push(part) = &opened.part else { panic!() };
    assert_eq!(part.link.as_deref(), Some("shop://items/a%20b"));
    assert!(opened.links.is_empty(), "nothing on the web to follow");
}

#[test]
fn markup_that_compilers_let_pass_is_refused() {
    for (wrong, said) in [
        ("<mj-txt>x</mj-txt>", "no element `mj-txt`"),
        ("<mj-include path=\"/etc/passwd\" />", "no element `mj-include`"),
        ("<mj-text>x", "cannot be read"),
        ("<a {{ name }}>x</a>", "inside an element's tag"),
        ("<mj-text>{% if name %}</mj-text>", "cannot be read"),
    ] {
        let error = render_with(mjml(wrong), "x", &scene()).unwrap_err();
        assert!(error.fault.what.en.contains(said), "{wrong}: {error}");
    }
}

#[test]
fn every_kind_of_sample_person_has_values_for_everything() {
    let program =
        program(html("{{ name }} {{ profile.given_name | default('お客') }} {{ total | money }} {{ taste }}"));
    let renderer = Renderer::new(&program);
    for kind in sample::KINDS {
        let params = sample::fields(&program, &program.messages[0].params, kind, scene().now);
        let profile = sample::profile(&program, kind, scene().now);
        renderer
            .render(MessageId(0), &params, &profile, &scene())
            .unwrap_or_else(|error| panic!("{}: {error}", kind.name));
    }
}
