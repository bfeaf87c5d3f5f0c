//! What journeys did, held against what their headers say they are for.
//!
//! Counts nothing itself but what the journal's lines say; what a source cannot know stays absent and is not guessed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rate;
use crate::ir::{Channel, JourneyId, MessageClass, MessageId, Offer, Program};
use crate::machine::{Entry, Reason, Report as Said, What};
use crate::value::{CalendarPeriod, Date, Decimal, Price};

/// Where the figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The history, replayed: nobody reacted to a message.
    Simulated,
    /// What `tabi run` has done.
    Recorded,
}

/// What one journey did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Done {
    /// Runs begun.
    pub entered: u64,
    /// People with at least one message.
    pub reached: u64,
    pub goals: u64,
    /// By message.
    pub sent: Vec<u64>,
    /// Absent where nobody could react.
    pub signals: Option<Signals>,
}

/// What providers and people said of a journey's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Signals {
    pub delivered: u64,
    pub opened: u64,
    pub clicked: u64,
    pub bounced: u64,
    pub complained: u64,
    pub unsubscribed: u64,
    pub blocked: u64,
}

/// What is known beside the program and the counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    /// Stages of a customer's life, in order.
    pub lifecycle: Vec<String>,
    /// By [`Channel::index`].
    pub prices: [Option<Price>; Channel::COUNT],
    /// By journey and message: what it holds out, by declaration or since it names what an action gave.
    pub carried: BTreeMap<String, BTreeMap<String, Vec<Offer>>>,
    /// By journey: when its text was last changed; absent where nothing tells.
    pub changed: BTreeMap<String, Date>,
    /// By which reviews are overdue.
    pub today: Date,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Journeys {
    pub source: Source,
    /// Of all journeys together.
    pub sent: BTreeMap<String, u64>,
    /// By currency; absent where no price is known.
    pub cost: Option<BTreeMap<String, String>>,
    pub classes: Classes,
    pub offers: Offers,
    /// Absent where the project lists no stages.
    pub coverage: Option<Vec<Stage>>,
    pub journeys: BTreeMap<String, Journey>,
}

/// A stage of a customer's life, and the journeys that are for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    pub stage: String,
    pub journeys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Journey {
    pub title: Option<String>,
    pub purpose: String,
    pub owner: String,
    pub stage: Option<String>,
    pub entered: u64,
    /// People with at least one message.
    pub reached: u64,
    pub sent: BTreeMap<String, u64>,
    pub cost: Option<BTreeMap<String, String>>,
    pub goal: Option<Goal>,
    pub classes: Classes,
    pub offers: Offers,
    pub signals: Option<Signals>,
    pub review: Option<Review>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    pub event: String,
    pub reached: u64,
    /// Of those who entered.
    pub rate: f64,
    pub target: Option<f64>,
    /// Absent without a target, or without anybody who entered.
    pub met: Option<bool>,
}

/// Messages to people by what they are for.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Classes {
    pub sell: u64,
    pub nurture: u64,
    pub service: u64,
    /// Of those that sell or nurture, those that nurture; absent without any.
    pub nurture_share: Option<f64>,
    /// What the policy asks for.
    pub nurture_asked: Option<f64>,
}

/// Messages to people by what they hold out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Offers {
    pub discount: u64,
    pub points: u64,
    pub gift: u64,
    pub access: u64,
    /// With none of these.
    pub without: u64,
    pub all: u64,
    /// Of all, those with a discount; absent without any.
    pub discount_share: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Review {
    /// As the journey says: `3mo`.
    pub every: String,
    #[serde(skip)]
    pub period: CalendarPeriod,
    pub by: Option<String>,
    /// When the journey's file was last changed; the latest sign that somebody looked at it.
    pub changed: Option<String>,
    pub due: Option<String>,
    pub overdue: Option<bool>,
}

/// Adds up the lines of a journal, person by person.
#[derive(Debug, Clone)]
pub struct Journal<'p> {
    program: &'p Program,
    done: Vec<Done>,
    /// Messages to the person at hand, by journey.
    person: BTreeMap<JourneyId, u64>,
}

impl<'p> Journal<'p> {
    pub fn new(program: &'p Program) -> Self {
        let none = Done { sent: vec![0; program.messages.len()], signals: Some(Signals::default()), ..Done::default() };
        Journal { program, done: vec![none; program.journeys.len()], person: BTreeMap::new() }
    }

