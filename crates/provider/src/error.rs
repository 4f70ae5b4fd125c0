use std::fmt;
use std::time::Duration;

/// What a failed exchange left behind, for logs, records and support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// The platform's code, as sent.
    pub code: Option<String>,
    /// The platform's or our own words; never a key or a signature.
    pub message: String,
    /// The platform's id of the exchange.
    pub request_id: Option<String>,
    /// How long the platform asked to wait.
    pub retry_after: Option<Duration>,
}

impl Details {
    /// Details with words only.
    pub fn message(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status {
            write!(f, "HTTP {status} ")?;
        }
        if let Some(code) = &self.code {
            write!(f, "{code} ")?;
        }
        f.write_str(&self.message)
    }
}

/// A call that gave no good answer, by what is known about its effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It did not happen: refused by the platform, or never sent.
    #[error("refused: {details}")]
    Rejected {
        /// What came back.
        details: Details,
        /// What to do next.
        advice: Advice,
    },
    /// It may have happened: no answer, or one that does not say.
    #[error("outcome unknown: {details}")]
    Unknown {
        /// What came back, if anything.
        details: Details,
        /// Whether the time ran out, as opposed to an answer that does not say.
        timed_out: bool,
        /// What to do next.
        advice: Advice,
    },
    /// An answer came that cannot be believed. It may have happened.
    #[error("answer not trusted: {reason}")]
    Untrusted {
        /// Why not.
        reason: Untrusted,
        /// What came back.
        details: Details,
    },
    /// An authentic answer that cannot be read. It may have happened.
    #[error("answer not understood: {details}")]
    Malformed {
        /// What is wrong with it.
        details: Details,
    },
}

/// What a caller should do after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Nothing will change by repeating: settings or the request are wrong.
    Never,
    /// Repeat with the same number and parameters.
    RetrySame,
    /// Repeat with the same number and parameters after this long.
    RetryAfter(Duration),
    /// Ask about the number before anything else.
    QueryFirst,
}

impl ProviderError {
    /// A request that was refused before it was sent.
    pub fn not_sent(message: impl Into<String>) -> Self {
        Self::Rejected {
            details: Details::message(message),
            advice: Advice::Never,
        }
    }

    /// No answer in time.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self::Unknown {
            details: Details::message(message),
            timed_out: true,
            advice: Advice::QueryFirst,
        }
    }

    /// Whether it is certain that this one request had no effect. It says nothing of earlier ones under
    /// the same number: where one of them was left open, it still is.
    pub const fn did_not_happen(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }

    /// Whether the platform itself refused: not certain proof, for refusals are not always signed, but
    /// more than a request that never left.
    pub const fn is_verdict(&self) -> bool {
        match self {
            Self::Rejected { details, .. } => details.code.is_some(),
            _ => false,
        }
    }

    /// What to do next.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Rejected { advice, .. } | Self::Unknown { advice, .. } => *advice,
            Self::Untrusted { .. } | Self::Malformed { .. } => Advice::QueryFirst,
        }
    }

    /// What came back.
    pub const fn details(&self) -> &Details {
        match self {
            Self::Rejected { details, .. }
            | Self::Unknown { details, .. }
            | Self::Untrusted { details, .. }
            | Self::Malformed { details } => details,
        }
    }

    /// A stable name of the kind of error, for records and metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::Unknown {
                timed_out: true, ..
            } => "timeout",
            Self::Unknown { .. } => "unknown",
            Self::Untrusted { .. } => "untrusted",
            Self::Malformed { .. } => "malformed",
        }
    }
}

/// Why a message proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// A header that carries the signature, or what it covers, is absent.
    #[error("header {0} is missing")]
    MissingHeader(&'static str),
    /// Such a header came more than once, so it does not say which is meant.
    #[error("header {0} came more than once")]
    DoubledHeader(&'static str),
    /// Such a header cannot be read.
    #[error("header {0} cannot be read")]
    BadHeader(&'static str),
    /// Signed by a key we do not hold.
    #[error("signed by a key that is not known: {0}")]
    UnknownKey(String),
    /// The signature does not match.
    #[error("the signature does not match")]
    BadSignature,
    /// The platform's own probe with a wrong signature: refused like any other, counted apart.
    #[error("a signature probe of the platform")]
    Probe,
    /// Signed too long ago, or in the future.
    #[error("signed {age_s} s ago, outside the replay window")]
    Stale {
        /// Seconds between signing and now; negative when signed in the future.
        age_s: i64,
    },
    /// The signature matches, but the content was not encrypted for us.
    #[error("the content cannot be decrypted: is the key that of this merchant?")]
    Undecryptable,
}

impl Untrusted {
    /// A stable name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader(_) => "missing_header",
            Self::DoubledHeader(_) => "doubled_header",
            Self::BadHeader(_) => "bad_header",
            Self::UnknownKey(_) => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::Probe => "probe",
            Self::Stale { .. } => "stale",
            Self::Undecryptable => "undecryptable",
        }
    }
}

/// Why a notice was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// It proves nothing.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// It is authentic, but cannot be read.
    #[error("notice not understood: {0}")]
    Malformed(String),
}

impl NoticeError {
    /// A stable name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Untrusted(untrusted) => untrusted.reason(),
            Self::Malformed(_) => "malformed",
        }
    }
}
