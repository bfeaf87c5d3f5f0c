//! All messages side by side: a row for each message, a column for each person.
//!
//! Says what stands out about each; judges no campaign.

use super::{document, fragment, said};
use crate::render::{Fault, Language, Part, Rendered, escaped, grouped};
use crate::value::{Decimal, Price};

/// A person of the page.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    /// What kind of person it is, in the reader's words.
    pub about: String,
}

#[derive(Debug)]
pub struct Row {
    pub message: String,
    pub channel: &'static str,
    pub purpose: String,
    pub file: Option<String>,
    /// What one part costs to send, where the project says so.
    pub price: Option<Price>,
    /// One for each column.
    pub cells: Vec<Cell>,
}

#[derive(Debug)]
pub struct Cell {
    /// The page of its own, beside this one; absent if there is none.
    pub page: Option<String>,
    /// Who gets it in a story of the campaigns; absent where the values are made up.
    pub who: Option<String>,
    /// `None` if the message has no file, or nobody of this kind is sent it.
    pub outcome: Option<Result<Rendered, Fault>>,
}

/// Gmail shows no more of a mail than this, and hides the notice how to leave with the rest.
const CLIPPED_BYTES: usize = 102 * 1024;
/// About what a phone's mailbox shows of a subject.
const SUBJECT_SHOWN: usize = 40;

