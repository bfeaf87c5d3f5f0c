//! From `tabi.yaml` to open channels: secrets found or named, live channels live, the others on paper.

use std::fs;
use std::path::Path;

use secrecy::ExposeSecret;
use tabi::channels::open::{Channels, open};
use tabi::channels::secrets::Secrets;
use tabi::ir::Channel;
use tabi::ports::environment::{Environment, SecretRef};
use tabi::project;
use tabi::text::SourceId;

fn environments(text: &str) -> Vec<Environment> {
    let text = format!("name: shop\ntimezone: Asia/Tokyo\ncurrency: JPY\n{text}");
    let (settings, found) = project::parse_settings(&text, SourceId(0));
    assert!(found.is_empty(), "{found:?}");
    settings.environments
}

fn opened(environment: &Environment, secret: &str) -> Result<Channels, Vec<String>> {
    let root = tempfile::tempdir().unwrap();
    let secrets = Secrets::resolve_with(environment, |_| Some(secret.as_bytes().to_vec())).unwrap();
    open(environment, &secrets, root.path()).map_err(|all| all.iter().map(|one| one.english()).collect())
}

#[test]
fn every_missing_secret_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("empty"), " \n").unwrap();
    fs::write(path("binary"), [0xff, 0xfe]).unwrap();
    fs::write(path("long"), "x".repeat(65 * 1024)).unwrap();
    fs::write(path("good"), "  s3cr3t-value \n\n").unwrap();
    let text = format!(
        "environments:\n  live:\n    write_keys:\n      set: env:TABI_SET\n      unset: env:TABI_UNSET\n      none: file:{}\n      \
         empty: file:{}\n      binary: file:{}\n      long: file:{}\n      folder: file:{}\n      good: file:{}\n",
        path("none"),
        path("empty"),
        path("binary"),
        path("long"),
        folder.path().display(),
        path("good"),
    );
    let environment = &environments(&text)[0];
    let variable = |name: &str| (name == "TABI_SET").then(|| b"s3cr3t-value\n".to_vec());
    let missing = Secrets::resolve_with(environment, variable).unwrap_err();
    let english: Vec<String> = missing.iter().map(|one| one.english()).collect();
    let settings: Vec<&str> = missing.iter().map(|one| one.setting.as_str()).collect();
    let names = ["unset", "none", "empty", "binary", "long", "folder"];
    assert_eq!(settings, names.map(|name| format!("live.write_keys.{name}")));
    assert!(english[0].contains("the variable `TABI_UNSET`, which is not set"), "{english:?}");
    for (one, part) in
        english.iter().zip(["TABI_UNSET", "not there", "is empty", "UTF-8", "more than", "cannot be read"])
    {
        assert!(one.contains(part), "{one}");
    }
    for (one, english) in missing.iter().zip(&english) {
        let japanese = one.japanese();
        assert!(!japanese.is_ascii() && japanese.contains(&one.setting), "{japanese}");
        assert!(!english.contains("s3cr3t") && !japanese.contains("s3cr3t"));
    }
    let good = environments(&format!("environments:\n  live:\n    write_keys:\n      good: file:{}\n", path("good")));
    let secrets = Secrets::resolve(&good[0]).unwrap();
    let found = secrets.get(&SecretRef::File(path("good").into())).unwrap();
    assert!(secrets.get(&SecretRef::Env("TABI_OTHER".to_owned())).is_none());
    assert_eq!(found.expose_secret(), "  s3cr3t-value");
    assert!(!format!("{secrets:?}").contains("s3cr3t"));
}

#[test]
fn live_channels_are_live_and_the_others_paper() {
    let text = "environments:\n  live:\n    public_url: https://m.shop.example\n    \
        sms: { account: AC1, token: env:T, from: \"+815012345678\" }\n    \
        webhook: { secret: env:S, default_url: \"https://hooks.shop.example/{name}\", per_second_max: 7 }\n    \
        chat: [{ chatwork: { room: 1, token: env:C } }]\n  still:\n    paper: {}\n";
    let all = environments(text);
    let live = opened(&all[0], "a-secret").unwrap();
    let names = Channel::ALL.map(|channel| {
        let manifest = live.provider(channel).manifest();
        assert_eq!(manifest.channel, channel);
        manifest.provider
    });
    assert_eq!(names, ["paper", "paper", "twilio", "paper", "http"]);
    assert_eq!(live.provider(Channel::Webhook).manifest().per_second_max, Some(7));
    assert_eq!(live.noticeboards.len(), 1);
    assert!(live.sms.is_some());
    let still = opened(&all[1], "a-secret").unwrap();
    assert!(Channel::ALL.iter().all(|channel| still.provider(*channel).manifest().provider == "paper"));
    assert!(still.sms.is_none());
    assert_eq!(still.noticeboards.len(), 1, "notices go to paper too");
}

