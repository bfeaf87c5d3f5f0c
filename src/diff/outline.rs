//! A journey's flat code as the tree of steps it was written as, each step taken apart into facets.
//!
//! Compares nothing. A block that follows a choice whose other branches all end cannot be told from what stands behind
//! the choice; both mean the same, so both are read as standing behind it.

use super::Kind;
use super::facet::Facet;
use crate::ir::{Expr, Journey, JourneyId, Op, Pc, Place, Program};
use crate::words::{Both, Exact, Words, chosen};

/// A step with what stands inside.
#[derive(Debug, Clone)]
pub struct Step {
    pub name: String,
    pub kind: &'static str,
    /// What it is about: a message, a tag, a split; empty where there is nothing of the kind.
    pub subject: String,
    pub facets: Vec<Facet>,
    pub blocks: Vec<Block>,
    pub shown: Both,
    pub place: Place,
}

/// What may follow a step: a case, an arm, the fallback.
#[derive(Debug, Clone)]
pub struct Block {
    pub branch: Branch,
    pub exact: String,
    pub shown: Both,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// Chosen by a condition, or by what came.
    Case,
    /// Drawn, by its name.
    Arm,
    Otherwise,
    /// What is repeated.
    Body,
}

impl Step {
    /// Everything the step and what is inside say, for telling whether two are the same.
    pub fn whole(&self) -> String {
        let mut text = format!("{}:{}", self.kind, self.subject);
        self.facets.iter().for_each(|f| text.extend(["|", &f.key, "=", &f.exact]));
        for block in &self.blocks {
            text.extend(["{", &block.exact, ":"]);
            block.steps.iter().for_each(|step| text.extend([step.whole().as_str(), ";"]));
            text.push('}');
        }
        text
    }
    /// What the step itself says, without what stands inside its blocks.
    pub fn says(&self) -> String {
        let mut text = format!("{}:{}", self.kind, self.subject);
        self.facets.iter().for_each(|f| text.extend(["|", &f.key, "=", &f.exact]));
        self.blocks.iter().for_each(|block| text.extend(["{", &block.exact, "}"]));
        text
    }
    /// Whether the author chose the name; others shift when steps come and go.
    pub fn is_named(&self) -> bool {
        let derived = self.name.rsplit_once('_').is_some_and(|(kind, number)| {
            DERIVED.contains(&kind) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        });
        !derived
    }
}

/// What steps without a name of their own are called, with a number behind.
const DERIVED: [&str; 12] =
    ["wait", "send", "do", "tag", "untag", "stop", "if", "choose", "repeat", "set", "let", "split"];

/// The steps of a journey.
pub fn outline(program: &Program, id: JourneyId) -> Vec<Step> {
    let journey = program.journey(id);
    let places = program.places.steps.get(id.index()).map_or(&[][..], |places| places);
    Reader { program, journey, places }.steps(0, journey.code.len() as Pc)
}

struct Reader<'a> {
    program: &'a Program,
    journey: &'a Journey,
    places: &'a [Place],
}

