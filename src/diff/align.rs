//! Which step of one journey is which of another.
//!
//! First a step keeps the name its author gave it; then sequences of steps are aligned so that what is most alike
//! stands together; what is left over and yet the same has moved.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::{Block, Branch, Step};

/// A step with where it stands, in the order of the text.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'s> {
    pub step: &'s Step,
    /// The step around it and the block of that step it is in.
    pub inside: Option<(&'s Step, &'s Block)>,
    /// The step in front of it in the same block.
    pub after: Option<&'s Step>,
}

/// Two versions of one step.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'s> {
    pub old: Placed<'s>,
    pub new: Placed<'s>,
    pub moved: bool,
}

/// Every step of both sides, once.
#[derive(Debug, Default)]
pub struct Alignment<'s> {
    /// In the order of the new text.
    pub pairs: Vec<Pair<'s>>,
    pub removed: Vec<Placed<'s>>,
    pub added: Vec<Placed<'s>>,
}

/// More cells than this in a table of two sequences are not filled: steps are then matched by name alone.
const CELLS_MAX: usize = 1 << 20;

pub fn align<'s>(old: &'s [Step], new: &'s [Step]) -> Alignment<'s> {
    let names = |steps: &'s [Step]| -> BTreeSet<(&'s str, &'static str)> {
        placed(steps).iter().filter(|p| p.step.is_named()).map(|p| (p.step.name.as_str(), p.step.kind)).collect()
    };
    let kept: BTreeSet<_> = names(old).intersection(&names(new)).copied().collect();
    let mut aligner = Aligner { kept, matched: BTreeMap::new() };
    aligner.sequence(old, new);
    aligner.finish(old, new)
}

/// All steps, outer ones before what is in them.
pub fn placed(steps: &[Step]) -> Vec<Placed<'_>> {
    fn add<'s>(steps: &'s [Step], inside: Option<(&'s Step, &'s Block)>, all: &mut Vec<Placed<'s>>) {
        let mut after = None;
        for step in steps {
            all.push(Placed { step, inside, after });
            step.blocks.iter().for_each(|block| add(&block.steps, Some((step, block)), all));
            after = Some(step);
        }
    }
    let mut all = Vec::new();
    add(steps, None, &mut all);
    all
}

struct Aligner<'s> {
    /// Names given by authors that a step of the same kind has on both sides.
    kept: BTreeSet<(&'s str, &'static str)>,
    /// Old step by new step, both by address: outlines do not move.
    matched: BTreeMap<*const Step, *const Step>,
}

impl<'s> Aligner<'s> {
    fn sequence(&mut self, old: &'s [Step], new: &'s [Step]) {
        for (a, b) in self.alike(old, new) {
            self.pair(a, b);
        }
    }

    fn pair(&mut self, a: &'s Step, b: &'s Step) {
        self.matched.insert(b, a);
        for (a, b) in blocks(a, b).into_iter().filter_map(|(a, b)| Some((a?, b?))) {
            self.sequence(&a.steps, &b.steps);
        }
    }

    /// The pairs of the best alignment of two sequences, in order.
    fn alike(&self, old: &'s [Step], new: &'s [Step]) -> Vec<(&'s Step, &'s Step)> {
        let columns = new.len() + 1;
        if old.is_empty() || new.is_empty() {
            return Vec::new();
        }
        if (old.len() + 1) * columns > CELLS_MAX {
            let by_name = |a: &'s Step| new.iter().find(|b| a.name == b.name && a.kind == b.kind).map(|b| (a, b));
            return old.iter().filter_map(by_name).collect();
        }
        let (left, right): (Vec<Face>, Vec<Face>) =
            (old.iter().map(Face::of).collect(), new.iter().map(Face::of).collect());
        let likeness: Vec<u32> = left.iter().flat_map(|a| right.iter().map(|b| self.likeness(a, b))).collect();
        let mut best = vec![0u32; (old.len() + 1) * columns];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                let alike = likeness[i * new.len() + j];
                let both = if alike > 0 { alike + best[(i + 1) * columns + j + 1] } else { 0 };
                best[i * columns + j] = both.max(best[(i + 1) * columns + j]).max(best[i * columns + j + 1]);
            }
        }
        let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
        while i < old.len() && j < new.len() {
            let alike = likeness[i * new.len() + j];
            let here = best[i * columns + j];
            if alike > 0 && here == alike + best[(i + 1) * columns + j + 1] {
                pairs.push((&old[i], &new[j]));
                (i, j) = (i + 1, j + 1);
            } else if here == best[(i + 1) * columns + j] {
                i += 1;
            } else {
                j += 1;
            }
        }
        pairs
    }

    /// How much two steps are alike; 0: they are not the same step.
    fn likeness(&self, a: &Face, b: &Face) -> u32 {
        if a.step.kind != b.step.kind {
            return 0;
        }
        let same_name = a.step.name == b.step.name;
        let claimed = |step: &Step| step.is_named() && self.kept.contains(&(step.name.as_str(), step.kind));
        if !same_name && (claimed(a.step) || claimed(b.step)) {
            return 0;
        }
        let name = match (same_name, a.step.is_named()) {
            (true, true) => 200,
            (true, false) => 1,
            (false, _) => 0,
        };
        if a.whole == b.whole {
            return 100 + name;
        }
        let subject = if a.step.subject.is_empty() || a.step.subject != b.step.subject { 0 } else { 40 };
        // A time of day is sooner another time of day than a length.
        let manner = if a.step.kind == "wait" && a.manner() == b.manner() { 15 } else { 0 };
        let facets = 20 * common(a.facets.iter(), b.facets.iter());
        let inside = 30 * common(a.inside.iter(), b.inside.iter());
        4 + name + subject + manner + (facets + inside) / 100
    }

    fn finish(self, old: &'s [Step], new: &'s [Step]) -> Alignment<'s> {
        let all_old = placed(old);
        let by_address: BTreeMap<*const Step, Placed<'s>> =
            all_old.iter().map(|p| (std::ptr::from_ref(p.step), *p)).collect();
        let taken: BTreeSet<*const Step> = self.matched.values().copied().collect();
        let mut left: Vec<Placed<'s>> =
            all_old.iter().filter(|p| !taken.contains(&std::ptr::from_ref(p.step))).copied().collect();
        let mut found = Alignment::default();
        let (known, unknown): (Vec<_>, Vec<_>) =
            placed(new).into_iter().partition(|p| self.matched.contains_key(&std::ptr::from_ref(p.step)));
        for new in known {
            if let Some(old) = by_address.get(&self.matched[&std::ptr::from_ref(new.step)]) {
                found.pairs.push(Pair { old: *old, new, moved: false });
            }
        }
        for new in unknown {
            match moved_from(&left, new.step) {
                Some(at) => found.pairs.push(Pair { old: left.remove(at), new, moved: true }),
                None => found.added.push(new),
            }
        }
        found.removed = left;
        let order: BTreeMap<*const Step, usize> =
            placed(new).iter().enumerate().map(|(i, p)| (std::ptr::from_ref(p.step), i)).collect();
        found.pairs.sort_by_key(|pair| order[&std::ptr::from_ref(pair.new.step)]);
        found
    }
}