pub fn index(project: &str, sender: &str, columns: &[Column], rows: &[Row], language: Language) -> String {
    let mut body = String::new();
    let wrong = rows.iter().flat_map(|row| &row.cells).filter(|cell| matches!(cell.outcome, Some(Err(_)))).count();
    let count = match language {
        Language::English => {
            format!("{} messages, {} people, {wrong} that cannot be rendered", rows.len(), columns.len())
        }
        Language::Japanese => {
            format!("メッセージ {} 件 × {} 人。表示できないもの {wrong} 件", rows.len(), columns.len())
        }
    };
    body.push_str(&format!("<header class=\"top\"><h1>{}</h1><p>{count}</p></header>", escaped(project)));
    body.push_str("<div class=\"scroll\"><table class=\"all\"><thead><tr><th></th>");
    for column in columns {
        body.push_str(&format!("<th><b>{}</b>{}</th>", escaped(&column.name), escaped(&column.about)));
    }
    body.push_str("</tr></thead><tbody>");
    for row in rows {
        let file = row.file.as_deref().unwrap_or(said(language, "no file", "ファイルなし"));
        body.push_str(&format!(
            "<tr id=\"{0}\"><th><b>{0}</b>{1}, {2}<br>{3}</th>",
            escaped(&row.message),
            row.channel,
            escaped(&row.purpose),
            escaped(file)
        ));
        for cell in &row.cells {
            body.push_str(&format!("<td>{}</td>", shown(cell, row.price, sender, language)));
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody></table></div>");
    document(project, language, &body)
}

fn shown(cell: &Cell, price: Option<Price>, sender: &str, language: Language) -> String {
    match &cell.outcome {
        None => format!("<span class=\"none\">{}</span>", said(language, "not sent", "送られません")),
        Some(Err(fault)) => {
            let (what, help) = match language {
                Language::English => (&fault.what.en, &fault.help.en),
                Language::Japanese => (&fault.what.ja, &fault.help.ja),
            };
            format!("<div class=\"fault\"><b>{}</b><p>{}</p></div>", escaped(what), escaped(help))
        }
        Some(Ok(rendered)) => {
            let mut out = match &rendered.part {
                Part::Line(_) | Part::Sms(_) | Part::Push(_) => {
                    format!("<div class=\"shrunk\">{}</div>", fragment(sender, rendered, language))
                }
                Part::Email(_) | Part::Webhook(_) => fragment(sender, rendered, language),
            };
            if let (Part::Email(_), Some(page)) = (&rendered.part, &cell.page) {
                let page = escaped(page);
                out.push_str(&format!(
                    "<div class=\"look\"><iframe src=\"{page}\" loading=\"lazy\" sandbox=\"\" title=\"{page}\"></iframe></div>"
                ));
            }
            out.push_str(&facts(rendered, cell, price, language));
            out
        }
    }
}

fn facts(rendered: &Rendered, cell: &Cell, price: Option<Price>, language: Language) -> String {
    let mut facts = Vec::new();
    if let Some(who) = &cell.who {
        facts.push(format!("<li>{}</li>", escaped(who)));
    }
    if let Some(page) = &cell.page {
        let word = said(language, "open", "開く");
        facts.push(format!("<li><a href=\"{0}\">{word}</a></li>", escaped(page)));
    }
    facts.extend(measures(rendered, price, language).into_iter().map(|fact| format!("<li>{}</li>", escaped(&fact))));
    let warnings = warnings(rendered, language);
    facts.extend(warnings.into_iter().map(|fact| format!("<li class=\"warn\">{}</li>", escaped(&fact))));
    format!("<ul class=\"facts\">{}</ul>", facts.concat())
}

/// Sizes, parts, links.
pub fn measures(rendered: &Rendered, price: Option<Price>, language: Language) -> Vec<String> {
    let mut facts = Vec::new();
    match &rendered.part {
        Part::Email(email) => facts.push(match language {
            Language::English => {
                format!("subject {} characters, {} KB", email.subject.chars().count(), kb(&email.html))
            }
            Language::Japanese => format!("件名 {} 文字、{} KB", email.subject.chars().count(), kb(&email.html)),
        }),
        Part::Line(line) => {
            let sizes: Vec<String> = line.bytes.iter().map(|bytes| grouped(*bytes as u64)).collect();
            facts.push(match language {
                Language::English => format!("notification: {}", line.notification),
                Language::Japanese => format!("通知: {}", line.notification),
            });
            facts.push(match language {
                Language::English => format!("{} bytes", sizes.join(" + ")),
                Language::Japanese => format!("{} バイト", sizes.join(" + ")),
            });
        }
        Part::Sms(sms) => facts.push(match language {
            Language::English => format!("{} parts to pay for ({})", sms.segments, sms.encoding),
            Language::Japanese => format!("料金 {} 通分 ({})", sms.segments, sms.encoding),
        }),
        Part::Push(_) | Part::Webhook(_) => {}
    }
    if let Some(price) = price {
        let parts = match &rendered.part {
            Part::Sms(sms) => sms.segments as i64,
            Part::Email(_) | Part::Line(_) | Part::Push(_) | Part::Webhook(_) => 1,
        };
        let cost = Decimal { micro: price.amount.micro.saturating_mul(parts) };
        facts.push(format!("{}: {cost} {}", said(language, "cost", "費用"), price.currency.code()));
    }
    if !rendered.links.is_empty() {
        facts.push(match language {
            Language::English => format!("{} links", rendered.links.len()),
            Language::Japanese => format!("リンク {} 件", rendered.links.len()),
        });
    }
    facts
}

fn kb(text: &str) -> usize {
    text.len().div_ceil(1024)
}

/// What looks different from what its author has seen.
pub fn warnings(rendered: &Rendered, language: Language) -> Vec<String> {
    let mut warnings = Vec::new();
    match &rendered.part {
        Part::Email(email) => {
            let length = email.subject.chars().count();
            if length > SUBJECT_SHOWN {
                warnings.push(match language {
                    Language::English => format!("phones show about {SUBJECT_SHOWN} characters of a subject"),
                    Language::Japanese => format!("件名はスマートフォンでは約 {SUBJECT_SHOWN} 文字までしか見えません"),
                });
            }
            if email.html.len() > CLIPPED_BYTES {
                warnings.push(
                    said(language, "Gmail cuts mails off at 102 KB", "Gmail は 102 KB を超えるメールを途中で切ります")
                        .to_owned(),
                );
            }
        }
        Part::Line(line) => {
            let unseen = line.messages.iter().rev().skip(1).any(|message| message.get("quickReply").is_some());
            if unseen {
                let (en, ja) = (
                    "quick replies are shown only under the last message",
                    "クイックリプライは最後のメッセージの下にだけ表示されます",
                );
                warnings.push(said(language, en, ja).to_owned());
            }
            warnings.extend(line.cut.iter().map(|name| match language {
                Language::English => format!("`{name}` was too long and was cut"),
                Language::Japanese => format!("`{name}` が長すぎるため途中で切りました"),
            }));
        }
        Part::Sms(_) | Part::Push(_) | Part::Webhook(_) => {}
    }
    warnings
}
