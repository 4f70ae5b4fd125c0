//! Places where a test build can be stopped dead, so that a crash at that very step can be tried.
//!
//! Without the feature `testing` there is nothing to arm, and passing a place does nothing.

/// Every place, in the order in which a callback passes them.
pub const STEPS: [&str; 8] = [
    "callback.received",
    "settle.locked",
    "settle.before_commit",
    "settle.committed",
    "fulfil.begin",
    "fulfil.before_commit",
    "fulfil.committed",
    "push.before_send",
];

#[cfg(feature = "testing")]
static ARMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Arms one place for the life of the process.
///
/// # Errors
/// Gives the name back when there is no such place, or when one is armed already.
#[cfg(feature = "testing")]
pub fn arm(step: &str) -> Result<(), String> {
    if !STEPS.contains(&step) {
        return Err(step.to_owned());
    }
    ARMED.set(step.to_owned())
}

/// Stops here for ever when this place is armed, holding whatever the caller holds.
#[cfg(feature = "testing")]
pub async fn hit(step: &'static str) {
    if ARMED.get().is_some_and(|armed| armed == step) {
        tracing::warn!("failpoint {step}");
        std::future::pending::<()>().await;
    }
}

/// Does nothing: this is no test build.
#[cfg(not(feature = "testing"))]
#[expect(clippy::unused_async, reason = "the same call as in a test build")]
pub async fn hit(_step: &'static str) {}