/// Which of the steps that were left over a new one is: by its name, by all it says, or by what it is about.
fn moved_from(left: &[Placed], step: &Step) -> Option<usize> {
    let same_kind = |p: &Placed| p.step.kind == step.kind;
    let named = |p: &Placed| same_kind(p) && step.is_named() && p.step.name == step.name;
    let whole = step.whole();
    let same = |p: &Placed| same_kind(p) && p.step.whole() == whole;
    let about = |p: &Placed| same_kind(p) && !step.subject.is_empty() && p.step.subject == step.subject;
    let position = |test: &dyn Fn(&Placed) -> bool| left.iter().position(test);
    position(&named).or_else(|| position(&same)).or_else(|| position(&about))
}

/// A step with what it is compared by.
struct Face<'s> {
    step: &'s Step,
    whole: String,
    facets: BTreeSet<String>,
    /// What the steps inside say, each alone.
    inside: BTreeSet<String>,
}

impl<'s> Face<'s> {
    fn of(step: &'s Step) -> Face<'s> {
        let blocks = step.blocks.iter().map(|b| format!("{:?} {}", b.branch, b.exact));
        let facets = step.facets.iter().map(|f| format!("{}={}", f.key, f.exact));
        let inside = step.blocks.iter().flat_map(|b| &b.steps).map(Step::whole);
        Face { step, whole: step.whole(), facets: facets.chain(blocks).collect(), inside: inside.collect() }
    }
    /// How a wait is written: a length, a time of day, a weekday, a moment.
    fn manner(&self) -> Option<&str> {
        self.step.facets.first().and_then(|facet| facet.exact.split(' ').next())
    }
}

/// The share of two sets that both have, in percent.
fn common<'t>(a: impl Iterator<Item = &'t String>, b: impl Iterator<Item = &'t String>) -> u32 {
    let (a, b): (BTreeSet<_>, BTreeSet<_>) = (a.collect(), b.collect());
    let all = a.union(&b).count() as u32;
    (a.intersection(&b).count() as u32 * 100).checked_div(all).unwrap_or(0)
}

/// The blocks of two versions of a step: those of one condition or name belong together, the others in their order.
pub fn blocks<'s>(old: &'s Step, new: &'s Step) -> Vec<(Option<&'s Block>, Option<&'s Block>)> {
    let mut left: Vec<&Block> = old.blocks.iter().collect();
    let mut pairs: Vec<(Option<&Block>, Option<&Block>)> = Vec::new();
    for block in &new.blocks {
        let at = left.iter().position(|b| b.branch == block.branch && b.exact == block.exact);
        pairs.push((at.map(|at| left.remove(at)), Some(block)));
    }
    for pair in &mut pairs {
        // A condition may change and stay the same case; an arm is known by its name.
        if let (None, Some(Block { branch: Branch::Case, .. })) = pair {
            let at = left.iter().position(|b| b.branch == Branch::Case);
            pair.0 = at.map(|at| left.remove(at));
        }
    }
    pairs.extend(left.into_iter().map(|block| (Some(block), None)));
    pairs
}
