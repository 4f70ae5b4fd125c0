use std::time::Duration;

use bytes::Bytes;
use paydesk_provider::exchange::{Failure, Told};
use paydesk_provider::http::{Response, TransportError};
use paydesk_provider::keys::SignError;
use paydesk_provider::{Advice, Details, ProviderError, Untrusted};

use crate::answer::{Envelope, Head};
use crate::codes::{Class, classify};
use crate::operation::Operation;
use crate::signing::Unsigned;

/// How long to wait after HTTP's own "too fast".
const PAUSE: Duration = Duration::from_secs(1);
/// How long to wait for a bill: they are made in the morning, some of them late.
const BILL_PAUSE: Duration = Duration::from_hours(1);

/// An exchange that did not give what was asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The platform signed another answer.
    Told {
        operation: Operation,
        class: Class,
        details: Details,
    },
    /// There was no connection to send it on.
    NotConnected(String),
    /// There is no answer, or none to build on.
    Failed(ProviderError),
}

impl Refusal {
    /// A signed answer that is no success.
    pub(crate) fn told(operation: Operation, head: Head, details: Details) -> Self {
        Self::Told {
            operation,
            class: classify(operation, &head.code, head.sub_code.as_deref()),
            details: with(head, details),
        }
    }

    /// An answer without a signature. The gateway gives such errors when it cannot tell who asks, and
    /// under load; anybody else could give them too. They are for people to read and prove nothing.
    pub(crate) fn unsigned(envelope: &Envelope<'_>, details: Details) -> Self {
        match Head::read(envelope.node) {
            Ok(head) if !head.claims_success() => Self::unknown(with(head, details)),
            _ => Self::untrusted(
                Untrusted::BadSignature,
                Details {
                    message: "a success without a signature, or without the certificate it is by"
                        .to_owned(),
                    ..details
                },
            ),
        }
    }

    /// An answer of HTTP's own: the gateway always answers 200, so this comes from something in
    /// between, and what became of the request is open.
    pub(crate) fn not_the_gateways(response: &Response<Bytes>) -> Self {
        Self::Failed(ProviderError::Unknown {
            details: Details {
                message: "not an answer of the gateway".to_owned(),
                ..details(response)
            },
            timed_out: false,
            advice: if response.status == 429 {
                Advice::RetryAfter(PAUSE)
            } else {
                Advice::QueryFirst
            },
        })
    }

    /// It may have happened, and nothing more is known.
    pub(crate) const fn unknown(details: Details) -> Self {
        Self::Failed(ProviderError::Unknown {
            details,
            timed_out: false,
            advice: Advice::QueryFirst,
        })
    }

    pub(crate) const fn untrusted(reason: Untrusted, details: Details) -> Self {
        Self::Failed(ProviderError::Untrusted { reason, details })
    }

    pub(crate) fn malformed(message: impl Into<String>, details: Details) -> Self {
        Self::Failed(ProviderError::Malformed {
            details: Details {
                message: message.into(),
                ..details
            },
        })
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
            Self::Failed(error) => match error.advice() {
                Advice::RetryAfter(wait) => Some(wait),
                _ => Some(pause),
            },
            Self::NotConnected(_) => Some(pause),
            Self::Told {
                operation, class, ..
            } => match class {
                Class::Throttled => Some(operation.pause_when_throttled()),
                Class::Retry => Some(pause),
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
                Class::NoSuchTrade | Class::AlreadyPaid | Class::NoStatement | Class::NotYet => {
                    "told"
                }
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
        let (operation, class, details) = match self {
            Self::Failed(error) => return error,
            Self::NotConnected(message) => {
                return rejected(Details::message(message), Advice::RetrySame);
            }
            Self::Told {
                operation,
                class,
                details,
            } => (operation, class, details),
        };
        let advice = match class {
            // A day without trade is told as such by the call about bills.
            Class::Rejected | Class::NoStatement => return rejected(details, Advice::Never),
            Class::NotEnough => return rejected(details, Advice::RetrySame),
            Class::NotYet => return rejected(details, Advice::RetryAfter(BILL_PAUSE)),
            Class::Throttled => Advice::RetryAfter(operation.pause_when_throttled()),
            Class::Retry => Advice::RetrySame,
            Class::QueryFirst | Class::NoSuchTrade | Class::AlreadyPaid => Advice::QueryFirst,
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

impl From<Unsigned> for Refusal {
    fn from(unsigned: Unsigned) -> Self {
        Self::Failed(unsigned.into())
    }
}

impl From<Unsigned> for ProviderError {
    /// Neither settings nor request have to do with a key service that is out of order; with one that
    /// holds another key they have.
    fn from(unsigned: Unsigned) -> Self {
        match unsigned {
            Unsigned::Clock => Self::not_sent("the clock's time cannot be written as a date"),
            Unsigned::Signer(error @ SignError::Unfit) => Self::not_sent(error.to_string()),
            Unsigned::Signer(error) => {
                rejected(Details::message(error.to_string()), Advice::RetrySame)
            }
        }
    }
}

impl From<TransportError> for Refusal {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Unsendable(_) => {
                Self::Failed(ProviderError::not_sent(error.to_string()))
            }
            TransportError::NotSent(_) => Self::NotConnected(error.to_string()),
            TransportError::Timeout(_) => Self::Failed(ProviderError::timed_out(error.to_string())),
            TransportError::Broken(_) => Self::unknown(Details::message(error.to_string())),
        }
    }
}

/// What an answer of any kind says of itself.
pub(crate) fn told<B>(response: &Response<B>) -> Told {
    Told::by(response, "trace_id")
}

/// The part of it that support asks for.
pub(crate) fn details<B>(response: &Response<B>) -> Details {
    told(response).details
}

/// The narrower code says more, where there is one.
///
/// About a signature the gateway repeats the text that it verified, what was ordered among it: that ends
/// in no log of ours.
fn with(head: Head, details: Details) -> Details {
    let mut message = head.message;
    if let Some(echo) = message.find("biz_content=") {
        message.truncate(echo);
    }
    Details {
        code: Some(head.sub_code.unwrap_or(head.code)).map(|code| code.chars().take(64).collect()),
        message,
        ..details
    }
}