    /// A line about the person at hand; what an older version of a journey did is the journey's. One about a journey or
    /// message the program does not have is left out.
    pub fn wrote(&mut self, entry: &Entry) {
        let journey = self.program.current(entry.journey).unwrap_or(entry.journey);
        let Some(done) = self.done.get_mut(journey.index()) else { return };
        let personal =
            |message: &MessageId| self.program.messages.get(message.index()).map(|m| m.channel.is_personal());
        match &entry.what {
            What::Entered => done.entered += 1,
            What::Goal { .. } => done.goals += 1,
            What::Sent { message, .. } => {
                let Some(personal) = personal(message) else { return };
                done.sent[message.index()] += 1;
                *self.person.entry(journey).or_default() += u64::from(personal);
            }
            // Accepted by the machine a moment ago, and never dispatched.
            What::Dropped { message, reason: Reason::Budget } => {
                let Some(personal) = personal(message) else { return };
                done.sent[message.index()] = done.sent[message.index()].saturating_sub(1);
                let own = self.person.entry(journey).or_default();
                *own = own.saturating_sub(u64::from(personal));
            }
            What::Reported { report, .. } => {
                let signals = done.signals.get_or_insert_default();
                match report {
                    Said::Delivered => signals.delivered += 1,
                    Said::Opened => signals.opened += 1,
                    Said::Clicked => signals.clicked += 1,
                    Said::Bounced => signals.bounced += 1,
                    Said::Complained => signals.complained += 1,
                    Said::Unsubscribed => signals.unsubscribed += 1,
                    Said::Blocked => signals.blocked += 1,
                    Said::Accepted
                    | Said::Refused
                    | Said::OverBudget
                    | Said::Late
                    | Said::Discarded
                    | Said::Unblocked
                    | Said::Resubscribed => {}
                }
            }
            What::Settling { .. }
            | What::Unsettled
            | What::NotEntered { .. }
            | What::HeldOut
            | What::Arm { .. }
            | What::Waiting { .. }
            | What::Woke { .. }
            | What::Held { .. }
            | What::Dropped { .. }
            | What::Withdrawn { .. }
            | What::Called { .. }
            | What::CallFailed { .. }
            | What::Tagged { .. }
            | What::Untagged { .. }
            | What::Set { .. }
            | What::Membership { .. }
            | What::Moved { .. }
            | What::Paused
            | What::Resumed
            | What::CallSkipped { .. }
            | What::Ended { .. } => {}
        }
    }

    /// What follows is about somebody else.
    pub fn next_person(&mut self) {
        for (journey, messages) in std::mem::take(&mut self.person) {
            self.done[journey.index()].reached += u64::from(messages > 0);
        }
    }

    pub fn finish(mut self) -> Vec<Done> {
        self.next_person();
        self.done
    }
}

impl Journeys {
    /// `done` by journey.
    pub fn of(program: &Program, source: Source, done: &[Done], around: &Around) -> Journeys {
        let mut all = (vec![0; program.messages.len()], Offers::default());
        let mut journeys = BTreeMap::new();
        for (index, (journey, done)) in program.journeys.iter().zip(done).enumerate() {
            let id = JourneyId(index as u16);
            // Its counts are those of its current version; one that is gone is told only if it did something.
            if program.is_retired(id) && (program.current(id).is_some() || done.entered == 0) {
                continue;
            }
            all.0.iter_mut().zip(&done.sent).for_each(|(sum, n)| *sum += n);
            let offers = Offers::of(program, done, around.carried.get(&journey.name));
            all.1.add(&offers);
            let asked = program.policies.get(journey.policy.index()).and_then(|policy| policy.nurture);
            let goal = journey.goal.as_ref().map(|goal| {
                let target = goal.target.map(|target| target.micro as f64 / Decimal::ONE as f64);
                let rate = rate(done.goals, done.entered);
                let met = target.filter(|_| done.entered > 0).map(|target| rate >= target);
                Goal { event: program.event(goal.event).name.clone(), reached: done.goals, rate, target, met }
            });
            let changed = around.changed.get(&journey.name).copied();
            let told = Journey {
                title: journey.title.clone(),
                purpose: journey.purpose.clone(),
                owner: journey.owner.clone(),
                stage: journey.stage.clone(),
                entered: done.entered,
                reached: done.reached,
                sent: by_channel(program, &done.sent),
                cost: cost(program, &done.sent, around),
                goal,
                classes: Classes::of(program, &done.sent, asked.map(|share| share.micro as f64 / Decimal::ONE as f64)),
                offers: offers.shared(),
                signals: done.signals,
                review: journey.review_every.map(|every| {
                    let due = changed.map(|changed| changed.plus(every));
                    Review {
                        every: every.to_string(),
                        period: every,
                        by: journey.review_by.clone(),
                        changed: changed.map(|date| date.to_string()),
                        due: due.map(|date| date.to_string()),
                        overdue: due.map(|due| due < around.today),
                    }
                }),
            };
            let name = match journeys.contains_key(&journey.name) {
                true => format!("{} ({})", journey.name, index + 1),
                false => journey.name.clone(),
            };
            journeys.insert(name, told);
        }
        let stage = |stage: &String| {
            let live =
                program.journeys.iter().enumerate().filter(|(index, _)| !program.is_retired(JourneyId(*index as u16)));
            let own = live.filter(|(_, journey)| journey.stage.as_ref() == Some(stage));
            Stage { stage: stage.clone(), journeys: own.map(|(_, journey)| journey.name.clone()).collect() }
        };
        Journeys {
            source,
            sent: by_channel(program, &all.0),
            cost: cost(program, &all.0, around),
            classes: Classes::of(program, &all.0, None),
            offers: all.1.shared(),
            coverage: (!around.lifecycle.is_empty()).then(|| around.lifecycle.iter().map(stage).collect()),
            journeys,
        }
    }

