//! Traces of a Tabi that was built without them: nothing, with the same words.
//!
//! Does nothing.

use super::Aim;

/// What something follows from.
#[derive(Debug, Clone, Default)]
pub struct Trace(());

/// Something under way.
#[derive(Debug, Clone, Default)]
pub struct Work(());

impl Trace {
    pub fn current() -> Trace {
        Trace(())
    }
    pub fn turns(&self, _: usize) -> Work {
        Work(())
    }
    pub fn attempt(&self, _: &Aim<'_>) -> Work {
        Work(())
    }
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        what()
    }
    pub fn header(&self) -> Option<String> {
        None
    }
}

impl Work {
    pub fn request(_: &str, _: &'static str, _: Option<&str>) -> Work {
        Work(())
    }
    pub fn commit<'t>(_: impl Iterator<Item = &'t Trace>) -> Work {
        Work(())
    }
    pub fn answered(&self, _: u16) {}
    pub async fn to_end<T>(self, attempt: impl Future<Output = T>, _: impl FnOnce(&T) -> &'static str) -> T {
        attempt.await
    }
    pub fn ended_by<T>(self, what: impl FnOnce() -> T) -> T {
        what()
    }
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        what()
    }
    pub fn within<F: Future>(&self, what: F) -> F {
        what
    }
}
