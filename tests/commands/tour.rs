//! The guided tour, `docs/tour.md` and `docs/tour.ja.md`: a new project, broken in ten ways, and what is said of each.
//!
//! Written by this test (`TABI_UPDATE=1 cargo test --test commands`), and held against the pages otherwise.

use std::fs;
use std::path::Path;

use similar::TextDiff;

use super::run::{folder, told};

/// A slip: what somebody does to one file, and what is to be known of it.
struct Slip {
    title: [&'static str; 2],
    lead: [&'static str; 2],
    file: &'static str,
    /// The first place of the one becomes the other.
    from: &'static str,
    to: &'static str,
}

const LANGUAGES: [&str; 2] = ["en", "ja"];
/// How many the tour shows.
const TEN: usize = 10;

/// The most likely first; a slip of which this version says nothing makes room for one from further down.
#[rustfmt::skip]
const SLIPS: &[Slip] = &[
    Slip {
        title: ["A misspelt name", "名前の打ち間違い"],
        lead: ["The event is called `purchase`. Names are looked up in the whole project, and the nearest one is offered.",
               "イベントの名前は `purchase` です。名前はプロジェクト全体から探し、いちばん近いものを示します。"],
        file: "journeys/welcome.tabi", from: "exit when purchase", to: "exit when purchese",
    },
    Slip {
        title: ["A full-width brace", "全角の波括弧"],
        lead: ["An input method left on. One such character never hides the mistakes after it.",
               "日本語入力のまま打った記号です。1 文字の間違いが、後ろの間違いを隠すことはありません。"],
        file: "journeys/welcome.tabi", from: "\" {\n", to: "\" ｛\n",
    },
    Slip {
        title: ["A policy that forgot consent", "同意を忘れたポリシー"],
        lead: ["Every message here is for marketing, and the policy no longer asks whether people agreed to that.",
               "ここのメッセージはすべて宣伝です。同意の有無をポリシーが尋ねなくなりました。"],
        file: "policies.tabi", from: "  consent marketing\n", to: "",
    },
    Slip {
        title: ["A check that a wait has outlived", "待つ前の確認"],
        lead: ["The name was there a day ago. People change their profiles while a journey waits.",
               "名前があったのは 1 日前のことです。待っている間に、お客さまはプロフィールを変えられます。"],
        file: "journeys/cart.tabi", from: "  wait up to 24h",
        to: "  if profile.given_name is set {\n    wait 1d\n    send email cart_mail with { subject: profile.given_name, items: cart.items }\n  }\n\n  wait up to 24h",
    },
    Slip {
        title: ["A split of 110%", "合計 110% の振り分け"],
        lead: ["Shares of people add up to all of them.", "割合の合計は、ちょうど全員です。"],
        file: "journeys/welcome.tabi", from: "  wait 3d\n",
        to: "  split pace {\n    60% slow { wait 3d }\n    50% fast { wait 1d }\n  }\n",
    },
    Slip {
        title: ["Two currencies", "通貨の混在"],
        lead: ["A cart has yen in it. Money carries its currency, and nothing converts it in silence.",
               "カートの金額は円です。金額は通貨とともにあり、黙って換算されることはありません。"],
        file: "journeys/cart.tabi", from: "total >= 3000 JPY", to: "total >= 30 USD",
    },
    Slip {
        title: ["A wait longer than the goal", "目標の期間より長い待ち"],
        lead: ["The goal counts what happens within 14 days; the second mail now comes after 20.",
               "目標が数えるのは 14 日以内の出来事です。2 通目が届くのは 20 日後になりました。"],
        file: "journeys/welcome.tabi", from: "wait 3d", to: "wait 20d",
    },
    Slip {
        title: ["A broken promise", "破られた約束"],
        lead: ["The journey promises at most two messages. One more line, and there can be three.",
               "このジャーニーは 2 通までと約束しています。1 行足すと 3 通になりえます。"],
        file: "journeys/welcome.tabi", from: "  send email guide_mail\n",
        to: "  send email guide_mail\n\n  wait 2d\n  send email guide_mail\n",
    },
    Slip {
        title: ["A message that uses what nobody gives it", "渡していない値を使う文面"],
        lead: ["An item has a `name`. The message file is read as strictly as the journey.",
               "商品にあるのは `name` です。文面のファイルも、ジャーニーと同じ厳しさで読みます。"],
        file: "messages/cart_nudge.line.json", from: "item.name", to: "item.title",
    },
    Slip {
        title: ["A journey that does not say when it may happen again", "再参加の決まりがないジャーニー"],
        lead: ["`reentry` is one of the lines without which nobody can say what a journey does to a person.",
               "`reentry` は、それなしではジャーニーがお客さまに何をするか言えない行の一つです。"],
        file: "journeys/welcome.tabi", from: "  reentry never\n", to: "",
    },
    Slip {
        title: ["A parameter left out", "渡し忘れた引数"],
        lead: ["The reminder shows the items of the cart, so it has to be given them.",
               "リマインドの文面はカートの商品を並べるので、渡す必要があります。"],
        file: "journeys/cart.tabi", from: "send line cart_nudge with { items: cart.items }", to: "send line cart_nudge",
    },
    Slip {
        title: ["A word from another tool", "ほかのツールの言葉"],
        lead: ["Elsewhere it is called a delay.", "ほかのツールでは delay と呼ばれます。"],
        file: "journeys/welcome.tabi", from: "  wait 3d", to: "  delay 3d",
    },
    Slip {
        title: ["One equals sign", "等号が一つ"],
        lead: ["`=` gives a value to a name; `==` compares.", "`=` は名前に値を与え、`==` は比べます。"],
        file: "journeys/cart.tabi", from: "cart_id == cart.cart_id", to: "cart_id = cart.cart_id",
    },
    Slip {
        title: ["A duration as one would say it", "話し言葉の期間"],
        lead: ["Units are letters: `3d`, `24h`, `30m`.", "単位は英字で書きます: `3d`・`24h`・`30m`。"],
        file: "journeys/welcome.tabi", from: "wait 3d", to: "wait 3日",
    },
];

const OPENING: [&str; 2] = [
    "# A guided tour\n\n\
     `tabi init shop` makes a small project: two journeys with their messages and tests. `tabi check` finds nothing wrong with it. Below, it\n\
     is broken in ten ways, one at a time, each a slip that happens to people; what follows each is all that `tabi check` says.\n\n\
     This page is written by a test, from the program itself.\n",
    "# ひとめぐり\n\n\
     `tabi init shop --lang ja` で小さなプロジェクトができます。ジャーニーが二つと、その文面とテストです。`tabi check` は何も指摘しません。\n\
     ここでは、それを一つずつ十通りに壊してみます。どれもよくある間違いです。その下が `tabi check --lang ja` の言うことのすべてです。\n\n\
     このページは、プログラムの実際の出力からテストが書いています。\n",
];

fn page(language: usize) -> String {
    let parent = folder(&[]);
    let (_, code) = told(parent.path(), &["init", "shop", "--lang", LANGUAGES[language]]);
    assert_eq!(code, 0);
    let project = parent.path().join("shop");
    let mut text = OPENING[language].to_string();
    let mut shown = 0;
    for slip in SLIPS {
        if shown == TEN {
            break;
        }
        let Some(section) = section(slip, language, &project) else { continue };
        shown += 1;
        text.push_str(&format!("\n## {shown}. {}\n\n{section}", slip.title[language]));
    }
    assert_eq!(shown, TEN, "slips of which anything is said");
    text
}

/// Makes the slip, tells what comes of it, and takes it back. `None` if nothing is said of it.
fn section(slip: &Slip, language: usize, project: &Path) -> Option<String> {
    let path = project.join(slip.file);
    let before = fs::read_to_string(&path).unwrap();
    let after = before.replacen(slip.from, slip.to, 1);
    assert_ne!(before, after, "`{}` does not stand in {}", slip.from, slip.file);
    let lang = LANGUAGES[language];
    let (compact, _) = told(project, &["check", "--format", "compact"]);
    assert_eq!(compact, "", "the project is clean before");
    fs::write(&path, &after).unwrap();
    let (said, _) = told(project, &["check", "--lang", lang]);
    let (compact, _) = told(project, &["check", "--format", "compact"]);
    let (_, fixed) = told(project, &["fix"]);
    let (left, _) = told(project, &["check", "--format", "compact"]);
    fs::write(&path, &before).unwrap();
    if compact.is_empty() {
        return None;
    }
    let diff = TextDiff::from_lines(&before, &after);
    let diff = diff.unified_diff().context_radius(1).header(slip.file, slip.file).to_string();
    let mut text = format!("{}\n\n```diff\n{diff}```\n\n```text\n{said}```\n", slip.lead[language]);
    if fixed == 0 && left.is_empty() {
        text.push_str(["\n`tabi fix` puts this one right.\n", "\nこれは `tabi fix` で直せます。\n"][language]);
    }
    Some(text)
}

#[test]
fn the_tour_shows_what_the_program_says() {
    for (language, name) in ["docs/tour.md", "docs/tour.ja.md"].into_iter().enumerate() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let now = page(language);
        if std::env::var_os("TABI_UPDATE").is_some() {
            fs::write(&path, now).unwrap();
            continue;
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == now, "{name} is behind the program; TABI_UPDATE=1 cargo test --test commands");
    }
}
