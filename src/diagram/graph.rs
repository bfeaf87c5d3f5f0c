//! From a journey's instructions to the nodes and edges of its picture.
//!
//! Words for expressions are made next door; where things stand on paper is not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::{DIAGRAM_VERSION, Diagram, Edge, Kind, Node, Note};
use crate::ir::{Audience, Expr, Journey, JourneyId, Op, Pc, Program, Start};
use crate::words::{Language, Words, chosen, period, share};

/// The picture of one journey, in words of a language.
pub fn diagram(program: &Program, id: JourneyId, language: Language) -> Diagram {
    let journey = program.journey(id);
    let mut builder = Builder {
        program,
        journey,
        words: Words::new(program, Some(journey), language),
        language,
        nodes: Vec::new(),
        edges: Vec::new(),
        places: BTreeMap::new(),
    };
    builder.draw();
    let facts = builder.facts();
    let Builder { nodes, edges, .. } = builder;
    Diagram {
        version: DIAGRAM_VERSION,
        language,
        journey: journey.name.clone(),
        title: journey.title.clone(),
        facts,
        nodes,
        edges,
    }
}

struct Builder<'a> {
    program: &'a Program,
    journey: &'a Journey,
    words: Words<'a>,
    language: Language,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// The node of an instruction.
    places: BTreeMap<Pc, usize>,
}

/// A way out of an instruction.
struct Way {
    to: Pc,
    label: Option<String>,
    fallback: bool,
}

impl Way {
    fn on(to: Pc) -> Way {
        Way { to, label: None, fallback: false }
    }
    fn labelled(to: Pc, label: impl Into<String>) -> Way {
        Way { to, label: Some(label.into()), fallback: false }
    }
    fn fallback(to: Pc, label: impl Into<String>) -> Way {
        Way { to, label: Some(label.into()), fallback: true }
    }
}

