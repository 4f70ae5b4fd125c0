#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod accounts;
mod catalog_file;
mod clock;
mod error;
mod logs;
mod service;
mod settings;
mod signals;
mod sources;
pub mod test_switches;

pub use catalog_file::{parse_catalog, read_catalog};
pub use clock::SystemClock;
pub use error::SettingsError;
pub use logs::init_logs;
pub use service::{Service, assemble, assemble_jobs, migrate, store};
pub use settings::{
    AccountSettings, Algorithm, AuthSettings, DatabaseSettings, FailedGrant, HttpSettings,
    LatePayment, LogFormat, LogSettings, OrderSettings, SchedulerSettings, Settings,
};
pub use signals::cancel_on_signal;

/// Installs the process's TLS provider. Call it first thing in `main`.
pub fn install_tls() {
    // A second call finds it installed, which is just as well.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// What of a process's environment is meant for us, read once in `main`.
pub type Environment = std::collections::HashMap<String, String>;

/// Reads what of the process's environment is meant for us.
///
/// # Errors
/// One of our settings is no text.
pub fn environment() -> Result<Environment, SettingsError> {
    let ours = std::env::vars_os().filter_map(|(key, value)| {
        let key = key
            .into_string()
            .ok()
            .filter(|key| key.starts_with("PAYDESK_"))?;
        Some((key, value))
    });
    ours.map(|(key, value)| match value.into_string() {
        Ok(value) => Ok((key, value)),
        Err(_) => Err(SettingsError::new(key, "is no UTF-8 text")),
    })
    .collect()
}
