//! The command line in Japanese: every help text beside its English one, and what is said of wrong arguments.
//!
//! Adds no option and changes no behaviour. A test holds that no text is missing and none is left over.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

/// English and Japanese of every text a command or an argument is explained by.
#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    // The program and what all commands share.
    ("Campaigns as code: check, test with time travel, and simulate customer journeys", "キャンペーンをコードで: 検査・時間を進めるテスト・シミュレーション"),
    ("Language of messages [default: from LC_ALL, LC_MESSAGES or LANG]", "メッセージの言語 [既定: LC_ALL・LC_MESSAGES・LANG による]"),
    ("When to colour", "色を付ける条件"),
    ("The project's folder, or one inside it", "プロジェクトのフォルダー、またはその中のフォルダー"),
    ("Print help", "使い方を表示"),
    ("Print version", "版を表示"),
    ("Exit codes: 0 fine, 1 findings, 2 tests or promises failed, 3 changes present (with --detailed-exitcode), 64 usage, 70 our fault, 75 try again", "終了コード: 0 問題なし、1 指摘あり、2 テストまたは約束の失敗、3 変更あり (--detailed-exitcode 指定時)、64 使い方の誤り、70 tabi の不具合、75 再実行"),
    // init
    ("Make a new project: two journeys with their messages and tests, CI, editor settings", "新しいプロジェクトを作る: ジャーニー 2 つと文面・テスト、CI、エディターの設定"),
    ("Where to", "作る場所"),
    ("The project's name [default: the folder's]", "プロジェクトの名前 [既定: フォルダーの名前]"),
    ("The currency of prices", "価格の通貨"),
    ("The zone of quiet hours and dates", "時間帯と日付のタイムゾーン"),
    // check
    ("Check a project: names, types, and what no run may come to", "プロジェクトを検査する: 名前・型・あってはならない流れ"),
    ("How findings are written: for people, a line each, or for programs, GitHub, code scanning, CI, a pull request", "指摘の書き方: 人向け・1 件 1 行・プログラム向け・GitHub・コードスキャン・CI・プルリクエスト"),
    ("Stay, and check again whenever a file of the project changes; Ctrl-C ends", "終了せず、ファイルが変わるたびに検査し直す (Ctrl-C で終了)"),
    // who
    ("Show who uses a name: every place that declares, reads or writes it", "名前の使われている場所を示す: 宣言・参照・書き込み・テスト"),
    ("A name: `purchase`, `purchase.total`, `profile.rank`, `item.name`, a segment, message, action, tag, split, policy or step", "名前: `purchase`・`purchase.total`・`profile.rank`・`item.name`、セグメント・メッセージ・アクション・タグ・分岐・ポリシー・手順の名前"),
    ("For people, or for programs", "人向け、またはプログラム向け"),
    // fix
    ("Put right what can be put right safely: the edits that findings carry", "安全に直せるものを直す (指摘に付いている修正を適用)"),
    ("The project's folder, or one inside it [default: .], then the codes to fix [default: all]", "プロジェクトのフォルダー [既定: .]、続けて直すコード [既定: すべて]"),
    ("Change nothing; say what would be changed", "変更せず、何を直すかだけを表示"),
    ("Change nothing; show the changes line by line", "変更せず、行単位の差分を表示"),
    ("With --dry-run or --diff: end with 3 if there is anything to change", "--dry-run・--diff で、直すものがあれば 3 で終了"),
    // fmt
    ("Lay campaign files out in the one layout", "キャンペーンのファイルを整形する"),
    ("Files, or folders with all `.tabi` files under them; `-` reads the standard input and writes the standard output", "ファイル、またはフォルダー (中の `.tabi` すべて)。`-` は標準入力から読み標準出力へ書く"),
    ("Change nothing; list the files that are not in the layout and end with 1 if there are any", "変更せず、未整形のファイルを一覧し、あれば 1 で終了"),
    ("How --check writes what it finds", "--check の結果の書き方"),
    // test
    ("Run the timeline tests of a project", "プロジェクトのタイムラインテストを実行する"),
    ("Only tests of the journey of this name, or with this in their title; a project's folder here is as --project", "この名前のジャーニー、または題名にこの語を含むテストだけ (プロジェクトのフォルダーなら --project と同じ)"),
    ("How results are written: for people, a line each, or for programs, GitHub, code scanning, CI, a pull request", "結果の書き方: 人向け・1 件 1 行・プログラム向け・GitHub・コードスキャン・CI・プルリクエスト"),
    ("Say which steps, branches, fallbacks and exits no test visits", "どのテストも通らないステップ・分岐・代替・離脱を示す"),
    ("Put small faults into the campaigns, one at a time, and say which of them no test notices", "キャンペーンに小さな誤りを一つずつ入れ、どのテストも気づかないものを示す"),
    ("With --coverage or --mutants: only this journey", "--coverage・--mutants で、このジャーニーだけを見る"),
    ("With --mutants: try at most this many, chosen evenly", "--mutants で、まんべんなく選んだこの数までを試す"),
    ("With --coverage or --mutants: end with 2 if fewer percent are visited or noticed", "--coverage・--mutants で、この割合 (%) に満たなければ 2 で終了"),
    ("Stay, and test again whenever a file of the project changes; Ctrl-C ends", "終了せず、ファイルが変わるたびにテストし直す (Ctrl-C で終了)"),
    // simulate
    ("Replay recorded people and events through the campaigns, in virtual time", "記録された人とイベントを仮想の時間の中でキャンペーンに流す"),
    ("Events: NDJSON in Segment's shape, or CSV with --mapping; plain, gzip or zstd; `-` is the standard input [default: `sample.events` of tabi.yaml]", "イベント: Segment 形式の NDJSON、または --mapping 付きの CSV (非圧縮・gzip・zstd)。`-` は標準入力 [既定: tabi.yaml の `sample.events`]"),
    ("People: NDJSON of Segment's `identify` calls [default: `sample.people` of tabi.yaml]", "人: Segment の `identify` の NDJSON [既定: tabi.yaml の `sample.people`]"),
    ("How columns of CSV become events, in YAML [default: `sample.mapping` of tabi.yaml]", "CSV の列をイベントにする対応 (YAML) [既定: tabi.yaml の `sample.mapping`]"),
    ("Let time run on until then: `2026-04-01`, `\"2026-04-01 20:30\"`, or RFC 3339 [default: `until` of tabi.yaml, for the sample's events]", "この時点まで時間を進める: `2026-04-01`・`\"2026-04-01 20:30\"`・RFC 3339 [既定: sample のイベントでは tabi.yaml の `until`]"),
    ("For the imagined reactions of people (`response` in tabi.yaml); the same seed gives the same report", "想定した反応 (tabi.yaml の `response`) の乱数の種。同じ種なら同じ結果"),
    ("End at the first line that cannot be used, instead of counting it", "使えない行を数えずに、最初の行で終了"),
    ("Compare with another version, a git revision or a folder: the same people through both", "別の版 (git のリビジョンかフォルダー) と比べる: 同じ人々を両方に流す"),
    ("The same as `--format json`", "`--format json` と同じ"),
    ("Tell the story of this person instead of the report", "報告の代わりに、この人に起きたことを表示"),
    ("Threads to use; the report is the same for any number [default: as many as the machine has]", "使うスレッド数。結果はいくつでも同じ [既定: マシンにある数]"),
    // report
    ("Show the figures of the trade: repeat purchases, RFM, cohorts, revenue, lifetime value, and what journeys did", "指標を表示する: リピート購入・RFM・コホート・売上・LTV・ジャーニーの実績"),
    ("Leave out what came later: `2026-04-01`, `\"2026-04-01 20:30\"`, or RFC 3339", "これより後のものを除く: `2026-04-01`・`\"2026-04-01 20:30\"`・RFC 3339"),
    ("An event that is a purchase, with its field of money: `purchase.total` [default: `report` of tabi.yaml, else by name]", "購入のイベントと金額の項目: `purchase.total` [既定: tabi.yaml の `report`、なければ名前から判断]"),
    ("An event that takes a purchase back, likewise: `returned.total`", "返品のイベントと金額の項目: `returned.total`"),
    ("Journeys as `tabi run` recorded them in this folder, instead of simulated", "シミュレーションではなく、`tabi run` がこのフォルダーに記録したジャーニーの実績を使う"),
    ("Leave journeys out", "ジャーニーを省く"),
    ("Share of a purchase that is left after the cost of goods, for lifetime values: `40%` [default: `report` of tabi.yaml, else all of it]", "LTV の計算に使う粗利率: `40%` [既定: tabi.yaml の `report`、なければ売上のまま]"),
    ("What money a year ahead is worth less: `10%` [default: `report` of tabi.yaml, else 10%]", "1 年あたりの割引率: `10%` [既定: tabi.yaml の `report`、なければ 10%]"),
    ("The day by which reviews are overdue [default: today]", "見直しの期限を判定する日 [既定: 今日]"),
    ("For people, for programs, or as a page of its own with charts", "人向け・プログラム向け・グラフ付きの単独ページ"),
    ("Write what is expected of each person into this file, as `identify` calls for `tabi ingest` and `tabi simulate`", "人ごとの予測を、`tabi ingest` と `tabi simulate` が読める `identify` としてこのファイルに書く"),
    // results
    ("Show what experiments and holdouts have shown: rates, lifts, money, and how sure that is", "実験とホールドアウトの結果を表示する: 率・向上・金額と、その確かさ"),
    ("The data of `tabi run`, while it runs or after [default: .tabi; with events or people, these are replayed instead]", "`tabi run` のデータ (実行中でもよい) [既定: .tabi。イベントや人を指定するとそれらを流す]"),
    ("Replay the sample of tabi.yaml", "tabi.yaml の sample を流す"),
    ("The lift in percent that should be seen: what power is told for", "見分けたい向上 (%)。検出力はこれについて示す"),
    // prove
    ("Prove how long journeys last at most, how many messages they send, and that they keep their promises", "ジャーニーの最長の長さ・最大の通数を証明し、約束が守られるかを調べる"),
    ("Only this journey", "このジャーニーだけ"),
    ("Only this journey; without it all, and what they send together", "このジャーニーだけ (省略時はすべてと、その合計)"),
    // show
    ("Show a journey as a diagram", "ジャーニーを図にする"),
    ("The journey's name", "ジャーニーの名前"),
    ("The form [default: by the ending of --out, else mermaid]", "形式 [既定: --out の拡張子、なければ mermaid]"),
    ("Write to this file instead of the standard output", "標準出力ではなくこのファイルに書く"),
    // diff
    ("Show what changed in meaning since another version: steps, timing, conditions, messages, rules", "別の版からの意味の違いを表示する: ステップ・時間・条件・メッセージ・規則"),
    ("A git revision (`main`, `HEAD~1`, a tag), or the folder of the other version", "git のリビジョン (`main`・`HEAD~1`・タグ)、またはもう一方の版のフォルダー"),
    ("For people, for programs, or for a pull request", "人向け・プログラム向け・プルリクエスト向け"),
    ("End with 3 if there are changes", "変更があれば 3 で終了"),
    // personas
    ("List made-up people who together take every branch of every journey", "すべてのジャーニーのすべての分岐を通る架空の人の一覧"),
    ("Only of this journey", "このジャーニーの分だけ"),
    ("For people, for programs, or as tests in the language, which all pass", "人向け・プログラム向け・すべて成功するテスト"),
    ("Also those who only show messages in another look: English, long, bare", "メッセージの別の見え方 (英語・長文・最小限) のための人も含める"),
    // render
    ("Show messages as people get them", "メッセージを受け取る人に見える形で表示する"),
    ("The message's name [default: all messages]", "メッセージの名前 [既定: すべて]"),
    ("A person: YAML or JSON with `profile` and `params`", "人: `profile` と `params` を書いた YAML か JSON"),
    ("For every kind of person, not only the usual one (always with --out)", "ふつうの人だけでなく、あらゆる種類の人について (--out では常に)"),
    ("Write a page for each message and person, and `index.html` with all of them side by side", "メッセージと人ごとのページと、すべてを並べた `index.html` を書く"),
    ("When the messages go out [default: now]", "送る日時 [既定: 現在]"),
    // explain
    ("Explain a code such as E0411: what it means, why it matters, and how to put it right", "E0411 のようなコードの説明: 意味・理由・直し方"),
    ("The code that stands in brackets after `error` or `warning`; all codes are listed without it", "`エラー`・`警告` の後の角括弧の中のコード。省略するとすべてを一覧"),
    // run
    ("Run a project: take events in, move people through their journeys, send", "プロジェクトを動かす: イベントを受け取り、ジャーニーを進め、送信する"),
    ("Where the data are kept", "データの保存先"),
    ("Where events and webhooks come in; a proxy in front of it does TLS", "イベントと Webhook の待ち受けアドレス (TLS は前段のプロキシで行う)"),
    ("The environment of tabi.yaml: whom messages go through [default: all messages to paper]", "tabi.yaml の環境: メッセージの送り先 [既定: すべて紙に書く]"),
    (
        "Rehearse from this moment, so many times as fast: \"2026-04-01T09:00:00+09:00 x3600\"",
        "この時刻から、指定した倍速でリハーサルする: \"2026-04-01T09:00:00+09:00 x3600\"",
    ),
    ("Count opens by a picture in mails; an open proves nothing", "メールの画像で開封を数える (開封は確かな証拠にはならない)"),
    ("Serve /metrics on the public side, too", "/metrics を公開側でも提供する"),
    ("How logs are written", "ログの形式"),
    // ingest
    ("Send calls in Segment's shape from files to a running Tabi", "Segment 形式の呼び出しをファイルから実行中の Tabi に送る"),
    ("NDJSON in Segment's shape, or CSV with a mapping; plain, gzip or zstd; `-` is the standard input", "Segment 形式の NDJSON、または対応表つきの CSV (非圧縮・gzip・zstd)。`-` は標準入力"),
    ("The project whose events the columns become, or a folder inside it", "CSV の列から作るイベントのプロジェクト、またはその中のフォルダー"),
    ("Where Tabi takes events in", "Tabi の待ち受け URL"),
    ("Where the write key is found: `env:NAME` or `file:/path`", "書き込みキーの場所: `env:NAME` または `file:/path`"),
    ("As if they happened while being sent: clocks are corrected, and a call without a time happens now [default: the past, each with its own time]", "送信時に起きたものとして扱う: 時計のずれを直し、日時がなければ現在とする [既定: 過去の出来事として、それぞれの日時のまま]"),
    ("Note in this file how far it got, and go on from there the next time", "どこまで送ったかをこのファイルに記録し、次回はその続きから送る"),
    ("Write the result as JSON", "結果を JSON で書く"),
    // tail
    ("Show the decisions of a running Tabi as they are made; people by a code, not by their ids; Ctrl-C ends", "実行中の Tabi の判断を、その都度表示する。人は ID ではなく符号で示す (Ctrl-C で終了)"),
    ("Only of the person with this id", "この ID の人の分だけ"),
    ("Show the ids of people", "人の ID を表示する"),
    ("For people, or for programs: one line of JSON each", "人向け、またはプログラム向け (1 行ずつの JSON)"),
    ("End after so many lines", "この行数で終了"),
    // test --from-run, why, why-not
    ("Write a run of a real person as a test that passes, under other names: the last run, unless --run says which", "実際の人の回を、名前などを置き換えた成功するテストとして書き出す (--run の指定がなければ最後の回)"),
    ("With --from-run: the run's number, as `tabi person show` tells it", "--from-run で、回の番号 (`tabi person show` に表示されるもの)"),
    ("Tell what a journey did with a person, and because of what: conditions with their values, rules, draws", "ジャーニーで人に起きたことと、その理由を示す: 条件と値・規則・割り当て"),
    ("Tell why a person did not enter a journey, or did not get its messages", "人がジャーニーに参加しなかった理由、メッセージが届かなかった理由を示す"),
    ("As of this moment: `2026-04-01`, `\"2026-04-01 20:30\"`, or RFC 3339 [default: now]", "この時点まで: `2026-04-01`・`\"2026-04-01 20:30\"`・RFC 3339 [既定: 現在]"),
    ("The folder of the data of a Tabi that runs, or ran", "Tabi のデータのフォルダー (実行中でも停止後でもよい)"),
    // status, stop, resume, person, dead, approve, backup, restore
    ("Show what a running Tabi is at: journeys, channels, what waits, what is stopped, alarms", "実行中の Tabi の様子を表示する: ジャーニー・チャネル・待機・停止・警告"),
    ("The folder of the data of the Tabi that runs", "実行中の Tabi のデータのフォルダー"),
    ("Write the answer as JSON", "答えを JSON で書く"),
    ("Stop at once what leaves: of a journey, on a channel, or everything", "送信をただちに止める: ジャーニー・チャネル・すべて"),
    ("End the pause of a journey, or let go on what was stopped", "ジャーニーの一時停止を終える、または止めたものを再開する"),
    ("The journey whose pause ends", "一時停止を終えるジャーニー"),
    ("End the emergency stop of this journey", "このジャーニーの緊急停止を解除する"),
    ("End the emergency stop of this channel", "このチャネルの緊急停止を解除する"),
    ("End the emergency stop of everything", "すべての緊急停止を解除する"),
    ("Let only a share of people enter a journey, and more of them later; the same people stay in", "一部の人だけをジャーニーに参加させ、少しずつ広げる (同じ人は対象のまま)"),
    ("The share: `1%`, `0.5%`, `100%`", "割合: `1%`・`0.5%`・`100%`"),
    ("Pause a journey: nobody enters until `tabi resume`", "ジャーニーを一時停止する (`tabi resume` まで誰も参加しない)"),
    ("Whoever is inside goes on to the end", "途中の人は最後まで進む"),
    ("Whoever is inside stands still, nothing leaves, and waits go on afterwards with what was left of them", "途中の人はその場で止まり、何も送らない。待ち時間は、再開後に残りの分だけ続く"),
    ("The clock goes on: what comes due meanwhile is dropped, and whoever is inside goes on to where they would stand", "時間は進む。その間の送信は破棄し、途中の人は本来いるはずの所まで進む"),
    ("Let the messages of a journey wait until somebody has looked at the first of them", "ジャーニーの最初のメッセージを確認するまで、送信を待たせる"),
    ("How many to look at", "確認する件数"),
    ("Show the first that wait, filled in as they will be sent", "待っている最初のメッセージを、送る形で表示する"),
    ("Let them go, and all that follow", "待っているものと、この後のものを送る"),
    ("Drop all that wait, and let those go that follow", "待っているものを破棄し、この後のものは送る"),
    ("This journey", "このジャーニー"),
    ("This channel: email, line, sms, push or webhook", "このチャネル: email・line・sms・push・webhook のどれか"),
    ("Everything", "すべて"),
    ("Who says so, for the records [default: the user of this machine]", "記録に残す指示者の名前 [既定: このマシンのユーザー]"),
    ("Show, hand over or erase what is kept of a person", "ある人について保存されているものを表示・出力・消去する"),
    ("What to do: look, write all of it as JSON, or erase all of it for good", "操作: 表示・すべてを JSON で出力・すべてを完全に消去"),
    ("The person's id", "その人の ID"),
    ("With `forget`: yes, for good", "`forget` で、本当に消去する"),
    ("Show calls that were refused, hand them in again, or let them go", "拒否された呼び出しを表示・再投入・破棄する"),
    ("What to do: look, hand in again as if received now with the time they had, or let go", "操作: 表示・元の日時のまま今受け取ったものとして再投入・破棄"),
    ("Their numbers", "番号"),
    ("All of them", "すべて対象"),
    ("With `list`: those after this number", "`list` で、この番号より後のもの"),
    ("With `list`: at most this many", "`list` で、最大の件数"),
    ("Say yes, or no, to what waits for an approval", "承認待ちのものを承認、または却下する"),
    ("The id of the person whose journey waits", "承認待ちのジャーニーにいる人の ID"),
    ("Only what waits for this one, as the campaign names them: `@crm`", "この担当者 (キャンペーンでの名前。例: `@crm`) を待つものだけ"),
    ("Say no", "却下する"),
    ("Copy all data into a new folder, while everything runs", "動かしたまま、全データを新しいフォルダーにコピーする"),
    ("The new folder", "新しいフォルダー"),
    ("Make data from a copy; nothing may run on them, and nothing may be there yet", "コピーからデータを作る (実行中でなく、まだ何もないこと)"),
    ("The copy", "コピーのフォルダー"),
    ("The folder of the data to make", "作るデータのフォルダー"),
    // plan, apply, rollback, bundles, steps
    ("Show what a new version means for everybody inside, and write it down as a plan", "新しい版が途中の人に何をもたらすかを示し、計画として書く"),
    ("Where the plan is written", "計画を書くファイル"),
    ("Carry out a plan: exactly that, or nothing", "計画をそのとおりに実行する (できなければ何もしない)"),
    ("The plan, as `tabi plan` wrote it", "`tabi plan` が書いた計画"),
    ("Make a plan that goes back to an earlier version", "以前の版に戻す計画を作る"),
    ("The version to go back to: its number or the beginning of its hash, as `tabi bundles` shows [default: the one before]", "戻す版: `tabi bundles` に表示される番号、またはハッシュの先頭 [既定: 一つ前の版]"),
    ("List the versions that were live, and how many are still inside", "稼働した版と、それぞれの途中にいる人数の一覧"),
    ("List the steps of a journey by their stable names, with how many stand at each", "ジャーニーのステップの (版をまたいで変わらない) 名前と、それぞれにいる人数の一覧"),
    ("The journey", "ジャーニー"),
    // completions, man
    ("Print the completions of a shell", "シェルの補完を出力する"),
    ("The shell", "シェル"),
    ("Print the manual page, or write those of all commands", "マニュアルページを出力する、または全コマンド分を書き出す"),
    ("Write a page per command into this folder", "このフォルダーにコマンドごとのページを書く"),
];

