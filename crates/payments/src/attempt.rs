use std::fmt;
use std::str::FromStr;

use kernel::{OrderNo, PaymentNo};
use paydesk_money::Cny;
use paydesk_provider::{Channel, CreatePayment, Created, Found, Scene, TradeState};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// Clocks of platform, processes and database may differ by four minutes each way.
const GRACE: Duration = Duration::minutes(10);

/// Names a merchant account in the settings: which platform, merchant, app and keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountKey(String);

impl AccountKey {
    /// The account of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One try at paying an order.
///
/// Everything that is sent to the platform is kept as it was sent, because a repeat must be the same
/// to the letter and because the gate compares what comes back with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The number sent to the platform.
    pub payment_no: PaymentNo,
    /// The order it pays.
    pub order_no: OrderNo,
    /// Which merchant account.
    pub account: AccountKey,
    /// The platform.
    pub channel: Channel,
    /// The platform's product.
    pub scene: Scene,
    /// The merchant that the account had when the attempt was made.
    pub merchant_id: String,
    /// The app likewise.
    pub app_id: String,
    /// What is asked for.
    pub amount: Cny,
    /// What the payer reads.
    pub description: String,
    /// The callback address sent to the platform.
    pub notify_url: String,
    /// The deadline sent to the platform.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_at: OffsetDateTime,
    /// How far it got.
    pub state: AttemptState,
    /// The QR code's content, once the platform gave one.
    pub code_url: Option<String>,
    /// When that code stops working.
    #[serde(with = "time::serde::rfc3339::option")]
    pub code_expires_at: Option<OffsetDateTime>,
    /// The platform's number, once paid.
    pub transaction_id: Option<String>,
    /// How often the request was repeated because its outcome was unknown.
    pub retry_count: i32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// How far an attempt got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptState {
    /// Stored; the request is on its way, or its outcome is not known.
    Unknown,
    /// The platform gave a code to pay with.
    Open,
    /// The platform refused the first and only request, so nobody can pay.
    Rejected,
    /// The platform confirmed that nobody can pay, or knows no such payment long after its deadline.
    Closed,
    /// Money was received.
    Paid,
}

impl AttemptState {
    const ALL: [Self; 5] = [
        Self::Unknown,
        Self::Open,
        Self::Rejected,
        Self::Closed,
        Self::Paid,
    ];
    /// The states in which money may still arrive without surprising anybody.
    pub const LIVE: [Self; 2] = [Self::Unknown, Self::Open];

    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Open => "open",
            Self::Rejected => "rejected",
            Self::Closed => "closed",
            Self::Paid => "paid",
        }
    }
}

impl FromStr for AttemptState {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| format!("no attempt state is called {name:?}"))
    }
}

impl Attempt {
    /// The request to the platform: the first one and every repeat of it.
    pub fn request(&self) -> CreatePayment {
        CreatePayment {
            payment_no: self.payment_no.as_str().to_owned(),
            scene: self.scene,
            amount: self.amount,
            description: self.description.clone(),
            notify_url: self.notify_url.clone(),
            expire_at: self.expire_at,
        }
    }

    /// Notes the code that came for `asked`, the attempt as it was when the request left.
    ///
    /// A repeat makes the platform give a new code and forget the old one, so the answer to an
    /// earlier request never replaces that to a later one; it is taken only while there is none. A
    /// late answer changes nothing on an attempt that is paid.
    pub fn opened(&mut self, asked: &Self, created: &Created) {
        let better = self.code_url.is_none() || asked.retry_count == self.retry_count;
        if better && matches!(self.state, AttemptState::Unknown | AttemptState::Open) {
            self.state = AttemptState::Open;
            self.code_url = Some(created.code_url.clone());
            self.code_expires_at = Some(created.code_expires_at);
        }
    }

    /// Notes that the platform refused. Only the answer to the first and only request proves that
    /// nobody can pay: after a repeat the earlier one may have got through.
    ///
    /// Whether the attempt is now over.
    pub fn refused(&mut self) -> bool {
        let over = self.state == AttemptState::Unknown && self.retry_count == 0;
        if over {
            self.state = AttemptState::Rejected;
        }
        over
    }

    /// Whether the platform may still take money under this number, for all we know.
    pub fn is_live(&self) -> bool {
        AttemptState::LIVE.contains(&self.state)
    }

    /// When "no such payment" begins to prove something: the deadline that we sent, and some time on
    /// top of it for clocks that differ.
    pub fn provable_from(&self) -> OffsetDateTime {
        self.expire_at + GRACE
    }

    /// Whether what the platform found proves that nobody can pay under this number any more.
    ///
    /// It does when the platform says that this very payment is closed. That it knows no such
    /// payment proves nothing before the deadline has passed: a code that nobody has scanned yet is
    /// no payment at Alipay, and a request may still be on its way.
    pub fn is_over_by(&self, found: &Found, now: OffsetDateTime) -> bool {
        match found {
            Found::Payment(said) => {
                said.state == TradeState::Closed
                    && said.payment_no == self.payment_no.as_str()
                    && said.merchant_id == self.merchant_id
                    && said.app_id == self.app_id
            }
            Found::NoSuchPayment => now >= self.provable_from(),
        }
    }

    /// Notes that nobody can pay any more. Whether that is news.
    pub fn close(&mut self) -> bool {
        let live = self.is_live();
        if live {
            self.state = AttemptState::Closed;
        }
        live
    }

    /// The code that can be shown now: none when the attempt is over or the code too old.
    pub fn code_at(&self, now: OffsetDateTime) -> Option<&str> {
        let alive = self.state == AttemptState::Open
            && now < self.expire_at
            && self.code_expires_at.is_some_and(|until| now < until);
        self.code_url.as_deref().filter(|_| alive)
    }
}

#[cfg(test)]
mod tests;
