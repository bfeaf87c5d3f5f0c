//! `tabi who NAME`: names in the files of messages are found where they stand.
//!
//! Uses in campaigns and tests are the business of the lints' own tests.

use super::run::{CONFIG, folder, told};

const SHOP: &str = r#"enum rank { bronze, gold }
record item { name: text, price: money JPY }
profile {
  given_name: text?  pii
  email:      email? pii
  rank:       rank
}
message mail on email for transactional from "mail.mjml" takes { items: list of item, note: text }
message push on push  for transactional from "push.yaml" takes { note: text }
"#;
const MAIL: &str = r#"---
subject: "{{ profile.given_name | default('お客') }}さま"
from: "a@b.jp"
---
<mjml><mj-body><mj-section><mj-column><mj-text>
{% for item in items %}{{ item.name }}{% endfor %}
{% if profile.rank == "gold" %}{{ note }}{% endif %}
{{ items | map(attribute="name") | join("、") }}
</mj-text></mj-column></mj-section></mj-body></mjml>
"#;
const PUSH: &str = "title: \"x\"\nbody: \"{{ note }}\"\n";

/// The places that read a name, each with what it stands in.
fn read(name: &str) -> Vec<String> {
    let files = [("tabi.yaml", CONFIG), ("shop.tabi", SHOP), ("mail.mjml", MAIL), ("push.yaml", PUSH)];
    let (text, code) = told(folder(&files).path(), &["who", name]);
    assert_eq!(code, 0, "{text}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).filter_map(|line| line.strip_prefix("read ").map(str::to_owned)).collect()
}

#[test]
fn names_in_files_of_messages_are_found() {
    assert_eq!(read("profile.given_name"), ["mail.mjml:2 message mail"]);
    assert_eq!(read("profile.rank"), ["mail.mjml:7 message mail"]);
    assert_eq!(read("mail.items"), ["mail.mjml:6 message mail", "mail.mjml:8 message mail"]);
    assert_eq!(read("item.name"), ["mail.mjml:6 message mail", "mail.mjml:8 message mail"]);
    assert_eq!(read("rank"), ["mail.mjml:7 message mail", "shop.tabi:6"]);
    // Parameters of one name are two.
    assert_eq!(read("mail.note"), ["mail.mjml:7 message mail"]);
    assert_eq!(read("push.note"), ["push.yaml:2 message push"]);
    assert_eq!(read("item.price"), [""; 0]);
}
