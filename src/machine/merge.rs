//! Two ids turn out to be one human being: their states become one.
//!
//! Knows nothing of how ids are found to be the same.

use super::effect::{EndReason, RunNo};
use super::person::{Activity, Person, Run, RunState};
use super::turn::Turn;

impl Turn<'_, '_> {
    /// History is united by time; of the profile the later written one wins, field by field where only one has a
    /// value; consent and reachability take the stricter; of two runs of one journey (and key) the one entered earlier
    /// goes on. Returns what was added to the other's run numbers, which continue behind ours.
    pub(super) fn merge(&mut self, mut other: Person) -> u32 {
        let base = self.person.next_run;
        self.merge_profile(&other);
        self.merge_history(&mut other);
        self.person.next_run = base.saturating_add(other.next_run);
        if let Some(activity) = other.activity.take() {
            self.merge_activity(*activity, base);
        }
        self.settle_after_merge();
        base
    }
    fn settle_after_merge(&mut self) {
        let all: Vec<u16> = (0..self.engine.tracked.len() as u16).collect();
        let flips = self.reassess(&all);
        if !flips.is_empty() {
            self.run_stages(super::turn::Trigger { event: None, flips: &flips });
        }
        self.settle_written();
    }
    fn merge_profile(&mut self, other: &Person) {
        let later = other.profile_at > self.person.profile_at;
        for (field, value) in &other.profile {
            if later || self.person.field(*field).is_missing() {
                self.write(*field, value.clone());
            }
        }
        self.person.profile_at = self.person.profile_at.max(other.profile_at);
        self.person.withdrawn |= other.withdrawn;
        self.person.consent = (self.person.consent | other.consent) & !self.person.withdrawn;
        for (mine, theirs) in self.person.reach.iter_mut().zip(other.reach) {
            *mine |= theirs;
        }
    }
    fn merge_history(&mut self, other: &mut Person) {
        for past in std::mem::take(&mut other.history) {
            let history = &mut self.person.history;
            match history.binary_search_by_key(&past.event, |h| h.event) {
                Ok(index) => history[index].merge(past.clone(), &self.program.history[past.event.index()]),
                Err(index) => history.insert(index, past),
            }
        }
    }
    fn merge_activity(&mut self, other: Activity, base: u32) {
        let renumbered = |no: RunNo| RunNo(base.saturating_add(no.0));
        let activity = self.activity();
        for mut sent in other.sent {
            sent.id.run = renumbered(sent.id.run);
            let index = activity.sent.partition_point(|s| s.at <= sent.at);
            activity.sent.insert(index, sent);
        }
        for mut watch in other.watches {
            watch.run = renumbered(watch.run);
            activity.watches.push(watch);
        }
        for entry in other.entries {
            match activity.entries.iter_mut().find(|e| e.journey == entry.journey && e.key == entry.key) {
                Some(mine) => mine.at = mine.at.max(entry.at),
                None => activity.entries.push(entry),
            }
        }
        for pending in other.pending {
            match activity.pending.iter_mut().find(|p| p.journey == pending.journey && p.key == pending.key) {
                Some(mine) if mine.due >= pending.due => {}
                Some(mine) => *mine = pending,
                None => activity.pending.push(pending),
            }
        }
        activity.seen.extend(other.seen);
        activity.seen.sort_by_key(|(_, at)| *at);
        for mut run in other.runs {
            run.no = renumbered(run.no);
            match &mut run.state {
                RunState::Asked { send, .. } => send.run = run.no,
                RunState::Called { call, .. } => call.run = run.no,
                RunState::Moving | RunState::HeldOut { .. } | RunState::Waiting { .. } | RunState::Held { .. } => {}
            }
            self.merge_run(run);
        }
    }
    fn merge_run(&mut self, run: Run) {
        let program = self.program;
        let is_same = |r: &&Run| program.is_same_line(r.journey, run.journey) && r.key == run.key;
        let mine = self.person.runs().iter().find(is_same);
        let loser = match mine {
            None => None,
            Some(mine) if mine.entered_at <= run.entered_at => Some(run.no),
            Some(mine) => Some(mine.no),
        };
        self.insert_run(run);
        if let Some(no) = loser {
            self.end(no, EndReason::Merged);
        }
    }
}
