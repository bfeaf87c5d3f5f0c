//! The keys under which reports count, as people read them in Japanese. In JSON they stay as they are.
//!
//! Counts nothing.

use super::render::Language;

/// The whole key, and its Japanese.
const KEYS: &[(&str, &str)] = &[
    // Ends of runs.
    ("finished", "完了"),
    ("stopped", "途中で終了"),
    ("held out", "比較のため対象外"),
    ("merged", "統合"),
    ("overrun", "上限超過"),
    // Refusals of entry.
    ("live", "参加中"),
    ("reentry", "再参加待ち"),
    ("only if", "条件外"),
    ("too old", "古すぎる"),
    ("ramp", "公開割合の対象外"),
    ("paused", "一時停止中"),
    // Messages held or dropped.
    ("holdout", "比較のため対象外"),
    ("withhold", "差し止め"),
    ("consent", "同意なし"),
    ("unreachable", "届け先なし"),
    ("deadline", "期限切れ"),
    ("quiet", "静かな時間帯"),
    ("cap", "回数の上限"),
    ("budget", "予算切れ"),
    ("refused", "配信事業者が拒否"),
    ("late", "一時停止中の分"),
    ("discarded", "確認のうえ破棄"),
    // Lines of the input.
    ("not utf-8", "UTF-8 でない"),
    ("nul byte", "NUL バイト"),
    ("line too long", "行が長すぎる"),
    ("nested too deep", "入れ子が深すぎる"),
    ("not json", "JSON でない"),
    ("not a call", "Segment の呼び出しでない"),
    ("unknown type", "不明な種類"),
    ("no person", "人が不明"),
    ("no event name", "イベント名なし"),
    ("no previous id", "previousId なし"),
    ("no time", "日時なし"),
    ("bad time", "読めない日時"),
    ("time out of range", "範囲外の日時"),
    ("wrong number of cells", "列数の違い"),
    ("split group", "離れたグループ"),
    ("group too long", "長すぎるグループ"),
];

/// Keys that go on with a name of the author's.
const BEGINNINGS: &[(&str, &str)] = &[
    ("stopped: ", "途中で終了: "),
    ("exit: not ", "離脱: 非 "),
    ("exit: ", "離脱: "),
    ("bad cell ", "読めない列 "),
    ("wrong value ", "値の誤り "),
];

/// The key in the words of a language.
pub fn word(key: &str, language: Language) -> String {
    match language {
        Language::English => key.to_string(),
        Language::Japanese => japanese(key),
    }
}

fn japanese(key: &str) -> String {
    if let Some((_, ja)) = KEYS.iter().find(|(en, _)| *en == key) {
        return (*ja).to_string();
    }
    let beginning = BEGINNINGS.iter().find_map(|(en, ja)| Some((ja, key.strip_prefix(en)?)));
    beginning.map_or_else(|| key.to_string(), |(ja, rest)| format!("{ja}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{NotEntered, Reason};
    use crate::simulate::words;

    #[test]
    fn every_key_of_the_engine_has_its_japanese() {
        let entries = [
            NotEntered::Live,
            NotEntered::Reentry,
            NotEntered::OnlyIf,
            NotEntered::TooOld,
            NotEntered::Ramp,
            NotEntered::Paused,
        ];
        let keys = Reason::ALL.iter().map(|reason| reason.name()).chain(entries.map(words::not_entered_key));
        for key in keys {
            assert_ne!(japanese(key), key);
        }
        assert_eq!(japanese("exit: purchase"), "離脱: purchase");
        assert_eq!(japanese("wrong value bought.total"), "値の誤り bought.total");
        assert_eq!(japanese("cart_mail"), "cart_mail", "what the author named stays");
    }
}
