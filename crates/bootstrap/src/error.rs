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
    /// The database cannot be opened, is not ready for this service, or cannot be brought up to date.
    /// Holds the whole chain of causes in words.
    #[error("database: {0}")]
    Database(String),
}

impl StartError {
    pub(crate) fn database(error: &dyn std::error::Error) -> Self {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let said = error.to_string();
            // Some errors repeat their cause in their own words.
            if !words.contains(&said) {
                words = format!("{words}: {said}");
            }
            cause = error.source();
        }
        Self::Database(crate::sources::one_line(&words))
    }
}
