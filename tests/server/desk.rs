//! A desk that writes down what it is handed, and refuses when it is told to.
//!
//! Does nothing with any of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use tabi::ports::{Attempt, Desk, Question, Refusal, Submission};
use tabi::value::Instant;

pub struct FakeDesk {
    now: AtomicI64,
    taken: Mutex<Vec<Submission>>,
    asked: Mutex<Vec<Question>>,
    refusal: Mutex<Option<Refusal>>,
    answer: Mutex<Option<Result<Value, Refusal>>>,
    /// When present, each batch waits for a permit.
    pub gate: Option<Semaphore>,
    dead: Mutex<Vec<Value>>,
    /// A permit for each batch that was handed in, before it waits.
    begun: Semaphore,
}

impl FakeDesk {
    pub fn at(now: &str) -> FakeDesk {
        let desk = FakeDesk {
            now: AtomicI64::default(),
            taken: Mutex::default(),
            asked: Mutex::default(),
            refusal: Mutex::default(),
            answer: Mutex::default(),
            gate: None,
            dead: Mutex::default(),
            begun: Semaphore::new(0),
        };
        desk.set_now(now);
        desk
    }
    /// Waits until one more batch is handed in.
    pub async fn begins(&self) {
        self.begun.acquire().await.unwrap().forget();
    }
    pub fn set_now(&self, now: &str) {
        self.now.store(Instant::parse_rfc3339(now).unwrap().0, Ordering::SeqCst);
    }
    pub fn refuse(&self, refusal: Option<Refusal>) {
        *self.refusal.lock().unwrap() = refusal;
    }
    pub fn answer(&self, answer: Result<Value, Refusal>) {
        *self.answer.lock().unwrap() = Some(answer);
    }
    pub fn taken(&self) -> Vec<Submission> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }
    pub fn asked(&self) -> Vec<Question> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
    /// As if this had been refused before.
    pub fn bury(&self, letter: Value) {
        self.dead.lock().unwrap().push(letter);
    }
    pub fn dead(&self) -> usize {
        self.dead.lock().unwrap().len()
    }
}

impl Desk for FakeDesk {
    fn now(&self) -> Instant {
        Instant(self.now.load(Ordering::SeqCst))
    }
    fn submit(&self, batch: Vec<Submission>) -> Attempt<'_, Result<(), Refusal>> {
        Box::pin(async move {
            self.begun.add_permits(1);
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            if let Some(refusal) = self.refusal.lock().unwrap().clone() {
                return Err(refusal);
            }
            let mut dead = self.dead.lock().unwrap();
            for submission in &batch {
                match submission {
                    Submission::Dead { raw, received_at, source, reason, detail } => {
                        let number = dead.last().map_or(0, |letter| letter["number"].as_u64().unwrap()) + 1;
                        dead.push(json!({
                            "number": number, "at": received_at.to_string(), "source": source, "reason": reason,
                            "detail": detail, "body": String::from_utf8_lossy(raw),
                        }));
                    }
                    Submission::DeadGone { numbers } => {
                        dead.retain(|letter| !numbers.contains(&letter["number"].as_u64().unwrap()));
                    }
                    _ => {}
                }
            }
            self.taken.lock().unwrap().extend(batch);
            Ok(())
        })
    }
    fn ask(&self, question: Question) -> Attempt<'_, Result<Value, Refusal>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(question.clone());
            if let Question::Dead { after, limit } = question {
                let dead = self.dead.lock().unwrap();
                let after = dead.iter().filter(|letter| letter["number"].as_u64().unwrap() > after);
                return Ok(json!({ "dead": after.take(limit).collect::<Vec<_>>() }));
            }
            self.answer.lock().unwrap().clone().unwrap_or_else(|| Ok(json!({})))
        })
    }
}