    /// Journeys whose review is overdue.
    pub fn overdue(&self) -> impl Iterator<Item = (&String, &Review)> {
        let reviews = self.journeys.iter().filter_map(|(name, journey)| Some((name, journey.review.as_ref()?)));
        reviews.filter(|(_, review)| review.overdue == Some(true))
    }
}

fn by_channel(program: &Program, sent: &[u64]) -> BTreeMap<String, u64> {
    let mut channels = BTreeMap::new();
    for (message, count) in program.messages.iter().zip(sent).filter(|(_, count)| **count > 0) {
        *channels.entry(message.channel.name().to_owned()).or_default() += count;
    }
    channels
}

fn cost(program: &Program, sent: &[u64], around: &Around) -> Option<BTreeMap<String, String>> {
    if around.prices.iter().all(Option::is_none) {
        return None;
    }
    let mut totals: BTreeMap<&'static str, Decimal> = BTreeMap::new();
    for (message, count) in program.messages.iter().zip(sent) {
        if let Some(price) = around.prices[message.channel.index()] {
            let total = totals.entry(price.currency.code()).or_default();
            total.micro = total.micro.saturating_add(price.times(*count).micro);
        }
    }
    Some(totals.into_iter().map(|(code, total)| (code.to_owned(), format!("{total} {code}"))).collect())
}

impl Classes {
    fn of(program: &Program, sent: &[u64], asked: Option<f64>) -> Classes {
        let mut classes = Classes { nurture_asked: asked, ..Classes::default() };
        for (message, count) in program.messages.iter().zip(sent).filter(|(message, _)| message.channel.is_personal()) {
            match message.class {
                MessageClass::Sell => classes.sell += count,
                MessageClass::Nurture => classes.nurture += count,
                MessageClass::Service => classes.service += count,
            }
        }
        let both = classes.sell + classes.nurture;
        classes.nurture_share = (both > 0).then(|| rate(classes.nurture, both));
        classes
    }
}

impl Offers {
    fn of(program: &Program, done: &Done, carried: Option<&BTreeMap<String, Vec<Offer>>>) -> Offers {
        let mut offers = Offers::default();
        for (message, count) in program.messages.iter().zip(&done.sent) {
            if !message.channel.is_personal() {
                continue;
            }
            let given = carried.and_then(|carried| carried.get(&message.name));
            let holds_out =
                |offer: &Offer| message.offer == Some(*offer) || given.is_some_and(|given| given.contains(offer));
            let held_out: Vec<Offer> = Offer::ALL.into_iter().filter(holds_out).collect();
            offers.all += count;
            offers.without += if held_out.is_empty() { *count } else { 0 };
            for offer in held_out {
                match offer {
                    Offer::Discount => offers.discount += count,
                    Offer::Points => offers.points += count,
                    Offer::Gift => offers.gift += count,
                    Offer::Access => offers.access += count,
                }
            }
        }
        offers
    }

    fn add(&mut self, other: &Offers) {
        self.discount += other.discount;
        self.points += other.points;
        self.gift += other.gift;
        self.access += other.access;
        self.without += other.without;
        self.all += other.all;
    }

    fn shared(mut self) -> Offers {
        self.discount_share = (self.all > 0).then(|| rate(self.discount, self.all));
        self
    }
}