impl Builder<'_> {
    fn either(&self, en: String, ja: String) -> String {
        match self.language {
            Language::English => en,
            Language::Japanese => ja,
        }
    }

    /// An expression with a word before it in English, or one after it in Japanese.
    fn around(&mut self, en: &str, expr: &Expr, ja: &str) -> String {
        let text = self.words.expr(expr);
        self.either(format!("{en}{text}"), format!("{text}{ja}"))
    }

    /// An expression with a word before it in both languages.
    fn led_by(&mut self, en: &str, ja: &str, expr: &Expr) -> String {
        let text = self.words.expr(expr);
        self.either(format!("{en}{text}"), format!("{ja}{text}"))
    }

    fn meant_for(&mut self, audience: &Audience) -> String {
        let who = self.words.audience(audience);
        self.either(format!("for {who}"), format!("対象: {who}"))
    }

    fn note(&self, name: &'static str, text: String) -> Note {
        let ja = match name {
            "purpose" => "目的",
            "goal" => "目標",
            "leaves on" => "離脱",
            "enters again" => "再参加",
            "policy" => "ポリシー",
            "owner" => "担当",
            other => other,
        };
        Note { name, label: self.language.of(name, ja), text }
    }

    fn draw(&mut self) {
        let start = self.start();
        self.nodes.push(start);
        let entry = self.holdout();
        let reached = self.reached();
        let mut end = None;
        for pc in &reached {
            let node = if self.op(*pc) == &Op::End {
                *end.get_or_insert_with(|| {
                    self.nodes.push(node(Kind::End, None, self.language.of("end", "終わり")));
                    self.nodes.len() - 1
                })
            } else {
                let node = self.node(*pc);
                self.nodes.push(node);
                self.nodes.len() - 1
            };
            self.places.insert(*pc, node);
        }
        self.connect(entry, Way::on(0));
        for pc in &reached {
            for way in self.ways(*pc) {
                self.connect(self.places[pc], way);
            }
        }
    }

    /// An edge to where the way really leads.
    fn connect(&mut self, from: usize, way: Way) {
        if let Some(to) = self.landing(way.to).and_then(|pc| self.places.get(&pc)) {
            self.edges.push(Edge { from, to: *to, label: way.label, fallback: way.fallback });
        }
    }

    fn op(&self, pc: Pc) -> &Op {
        &self.journey.code[pc as usize].op
    }

    /// The instruction that has a node, at or behind `pc`: jumps and captured values are not drawn.
    fn landing(&self, mut pc: Pc) -> Option<Pc> {
        for _ in 0..=self.journey.code.len() {
            match &self.journey.code.get(pc as usize)?.op {
                Op::Jump(to) => pc = *to,
                Op::Let { .. } => pc += 1,
                _ => return Some(pc),
            }
        }
        None
    }

    /// All instructions with a node that the journey can come to, in order.
    fn reached(&self) -> BTreeSet<Pc> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<Pc> = self.landing(0).into_iter().collect();
        while let Some(pc) = open.pop() {
            if reached.insert(pc) {
                open.extend(self.targets(pc).into_iter().filter_map(|to| self.landing(to)));
            }
        }
        reached
    }

    /// Where an instruction with a node can lead. A draw and the switch behind it are one node.
    fn targets(&self, pc: Pc) -> Vec<Pc> {
        match self.op(pc) {
            Op::Wait { .. } | Op::Tag(_) | Op::Untag(_) | Op::Set { .. } | Op::Let { .. } => vec![pc + 1],
            Op::Await { arms, otherwise, up_to } => {
                arms.iter().map(|arm| arm.target).chain(up_to.is_some().then_some(*otherwise)).collect()
            }
            Op::Send { otherwise, .. } | Op::Do { otherwise, .. } => [pc + 1].into_iter().chain(*otherwise).collect(),
            Op::Branch { cases, otherwise } => cases.iter().map(|(_, to)| *to).chain([*otherwise]).collect(),
            Op::Draw { .. } => self.switch_behind(pc).map_or_else(|| vec![pc + 1], <[Pc]>::to_vec),
            Op::Switch { targets, .. } => targets.clone(),
            Op::Repeat { exit, .. } => vec![pc + 1, *exit],
            Op::Jump(to) => vec![*to],
            Op::Stop { .. } | Op::End => Vec::new(),
        }
    }

    fn switch_behind(&self, pc: Pc) -> Option<&[Pc]> {
        let Op::Draw { slot: drawn, .. } = self.op(pc) else { return None };
        match &self.journey.code.get(pc as usize + 1)?.op {
            Op::Switch { slot, targets } if slot == drawn => Some(targets),
            _ => None,
        }
    }

    fn ways(&mut self, pc: Pc) -> Vec<Way> {
        let journey = self.journey;
        match &journey.code[pc as usize].op {
            Op::Await { arms, up_to, otherwise } => {
                let mut ways: Vec<Way> =
                    arms.iter().map(|arm| Way::labelled(arm.target, self.words.arm(arm))).collect();
                if let Some(up_to) = up_to {
                    ways.push(Way::fallback(*otherwise, self.around("not within ", up_to, "以内になし")));
                }
                ways
            }
            Op::Send { otherwise, .. } => {
                with_fallback(pc, *otherwise, self.language.of("not delivered", "届かなかった"))
            }
            Op::Do { otherwise, .. } => with_fallback(pc, *otherwise, self.language.of("failed", "失敗")),
            Op::Branch { cases, otherwise } => self.cases(cases, *otherwise),
            Op::Draw { split, .. } => match self.switch_behind(pc).map(<[Pc]>::to_vec) {
                Some(targets) => {
                    let arms = self.words.arms(*split);
                    targets.into_iter().zip(arms).map(|(to, arm)| Way::labelled(to, arm)).collect()
                }
                None => vec![Way::on(pc + 1)],
            },
            Op::Switch { targets, .. } => {
                let arm = self.language.of("arm", "分岐");
                targets.iter().enumerate().map(|(i, to)| Way::labelled(*to, format!("{arm} {}", i + 1))).collect()
            }
            Op::Repeat { exit, .. } => {
                let (again, done) = (self.language.of("again", "もう一度"), self.language.of("done", "終了"));
                vec![Way::labelled(pc + 1, again), Way::labelled(*exit, done)]
            }
            Op::Wait { .. } | Op::Jump(_) | Op::Tag(_) | Op::Untag(_) | Op::Set { .. } | Op::Let { .. } => {
                self.targets(pc).into_iter().map(Way::on).collect()
            }
            Op::Stop { .. } | Op::End => Vec::new(),
        }
    }

    fn cases(&mut self, cases: &[(Expr, Pc)], otherwise: Pc) -> Vec<Way> {
        if let [(_, yes)] = cases {
            let (holds, fails) = (self.language.of("yes", "はい"), self.language.of("no", "いいえ"));
            return vec![Way::labelled(*yes, holds), Way::labelled(otherwise, fails)];
        }
        let chosen = chosen(cases);
        let mut ways: Vec<Way> = cases
            .iter()
            .map(|(condition, to)| {
                let label = match (chosen, condition) {
                    (Some(of), Expr::Compare { right, .. }) => {
                        let ty = self.words.type_of(of);
                        self.words.side(right, ty.as_ref())
                    }
                    _ => self.words.expr(condition),
                };
                Way::labelled(*to, label)
            })
            .collect();
        ways.push(Way::labelled(otherwise, self.language.of("else", "それ以外")));
        ways
    }

    fn node(&mut self, pc: Pc) -> Node {
        let journey = self.journey;
        let instruction = &journey.code[pc as usize];
        let step = Some(journey.steps[instruction.step.index()].name.clone());
        match &instruction.op {
            Op::Wait { until } => node(Kind::Wait, step, self.words.until(until)),
            Op::Await { arms, up_to, .. } => {
                let label = match arms.as_slice() {
                    [arm] => {
                        let what = self.words.arm(arm);
                        self.either(format!("wait for {what}"), format!("{what}を待つ"))
                    }
                    _ => self.language.of("wait for the first of these", "最初に起きたもの").to_string(),
                };
                let details = up_to.iter().map(|up_to| self.led_by("up to ", "最長", up_to)).collect();
                Node { kind: Kind::Wait, step, label, details }
            }
            Op::Send { message, before, .. } => {
                let message = self.program.message(*message);
                let details = before.iter().map(|before| self.around("before ", before, "より前")).collect();
                Node { kind: Kind::Send(message.channel), step, label: message.name.clone(), details }
            }
            Op::Branch { cases, .. } => {
                let label = match (cases.as_slice(), chosen(cases)) {
                    ([(condition, _)], _) => format!("{}?", self.words.expr(condition)),
                    (_, Some(of)) => format!("{}?", self.words.expr(of)),
                    (_, None) => self.language.of("which holds first?", "どれが最初に成り立つか").to_string(),
                };
                node(Kind::Branch, step, label)
            }
            Op::Draw { split, .. } => {
                let details = match self.switch_behind(pc) {
                    Some(_) => Vec::new(),
                    None => self.words.arms(*split),
                };
                let label =
                    format!("{} {}", self.language.of("split", "振り分け"), self.program.splits[split.index()].name);
                Node { kind: Kind::Split, step, label, details }
            }
            Op::Switch { slot, .. } => {
                let name = &journey.slots[slot.index()].name;
                node(Kind::Split, step, self.either(format!("by {name}"), format!("{name} による")))
            }
            Op::Repeat { times, .. } => node(
                Kind::Repeat,
                step,
                self.either(format!("repeat up to {times} times"), format!("最大{times}回繰り返す")),
            ),
            Op::Do { action, .. } => node(Kind::Action, step, self.program.actions[action.index()].name.clone()),
            Op::Tag(tag) => {
                node(Kind::Change, step, self.either(format!("tag “{tag}”"), format!("タグ「{tag}」を付ける")))
            }
            Op::Untag(tag) => {
                node(Kind::Change, step, self.either(format!("untag “{tag}”"), format!("タグ「{tag}」を外す")))
            }
            Op::Set { field, value } => {
                let field = &self.program.profile[field.index()];
                let value = self.words.side(value, Some(&field.ty));
                node(Kind::Change, step, format!("{} ← {value}", field.name))
            }
            Op::Stop { because } => Node {
                kind: Kind::Stop,
                step,
                label: self.language.of("stop", "ここで終了").into(),
                details: because.iter().cloned().collect(),
            },
            Op::Let { .. } | Op::Jump(_) | Op::End => node(Kind::End, None, self.language.of("end", "終わり")),
        }
    }

    fn start(&mut self) -> Node {
        let journey = self.journey;
        let label = self.words.trigger(journey);
        let mut details = match &journey.start {
            Start::Event { key, settled, audience, .. } => {
                let mut details: Vec<String> = audience.iter().map(|a| self.meant_for(a)).collect();
                details.extend(settled.map(|quiet| {
                    let quiet = period(quiet, self.language);
                    self.either(format!("and quiet for {quiet}"), format!("その後{quiet}静か"))
                }));
                details.extend(key.as_ref().map(|key| self.around("one run per ", key, "ごとに 1 回")));
                details
            }
            Start::Segment { including_members, .. } => including_members
                .then(|| self.language.of("members included", "今いる人も含む").to_string())
                .into_iter()
                .collect(),
            Start::Schedule { audience, .. } | Start::At { audience, .. } => {
                vec![self.meant_for(audience)]
            }
        };
        details.extend(journey.only_if.as_ref().map(|condition| self.around("only if ", condition, "の場合だけ")));
        Node { kind: Kind::Start, step: None, label, details }
    }

    /// The node from which the steps go on: the start, or the draw of the holdout behind it.
    fn holdout(&mut self) -> usize {
        let Some(holdout) = self.journey.holdout else { return 0 };
        let split = &self.program.splits[holdout.split.index()];
        let held = split.arms.first().map_or_else(String::new, |arm| share(arm.share));
        self.nodes.push(node(
            Kind::Split,
            None,
            format!("{} {}", self.language.of("holdout", "比較のため送らない群"), split.name),
        ));
        self.nodes.push(Node {
            kind: Kind::Stop,
            step: None,
            label: self.language.of("held out", "送らない").into(),
            details: vec![self.language.of("nothing is sent, goals count", "何も送らず、目標だけ数える").into()],
        });
        self.edges.push(Edge { from: 0, to: 1, label: None, fallback: false });
        self.edges.push(Edge { from: 1, to: 2, label: Some(held), fallback: true });
        1
    }

    fn facts(&mut self) -> Vec<Note> {
        let journey = self.journey;
        let mut facts = vec![self.note("purpose", journey.purpose.clone())];
        if let Some(goal) = &journey.goal {
            let goal = self.words.goal(goal);
            facts.push(self.note("goal", goal));
        }
        for exit in &journey.exits {
            let exit = self.words.exit(exit);
            facts.push(self.note("leaves on", exit));
        }
        let again = self.words.reentry(journey.reentry);
        facts.push(self.note("enters again", again));
        facts.push(self.note("policy", self.program.policy(journey.policy).name.clone()));
        facts.push(self.note("owner", journey.owner.clone()));
        facts
    }
}

fn node(kind: Kind, step: Option<String>, label: impl Into<String>) -> Node {
    Node { kind, step, label: label.into(), details: Vec::new() }
}

fn with_fallback(pc: Pc, otherwise: Option<Pc>, label: &str) -> Vec<Way> {
    [Way::on(pc + 1)].into_iter().chain(otherwise.map(|to| Way::fallback(to, label))).collect()
}
