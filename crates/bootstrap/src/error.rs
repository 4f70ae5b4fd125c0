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

impl SettingsError {
    /// A setting leads to something that fails; told with all its causes, in one line.
    pub(crate) fn caused(setting: &str, error: &dyn std::error::Error) -> Self {
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
        let words = crate::sources::one_line(&words);
        let plain = words.strip_prefix(&format!("{setting}: "));
        Self::new(setting, plain.unwrap_or(&words))
    }
}