/// The Japanese of a text; the English where there is none.
fn japanese(english: &str) -> &str {
    TEXTS.iter().find(|(en, _)| *en == english).map_or(english, |(_, ja)| ja)
}

/// The same command with every text in Japanese.
pub fn translated(command: Command) -> Command {
    let mut command = worded(command);
    command.build();
    let usages = usages(&command);
    with_usages(command, &usages)
}

fn worded(command: Command) -> Command {
    let is_root = command.get_version().is_some();
    let about = command.get_about().map(|about| japanese(&about.to_string()).to_string());
    let after = command.get_after_help().map(|after| japanese(&after.to_string()).to_string());
    let mut command = command
        .disable_help_flag(true)
        .subcommand_help_heading("コマンド")
        .subcommand_value_name("コマンド")
        .help_template("{about-with-newline}\n使い方: {usage}\n\n{all-args}{after-help}")
        .mut_args(argument)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help(japanese("Print help")));
    command = command.mut_arg("help", |arg| arg.help_heading("オプション").display_order(900));
    if is_root {
        let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
        let version = version.help(japanese("Print version")).help_heading("オプション").display_order(901);
        command = command.disable_version_flag(true).arg(version);
    }
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    command.mut_subcommands(worded)
}

/// An argument with its text in Japanese, its default and its values included.
fn argument(arg: Arg) -> Arg {
    let heading = if arg.is_positional() { "引数" } else { "オプション" };
    let mut help = arg.get_help().map_or_else(String::new, |help| japanese(&help.to_string()).to_string());
    let takes_values = arg.get_action().takes_values();
    if takes_values {
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if !defaults.is_empty() {
            help.push_str(&format!(" [既定: {}]", defaults.join(", ")));
        }
        let values: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_string()).collect();
        if !values.is_empty() {
            help.push_str(&format!(" [値: {}]", values.join(", ")));
        }
    }
    arg.help(help).help_heading(heading).hide_default_value(takes_values).hide_possible_values(takes_values)
}