impl Reader<'_> {
    fn op(&self, pc: Pc) -> Option<&Op> {
        self.journey.code.get(pc as usize).map(|i| &i.op)
    }

    fn steps(&self, from: Pc, to: Pc) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut pc = from;
        while pc < to {
            let Some(op) = self.op(pc) else { break };
            pc = match op {
                // Its arms stand in the instruction behind it, or in the values of the next step.
                Op::Draw { .. } | Op::Jump(_) | Op::End => pc + 1,
                _ => {
                    let (blocks, next) = self.blocks(pc, op, to);
                    steps.push(self.step(pc, op, blocks));
                    next
                }
            };
        }
        steps
    }

    /// What stands inside an instruction, and where the steps go on behind it.
    fn blocks(&self, pc: Pc, op: &Op, to: Pc) -> (Vec<Block>, Pc) {
        match op {
            Op::Branch { cases, otherwise } => {
                let heads = cases.iter().map(|(condition, _)| self.case(condition));
                let targets = cases.iter().map(|(_, target)| *target).chain([*otherwise]).collect();
                self.choice(pc, heads.chain([otherwise_head()]).collect(), targets, to)
            }
            Op::Await { arms, otherwise, .. } => {
                let heads = arms.iter().map(|arm| {
                    let shown = Both::of(|l| Words::new(self.program, Some(self.journey), l).arm(arm));
                    (Branch::Case, self.arm_exact(arm), shown)
                });
                let targets = arms.iter().map(|arm| arm.target).chain([*otherwise]).collect();
                self.choice(pc, heads.chain([otherwise_head()]).collect(), targets, to)
            }
            Op::Switch { targets, .. } => {
                let names = self.drawn_before(pc);
                let heads = (0..targets.len()).map(|i| {
                    let name = names.get(i).cloned().unwrap_or_else(|| (i + 1).to_string());
                    (Branch::Arm, name.clone(), Both::same(name))
                });
                self.choice(pc, heads.collect(), targets.clone(), to)
            }
            Op::Send { otherwise: Some(block), .. } | Op::Do { otherwise: Some(block), .. } => {
                let behind = match self.op(pc + 1) {
                    Some(Op::Jump(behind)) => *behind,
                    _ => *block,
                };
                let (branch, exact, shown) = otherwise_head();
                (vec![Block { branch, exact, shown, steps: self.steps(*block, behind.min(to)) }], behind)
            }
            Op::Repeat { exit, .. } => {
                let steps = self.steps(pc + 1, (*exit).min(to));
                (vec![Block { branch: Branch::Body, exact: String::new(), shown: Both::default(), steps }], *exit)
            }
            _ => (Vec::new(), pc + 1),
        }
    }

    fn choice(&self, pc: Pc, heads: Vec<(Branch, String, Both)>, targets: Vec<Pc>, to: Pc) -> (Vec<Block>, Pc) {
        let last = targets.last().copied().unwrap_or(pc + 1);
        let own = self.journey.code[pc as usize].step;
        let inside = self.journey.code.get(pc as usize + 1..to as usize).unwrap_or_default();
        let leaving = inside.iter().find_map(|i| match i.op {
            Op::Jump(behind) if i.step == own && behind > pc => Some(behind),
            _ => None,
        });
        let behind = leaving.unwrap_or(last).max(last);
        let ends = targets.iter().skip(1).copied().chain([behind]);
        let block = |((begin, end), (branch, exact, shown)): ((Pc, Pc), (Branch, String, Both))| Block {
            branch,
            exact,
            shown,
            steps: self.steps(begin, end.min(to)),
        };
        (targets.iter().copied().zip(ends).zip(heads).map(block).collect(), behind)
    }

    fn case(&self, condition: &Expr) -> (Branch, String, Both) {
        let exact = Exact::new(self.program, Some(self.journey)).expr(condition, None);
        let shown = Both::of(|l| Words::new(self.program, Some(self.journey), l).expr(condition));
        (Branch::Case, exact, shown)
    }

    fn arm_exact(&self, arm: &crate::ir::Arm) -> String {
        use crate::ir::ArmOn;
        let mut exact = Exact::new(self.program, Some(self.journey));
        match &arm.on {
            ArmOn::Event { event, filter, .. } => exact.event(*event, filter.as_ref()),
            ArmOn::Handle { handle, fact } => exact.expr(&Expr::Handle(*handle, *fact), None),
            ArmOn::Approval { by } => format!("approval {by}"),
            ArmOn::Segment { segment, enters } => format!("{} {enters}", exact.segment(*segment)),
        }
    }

    /// The arms of the draw that a switch obeys.
    fn drawn_before(&self, pc: Pc) -> Vec<String> {
        match pc.checked_sub(1).and_then(|before| self.op(before)) {
            Some(Op::Draw { split, .. }) => {
                self.program.splits[split.index()].arms.iter().map(|arm| arm.name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn step(&self, pc: Pc, op: &Op, blocks: Vec<Block>) -> Step {
        let id = self.journey.code[pc as usize].step;
        // A switch says nothing of its own: the draw in front of it does.
        let speaking = match op {
            Op::Switch { .. } => pc.checked_sub(1).and_then(|before| self.op(before)).unwrap_or(op),
            other => other,
        };
        Step {
            name: self.journey.steps[id.index()].name.clone(),
            kind: kind_of(op),
            subject: self.subject(speaking),
            facets: self.facets(op),
            blocks,
            shown: Both::of(|l| Words::new(self.program, Some(self.journey), l).step(speaking)),
            place: self.places.get(id.index()).cloned().unwrap_or_default(),
        }
    }

    fn subject(&self, op: &Op) -> String {
        match op {
            Op::Wait { .. } | Op::Await { .. } | Op::Repeat { .. } => String::new(),
            other => Exact::new(self.program, Some(self.journey)).own(other),
        }
    }

    fn facets(&self, op: &Op) -> Vec<Facet> {
        let program = self.program;
        let mut exact = Exact::new(program, Some(self.journey));
        let said = |write: &dyn Fn(&mut Words) -> String| {
            Both::of(|language| write(&mut Words::new(program, Some(self.journey), language)))
        };
        let expr = |exact: &mut Exact, key, ja, kind, expr: &Expr, ty: Option<&crate::ir::Type>| {
            Facet::new(key, ja, kind, exact.expr(expr, ty), said(&|words| words.side(expr, ty)))
        };
        let text =
            |key, ja, text: &String| Facet::new(key, ja, Kind::Step, text.clone(), said(&|words| words.quoted(text)));
        match op {
            Op::Wait { until } => {
                vec![Facet::new("wait", "待ち", Kind::Retimed, exact.until(until), said(&|w| w.moment(until)))]
            }
            Op::Await { up_to, .. } => up_to
                .iter()
                .map(|up_to| expr(&mut exact, "wait up to", "最長の待ち", Kind::Retimed, up_to, None))
                .collect(),
            Op::Send { message, params, before, .. } => {
                let def = program.message(*message);
                let sent = format!("{} {}", def.channel.name(), def.name);
                let mut facets = vec![Facet::plain("message", "メッセージ", Kind::Message, sent)];
                facets.extend(before.iter().map(|b| expr(&mut exact, "before", "期限", Kind::Retimed, b, None)));
                facets.extend(def.params.iter().zip(params).filter(|(_, value)| !is_missing(value)).map(
                    |(param, value)| {
                        expr(&mut exact, "with", "値", Kind::Params, value, Some(&param.ty)).named(&param.name)
                    },
                ));
                facets
            }
            Op::Do { action, params, .. } => {
                let def = &program.actions[action.index()];
                let mut facets = vec![Facet::plain("action", "アクション", Kind::Step, def.name.clone())];
                facets.extend(def.takes.iter().zip(params).filter(|(_, value)| !is_missing(value)).map(
                    |(param, value)| {
                        expr(&mut exact, "with", "値", Kind::Params, value, Some(&param.ty)).named(&param.name)
                    },
                ));
                facets
            }
            Op::Repeat { times, .. } => {
                vec![Facet::plain("repeat up to", "くり返しの上限", Kind::Step, times.to_string())]
            }
            Op::Set { field, value } => {
                let field = &program.profile[field.index()];
                vec![expr(&mut exact, "value", "値", Kind::Params, value, Some(&field.ty))]
            }
            Op::Let { slot, value } => {
                let ty = &self.journey.slots[slot.index()].ty;
                vec![expr(&mut exact, "value", "値", Kind::Params, value, Some(ty))]
            }
            Op::Branch { cases, .. } => match chosen(cases) {
                Some(of) if cases.len() > 1 => {
                    vec![expr(&mut exact, "choose by", "分岐の基準", Kind::Condition, of, None)]
                }
                _ => Vec::new(),
            },
            Op::Stop { because } => because.iter().map(|because| text("because", "理由", because)).collect(),
            Op::Tag(tag) | Op::Untag(tag) => vec![text("tag", "タグ", tag)],
            Op::Draw { .. } | Op::Switch { .. } | Op::Jump(_) | Op::End => Vec::new(),
        }
    }
}

fn is_missing(value: &Expr) -> bool {
    matches!(value, Expr::Const(value) if value.is_missing())
}

fn otherwise_head() -> (Branch, String, Both) {
    (Branch::Otherwise, String::new(), Both::new("otherwise", "それ以外"))
}

fn kind_of(op: &Op) -> &'static str {
    match op {
        Op::Wait { .. } => "wait",
        Op::Await { .. } => "await",
        Op::Send { .. } => "send",
        Op::Branch { .. } => "branch",
        Op::Draw { .. } | Op::Switch { .. } => "split",
        Op::Repeat { .. } => "repeat",
        Op::Do { .. } => "do",
        Op::Tag(_) => "tag",
        Op::Untag(_) => "untag",
        Op::Set { .. } => "set",
        Op::Let { .. } => "let",
        Op::Stop { .. } => "stop",
        Op::Jump(_) | Op::End => "end",
    }
}
