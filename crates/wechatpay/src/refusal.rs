use std::time::Duration;

use bytes::Bytes;
use paydesk_provider::exchange::{Failure, Told};
use paydesk_provider::http::{Response, TransportError};
use paydesk_provider::keys::SignError;
use paydesk_provider::{Advice, Details, ProviderError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::codes::{Class, classify};
use crate::operation::Operation;

/// How long to wait after "too fast" when the platform does not say.
const PAUSE: Duration = Duration::from_secs(1);
/// How long to wait for a bill that is being made: the documents ask for half an hour.
const BILL_PAUSE: Duration = Duration::from_mins(30);
/// Nobody is made to wait longer than this by an unsigned header.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
const LONGEST_MESSAGE: usize = 300;
const LONGEST_DETAIL: usize = 100;

/// An exchange that did not give what was asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The platform answered otherwise.
    Told { class: Class, details: Details },
    /// There was no connection to send it on.
    NotConnected(String),
    /// There is no answer, or none to build on.
    Failed(ProviderError),
}

#[derive(Default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
}

impl Refusal {
    /// Reads an answer that is no success. Such answers are not signed, so they are information, and
    /// whatever is unreadable in them is left out.
    pub(crate) fn told(
        operation: Operation,
        response: &Response<Bytes>,
        now: OffsetDateTime,
    ) -> Self {
        let body = error_body(&response.body);
        let class = classify(operation, response.status, body.code.as_deref());
        let retry_after = response
            .header("Retry-After")
            .and_then(|value| pause(value, now));
        let details = Details {
            retry_after,
            code: body.code,
            message: body
                .message
                .unwrap_or_else(|| "the platform gave no reason".to_owned()),
            ..details(response)
        };
        Self::Told { class, details }
    }

    /// Nothing was sent.
    pub(crate) fn not_sent(why: impl std::fmt::Display) -> Self {
        Self::Failed(ProviderError::not_sent(why.to_string()))
    }

    /// An answer had begun and did not end, so the request was sent, whatever the transport says.
    /// What had come of it is kept.
    pub(crate) fn cut_short(error: &TransportError, details: Details) -> Self {
        Self::Failed(ProviderError::Unknown {
            details: Details {
                message: error.to_string(),
                ..details
            },
            timed_out: matches!(error, TransportError::Timeout(_)),
            advice: Advice::QueryFirst,
        })
    }

    /// Nothing was sent for want of a signature, with which neither settings nor request have to do.
    pub(crate) fn unsigned(error: &SignError) -> Self {
        Self::Failed(rejected(
            Details::message(error.to_string()),
            Advice::RetrySame,
        ))
    }

    /// How long to wait before a read is sent again, where that may help. Not after a time-out: the
    /// caller has waited long enough.
    pub(crate) fn repeatable_after(&self, pause: Duration) -> Option<Duration> {
        match self {
            Self::Failed(
                ProviderError::Unknown {
                    timed_out: true, ..
                }
                | ProviderError::Rejected { .. },
            ) => None,
            Self::NotConnected(_) | Self::Failed(_) => Some(pause),
            Self::Told { class, details } => match class {
                Class::Throttled => Some(details.retry_after.unwrap_or(PAUSE)),
                Class::Retry => Some(details.retry_after.unwrap_or(pause)),
                // Of whatever code: a gateway has none, and says how long to wait all the same.
                _ if details.status.is_some_and(|status| status >= 500) => {
                    Some(details.retry_after.unwrap_or(pause))
                }
                _ => None,
            },
        }
    }

    /// What is counted of it.
    pub(crate) fn failure(&self) -> Failure<'_> {
        Failure {
            outcome: self.outcome(),
            code: self.code(),
        }
    }

    /// A stable name for metrics.
    const fn outcome(&self) -> &'static str {
        match self {
            Self::NotConnected(_) => "rejected",
            Self::Failed(error) => error.kind(),
            Self::Told { class, .. } => match class {
                Class::Rejected | Class::NotEnough => "rejected",
                Class::QueryFirst | Class::Retry | Class::Throttled => "unknown",
                Class::NoSuchNumber
                | Class::AlreadyPaid
                | Class::AlreadyClosed
                | Class::NoStatement
                | Class::NotYet => "told",
            },
        }
    }

    /// The platform's code.
    fn code(&self) -> Option<&str> {
        let details = match self {
            Self::NotConnected(_) => return None,
            Self::Failed(error) => error.details(),
            Self::Told { details, .. } => details,
        };
        details.code.as_deref()
    }

    /// What this is to a caller for whom no class has a meaning of its own.
    pub(crate) fn into_error(self) -> ProviderError {
        let (class, details) = match self {
            Self::NotConnected(message) => {
                return rejected(Details::message(message), Advice::RetrySame);
            }
            Self::Failed(error) => return error,
            Self::Told { class, details } => (class, details),
        };
        let pause = details.retry_after;
        let advice = match class {
            // A day without trade is told as such by the calls about bills.
            Class::Rejected | Class::NoStatement => return rejected(details, Advice::Never),
            Class::NotEnough => return rejected(details, Advice::RetrySame),
            Class::NotYet => {
                return rejected(details, Advice::RetryAfter(pause.unwrap_or(BILL_PAUSE)));
            }
            Class::Throttled => Advice::RetryAfter(pause.unwrap_or(PAUSE)),
            Class::Retry => pause.map_or(Advice::RetrySame, Advice::RetryAfter),
            Class::QueryFirst | Class::NoSuchNumber | Class::AlreadyPaid | Class::AlreadyClosed => {
                Advice::QueryFirst
            }
        };
        ProviderError::Unknown {
            details,
            timed_out: false,
            advice,
        }
    }
}

