use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use paydesk_money::Cny;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Verified;

/// A payment platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// WeChat Pay.
    Wechat,
    /// Alipay.
    Alipay,
}

/// Which of a platform's products the payer uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Scene {
    /// The payer scans a QR code that we show.
    Qr,
}

/// No channel or scene has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name {0:?}")]
pub struct UnknownName(String);

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// The name used in settings, in the database and in the HTTP API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                match name { $($name => Ok(Self::$variant),)+ _ => Err(UnknownName(name.to_owned())) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named!(Channel { Wechat = "wechat", Alipay = "alipay" });
named!(Scene { Qr = "qr" });

/// Whose account a provider speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The platform.
    pub channel: Channel,
    /// The platform's number of the merchant.
    pub merchant_id: String,
    /// The platform's number of the merchant's app.
    pub app_id: String,
}

/// What a provider can do.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Products that `create` offers.
    pub scenes: &'static [Scene],
    /// Amounts the platform takes for one payment.
    pub amount: RangeInclusive<Cny>,
    /// Lengths of a payment number.
    pub payment_no_len: RangeInclusive<usize>,
    /// Longest description, in bytes of UTF-8.
    pub description_bytes: usize,
}

/// A request for something the payer can pay with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePayment {
    /// Our number for this try, the platform's idempotency key.
    pub payment_no: String,
    /// Which product.
    pub scene: Scene,
    /// What is to be paid.
    pub amount: Cny,
    /// What the payer reads on the bill.
    pub description: String,
    /// Where the platform sends its notice.
    pub notify_url: String,
    /// When the platform stops taking money under this number.
    pub expire_at: OffsetDateTime,
}

/// A platform's answer with what support staff ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// What was answered.
    pub value: T,
    /// The platform's id of the exchange, if it gave one.
    pub request_id: Option<String>,
}

impl<T> Answer<T> {
    /// The same answer, read as something else.
    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: read(self.value),
            request_id: self.request_id,
        }
    }
}

/// Something the payer can pay with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The content of the QR code, to be shown unchanged.
    pub code_url: String,
    /// When that code stops working, whatever `expire_at` said.
    pub code_expires_at: OffsetDateTime,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The platform's signed statement.
    Payment(Box<Verified<PaymentStatement>>),
    /// The platform said that it knows no such number. Such an answer is not always signed, so it
    /// proves nothing by itself: only together with an expiry that has passed.
    NoSuchPayment,
}

impl From<Option<Verified<PaymentStatement>>> for Found {
    fn from(statement: Option<Verified<PaymentStatement>>) -> Self {
        statement.map_or(Self::NoSuchPayment, |it| Self::Payment(Box::new(it)))
    }
}

/// The answer to a request to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The platform accepted to close. Query to be sure: some platforms accept any number.
    Accepted,
    /// It is paid: query, then book it.
    AlreadyPaid,
    /// The platform said that it knows no such number; proves as little as in a query.
    NoSuchPayment,
}

/// What a platform says about one payment.
///
/// It holds what explains the money and no personal data: payers, banks and receipts are dropped
/// before this is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatement {
    /// The merchant it is about.
    pub merchant_id: String,
    /// The app it is about.
    pub app_id: String,
    /// Our number, as the platform repeats it.
    pub payment_no: String,
    /// The platform's number, present once money was taken.
    pub transaction_id: Option<String>,
    /// The state.
    pub state: TradeState,
    /// The order's total as we sent it, never what remained for the payer after coupons. Platforms
    /// leave it out before payment.
    pub amount: Option<Cny>,
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// When the payer paid, by the platform's clock.
    #[serde(with = "time::serde::rfc3339::option")]
    pub paid_at: Option<OffsetDateTime>,
    /// The rest of the message that is worth keeping, reduced.
    pub evidence: serde_json::Value,
}

/// The state of a payment at the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeState {
    /// Nothing was paid yet; money can still arrive.
    Unpaid,
    /// Paid.
    Paid,
    /// Paid, and a refund, perhaps a partial one, was accepted since. Never "not paid".
    Refunded,
    /// Nobody can pay any more, and nobody did.
    Closed,
    /// A state this version does not know: nothing may be concluded from it.
    Other(String),
}

impl TradeState {
    /// Whether the payer's money was taken, even if it has been given back since.
    pub const fn was_paid(&self) -> bool {
        matches!(self, Self::Paid | Self::Refunded)
    }

    /// A stable name for records.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
            Self::Closed => "closed",
            Self::Other(name) => name,
        }
    }
}
