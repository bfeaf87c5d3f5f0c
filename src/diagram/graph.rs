//! From a journey's instructions to the nodes and edges of its picture.
//!
//! Words for expressions are made next door; where things stand on paper is not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::{DIAGRAM_VERSION, Diagram, Edge, Kind, Node, Note};
use crate::ir::{Expr, Journey, JourneyId, Op, Pc, Program, Start};
use crate::words::{Language, Words, chosen, period, share};

/// The picture of one journey.
pub fn diagram(program: &Program, id: JourneyId) -> Diagram {
    let journey = program.journey(id);
    let mut builder = Builder {
        program,
        journey,
        words: Words::new(program, Some(journey), Language::English),
        nodes: Vec::new(),
        edges: Vec::new(),
        places: BTreeMap::new(),
    };
    builder.draw();
    let facts = builder.facts();
    let Builder { nodes, edges, .. } = builder;
    Diagram {
        version: DIAGRAM_VERSION,
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
    fn draw(&mut self) {
        let start = self.start();
        self.nodes.push(start);
        let entry = self.holdout();
        let reached = self.reached();
        let mut end = None;
        for pc in &reached {
            let node = if self.op(*pc) == &Op::End {
                *end.get_or_insert_with(|| {
                    self.nodes.push(node(Kind::End, None, "end"));
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
                    ways.push(Way::fallback(*otherwise, format!("not within {}", self.words.expr(up_to))));
                }
                ways
            }
            Op::Send { otherwise, .. } => with_fallback(pc, *otherwise, "not delivered"),
            Op::Do { otherwise, .. } => with_fallback(pc, *otherwise, "failed"),
            Op::Branch { cases, otherwise } => self.cases(cases, *otherwise),
            Op::Draw { split, .. } => match self.switch_behind(pc).map(<[Pc]>::to_vec) {
                Some(targets) => {
                    let arms = self.words.arms(*split);
                    targets.into_iter().zip(arms).map(|(to, arm)| Way::labelled(to, arm)).collect()
                }
                None => vec![Way::on(pc + 1)],
            },
            Op::Switch { targets, .. } => {
                targets.iter().enumerate().map(|(i, to)| Way::labelled(*to, format!("arm {}", i + 1))).collect()
            }
            Op::Repeat { exit, .. } => vec![Way::labelled(pc + 1, "again"), Way::labelled(*exit, "done")],
            Op::Wait { .. } | Op::Jump(_) | Op::Tag(_) | Op::Untag(_) | Op::Set { .. } | Op::Let { .. } => {
                self.targets(pc).into_iter().map(Way::on).collect()
            }
            Op::Stop { .. } | Op::End => Vec::new(),
        }
    }

    fn cases(&mut self, cases: &[(Expr, Pc)], otherwise: Pc) -> Vec<Way> {
        if let [(_, yes)] = cases {
            return vec![Way::labelled(*yes, "yes"), Way::labelled(otherwise, "no")];
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
        ways.push(Way::labelled(otherwise, "else"));
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
                    [arm] => format!("wait for {}", self.words.arm(arm)),
                    _ => "wait for the first of these".to_string(),
                };
                let details = up_to.iter().map(|up_to| format!("up to {}", self.words.expr(up_to))).collect();
                Node { kind: Kind::Wait, step, label, details }
            }
            Op::Send { message, before, .. } => {
                let message = self.program.message(*message);
                let details = before.iter().map(|before| format!("before {}", self.words.expr(before))).collect();
                Node { kind: Kind::Send(message.channel), step, label: message.name.clone(), details }
            }
            Op::Branch { cases, .. } => {
                let label = match (cases.as_slice(), chosen(cases)) {
                    ([(condition, _)], _) => format!("{}?", self.words.expr(condition)),
                    (_, Some(of)) => format!("{}?", self.words.expr(of)),
                    (_, None) => "which holds first?".to_string(),
                };
                node(Kind::Branch, step, label)
            }
            Op::Draw { split, .. } => {
                let details = match self.switch_behind(pc) {
                    Some(_) => Vec::new(),
                    None => self.words.arms(*split),
                };
                let label = format!("split {}", self.program.splits[split.index()].name);
                Node { kind: Kind::Split, step, label, details }
            }
            Op::Switch { slot, .. } => node(Kind::Split, step, format!("by {}", journey.slots[slot.index()].name)),
            Op::Repeat { times, .. } => node(Kind::Repeat, step, format!("repeat up to {times} times")),
            Op::Do { action, .. } => node(Kind::Action, step, self.program.actions[action.index()].name.clone()),
            Op::Tag(tag) => node(Kind::Change, step, format!("tag “{tag}”")),
            Op::Untag(tag) => node(Kind::Change, step, format!("untag “{tag}”")),
            Op::Set { field, value } => {
                let field = &self.program.profile[field.index()];
                let value = self.words.side(value, Some(&field.ty));
                node(Kind::Change, step, format!("{} ← {value}", field.name))
            }
            Op::Stop { because } => {
                Node { kind: Kind::Stop, step, label: "stop".into(), details: because.iter().cloned().collect() }
            }
            Op::Let { .. } | Op::Jump(_) | Op::End => node(Kind::End, None, "end"),
        }
    }

    fn start(&mut self) -> Node {
        let journey = self.journey;
        let label = self.words.trigger(journey);
        let mut details = match &journey.start {
            Start::Event { key, settled, audience, .. } => {
                let mut details: Vec<String> =
                    audience.iter().map(|a| format!("for {}", self.words.audience(a))).collect();
                details.extend(settled.map(|quiet| format!("and quiet for {}", period(quiet, Language::English))));
                details.extend(key.as_ref().map(|key| format!("one run per {}", self.words.expr(key))));
                details
            }
            Start::Segment { including_members, .. } => {
                including_members.then(|| "members included".to_string()).into_iter().collect()
            }
            Start::Schedule { audience, .. } | Start::At { audience, .. } => {
                vec![format!("for {}", self.words.audience(audience))]
            }
        };
        details.extend(journey.only_if.as_ref().map(|condition| format!("only if {}", self.words.expr(condition))));
        Node { kind: Kind::Start, step: None, label, details }
    }

    /// The node from which the steps go on: the start, or the draw of the holdout behind it.
    fn holdout(&mut self) -> usize {
        let Some(holdout) = self.journey.holdout else { return 0 };
        let split = &self.program.splits[holdout.split.index()];
        let held = split.arms.first().map_or_else(String::new, |arm| share(arm.share));
        self.nodes.push(node(Kind::Split, None, format!("holdout {}", split.name)));
        self.nodes.push(Node {
            kind: Kind::Stop,
            step: None,
            label: "held out".into(),
            details: vec!["nothing is sent, goals count".into()],
        });
        self.edges.push(Edge { from: 0, to: 1, label: None, fallback: false });
        self.edges.push(Edge { from: 1, to: 2, label: Some(held), fallback: true });
        1
    }

    fn facts(&mut self) -> Vec<Note> {
        let journey = self.journey;
        let mut facts = vec![Note { name: "purpose", text: journey.purpose.clone() }];
        if let Some(goal) = &journey.goal {
            facts.push(Note { name: "goal", text: self.words.goal(goal) });
        }
        for exit in &journey.exits {
            facts.push(Note { name: "leaves on", text: self.words.exit(exit) });
        }
        let again = self.words.reentry(journey.reentry);
        facts.push(Note { name: "enters again", text: again });
        facts.push(Note { name: "policy", text: self.program.policy(journey.policy).name.clone() });
        facts.push(Note { name: "owner", text: journey.owner.clone() });
        facts
    }
}

fn node(kind: Kind, step: Option<String>, label: impl Into<String>) -> Node {
    Node { kind, step, label: label.into(), details: Vec::new() }
}

fn with_fallback(pc: Pc, otherwise: Option<Pc>, label: &str) -> Vec<Way> {
    [Way::on(pc + 1)].into_iter().chain(otherwise.map(|to| Way::fallback(to, label))).collect()
}
