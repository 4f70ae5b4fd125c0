use std::time::Duration;

use bytes::Bytes;
use paydesk_provider::http::{Response, TransportError};
use paydesk_provider::{Advice, Details, ProviderError, Untrusted};

use crate::answer::{Envelope, Head};
use crate::codes::{Class, Operation, classify};

/// How long to wait after "too fast": the platform never says.
const PAUSE: Duration = Duration::from_secs(1);

/// An exchange that did not give what was asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The platform signed another answer.
    Told { class: Class, details: Details },
    /// There is no answer, or none to build on.
    Failed(ProviderError),
}

impl Refusal {
    /// A signed answer that is no success.
    pub(crate) fn told(operation: Operation, head: Head, details: Details) -> Self {
        Self::Told {
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
                    message: "a success without a signature".to_owned(),
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

    /// What this is to a caller for whom no class has a meaning of its own.
    pub(crate) fn into_error(self) -> ProviderError {
        let (class, details) = match self {
            Self::Failed(error) => return error,
            Self::Told { class, details } => (class, details),
        };
        let advice = match class {
            Class::Rejected => {
                return ProviderError::Rejected {
                    details,
                    advice: Advice::Never,
                };
            }
            Class::Throttled => Advice::RetryAfter(PAUSE),
            Class::Retry => Advice::RetrySame,
            Class::QueryFirst | Class::NoSuchPayment | Class::AlreadyPaid => Advice::QueryFirst,
        };
        ProviderError::Unknown {
            details,
            timed_out: false,
            advice,
        }
    }
}

impl From<TransportError> for Refusal {
    fn from(error: TransportError) -> Self {
        let details = Details::message(error.to_string());
        match error {
            TransportError::Unsendable(_) => Self::Failed(ProviderError::not_sent(details.message)),
            TransportError::NotSent(_) => Self::Failed(ProviderError::Rejected {
                details,
                advice: Advice::RetrySame,
            }),
            TransportError::Timeout(_) => Self::Failed(ProviderError::timed_out(details.message)),
            TransportError::Broken(_) => Self::unknown(details),
        }
    }
}

/// What an answer of any kind carries for support.
pub(crate) fn details(response: &Response<Bytes>) -> Details {
    Details {
        status: Some(response.status),
        request_id: response
            .header("trace_id")
            .map(|id| id.chars().take(128).collect()),
        ..Details::default()
    }
}

/// The narrower code says more, where there is one.
fn with(head: Head, details: Details) -> Details {
    Details {
        code: Some(head.sub_code.unwrap_or(head.code)).map(|code| code.chars().take(64).collect()),
        message: head.message,
        ..details
    }
}
