//! What the log holds: everything that was decided outside the machine, in the order in which it counts.
//!
//! Holds nothing that follows from it. A record reads back as it was written, or not at all.

use serde::{Deserialize, Serialize, Serializer};

use crate::ir::{Channel, JourneyId};
use crate::machine::rest::{self, Unreadable};
use crate::machine::{Reason, Report};
use crate::ports::store::PendingKey;
use crate::ports::{About, Notice, Scope, Seat, Subject, Submission, Told};
use crate::value::{Instant, Value, Zone};

/// First byte of every record.
const FORMAT: u8 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Engine time; never before that of the record before.
    pub at: Instant,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A process began to run this program.
    Started {
        program: [u8; 32],
    },
    /// The program of a generation went live.
    Changed {
        generation: u32,
        bundle: [u8; 32],
    },
    /// Time passed: what it brought about is in the checkpoint that follows.
    Passed,
    /// A call in Segment's shape; it reads back relative to `received_at`.
    Call {
        received_at: Instant,
        source: String,
        #[serde(serialize_with = "at_once")]
        raw: Vec<u8>,
    },
    Dead {
        source: String,
        reason: String,
        detail: String,
        #[serde(serialize_with = "at_once")]
        raw: Vec<u8>,
    },
    DeadGone {
        numbers: Vec<u64>,
    },
    Told {
        source: String,
        id: Option<String>,
        about: Whom,
        happened: Instant,
        news: News,
    },
    Consent {
        who: Whom,
        purpose: Option<String>,
        channel: Option<Channel>,
        given: bool,
        how: String,
        source: String,
    },
    Approval {
        person: String,
        by: Option<String>,
        approved: bool,
    },
    Stop {
        scope: Where,
        stopped: bool,
        by: String,
    },
    Forget {
        person: String,
    },
    /// A schedule came due: everybody (of the zone) is to be ticked. The job's number is the record's position.
    Tick {
        journey: JourneyId,
        zone: Option<Zone>,
        due: Instant,
    },
    /// The next seats of a job.
    Chunk {
        job: u64,
        from: Seat,
        to: Seat,
    },
    /// The dispatcher is about to hand an order to its provider for the first time.
    Attempt {
        key: PendingKey,
        journey: JourneyId,
        channel: Option<Channel>,
    },
    /// An order is done with.
    Settled {
        key: PendingKey,
        settlement: Settlement,
    },
    /// A call is done with; the answer is a record of what the action gives, if it gave that.
    Answered {
        key: PendingKey,
        settlement: Settlement,
        answer: Option<Value>,
    },
}

/// Whom something is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Whom {
    Id(String),
    /// A sealed key.
    Send(String),
    Address {
        channel: Channel,
        address: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Where {
    Everything,
    Channel(Channel),
    Journey(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum News {
    Report(Report),
    /// The properties as JSON text.
    Event {
        name: String,
        properties: String,
    },
    Linked {
        user: String,
    },
    Left {
        words: String,
    },
    Returned {
        words: String,
    },
}

/// How an order or a call ended, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settlement {
    pub ending: Ending,
    pub attempts: u32,
    pub provider_id: Option<String>,
    pub why: Option<String>,
    /// What is to be known of the address from now on.
    pub address: Option<Report>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    Accepted,
    /// By the provider, for good.
    Refused,
    /// Nobody knows whether it was taken; never tried again.
    Unknown,
    /// Not taken by anybody in time.
    Expired,
    /// The budget of the window is used up.
    OverBudget,
    /// The quota of the channel is used up, and something else may stand in.
    OverQuota,
    /// The person did not consent any more when it was to leave.
    Consent,
    Unreachable,
    Deadline,
    Quiet,
    /// It could not be rendered.
    Unrendered,
    /// The person was forgotten.
    Forgotten,
    /// Its journey was paused, and what came due was dropped.
    Late,
    /// Somebody looked at it and said no.
    Discarded,
}

impl Ending {
    /// As ledger, metrics and reports say it.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Accepted => "accepted",
            Ending::Refused => "refused",
            Ending::Unknown => "unknown",
            Ending::Expired => "expired",
            Ending::OverBudget => "budget",
            Ending::OverQuota => "quota",
            Ending::Consent => "consent",
            Ending::Unreachable => "unreachable",
            Ending::Deadline => "deadline",
            Ending::Quiet => "quiet",
            Ending::Unrendered => "unrendered",
            Ending::Forgotten => "forgotten",
            Ending::Late => "late",
            Ending::Discarded => "discarded",
        }
    }
    /// Something is known of what came of it.
    pub fn is_answer(self) -> bool {
        match self {
            Ending::Unknown | Ending::Expired | Ending::Forgotten => false,
            Ending::Accepted
            | Ending::Refused
            | Ending::OverBudget
            | Ending::OverQuota
            | Ending::Consent
            | Ending::Unreachable
            | Ending::Deadline
            | Ending::Quiet
            | Ending::Late
            | Ending::Discarded
            | Ending::Unrendered => true,
        }
    }
    /// What a refusal at the door ends with.
    pub fn of(reason: Reason) -> Ending {
        match reason {
            Reason::Consent | Reason::Withhold => Ending::Consent,
            Reason::Unreachable => Ending::Unreachable,
            Reason::Deadline => Ending::Deadline,
            Reason::Quiet => Ending::Quiet,
            Reason::Budget => Ending::OverBudget,
            Reason::Late => Ending::Late,
            Reason::Discarded => Ending::Discarded,
            Reason::Holdout | Reason::Cap | Reason::Refused => Ending::Refused,
        }
    }
    /// What the machine is told. An outcome that nobody knows counts as accepted (semantics 4.9).
    pub fn report(self) -> Report {
        match self {
            Ending::Accepted | Ending::Unknown => Report::Accepted,
            Ending::OverBudget | Ending::OverQuota => Report::OverBudget,
            Ending::Late => Report::Late,
            Ending::Discarded => Report::Discarded,
            Ending::Refused
            | Ending::Expired
            | Ending::Consent
            | Ending::Unreachable
            | Ending::Deadline
            | Ending::Quiet
            | Ending::Unrendered
            | Ending::Forgotten => Report::Refused,
        }
    }
}

