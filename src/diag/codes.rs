//! The registry of codes: one line per code, in ranges, never reused. Each has a page in `docs/errors/`.
//!
//! Does not word diagnostics; only names them and says how grave they are.

use super::{Language, Severity};

macro_rules! codes {
    ($($code:ident $severity:ident $title:literal $title_ja:literal;)*) => {
        /// A stable name of a kind of mistake.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($code),* }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$code),*];

            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code)),* }
            }
            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity),* }
            }
            /// What the code is about, in a line, in English.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title),* }
            }
            /// The same in Japanese.
            pub fn title_ja(self) -> &'static str {
                match self { $(Code::$code => $title_ja),* }
            }
            /// The page `tabi explain` prints.
            pub fn page(self) -> &'static str {
                match self { $(Code::$code => include_str!(concat!("../../docs/errors/", stringify!($code), ".md"))),* }
            }
        }
    };
}

codes! {
    E0100 Error "the project cannot be read" "プロジェクトを読み込めません";
    E0101 Error "a line that is not in the language" "文法に合わない行";
    E0102 Error "unknown first word of a line" "行の先頭の語がわかりません";
    E0103 Error "full-width character where the language wants a plain one" "全角の記号";
    E0104 Error "a literal that says nothing possible" "ありえない値";
    E0105 Error "a block that is never closed, or closed twice" "閉じていない括弧";
    E0106 Error "the same name declared twice" "名前の重複";
    E0107 Error "nested too deeply" "入れ子が深すぎます";
    E0108 Error "unknown or wrong setting in tabi.yaml" "tabi.yaml の設定の誤り";
    W0109 Warning "an exception that excuses nothing" "何も許していない例外";
    E0201 Error "a step that nobody comes to" "誰も来ない手順";
    E0202 Error "a condition that decides nothing" "何も分けない条件";
    E0203 Error "a choice that forgets a value" "値の漏れた選択";
    W0203 Warning "an else that hides values to come" "後から増える値を隠す else";
    E0204 Error "split that does not add up" "分岐の配分の誤り";
    W0204 Warning "ways that lead to the same" "結果の同じ枝";
    E0205 Error "a promise that is not kept, or not proven" "守られない、または証明できない約束";
    W0205 Warning "a journey that promises nothing" "約束のないジャーニー";
    E0301 Error "a journey nobody can judge" "評価できないジャーニー";
    E0302 Error "a message without the consent it needs" "同意のない送信";
    E0303 Error "an offer in a transactional message" "取引メッセージの中の特典";
    E0304 Error "messages to people without a cap" "上限のない送信";
    E0305 Error "messages to people without quiet hours" "静かな時間のない送信";
    E0306 Error "a message held until after its own deadline" "期限を過ぎて届くかもしれないメッセージ";
    E0307 Error "a selling message without what the law asks for" "法律の求める表示のない宣伝";
    W0311 Warning "a discount as the first word about a cart" "カートへの最初の一言が値引き";
    W0312 Warning "a journey that only speaks of price" "値引きの話しかしないジャーニー";
    W0313 Warning "more selling than the policy wants" "販売メッセージが多すぎるジャーニー";
    W0314 Warning "a message to everyone that nobody approves" "承認のない全員配信";
    W0315 Warning "people who reached the goal are not let go" "目標達成者が抜けられないジャーニー";
    W0316 Warning "a stage of life without a journey" "ジャーニーのない段階";
    W0317 Warning "a decision that hangs on opens alone" "開封だけによる判断";
    W0318 Warning "a rewarded review without a label" "表示のない特典付きレビュー";
    E0401 Error "unknown name" "知らない名前";
    E0402 Error "parameters do not match" "引数が合いません";
    E0403 Error "wrong type" "型が合いません";
    E0404 Error "not possible here" "ここでは使えません";
    E0411 Error "an optional value used without a check" "欠けるかもしれない値の未確認";
    E0412 Error "a check that a wait has outlived" "待ちの後では効かない確認";
    E0413 Error "a name that is not assigned on every path" "すべての経路で決まらない名前";
    E0421 Error "currencies mixed, or impossible minor units" "通貨の混在・端数";
    E0422 Error "date, instant, span or zone mixed" "日付・時刻・期間の混在";
    W0423 Warning "a day or time that some calendars lack" "存在しないことのある日時";
    E0431 Error "personal data or a secret where it may not be" "個人情報や秘密情報の漏れ";
    E0441 Error "a message's file that cannot be read" "読み込めないメッセージのファイル";
    E0442 Error "a message's file that is not in its format" "形式の正しくないメッセージのファイル";
    E0443 Error "a message that LINE would refuse" "LINE に拒否されるメッセージ";
    E0444 Error "longer than the channel takes" "チャネルの上限を超える長さ";
    W0445 Warning "a text that may get too long" "長くなりすぎるかもしれない文字列";
    W0446 Warning "a text message in many parts" "分割の多い SMS";
    W0447 Warning "a subject that mailboxes cut off" "途中で切れる件名";
    W0448 Warning "a list that may come out empty" "空になることのあるリスト";
    E0501 Error "a wait that outlasts what it is for" "目的より長い待ち";
    E0502 Error "waiting for what cannot arrive" "起こりえないことを待っています";
    E0503 Error "a stay longer than the time until reentry" "再入場までの期間より長い滞在";
    E0504 Error "an exit rule that is true at entry" "入る時点で成り立っている終了条件";
    W0506 Warning "a trigger that usually repeats" "続けて起きやすいきっかけ";
    E0601 Error "a channel that cannot reach these people" "届かないチャネル";
    E0602 Error "a fallback that cannot help" "役に立たない代わりの送信";
    E0701 Error "journeys that start each other without end" "互いに始め合うジャーニー";
    E0702 Error "two journeys that write the same" "同じものを書き換えるジャーニー";
    W0704 Warning "two journeys that speak at the same moment" "同時に送るジャーニー";
    W0705 Warning "a declaration that nothing uses" "使われていない宣言";
    E0801 Error "the name of an experiment used again" "実験名の使い回し";
    E0901 Error "an action that may be called twice" "二度呼ばれるかもしれないアクション";
    E0902 Error "a grant that may be lost" "宙に浮く特典";
}

