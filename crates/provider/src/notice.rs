use bytes::Bytes;
use time::OffsetDateTime;

use crate::PaymentStatement;

/// A notice as it came over the wire: what signatures are computed over.
#[derive(Clone, Debug, Default)]
pub struct RawNotice {
    /// Header names and values in the order received, repeats included.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl RawNotice {
    /// A notice out of any server's request: every header in the order received, and the whole body.
    /// What is no UTF-8 in a header is replaced, so that no signature fits any more.
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(
        headers: impl IntoIterator<Item = (N, V)>,
        body: impl Into<Bytes>,
    ) -> Self {
        let text = |value: V| String::from_utf8_lossy(value.as_ref()).into_owned();
        Self {
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.as_ref().to_owned(), text(value)))
                .collect(),
            body: body.into(),
        }
    }

    /// Every value of a header, by its name in any case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// An opened notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The platform's own id of the notice. Not proven to stay the same when it is sent again, so
    /// it is for logs; idempotency rests on the numbers inside.
    pub id: String,
    /// When the platform made it.
    pub created_at: OffsetDateTime,
    /// What it speaks of.
    pub body: NoticeBody,
}

/// What a notice speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeBody {
    /// A payment.
    Payment(PaymentStatement),
    /// Anything else the platform sends to the same address; to be recorded and acknowledged.
    Other {
        /// The platform's name for the event.
        event: String,
        /// The payment number it mentions, if any.
        payment_no: Option<String>,
    },
}