impl Settlement {
    pub fn new(ending: Ending, attempts: u32) -> Settlement {
        Settlement { ending, attempts, provider_id: None, why: None, address: None }
    }
    pub fn because(self, why: impl Into<String>) -> Settlement {
        Settlement { why: Some(why.into()), ..self }
    }
}

/// A record about to be written.
#[derive(Serialize)]
struct Written<'w> {
    at: Instant,
    what: &'w What,
}

/// The same bytes as one by one, copied in one go.
fn at_once<S: Serializer>(raw: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(raw)
}

impl Record {
    pub fn to_bytes(&self) -> Vec<u8> {
        Record::put(self.at, &self.what, Vec::new())
    }
    /// Adds what [`Record::to_bytes`] gives behind `bytes`.
    pub fn put(at: Instant, what: &What, mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.push(FORMAT);
        rest::add_bytes_of(&Written { at, what }, bytes)
    }
    pub fn from_bytes(bytes: &[u8]) -> Result<Record, Unreadable> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => rest::read(rest).map(|(record, _)| record),
            _ => Err(Unreadable),
        }
    }
}

impl What {
    /// What is kept of a submission.
    pub fn of(submission: Submission) -> What {
        match submission {
            Submission::Call { raw, received_at, source, .. } => {
                What::Call { received_at, source, raw: raw.into_vec() }
            }
            Submission::Dead { raw, source, reason, detail, .. } => {
                What::Dead { source, reason, detail, raw: raw.into_vec() }
            }
            Submission::Notice { notice, received_at, source } => {
                let Notice { id, about, at, told } = notice;
                What::Told { source, id, about: about.into(), happened: at.min(received_at), news: told.into() }
            }
            Submission::Consent { who, purpose, channel, given, how, source } => {
                What::Consent { who: who.into(), purpose, channel, given, how, source }
            }
            Submission::Approval { person, by, approved } => What::Approval { person, by, approved },
            Submission::Stop { scope, stopped, by } => What::Stop { scope: scope.into(), stopped, by },
            Submission::Forget { person } => What::Forget { person },
            Submission::Change { generation, bundle } => What::Changed { generation, bundle },
            Submission::DeadGone { numbers } => What::DeadGone { numbers },
        }
    }
}

impl From<About> for Whom {
    fn from(about: About) -> Whom {
        match about {
            About::Send(key) => Whom::Send(key),
            About::Address { channel, address } => Whom::Address { channel, address },
        }
    }
}

impl From<Subject> for Whom {
    fn from(subject: Subject) -> Whom {
        match subject {
            Subject::Id(id) => Whom::Id(id),
            Subject::Send(key) => Whom::Send(key),
            Subject::Address { channel, address } => Whom::Address { channel, address },
        }
    }
}

impl From<Told> for News {
    fn from(told: Told) -> News {
        match told {
            Told::Report(report) => News::Report(report),
            Told::Event { name, properties } => {
                News::Event { name, properties: serde_json::Value::Object(properties).to_string() }
            }
            Told::Linked { user } => News::Linked { user },
            Told::Left { words } => News::Left { words },
            Told::Returned { words } => News::Returned { words },
        }
    }
}

impl From<Scope> for Where {
    fn from(scope: Scope) -> Where {
        match scope {
            Scope::Everything => Where::Everything,
            Scope::Channel(channel) => Where::Channel(channel),
            Scope::Journey(name) => Where::Journey(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        let key = PendingKey { seat: 3, is_call: false, run: 1, step: 2, repetition: 0 };
        let settlement = Settlement::new(Ending::Refused, 2).because("550");
        let all = [
            What::Started { program: [7; 32] },
            What::Call { received_at: Instant(5), source: "shop".into(), raw: b"{}".to_vec() },
            What::Tick { journey: JourneyId(1), zone: Zone::from_name("Asia/Tokyo"), due: Instant(9) },
            What::Settled { key, settlement },
            What::Told {
                source: "line".into(),
                id: Some("x".into()),
                about: Whom::Address { channel: Channel::Line, address: "U1".into() },
                happened: Instant(1),
                news: News::Report(Report::Blocked),
            },
        ];
        for what in all {
            let record = Record { at: Instant(1_775_000_000_000), what };
            assert_eq!(Record::from_bytes(&record.to_bytes()), Ok(record));
        }
        assert_eq!(Record::from_bytes(&[]), Err(Unreadable));
        assert_eq!(Record::from_bytes(&[9, 1, 2]), Err(Unreadable));
    }
}
