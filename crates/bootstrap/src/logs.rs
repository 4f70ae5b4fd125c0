use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::{LogFormat, LogSettings, SettingsError};

/// Sends logs to standard error, as the settings say. A second call in one process changes nothing.
///
/// # Errors
/// A filter that cannot be parsed.
pub fn init_logs(settings: &LogSettings) -> Result<(), SettingsError> {
    // The database layer prints statements, and at TRACE connection strings: never below WARN. The
    // HTTP layer complains of each malformed request, which anybody can send without end.
    let filter = format!(
        "{},sea_orm=warn,sea_orm_migration=warn,sqlx=warn,actix_http::h1::dispatcher=off",
        settings.filter
    );
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| SettingsError::new("log.filter", error.to_string()))?;
    let lines = tracing_subscriber::fmt()
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let set = match settings.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    if set.is_err() {
        tracing::debug!("logs were set up before");
    }
    Ok(())
}
