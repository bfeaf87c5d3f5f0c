//! The page on mail: its settings are read and work, its headers are those of a mail, its table of answers is what happens.
//!
//! Sends nothing.

use std::collections::BTreeSet;

use secrecy::SecretString;
use tabi::channels::email::{Letter, Reply, Sealing, Smtp, Stage, outcome};
use tabi::machine::Report;
use tabi::ports::{Outcome, Provider};
use tabi::project;
use tabi::text::SourceId;

use super::deliveries::{delivery, email};

const PAGE: &str = include_str!("../../docs/channels/email.md");

/// Rows of the table under a heading, without its head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let part = PAGE.split("\n## ").find(|part| part.starts_with(heading)).expect("the heading is there");
    let table = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    table.skip(1).map(|row| row.split(" | ").map(str::trim).collect()).collect()
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_settings_are_read_and_work() {
    let block = PAGE.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let text = format!("name: shop\ntimezone: Asia/Tokyo\ncurrency: JPY\n{block}");
    let (settings, found) = project::parse_settings(&text, SourceId(0));
    assert!(found.is_empty(), "{found:?}");
    let settings = settings.environments[0].email.as_ref().unwrap();
    let smtp = Smtp::new(settings, Some(SecretString::from("x")), b"").unwrap();
    assert_eq!((smtp.manifest().at_once_max, smtp.manifest().per_second_max), (10, Some(14)));
    // Every setting is in the table, and the table has no other.
    let written: BTreeSet<&str> = block
        .split("email:\n")
        .nth(1)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("      ")?.split_once(':'))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with(' '))
        .collect();
    let told: BTreeSet<&str> = rows("").iter().flat_map(|row| quoted(row[0])).collect();
    assert_eq!(written, told);
}

#[test]
fn the_headers_are_those_of_a_mail() {
    let sealing = Sealing::default();
    let letter = Letter::of(&delivery(email()), &sealing).unwrap();
    let text = String::from_utf8(letter.bytes).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap();
    let sent: BTreeSet<&str> = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':').map(|(name, _)| name))
        .collect();
    let table = rows("What a mail carries");
    let told: BTreeSet<&str> = table.iter().flat_map(|row| quoted(row[0])).collect();
    assert_eq!(sent, told);
}

#[test]
fn answers_mean_what_the_page_says() {
    let rows = rows("What a relay's answer means");
    assert!(rows.len() > 12);
    for row in rows {
        let [when, answer, meant] = row[..] else { panic!("{row:?}") };
        let stage = match when {
            "on connecting" => Stage::Opening,
            "at the login" => Stage::Login,
            "for the sender" => Stage::Sender,
            "for the recipient" => Stage::Recipient,
            "for the text" => Stage::Content,
            other => panic!("{other}"),
        };
        let (code, text) = answer.trim_matches('`').split_once(' ').unwrap();
        let reply = Reply { code: code.parse().unwrap(), text: text.to_owned() };
        // What is taken never comes to be judged.
        if reply.code == 250 {
            assert_eq!(meant, "accepted");
            continue;
        }
        let happens = match outcome(stage, &reply) {
            Outcome::Refused { address: Some(Report::Bounced), .. } => "refused, and the address is out of use",
            outcome => outcome.name(),
        };
        assert_eq!(happens, meant, "{when} {answer}");
    }
}
