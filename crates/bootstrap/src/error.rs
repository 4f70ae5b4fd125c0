use std::fmt;

/// A setting is missing, unknown, contradictory or unreadable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Which one, as `section.key`.
    pub setting: String,
    /// What is wrong, without the value: it may be a secret.
    pub problem: String,
}

impl SettingsError {
    pub(crate) fn new(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {}: {}", self.setting, self.problem)
    }
}

impl std::error::Error for SettingsError {}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting stands in the way.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be opened.
    #[error("setting database.url: {0}")]
    Connect(#[from] persistence::ConnectError),
    /// The database is not ready for this service.
    #[error("setting orders.payment_tag or database.url: {0}")]
    Check(#[from] persistence::CheckError),
    /// The schema could not be brought up to date.
    #[error("setting orders.payment_tag or database.url: {0}")]
    Migrate(#[from] persistence::MigrateError),
}
