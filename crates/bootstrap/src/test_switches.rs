//! Switches of a test build: `PAYDESK_TEST__FAILPOINT`, `PAYDESK_TEST__CLOCK_OFFSET_SECONDS`,
//! `PAYDESK_TEST__PAY_WITHIN_SECONDS`.
//!
//! Any other build refuses to start when it sees one: a production process whose clock is moved or
//! that stops at a failpoint by an environment left over would be worse than one that does not run.

use crate::sources::TEST_PREFIX;
use crate::{Environment, SettingsError, SystemClock};

/// What the switches say.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestSwitches {
    /// By how much the process's clock is moved.
    pub clock_offset: time::Duration,
    /// How long a buyer has to pay, shorter than settings allow.
    pub pay_within: Option<time::Duration>,
}

impl TestSwitches {
    /// The process's clock.
    pub const fn clock(self) -> SystemClock {
        SystemClock::moved_by(self.clock_offset)
    }
}

/// Reads and arms the switches.
///
/// # Errors
/// An unknown switch, or any at all in a build without the feature `testing`.
pub fn read(environment: &Environment) -> Result<TestSwitches, SettingsError> {
    let mut switches = TestSwitches::default();
    for (key, value) in environment {
        if let Some(name) = key.strip_prefix(TEST_PREFIX) {
            set(&mut switches, key, name, value)?;
        }
    }
    Ok(switches)
}

#[cfg(feature = "testing")]
fn set(
    switches: &mut TestSwitches,
    key: &str,
    name: &str,
    value: &str,
) -> Result<(), SettingsError> {
    match name {
        "FAILPOINT" => cashier::failpoint::arm(value)
            .map_err(|step| SettingsError::new(key, format!("no failpoint {step:?} to arm"))),
        "CLOCK_OFFSET_SECONDS" => {
            switches.clock_offset = seconds(key, value)?;
            Ok(())
        }
        "PAY_WITHIN_SECONDS" => {
            switches.pay_within = Some(seconds(key, value)?);
            Ok(())
        }
        _ => Err(SettingsError::new(key, "unknown test switch")),
    }
}

#[cfg(feature = "testing")]
fn seconds(key: &str, value: &str) -> Result<time::Duration, SettingsError> {
    value
        .parse()
        .map(time::Duration::seconds)
        .map_err(|_| SettingsError::new(key, "not a whole number of seconds"))
}

#[cfg(not(feature = "testing"))]
fn set(
    _switches: &mut TestSwitches,
    key: &str,
    _name: &str,
    _value: &str,
) -> Result<(), SettingsError> {
    Err(SettingsError::new(
        key,
        "test switches work in test builds only",
    ))
}
