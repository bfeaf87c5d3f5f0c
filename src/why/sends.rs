//! Why a message was sent, held or dropped: the rule, of which policy, and what it counted.
//!
//! Judges no message: what each check says is asked of the machine.

use std::collections::BTreeMap;

use super::account::{Ground, Reading};
use super::conditions::Eyes;
use crate::ir::{Channel, Place, Policy, PurposeId};
use crate::machine::effect::What;
use crate::machine::glimpse::{Capped, Checks};
use crate::machine::{Effect, Input, InputKind, Person, Reason, Report};
use crate::simulate::words;
use crate::value::{Instant, Zone};
use crate::words::{Both, Language, Words};

use super::replay::{Cause, Moment};

/// Sends that are listed of those which fill a cap.
const SENDS_SHOWN_MAX: usize = 5;

/// When people last said or showed how they can be written to.
#[derive(Debug, Default)]
pub(super) struct Changes {
    consents: BTreeMap<PurposeId, (bool, bool, Option<Instant>)>,
    reach: BTreeMap<(Channel, &'static str), Instant>,
}

impl Changes {
    /// Notes what a moment changed; `purposes` are all there are.
    pub fn note(&mut self, purposes: usize, channel_of: &dyn Fn(crate::ir::MessageId) -> Channel, moment: &Moment<'_>) {
        if let Cause::Input(Input { kind: InputKind::Reach { channel, report }, .. }) = moment.cause {
            self.note_reach(*channel, *report, moment.at);
        }
        for effect in moment.effects {
            if let Effect::Journal(entry) = effect
                && let What::Reported { message, report } = &entry.what
            {
                self.note_reach(channel_of(*message), *report, moment.at);
            }
        }
        for purpose in (0..purposes as u16).map(PurposeId) {
            let is = state(moment.person, purpose);
            let known = self.consents.entry(purpose).or_insert((false, false, None));
            if (known.0, known.1) != is {
                *known = (is.0, is.1, Some(moment.at));
            }
        }
    }
    fn note_reach(&mut self, channel: Channel, report: Report, at: Instant) {
        let what = match report {
            Report::Blocked => "blocked",
            Report::Bounced => "bounced",
            Report::Complained | Report::Unsubscribed => "unsubscribed",
            Report::Accepted
            | Report::Refused
            | Report::OverBudget
            | Report::Late
            | Report::Discarded
            | Report::Delivered
            | Report::Opened
            | Report::Clicked
            | Report::Unblocked
            | Report::Resubscribed => return,
        };
        self.reach.insert((channel, what), at);
    }
    fn consent_since(&self, purpose: PurposeId) -> Option<Instant> {
        self.consents.get(&purpose)?.2
    }
}

fn state(person: &Person, purpose: PurposeId) -> (bool, bool) {
    (person.consents_to(purpose), person.has_withdrawn(purpose))
}

/// A send that was looked at.
pub(super) struct Send<'a> {
    pub eyes: &'a Eyes<'a>,
    pub checks: &'a Checks,
    pub changes: &'a Changes,
}

