//! Lines that begin with a word of nobody, of another place or of another tool.
//!
//! Where the word meant is plain, the line is read again with it, so that the tree and later checks lose nothing.

use pest::Parser;

use super::grammar::{Grammar, Rule};
use super::layout::lines::{DECLARATIONS, HEADERS, RULES, STEPS, TEST_LINES};
use super::tree::Item;
use super::walk::{Part, Walk, child, has};
use crate::diag::{Code, Diagnostic, did_you_mean};

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    File,
    Journey,
    Block,
    Policy,
    Test,
}

impl Here {
    fn knows(self, word: &str) -> bool {
        self.words().any(|w| w == word)
    }
    fn words(self) -> impl Iterator<Item = &'static str> {
        let lists: &[&[&str]] = match self {
            Here::File => &[DECLARATIONS],
            Here::Journey => &[STEPS, HEADERS],
            Here::Block => &[STEPS],
            Here::Policy => &[RULES],
            Here::Test => &[TEST_LINES],
        };
        lists.iter().flat_map(|l| l.iter().copied())
    }
    fn line(self) -> (&'static str, &'static str) {
        match self {
            Here::File => ("a declaration", "宣言"),
            Here::Journey => ("a line of a journey", "ジャーニーの行"),
            Here::Block => ("a step", "ステップ"),
            Here::Policy => ("a rule of a policy", "ポリシーの規則"),
            Here::Test => ("a line of a test", "テストの行"),
        }
    }
}

/// A word of another tool: what to write instead; without one, what to do.
struct Foreign {
    instead: Option<&'static str>,
    help: (&'static str, &'static str),
}

fn foreign(here: Here, word: &str) -> Option<Foreign> {
    let write = |instead| Some(Foreign { instead: Some(instead), help: ("", "") });
    let explain = |en, ja| Some(Foreign { instead: None, help: (en, ja) });
    match here {
        Here::File => match word {
            "campaign" | "flow" | "workflow" | "automation" | "scenario" => write("journey"),
            "audience" | "list" | "filter" => write("segment"),
            "type" | "struct" | "object" | "table" => write("record"),
            "template" => write("message"),
            "user" | "customer" | "person" => write("profile"),
            "import" | "include" | "use" => explain(
                "all files of a project see each other; nothing is imported",
                "プロジェクト内のファイルは互いに見えるので、import は要りません",
            ),
            _ => None,
        },
        Here::Journey | Here::Block => match word {
            "delay" | "sleep" | "pause" => write("wait"),
            "email" => write("send email"),
            "mail" => write("send email"),
            "line" => write("send line"),
            "sms" => write("send sms"),
            "push" => write("send push"),
            "trigger" | "on" if here == Here::Journey => write("start when"),
            "conversion" if here == Here::Journey => write("goal"),
            "filter" | "where" if here == Here::Journey => write("only if"),
            "end" | "finish" | "quit" | "return" | "break" => write("stop"),
            "exit" => write("stop"),
            "var" | "const" => write("let"),
            "call" | "run" | "invoke" | "webhook" => write("do"),
            "switch" | "match" | "case" => write("choose"),
            "unless" => write("if not"),
            "experiment" | "abtest" | "ab_test" | "branch" => write("split"),
            "add_tag" => write("tag"),
            "remove_tag" => write("untag"),
            "goto" | "jump" => explain(
                "there is no goto: put the steps in a block, or use `repeat up to 3 times { … }`",
                "goto はありません。ブロックに入れるか `repeat up to 3 times { … }` を使う",
            ),
            "loop" | "while" | "foreach" | "for" => explain(
                "loops are bounded: `repeat up to 3 times { … }`",
                "繰り返しには上限が要ります: `repeat up to 3 times { … }`",
            ),
            "then" => explain("steps follow each other without `then`", "`then` なしで次の行に続ける"),
            "segment" | "audience" => explain(
                "people are chosen at the start: `start … for everyone in SEGMENT`",
                "対象者は `start … for everyone in SEGMENT` で選ぶ",
            ),
            "else" | "elseif" | "elif" | "elsif" => {
                explain("`else` follows the block of an `if`", "`else` は `if` のブロックの後に書く")
            }
            "otherwise" => explain(
                "`otherwise` follows a `wait`, `send` or `do`",
                "`otherwise` は `wait`・`send`・`do` の後に書く",
            ),
            _ => None,
        },
        Here::Policy => match word {
            "quiet_hours" | "silence" => write("quiet"),
            "limit" | "frequency" | "max" => write("cap"),
            "zone" | "tz" => write("timezone"),
            _ => None,
        },
        Here::Test => match word {
            "assert" | "should" | "then" => write("expect"),
            "mock" | "stub" => write("answer"),
            "now" | "time" => write("clock"),
            _ => None,
        },
    }
}