/// How each command is called, in the order of the commands.
fn usages(command: &Command) -> Vec<String> {
    let usage = command.clone().render_usage().to_string();
    let own = usage.trim_start_matches("Usage:").trim().replace("[OPTIONS]", "[オプション]");
    std::iter::once(own).chain(command.get_subcommands().flat_map(usages)).collect()
}

fn with_usages(command: Command, usages: &[String]) -> Command {
    fn next<'u>(command: Command, rest: &mut std::slice::Iter<'u, String>) -> Command {
        let own = rest.next().cloned();
        let command = match own {
            Some(usage) => command.override_usage(usage),
            None => command,
        };
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_string()).collect();
        names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |sub| next(sub, rest)))
    }
    next(command, &mut usages.iter())
}

/// What is wrong with the arguments, and the remedy; `None` when the error is a text somebody asked for.
pub fn refusal(error: &clap::Error) -> Option<(String, String)> {
    let text = |kind: ContextKind| error.get(kind).map(value).unwrap_or_default();
    let argument = text(ContextKind::InvalidArg);
    let what = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return None,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::InvalidSubcommand => {
            format!("`{}` というコマンドはありません", text(ContextKind::InvalidSubcommand))
        }
        ErrorKind::UnknownArgument => format!("`{argument}` という引数はありません"),
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => {
            format!("`{argument}` に値がありません")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("`{argument}` に `{}` は指定できません", text(ContextKind::InvalidValue))
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} がありません"),
        ErrorKind::MissingSubcommand => "コマンドがありません".to_string(),
        ErrorKind::ArgumentConflict => {
            format!("`{argument}` は {} と同時に指定できません", text(ContextKind::PriorArg))
        }
        ErrorKind::TooManyValues => format!("`{argument}` の値が多すぎます"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("`{argument}` の値の数が合いません"),
        ErrorKind::NoEquals => format!("`{argument}` には `=` で値を付けます"),
        ErrorKind::InvalidUtf8 => "引数が UTF-8 ではありません".to_string(),
        // Of clap's own inner workings, and kinds of versions to come.
        _ => error.to_string(),
    };
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let meant = meant.into_iter().map(text).find(|text| !text.is_empty());
    let values = text(ContextKind::ValidValue);
    let help = match (meant, values.is_empty()) {
        (Some(meant), _) => format!("`{meant}` ではありませんか"),
        (None, false) => format!("使える値: {values}"),
        (None, true) => "`--help` で使い方を確認できます".to_string(),
    };
    Some((what, help))
}

