use std::fmt;

use crate::Exception;

/// Who is told when something needs a person. Called after the exception is durable.
pub trait Alerts: Send + Sync + fmt::Debug {
    /// An exception was raised for the first time.
    fn raise(&self, exception: &Exception);
}

/// Writes alerts to the log, at level ERROR.
#[derive(Debug, Default)]
pub struct LogAlerts;

impl Alerts for LogAlerts {
    fn raise(&self, exception: &Exception) {
        tracing::error!(
            exception.kind = exception.kind.as_str(),
            exception.key = %exception.key,
            payment.no = exception.payment_no.as_deref(),
            "exception {} {} needs a person",
            exception.kind.as_str(),
            exception.key,
        );
    }
}
