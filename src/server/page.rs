//! The few pages people see, as HTML in English and Japanese.
//!
//! No script, no picture, nothing from elsewhere; what they say changes nothing by itself.

use minijinja::HtmlEscape;

use crate::ir::Channel;

use super::leave::Language;

/// A page of the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// With a button that leaves.
    Ask(Channel),
    /// With a button that takes it back.
    Left(Channel),
    Back(Channel),
    /// The token is none of ours.
    Unknown,
    /// It could not be written down just now: leaving, or coming back.
    Later {
        back: bool,
    },
}

/// Styles stand in the page; forms lead to the page itself; nobody puts it in a frame.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
                          base-uri 'none'";

const STYLE: &str = "body{font-family:system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;line-height:1.7;\
                     color:#222;background:#fff}button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;\
                     background:#1d4ed8;color:#fff}button.quiet{background:#e5e7eb;color:#222}h1{font-size:1.3rem}";

/// Which page and wording somebody saw, for the proof of a consent. The number is raised when the wording changes.
pub fn source(language: Language) -> &'static str {
    match language {
        Language::English => "page:en:1",
        Language::Japanese => "page:ja:1",
    }
}

struct Words {
    title: String,
    text: String,
    button: Option<(&'static str, &'static str, &'static str)>,
}

impl Page {
    pub fn html(self, shop: &str, language: Language) -> String {
        let words = match language {
            Language::English => self.english(shop),
            Language::Japanese => self.japanese(shop),
        };
        let button = words.button.map_or(String::new(), |(field, class, label)| {
            format!(
                "<form method=\"post\"><input type=\"hidden\" name=\"{field}\" value=\"1\">\
                 <button class=\"{class}\">{label}</button></form>\n"
            )
        });
        let lang = match language {
            Language::English => "en",
            Language::Japanese => "ja",
        };
        let (title, text) = (HtmlEscape(&words.title), HtmlEscape(&words.text));
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex, nofollow\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
             </head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n{button}</main>\n</body>\n</html>\n"
        )
    }

    fn english(self, shop: &str) -> Words {
        let from = |what: &str| if shop.is_empty() { what.to_owned() } else { format!("{what} from {shop}") };
        match self {
            Page::Ask(channel) => Words {
                title: format!("Stop {}?", from(of_english(channel))),
                text: "You will still get what you need for your orders and your account.".into(),
                button: Some(("leave", "", "Stop these messages")),
            },
            Page::Left(channel) => Words {
                title: "You have left".into(),
                text: format!("You will get no more {}. That was a mistake?", from(of_english(channel))),
                button: Some(("return", "quiet", "Take it back")),
            },
            Page::Back(channel) => Words {
                title: "Welcome back".into(),
                text: format!("You will get {} as before.", from(of_english(channel))),
                button: Some(("leave", "quiet", "Stop these messages")),
            },
            Page::Unknown => Words {
                title: "This address leads nowhere".into(),
                text: "It may have been cut off. Please open the link in the message itself, or reply to the message."
                    .into(),
                button: None,
            },
            Page::Later { back } => Words {
                title: "Not just now".into(),
                text: "Your wish could not be written down. Please try again in a minute.".into(),
                button: Some((if back { "return" } else { "leave" }, "", "Try again")),
            },
        }
    }

    fn japanese(self, shop: &str) -> Words {
        let from = |what: &str| if shop.is_empty() { what.to_owned() } else { format!("{shop} からの{what}") };
        match self {
            Page::Ask(channel) => Words {
                title: format!("{}を停止しますか", from(of_japanese(channel))),
                text: "ご注文やアカウントに必要なお知らせは、引き続き届きます。".into(),
                button: Some(("leave", "", "配信を停止する")),
            },
            Page::Left(channel) => Words {
                title: "配信を停止しました".into(),
                text: format!("{}は、今後届きません。お間違えの場合は元に戻せます。", from(of_japanese(channel))),
                button: Some(("return", "quiet", "元に戻す")),
            },
            Page::Back(channel) => Words {
                title: "元に戻しました".into(),
                text: format!("{}は、これまでどおり届きます。", from(of_japanese(channel))),
                button: Some(("leave", "quiet", "配信を停止する")),
            },
            Page::Unknown => Words {
                title: "このアドレスは使えません".into(),
                text: "アドレスが途中で切れているかもしれません。メッセージの中のリンクを開くか、メッセージにご返信ください。"
                    .into(),
                button: None,
            },
            Page::Later { back } => Words {
                title: "ただいま受け付けられません".into(),
                text: "お手続きを記録できませんでした。1分ほどしてからもう一度お試しください。".into(),
                button: Some((if back { "return" } else { "leave" }, "", "もう一度")),
            },
        }
    }
}

fn of_english(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "mail",
        Channel::Line => "LINE messages",
        Channel::Sms => "text messages",
        Channel::Push => "notifications",
        Channel::Webhook => "messages",
    }
}

fn of_japanese(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "メール",
        Channel::Line => "LINE のメッセージ",
        Channel::Sms => "ショートメッセージ",
        Channel::Push => "プッシュ通知",
        Channel::Webhook => "メッセージ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stand_in_both_languages_and_run_nothing() {
        let pages = [
            Page::Ask(Channel::Email),
            Page::Left(Channel::Line),
            Page::Back(Channel::Sms),
            Page::Unknown,
            Page::Later { back: true },
        ];
        for page in pages {
            for language in [Language::English, Language::Japanese] {
                let html = page.html("<script>alert(1)</script> & 花", language);
                assert!(!html.contains("<script>alert"), "{html}");
                let kana = html.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c));
                assert_eq!(kana, language == Language::Japanese, "{html}");
            }
        }
    }
}
