//! `environments:` is read whole, judged with place and remedy, and never repeats a secret.

use std::path::{Path, PathBuf};

use tabi::diag::{Diagnostic, Language, render};
use tabi::ports::environment::{ChatSettings, EmailFeedback, Environment, SecretRef, SmsSender, Tls, Unknowns};
use tabi::project;
use tabi::text::{Source, SourceId, Sources};
use tabi::value::Span;

const HEAD: &str = "name: shop\ntimezone: Asia/Tokyo\ncurrency: JPY\n";

fn parsed(environments: &str) -> (Vec<Environment>, Vec<Diagnostic>, String) {
    let text = format!("{HEAD}{environments}");
    let (settings, found) = project::parse_settings(&text, SourceId(0));
    let mut sources = Sources::default();
    sources.add(Source::other("tabi.yaml", text));
    let mut shown = String::new();
    for diagnostic in &found {
        for language in [Language::English, Language::Japanese] {
            shown += &render::pretty(diagnostic, &sources, language, false);
        }
    }
    (settings.environments, found, shown)
}

fn good(environments: &str) -> Vec<Environment> {
    let (read, found, shown) = parsed(environments);
    assert!(found.is_empty(), "{shown}");
    read
}

/// The one thing that is wrong.
fn bad(environments: &str) -> String {
    let (_, found, shown) = parsed(environments);
    assert_eq!(found.len(), 1, "{shown}");
    shown
}