/// How deep parts may be read again inside parts read again.
const REREADS_MAX: u32 = 4;

impl Walk<'_> {
    /// A line of a journey or block that could not be read: says so; gives it when another first word mends it.
    pub(super) fn reread_line<T>(
        &mut self,
        part: &Part<'_>,
        here: Here,
        walk: impl FnOnce(&mut Walk<'_>, &Part<'_>) -> T,
    ) -> Option<T> {
        let word = first_word(part.as_str());
        if word.is_empty() || here.knows(word) {
            let rule = if here == Here::Journey { Rule::strict_line } else { Rule::strict_step };
            let head = child(part, Rule::junk_head);
            let tail = if has(part, Rule::block) { "{}" } else { "" };
            self.explain(head.as_ref().unwrap_or(part), part.as_span().start(), tail, rule);
            return None;
        }
        let rule = if here == Here::Journey { Rule::reread_line } else { Rule::reread_step };
        let instead = self.unknown_word(part.as_span().start(), word, here)?;
        let wanted = |r: Rule| !matches!(r, Rule::junk_step | Rule::EOI);
        self.reread(part, word, &instead, rule, |again, p| wanted(p.as_rule()).then(|| walk(again, p)))
    }

    /// Something at the top of a file that is no declaration. `lost` when the item before it was none either.
    pub(super) fn unknown_item(&mut self, part: &Part<'_>, lost: bool) -> Item {
        let span = self.span(part);
        let word = first_word(part.as_str());
        if Here::File.knows(word) || word.is_empty() {
            if !(lost && word.is_empty()) {
                self.explain(part, part.as_span().start(), "", Rule::strict_item);
            }
            return Item::Error(span);
        }
        let elsewhere = [Here::Journey, Here::Policy, Here::Test].iter().any(|h| h.knows(word));
        if lost && elsewhere {
            return Item::Error(span);
        }
        let Some(instead) = self.unknown_word(part.as_span().start(), word, Here::File) else {
            return Item::Error(span);
        };
        let wanted = |r: Rule| !matches!(r, Rule::junk_item | Rule::EOI);
        let item = self.reread(part, word, &instead, Rule::reread_item, |again, p| {
            wanted(p.as_rule()).then(|| again.item(p.clone()))
        });
        item.unwrap_or(Item::Error(span))
    }

    /// A line of a policy or test that could not be read.
    pub(super) fn unknown_line(&mut self, part: &Part<'_>, here: Here) {
        let text = part.as_str();
        let rest = text.strip_prefix('+').map_or(text, |t| t.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
        let rest = rest.trim_start();
        let word = first_word(rest);
        let rule = if here == Here::Policy { Rule::strict_rule } else { Rule::strict_test };
        if word.is_empty() || here.knows(word) {
            return self.explain(part, part.as_span().start(), "", rule);
        }
        self.unknown_word(part.as_span().start() + (text.len() - rest.len()), word, here);
    }

    /// Says that `word` at `at` begins nothing here. Gives what it was most likely meant to be.
    fn unknown_word(&mut self, at: usize, word: &str, here: Here) -> Option<String> {
        let span = self.places.span(at, at + word.len());
        let (en, ja) = here.line();
        let headline = (format!("`{word}` does not begin {en}"), format!("`{word}` で始まる{ja}はありません"));
        let diagnostic = Diagnostic::new(Code::E0102, span, headline.0, headline.1);
        let known = foreign(here, word);
        if let Some(Foreign { instead: None, help: (en, ja) }) = known {
            self.say(diagnostic.help(en, ja));
            return None;
        }
        let owner = [Here::File, Here::Journey, Here::Policy, Here::Test].into_iter().find(|h| h.knows(word));
        if let (Some(owner), None) = (owner, &known) {
            let (en, ja) = match owner {
                Here::File => ("it stands on its own, outside every block", "ブロックの外に書く"),
                Here::Journey | Here::Block => {
                    ("it stands in a journey, not inside a block of steps", "ジャーニーの直下に書く")
                }
                Here::Policy => ("it stands in a `policy`", "`policy` の中に書く"),
                Here::Test => ("it stands in a `test`", "`test` の中に書く"),
            };
            self.say(diagnostic.help(en, ja));
            return None;
        }
        let instead = known.and_then(|f| f.instead).or_else(|| did_you_mean(word, here.words()));
        match instead {
            Some(instead) => self.say(
                diagnostic
                    .help(format!("did you mean `{instead}`?"), format!("`{instead}` のことですか"))
                    .fix(span, instead),
            ),
            None => {
                let words = here.words().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
                self.say(diagnostic.help(format!("these do: {words}"), format!("使えるのは {words}")));
            }
        }
        instead.map(str::to_string)
    }

    /// Reads `part` again with `instead` in place of its first word.
    fn reread<T>(
        &mut self,
        part: &Part<'_>,
        word: &str,
        instead: &str,
        rule: Rule,
        walk: impl FnOnce(&mut Walk<'_>, &Part<'_>) -> Option<T>,
    ) -> Option<T> {
        if self.rereads >= REREADS_MAX {
            return None;
        }
        let start = part.as_span().start();
        let mut rest = start + word.len();
        let end = part.as_span().end();
        let behind = self.text.get(rest..end)?;
        if let Some(after) = behind.trim_start_matches(' ').strip_prefix(':') {
            rest = end - after.len();
        }
        // `trigger when` already has its `when`.
        if let Some((_, last)) = instead.split_once(' ')
            && let Some(after) = self.text.get(rest..end)?.trim_start_matches(' ').strip_prefix(last)
            && after.starts_with(' ')
        {
            rest = end - after.len();
        }
        let head = format!("{instead} ");
        let text = format!("{head}{}", self.text.get(rest..end)?);
        let places = self.places.with_head(head.len(), start..start + word.len(), rest);
        let pairs = Grammar::parse(rule, &text).ok()?;
        let mut again = Walk::new(&text, &places, self.found);
        again.rereads = self.rereads + 1;
        let line = pairs.into_iter().next()?.into_inner().next()?;
        walk(&mut again, &line)
    }

    // ---- parts of lines ------------------------------------------------------------------------------------------

    /// What is left of a line behind a complete statement. Said unless something about it was said since `said`.
    pub(super) fn line_rest(&mut self, previous: Option<Part<'_>>, part: &Part<'_>, said: usize, rule: Rule) {
        if self.found.len() > said && previous.is_some() {
            return;
        }
        let word = first_word(part.as_str());
        if let ("else" | "otherwise", Some(foreign)) = (word, foreign(Here::Block, word)) {
            let at = part.as_span().start();
            let span = self.places.span(at, at + word.len());
            let diagnostic = Diagnostic::new(
                Code::E0101,
                span,
                format!("`{word}` does not belong to the line above"),
                format!("この `{word}` は上の行につながりません"),
            );
            return self.say(diagnostic.help(foreign.help.0, foreign.help.1));
        }
        let from = previous.map_or(part.as_span().start(), |p| p.as_span().start());
        self.explain(part, from, "", rule);
    }

    /// Explains the head of a declaration or block that could not be read.
    pub(super) fn bad_head(&mut self, part: &Part<'_>) {
        if let Some(head) = child(part, Rule::bad_head) {
            self.explain(&head, part.as_span().start(), "{", Rule::strict_head);
        }
    }

    /// Says that `sign` is missing where `part`, an empty part, stands.
    pub(super) fn missing(&mut self, part: &Part<'_>, sign: &str) {
        let at = self.text.get(..part.as_span().start()).map_or(0, |t| t.trim_end().len());
        let span = self.places.span(at, at);
        self.say(
            Diagnostic::new(
                Code::E0101,
                span,
                format!("`{sign}` is missing here"),
                format!("ここに `{sign}` が必要です"),
            )
            .help(format!("write `{sign}`"), format!("`{sign}` を書く"))
            .fix(span, sign),
        );
    }

    pub(super) fn missing_colon(&mut self, part: &Part<'_>) {
        if let Some(gap) = child(part, Rule::missing_colon) {
            self.missing(&gap, ":");
        }
    }
}

/// The word `text` begins with, if it does.
fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let word = &text[..end];
    if word.starts_with(|c: char| c.is_ascii_digit()) { "" } else { word }
}