impl Send<'_> {
    fn policy(&self) -> &Policy {
        let program = self.eyes.engine.program();
        program.policy(program.journey(self.eyes.glimpse.journey).policy)
    }
    fn place(&self, of: impl Fn(&crate::ir::places::PolicyPlaces) -> Option<&Place>) -> Option<String> {
        let program = self.eyes.engine.program();
        let places = program.places.policy(program.journey(self.eyes.glimpse.journey).policy)?;
        of(places).map(written)
    }
    fn channel(&self) -> Channel {
        self.eyes.engine.program().message(self.checks.message).channel
    }
    fn moment(&self, at: Instant) -> String {
        words::moment(self.eyes.zone, at)
    }

    /// What a refusal or a hold rests on.
    pub fn refused(&self, reason: Reason) -> Vec<Ground> {
        match reason {
            Reason::Withhold => self.withheld().into_iter().collect(),
            Reason::Consent => vec![self.no_consent()],
            Reason::Unreachable => self.unreachable(),
            Reason::Deadline => {
                let mut grounds: Vec<Ground> = self.deadline().into_iter().collect();
                // It was not too late yet: it would have been when the hold had ended.
                if self.checks.deadline.is_some_and(|at| at > self.eyes.glimpse.at) {
                    grounds.extend(self.quiet());
                    grounds.extend(self.full_caps());
                }
                grounds
            }
            Reason::Quiet => self.quiet(),
            Reason::Cap => {
                let mut grounds = self.full_caps();
                grounds.extend(self.quiet());
                grounds
            }
            // Decided outside; the line itself says it.
            Reason::Holdout | Reason::Budget | Reason::Refused | Reason::Late | Reason::Discarded => Vec::new(),
        }
    }
    /// What let the message go.
    pub fn accepted(&self) -> Vec<Ground> {
        let program = self.eyes.engine.program();
        let (message, policy) = (program.message(self.checks.message), self.policy());
        if !message.channel.is_personal() {
            return vec![Ground::fact(
                "a webhook needs no consent and knows no quiet hours or caps",
                "Webhook には同意・静かな時間帯・上限がない",
            )];
        }
        let mut grounds = vec![match message.needs_consent {
            false => Ground::fact("a message of this purpose needs no consent", "この目的のメッセージに同意は要らない"),
            true => self.consent(),
        }];
        if !policy.quiet.is_empty() {
            let time = self.local_time();
            let zone = self.checks.zone;
            grounds.push(Ground::fact(
                format!("no quiet hours of `{}` at {time} ({zone})", policy.name),
                format!("{time} ({zone}) は `{}` の静かな時間帯ではない", policy.name),
            ));
        }
        grounds.extend(self.checks.caps.iter().filter(|capped| capped.room_from.is_none()).map(|c| self.cap(c)));
        grounds.extend(self.deadline());
        grounds
    }

    fn withheld(&self) -> Option<Ground> {
        let index = self.checks.withheld?;
        let policy = self.policy();
        let when = &policy.withhold.get(index)?.when;
        let purpose = &self.eyes.engine.program().purposes[policy.withhold[index].purpose.index()];
        let inside = self.eyes.ground(when);
        Some(Ground {
            what: Both::new(
                format!("the policy `{}` withholds {purpose} messages when {}", policy.name, inside.what.en),
                format!("ポリシー `{}` は {} のとき {purpose} を差し止める", policy.name, inside.what.ja),
            ),
            place: self.place(|places| places.withhold.get(index)),
            ..inside
        })
    }
    fn consent(&self) -> Ground {
        let purpose = self.purpose();
        match self.changes.consent_since(self.purpose_id()).map(|at| self.moment(at)) {
            Some(at) => {
                Ground::fact(format!("consent for `{purpose}` since {at}"), format!("`{purpose}` に {at} から同意"))
            }
            None => Ground::fact(format!("consent for `{purpose}`"), format!("`{purpose}` に同意")),
        }
    }
    fn no_consent(&self) -> Ground {
        let (purpose, channel) = (self.purpose(), self.channel());
        if self.checks.consents && self.checks.unsubscribed {
            let name = channel.name();
            return match self.reach_since("unsubscribed") {
                Some(at) => Ground::fact(
                    format!("unsubscribed from {name} since {at}"),
                    format!("{at} から {name} の配信停止中"),
                ),
                None => Ground::fact(format!("unsubscribed from {name}"), format!("{name} の配信停止中")),
            };
        }
        let since = self.changes.consent_since(self.purpose_id()).map(|at| self.moment(at));
        match (self.checks.withdrawn, since) {
            (true, Some(at)) => Ground::fact(
                format!("no consent for `{purpose}` since {at}"),
                format!("{at} から `{purpose}` への同意がない"),
            ),
            (true, None) => Ground::fact(
                format!("consent for `{purpose}` was withdrawn"),
                format!("`{purpose}` への同意は取り消し済み"),
            ),
            (false, _) => Ground::fact(
                format!("consent for `{purpose}` was never given"),
                format!("`{purpose}` に一度も同意していない"),
            ),
        }
    }
    fn unreachable(&self) -> Vec<Ground> {
        let program = self.eyes.engine.program();
        let (channel, mut grounds) = (self.channel(), Vec::new());
        let name = channel.name();
        if self.checks.address.is_missing() {
            grounds.push(match program.person.addresses[channel.index()] {
                Some(field) => {
                    let field = &program.profile[field.index()].name;
                    Ground::fact(format!("profile.{field} is not set"), format!("profile.{field} が未設定"))
                }
                None => Ground::fact(
                    format!("the profile has no field for an address of {name}"),
                    format!("プロフィールに {name} の宛先の項目がない"),
                ),
            });
        }
        let since = |what| self.reach_since(what);
        if self.checks.blocked {
            grounds.push(match since("blocked") {
                Some(at) => Ground::fact(format!("blocked {name} at {at}"), format!("{at} に {name} をブロック")),
                None => Ground::fact(format!("blocked {name}"), format!("{name} をブロック中")),
            });
        }
        if self.checks.bounced {
            grounds.push(match since("bounced") {
                Some(at) => Ground::fact(
                    format!("the address bounced at {at} and has not changed since"),
                    format!("{at} に不達になった宛先のまま"),
                ),
                None => Ground::fact("the address bounced", "宛先が不達"),
            });
        }
        grounds
    }
    fn deadline(&self) -> Option<Ground> {
        let at = self.moment(self.checks.deadline?);
        Some(Ground::fact(format!("it had to leave before {at}"), format!("{at} より前に送る必要がある")))
    }
    fn quiet(&self) -> Vec<Ground> {
        let policy = self.policy();
        let (time, zone) = (self.local_time(), self.checks.zone);
        let window = |index: &usize| {
            let quiet = policy.quiet.get(*index)?;
            let said = Both::of(|language| self.words(language).quiet(quiet));
            Some(Ground {
                what: Both::new(
                    format!("quiet hours {} of the policy `{}`: it was {time} in {zone}", said.en, policy.name),
                    format!("ポリシー `{}` の静かな時間帯 {}: {zone} で {time}", policy.name, said.ja),
                ),
                place: self.place(|places| places.quiet.get(*index)),
                ..Ground::default()
            })
        };
        self.checks.quiet.iter().filter_map(window).collect()
    }
    fn full_caps(&self) -> Vec<Ground> {
        self.checks.caps.iter().filter(|capped| capped.room_from.is_some()).map(|capped| self.cap(capped)).collect()
    }
    fn cap(&self, capped: &Capped) -> Ground {
        let (program, policy) = (self.eyes.engine.program(), self.policy());
        let cap = &policy.caps[capped.cap];
        let said = Both::of(|language| self.words(language).cap(cap));
        let count = capped.sends.len();
        let hidden = count.saturating_sub(SENDS_SHOWN_MAX);
        let mut values: Vec<Reading> = capped
            .sends
            .iter()
            .skip(hidden)
            .map(|send| {
                let message = program.message(send.message);
                let name =
                    format!("{} {} ({})", message.channel.name(), message.name, program.journey(send.journey).name);
                Reading { of: Both::same(name), value: Both::same(self.moment(send.at)) }
            })
            .collect();
        if let Some(room) = capped.room_from {
            let of = Both::new("room again", "次に空くのは");
            values.push(Reading {
                of,
                value: match room < Instant::NEVER {
                    true => Both::same(self.moment(room)),
                    false => Both::new("never", "空かない"),
                },
            });
        }
        Ground {
            what: Both::new(
                format!("the policy `{}` allows {}; {count} counted so far", policy.name, said.en),
                format!("ポリシー `{}` は{}。ここまでに {count} 通", policy.name, said.ja),
            ),
            values,
            place: self.place(|places| places.caps.get(capped.cap)),
            ..Ground::default()
        }
    }

    fn words(&self, language: Language) -> Words<'_> {
        Words::new(self.eyes.engine.program(), None, language)
    }
    fn purpose_id(&self) -> PurposeId {
        self.eyes.engine.program().message(self.checks.message).purpose
    }
    fn purpose(&self) -> &str {
        &self.eyes.engine.program().purposes[self.purpose_id().index()]
    }
    fn reach_since(&self, what: &'static str) -> Option<String> {
        self.changes.reach.get(&(self.channel(), what)).map(|at| self.moment(*at))
    }
    fn local_time(&self) -> String {
        local_time(self.checks.zone, self.eyes.glimpse.at)
    }
}

fn local_time(zone: Zone, at: Instant) -> String {
    zone.local(at).1.to_string()
}

/// `campaigns/cart.tabi:12`
pub(super) fn written(place: &Place) -> String {
    format!("{}:{}", place.path, place.line)
}