fn env(name: &str) -> SecretRef {
    SecretRef::Env(name.to_owned())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_shops_environments_are_read_whole() {
    let project = project::load(&root().join("campaigns"));
    assert!(project.diagnostics.is_empty(), "{:?}", project.diagnostics);
    let [production, rehearsal] = &project.settings.environments[..] else { panic!("two environments") };
    assert_eq!((production.name.as_str(), rehearsal.name.as_str()), ("production", "rehearsal"));
    assert_eq!(production.public_url.as_deref(), Some("https://m.tsumugido.example"));
    assert_eq!(production.unknown, Unknowns::Accept);
    let keys: Vec<_> = production.write_keys.iter().map(|key| (key.name.as_str(), key.key.clone())).collect();
    assert_eq!(keys, [("shop", env("TABI_KEY_SHOP")), ("register", env("TABI_KEY_REGISTER"))]);
    let email = production.email.as_ref().unwrap();
    assert_eq!((email.port, email.tls, email.connections_max), (587, Tls::StartTls, 10));
    assert_eq!((email.per_second_max, email.password.clone()), (Some(14), Some(env("SMTP_PASSWORD"))));
    assert_eq!(email.from.as_deref(), Some("つむぎ堂 <letter@tsumugido.example>"));
    let topic = "arn:aws:sns:ap-northeast-1:123456789012:bounces";
    assert_eq!(email.feedback, [EmailFeedback::Ses { topic_arn: topic.to_owned() }]);
    let line = production.line.as_ref().unwrap();
    assert_eq!((line.base_url.as_str(), line.aggregation), ("https://api.line.me", true));
    let sms = production.sms.as_ref().unwrap();
    assert_eq!(sms.from, SmsSender::Number("+815012345678".to_owned()));
    assert_eq!(sms.base_url, "https://api.twilio.com");
    let push = production.push.as_ref().unwrap();
    assert_eq!(push.key, SecretRef::File(PathBuf::from("/run/secrets/tsumugido-fcm.json")));
    let webhook = production.webhook.as_ref().unwrap();
    assert_eq!(webhook.hosts, ["hooks.tsumugido.example"]);
    assert_eq!(webhook.actions, [("stock.check".to_owned(), "https://hooks.tsumugido.example/stock".to_owned())]);
    assert_eq!(webhook.default_url.as_deref(), Some("https://hooks.tsumugido.example/tabi/{name}"));
    assert_eq!((webhook.timeout, webhook.private), (Span(10_000), false));
    let chatwork = ChatSettings::Chatwork {
        base_url: "https://api.chatwork.com".to_owned(),
        room: "123456789".to_owned(),
        token: env("CHATWORK_TOKEN"),
    };
    assert_eq!(production.chat, [ChatSettings::Slack { url: env("SLACK_WEBHOOK_URL") }, chatwork]);
    assert_eq!(production.secrets().len(), 10);
    assert_eq!(rehearsal.paper.folder, Some(PathBuf::from("outbox")));
    assert!(rehearsal.email.is_none() && rehearsal.secrets().is_empty());
}

#[test]
fn what_is_left_out_has_its_default() {
    let read = good(
        "environments:\n  try:\n    public_url: http://localhost:8080/\n    email: { host: localhost, tls: none }\n    sms: paper\n",
    );
    let email = read[0].email.as_ref().unwrap();
    assert_eq!((email.port, email.tls, email.connections_max, email.per_second_max), (25, Tls::None, 8, None));
    assert_eq!(read[0].public_url.as_deref(), Some("http://localhost:8080"));
    assert!(read[0].sms.is_none());
    let implicit =
        good("environments:\n  a:\n    public_url: https://a.example\n    email: { host: a.example, port: 465 }\n");
    assert_eq!(implicit[0].email.as_ref().unwrap().tls, Tls::Implicit);
    let hosts = good(
        "environments:\n  a:\n    webhook: { secret: env:S, default_url: 'https://B.example/x?n={name}', actions: { go: https://a.example } }\n",
    );
    let webhook = hosts[0].webhook.as_ref().unwrap();
    assert_eq!(webhook.hosts, ["a.example", "b.example"], "listed by being named");
    assert_eq!(webhook.default_url.as_deref(), Some("https://b.example/x?n={name}"));
    assert!(good("environments:\n").is_empty());
}

/// Each of these holds the literal, in block style, in one line, with other mistakes beside it.
#[test]
fn a_secret_in_the_file_is_refused_and_never_repeated() {
    const LITERAL: &str = "sk9d8f7a6s5d4f3";
    let public = "    public_url: https://a.example\n";
    let cases = [
        format!("environments:\n  a:\n{public}    sms: {{ account: AC1, token: {LITERAL}, from: \"+8150123456\" }}\n"),
        format!(
            "environments:\n  a:\n{public}    sms:\n      account: AC1\n      token: {LITERAL}\n      from: \"+8150123456\"\n"
        ),
        format!("environments:\n  a:\n{public}    sms: {{ acount: AC1, token: {LITERAL}, from: 5 }}\n"),
        format!("environments:\n  a:\n    write_keys: {{ shop: {LITERAL} }}\n"),
        format!("environments:\n  a:\n    chat: [{{ slack: https://hooks.slack.com/services/{LITERAL} }}]\n"),
        format!("environments:\n  a:\n    webhook: {{ secret: env:{LITERAL}-{LITERAL} }}\n"),
        format!("environments:\n  a:\n    webhook: {{ secret: env:S, default_url: https://u:{LITERAL}@a.example }}\n"),
        format!("environments: {{ a: {{ write_keys: {{ shop: {LITERAL} }}, hots: 1 }} }}\n"),
        format!("environments:\n  a:\n    webhook:\n      secret: |\n        {LITERAL}\n        {LITERAL}\n"),
        "environments:\n  a:\n    write_keys: { shop: 123456789 }\n".to_owned(),
    ];
    for case in cases {
        let (_, found, shown) = parsed(&case);
        assert!(!found.is_empty(), "{case}");
        assert!(!shown.contains(LITERAL) && !shown.contains("123456789"), "{shown}");
        assert!(shown.contains("env:NAME") || shown.contains("withdraw it"), "no remedy: {shown}");
        assert!(shown.contains("秘密の値") || shown.contains("パスワード"), "{shown}");
    }
}

#[test]
fn what_cannot_be_meant_is_said_with_its_place() {
    let cases = [
        ("    emial: paper\n", "did you mean `email`?"),
        ("    unknown: refused\n", "`unknown` cannot be `refused`"),
        ("    public_url: http://a.example\n", "begins with `https://`"),
        ("    public_url: https://a.example/?x=1\n", "without `?…`"),
        ("    public_url: a.example\n", "an address such as"),
        ("    line: { token: env:T, secret: env:S }\n", "there is no `public_url`"),
        ("    public_url: https://a.example\n    line: { token: env:T }\n", "`secret` is missing under `line`"),
        ("    public_url: https://a.example\n    line: { token: file:secret, secret: env:S }\n", "a path from `/`"),
        ("    public_url: https://a.example\n    email: { host: a.example, user: u }\n", "`password` is missing"),
        ("    public_url: https://a.example\n    email: { host: a.example, tls: none }\n", "travel in the clear"),
        ("    public_url: https://a.example\n    email: { host: a.example, port: 0 }\n", "from 1 to 65535"),
        (
            "    public_url: https://a.example\n    email: { host: a.example, from: hello }\n",
            "Shop <hello@shop.example>",
        ),
        (
            "    public_url: https://a.example\n    email: { host: a.example, feedback: [{ ses: bounces }] }\n",
            "the ARN of an SNS topic",
        ),
        (
            "    public_url: https://a.example\n    sms: { account: AC1, token: env:T, from: +81501234567 }\n",
            "lost its `+`",
        ),
        (
            "    public_url: https://a.example\n    sms: { account: AC1, token: env:T, from: SHOP }\n",
            "messaging service",
        ),
        ("    public_url: https://a.example\n    push: { project: a/b, key: env:K }\n", "an id of letters, digits"),
        ("    webhook: { secret: env:S, per_second_max: 0 }\n", "from 1 to 100000"),
        ("    webhook: { secret: env:S, timeout: 2m }\n", "from 1s to 60s"),
        ("    webhook: { secret: env:S, timeout: 1mo }\n", "in days, hours or minutes"),
        ("    webhook: { secret: env:S, private: maybe }\n", "`true` or `false`"),
        ("    webhook: { secret: env:S, default_url: https://10.0.0.7/x }\n", "private network"),
        ("    webhook: { secret: env:S, default_url: https://0x7f.1/x }\n", "private network"),
        ("    webhook: { secret: env:S, default_url: \"https://{name}.a.example/\" }\n", "behind its host only"),
        (
            "    webhook: { secret: env:S, hosts: [a.example], messages: { m: https://b.example } }\n",
            "`b.example` is not among `hosts`",
        ),
        ("    write_keys: { a: env:K, b: env:K }\n", "the same key as `a`"),
        ("    write_keys: { \"a b\": env:K }\n", "names of letters"),
        ("    chat: [{ teams: env:X }]\n", "known here: `slack`, `chatwork`"),
        ("    chat: [{ chatwork: { room: 1 } }]\n", "`token` is missing under `chatwork`"),
        ("    paper: { files_max: -1 }\n", "from 1 to 100000"),
    ];
    for (case, part) in cases {
        let shown = bad(&format!("environments:\n  a:\n{case}"));
        assert!(shown.contains(part), "{part}\n{shown}");
        let line = shown.lines().find(|line| line.contains("--> tabi.yaml:")).unwrap_or_default();
        let at: usize = line.split(':').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
        assert!(at > 4, "the place is in the environment: {line}\n{case}");
    }
    assert!(bad("environments: [a]\n").contains("`name: …` lines"));
    assert!(bad("environments:\n  a: 7\n").contains("`key: value` lines"));
}
