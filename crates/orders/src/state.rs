use std::str::FromStr;

use kernel::PaymentNo;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Where an order stands, with the facts that belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderState {
    /// Waiting for money.
    Pending,
    /// Nobody should pay any more, but the platform has not promised it; money is still accepted.
    Closing {
        /// Why.
        reason: CloseReason,
    },
    /// Paid.
    Paid {
        /// When, by the platform's clock.
        #[serde(with = "time::serde::rfc3339")]
        paid_at: OffsetDateTime,
        /// By which attempt.
        payment_no: PaymentNo,
        /// The platform's number.
        transaction_id: String,
    },
    /// Nobody can pay any more.
    Closed {
        /// Why.
        reason: CloseReason,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        closed_at: OffsetDateTime,
    },
}

impl OrderState {
    /// The name used in the database and in the HTTP API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Closing { .. } => "closing",
            Self::Paid { .. } => "paid",
            Self::Closed { .. } => "closed",
        }
    }

    /// Why nobody should pay any more.
    pub const fn close_reason(&self) -> Option<CloseReason> {
        match self {
            Self::Closing { reason } | Self::Closed { reason, .. } => Some(*reason),
            Self::Pending | Self::Paid { .. } => None,
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $variant:ident = $word:literal),+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $type { $($(#[$of])* $variant),+ }

        impl $type {
            /// Every name.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The name used in the database and in the HTTP API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("unknown word {word:?} for {}", stringify!($type))),
                }
            }
        }
    };
}

words!(
    /// Where an order stands, without the facts: what a list can be asked for.
    OrderStatus {
        /// Waiting for money.
        Pending = "pending",
        /// Nobody should pay any more, but the platform has not promised it.
        Closing = "closing",
        /// Paid.
        Paid = "paid",
        /// Nobody can pay any more.
        Closed = "closed",
        /// Paid, and some of it was given back.
        PartiallyRefunded = "partially_refunded",
        /// Paid, and all of it was given back.
        Refunded = "refunded"
    }
);
words!(
    /// Why nobody should pay any more.
    CloseReason {
        /// The buyer did not want it.
        Cancelled = "cancelled",
        /// The time ran out.
        Expired = "expired",
        /// The platform refused the first and only request.
        Rejected = "rejected"
    }
);
words!(
    /// How far the goods are.
    Fulfilment {
        /// Nothing is owed: not paid.
        None = "none",
        /// Paid, not yet granted.
        Pending = "pending",
        /// Granted.
        Granted = "granted",
        /// Cannot be granted.
        Failed = "failed",
        /// Will not be granted, or was taken back.
        Revoked = "revoked"
    }
);