fn value(value: &ContextValue) -> String {
    match value {
        ContextValue::None => String::new(),
        ContextValue::Bool(value) => value.to_string(),
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => plain(text),
        ContextValue::StyledStrs(texts) => texts.iter().map(plain).collect::<Vec<_>>().join(", "),
        ContextValue::Number(number) => number.to_string(),
        // Kinds of versions to come.
        _ => String::new(),
    }
}

fn plain(text: &StyledStr) -> String {
    text.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    /// Every English text of a command and all under it.
    fn texts(command: &Command, all: &mut BTreeSet<String>) {
        all.extend(command.get_about().map(ToString::to_string));
        all.extend(command.get_after_help().map(ToString::to_string));
        for arg in command.get_arguments() {
            let help = arg.get_help().unwrap_or_else(|| panic!("{}: {} has no help", command.get_name(), arg.get_id()));
            all.insert(help.to_string());
        }
        command.get_subcommands().for_each(|sub| texts(sub, all));
    }

    fn english() -> BTreeSet<String> {
        let mut all = BTreeSet::from(["Print help".to_string(), "Print version".to_string()]);
        texts(&crate::cli::args::Args::command(), &mut all);
        all
    }

    #[test]
    fn every_text_has_its_japanese_and_none_is_left_over() {
        let english = english();
        let known: BTreeSet<String> = TEXTS.iter().map(|(en, _)| en.to_string()).collect();
        let missing: Vec<&String> = english.difference(&known).collect();
        assert!(missing.is_empty(), "add these to TEXTS in src/cli/japanese.rs, with their Japanese: {missing:#?}");
        let left: Vec<&String> = known.difference(&english).collect();
        assert!(left.is_empty(), "nothing says these any more: {left:#?}");
        assert_eq!(known.len(), TEXTS.len(), "one line per text");
        for (_, ja) in TEXTS {
            assert!(ja.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c)), "not Japanese: {ja}");
        }
    }

    fn pages(command: &mut Command, all: &mut Vec<String>) {
        all.push(command.render_help().to_string());
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_string()).collect();
        names.iter().for_each(|name| pages(command.find_subcommand_mut(name).expect("it was listed"), all));
    }

    #[test]
    fn no_page_of_help_speaks_english() {
        let mut all = Vec::new();
        pages(&mut translated(crate::cli::args::Args::command()), &mut all);
        let words = ["Usage", "Options", "Arguments", "Commands", "Print", "default", "possible", "OPTIONS", "COMMAND"];
        for page in &all {
            for word in words {
                assert!(!page.contains(word), "`{word}` in:\n{page}");
            }
            assert!(page.contains("使い方: tabi"), "{page}");
        }
    }

    #[test]
    fn wrong_arguments_are_told_in_japanese() {
        let told = |arguments: &[&str]| {
            let error = translated(crate::cli::args::Args::command()).try_get_matches_from(arguments).unwrap_err();
            refusal(&error).map(|(what, help)| format!("{what} / {help}"))
        };
        assert_eq!(told(&["tabi", "chek"]).unwrap(), "`chek` というコマンドはありません / `check` ではありませんか");
        assert_eq!(
            told(&["tabi", "check", "--fromat", "json"]).unwrap(),
            "`--fromat` という引数はありません / `--format` ではありませんか"
        );
        let value = told(&["tabi", "check", "--format", "xml"]).unwrap();
        assert!(value.contains("`xml` は指定できません / 使える値: pretty, compact"), "{value}");
        let missing = told(&["tabi", "show"]).unwrap();
        assert!(missing.contains("<JOURNEY> がありません"), "{missing}");
        assert_eq!(told(&["tabi", "--help"]), None);
    }
}