#[test]
fn line_stands_before_text_messages_and_actions_only_where_it_is_asked_to() {
    let text = "environments:\n  live:\n    public_url: https://m.shop.example\n    \
        line: { token: env:T, secret: env:S }\n  phone:\n    public_url: https://m.shop.example\n    \
        line: { token: env:T, secret: env:S, notifications: { shipped: flexible } }\n";
    let all = environments(text);
    let names = |at: usize| {
        let live = opened(&all[at], "a-secret").unwrap();
        assert!(live.line.is_some());
        [Channel::Line, Channel::Sms].map(|channel| live.provider(channel).manifest().provider)
    };
    assert_eq!(names(0), ["line", "paper"]);
    assert_eq!(names(1), ["line", "line.notification"]);
    let errors = opened(&all[0], "two words").err().unwrap();
    assert!(errors.len() == 1 && errors[0].starts_with("`live.line` cannot be used"), "{errors:?}");
    assert!(!errors[0].contains("two words"));
}

#[test]
fn what_cannot_be_opened_is_all_said_at_once() {
    let text = "environments:\n  live:\n    public_url: https://m.shop.example\n    push: { project: p, key: env:K }\n    \
        webhook: { secret: env:S, default_url: https://hooks.shop.example }\n    chat: [{ slack: env:U }]\n    \
        paper: { folder: outbox }\n";
    let errors = opened(&environments(text)[0], "whsec_hunter2!").err().unwrap();
    let starts = ["`live.webhook` cannot be used", "`live.push` cannot be used", "`live.chat` cannot be used"];
    assert_eq!(errors.len(), starts.len(), "{errors:?}");
    for (error, start) in errors.iter().zip(starts) {
        assert!(error.starts_with(start) && !error.contains("hunter2"), "{error}");
    }
}

/// The blocks of the page are read as they stand, and every key there is stands on the page.
#[test]
fn the_page_has_every_key_and_its_examples_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/environments.md")).unwrap();
    let examples: Vec<&str> = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        assert!(!environments(example).is_empty(), "{example}");
    }
    let source = fs::read_to_string(root.join("src/project/environments.rs")).unwrap();
    let mut keys = 0;
    for list in source.split("KEYS: &[&str]").skip(1) {
        let list = list.split("];").next().unwrap();
        for key in list.split('"').skip(1).step_by(2) {
            assert!(page.contains(&format!("`{key}`")), "`{key}` is not on the page");
            keys += 1;
        }
    }
    assert!(keys > 40, "{keys}");
}

#[test]
fn extra_authorities_are_read_from_a_file_of_the_project() {
    let made = rcgen::generate_simple_self_signed(["relay.shop.example".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let root = tempfile::tempdir().unwrap();
    let text = "environments:\n  live:\n    public_url: https://m.shop.example\n    extra_root_certificates: certificates/own.pem\n    \
                email: { host: relay.shop.example, from: shop@shop.example, tls: implicit }\n    \
                line: { token: env:T, secret: env:S }\n";
    let environment = &environments(text)[0];
    let secrets = Secrets::resolve_with(environment, |_| Some(b"secret".to_vec())).unwrap();
    let opened = || open(environment, &secrets, root.path()).map_err(|all| all[0].english());
    let why = opened().err().unwrap();
    assert!(why.starts_with("`live.extra_root_certificates` cannot be used: ") && why.contains("own.pem"), "{why}");
    fs::create_dir(root.path().join("certificates")).unwrap();
    let file = root.path().join("certificates/own.pem");
    for (wrong, part) in [
        ("", "has no certificate"),
        ("nothing of the kind", "has no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
    ] {
        fs::write(&file, wrong).unwrap();
        let why = opened().err().unwrap();
        assert!(why.contains(part), "{why}");
    }
    fs::write(&file, pem).unwrap();
    assert_eq!(opened().unwrap().roots.certificates, [made.cert.der().clone()]);
}