impl Code {
    /// Whether a project may live with it, by its level in `tabi.yaml` or by an exception: there is a program all the same.
    /// So it is with warnings, and with what is found wrong in a program that has a meaning.
    pub fn is_livable(self) -> bool {
        let unclear = ["E01", "E04"].iter().any(|range| self.name().starts_with(range)) || self.name() == "E0204";
        let told = self.name() == "E0431";
        !unclear || told
    }
}

/// The heading of a section of a code's page, as the reader's language has it.
pub fn heading(written: &str, language: Language) -> &str {
    match (written, language) {
        ("Wrong", Language::Japanese) => "誤りの例",
        ("Right", Language::Japanese) => "正しい例",
        ("Wrong, in a file", Language::Japanese) => "誤りの例 (ファイルの中)",
        ("Right, in a file", Language::Japanese) => "正しい例 (ファイルの中)",
        (written, Language::English | Language::Japanese) => written,
    }
}

/// Names that are taken for what only live numbers tell: quotas, forecasts, the people inside a journey. Nothing finds
/// these in a text. With what each is about, in English and Japanese.
pub const NEED_DATA: &[(&str, &str, &str)] = &[
    ("W0603", "a quota, budget or rate limit that the forecast exceeds", "予測では枠・予算・送信速度の上限を超える"),
    ("W0703", "a journey starved by others under a shared cap", "共通の上限のため他に押されて送れないジャーニー"),
    ("W0802", "an experiment too small to tell anything", "人数が少なく差の分からない実験"),
    ("W0803", "an arm on LINE too small to be measured", "人数が少なく測れない LINE の枝"),
    ("E1001", "an edit that strands people at a changed step", "変更したステップにいる人を取り残す編集"),
];

impl std::str::FromStr for Code {
    type Err = ();
    /// Accepts any letter case.
    fn from_str(text: &str) -> Result<Code, ()> {
        Code::ALL.iter().copied().find(|c| c.name().eq_ignore_ascii_case(text)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything a Japanese reader sees of a page but code and names is in Japanese.
    #[test]
    fn every_heading_has_its_japanese() {
        for code in Code::ALL {
            for line in code.page().lines().filter_map(|line| line.strip_prefix("## ")) {
                let shown = heading(line, Language::Japanese);
                assert!(!shown.is_ascii(), "{}: {line}", code.name());
            }
        }
    }
}