const fn rejected(details: Details, advice: Advice) -> ProviderError {
    ProviderError::Rejected { details, advice }
}

impl From<TransportError> for Refusal {
    fn from(error: TransportError) -> Self {
        Self::Failed(match error {
            TransportError::NotSent(_) => return Self::NotConnected(error.to_string()),
            TransportError::Unsendable(_) => ProviderError::not_sent(error.to_string()),
            TransportError::Timeout(_) => ProviderError::timed_out(error.to_string()),
            TransportError::Broken(_) => ProviderError::Unknown {
                details: Details::message(error.to_string()),
                timed_out: false,
                advice: Advice::QueryFirst,
            },
        })
    }
}

/// What an answer of any kind says of itself.
pub(crate) fn told<B>(response: &Response<B>) -> Told {
    Told::by(response, "Request-ID")
}

/// The part of it that support asks for.
pub(crate) fn details<B>(response: &Response<B>) -> Details {
    told(response).details
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

/// `code` and `message`, each if it is a text. Of `detail`, which has no fixed form and may repeat
/// what was sent, only which field is meant and what is wrong with it.
fn error_body(body: &[u8]) -> ErrorBody {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return ErrorBody::default();
    };
    let detail = fields.remove("detail").unwrap_or_default();
    let text = |name: &str, longest: usize| capped(fields.get(name), longest);
    let mut body = ErrorBody {
        code: text("code", 64),
        message: text("message", LONGEST_MESSAGE),
    };
    // In real answers the issue stands one level deeper than documented.
    let issue = detail
        .get("issue")
        .or_else(|| detail.get("detail")?.get("issue"));
    for (name, value) in [("field", detail.get("field")), ("issue", issue)] {
        if let Some(value) = capped(value, LONGEST_DETAIL) {
            let message = body.message.get_or_insert_default();
            message.extend([" (", name, ": ", &value, ")"]);
        }
    }
    body
}

/// A text, if it is one and holds anything.
fn capped(value: Option<&serde_json::Value>, longest: usize) -> Option<String> {
    let text = value?.as_str().filter(|text| !text.is_empty())?;
    Some(text.chars().take(longest).collect())
}

/// `Retry-After`: seconds, or a date.
fn pause(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    let pause = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let then = OffsetDateTime::parse(value, &Rfc2822).ok()?;
        Duration::try_from(then - now).unwrap_or(Duration::ZERO)
    };
    Some(pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_has_an_end() {
        let now = datetime!(2026-01-01 02:00:00 UTC);
        for (value, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("999999999", Some(3600)),
            ("Thu, 01 Jan 2026 02:00:09 GMT", Some(9)),
            ("Thu, 01 Jan 2026 01:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(
                pause(value, now),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_told_and_its_value_is_not() {
        for body in [
            r#"{"code":"PARAM_ERROR","message":"参数错误","detail":{"field":"/amount/total","value":"someone","issue":"值低于最小值 1","location":"body"}}"#,
            r#"{"code":"PARAM_ERROR","message":"参数错误","detail":{"field":"/amount/total","value":"someone","detail":{"issue":"值低于最小值 1"}}}"#,
        ] {
            let message = error_body(body.as_bytes()).message.unwrap();
            assert_eq!(
                message,
                "参数错误 (field: /amount/total) (issue: 值低于最小值 1)"
            );
        }
    }

    #[test]
    fn any_error_body_is_read_without_complaint() {
        for body in [
            "",
            "null",
            "[]",
            "<html>",
            "{\"code\":7,\"message\":[]}",
            "{\"code\":\"\"}",
        ] {
            let read = error_body(body.as_bytes());
            assert!(read.code.is_none() && read.message.is_none(), "{body}");
        }
        let long = format!(
            "{{\"code\":\"A\",\"message\":\"{}\",\"detail\":{{}}}}",
            "字".repeat(999)
        );
        let read = error_body(long.as_bytes());
        assert_eq!(read.code.as_deref(), Some("A"));
        assert_eq!(read.message.unwrap().chars().count(), LONGEST_MESSAGE);
    }
}
