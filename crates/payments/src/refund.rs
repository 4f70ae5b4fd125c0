use kernel::{OrderNo, PaymentNo, RefundNo};
use paydesk_money::Cny;
use paydesk_provider::Channel;
use time::OffsetDateTime;

use crate::{AccountKey, Attempt};

/// Money that goes back to whoever paid it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Names it, here and at the platform.
    pub refund_no: RefundNo,
    /// The attempt whose money goes back.
    pub payment_no: PaymentNo,
    /// The order that the money came for.
    pub order_no: OrderNo,
    /// Through which merchant account it came, and goes back.
    pub account: AccountKey,
    /// The platform.
    pub channel: Channel,
    /// Whose money.
    pub merchant_id: String,
    /// The platform's number of the payment.
    pub transaction_id: String,
    /// How much; reserved on the payment as long as the refund has not failed.
    pub amount: Cny,
    /// How far it is.
    pub state: RefundState,
    /// Why.
    pub reason: RefundReason,
    /// Since when it is owed.
    pub created_at: OffsetDateTime,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundState {
    /// Owed, and not yet asked of the platform.
    Due,
}

impl RefundState {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
        }
    }
}

/// Why money goes back without anybody having asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundReason {
    /// It came for an order that nobody should have paid any more.
    LatePayment,
    /// It came for an order that other money had paid.
    DoublePayment,
    /// Its goods cannot be granted.
    GrantFailed,
}

impl RefundReason {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LatePayment => "late_payment",
            Self::DoublePayment => "double_payment",
            Self::GrantFailed => "grant_failed",
        }
    }
}

impl Refund {
    /// All that an attempt brought in, owed back under this number.
    pub fn in_full(
        refund_no: RefundNo,
        attempt: &Attempt,
        transaction_id: &str,
        reason: RefundReason,
        at: OffsetDateTime,
    ) -> Self {
        Self {
            refund_no,
            payment_no: attempt.payment_no.clone(),
            order_no: attempt.order_no.clone(),
            account: attempt.account.clone(),
            channel: attempt.channel,
            merchant_id: attempt.merchant_id.clone(),
            transaction_id: transaction_id.to_owned(),
            amount: attempt.amount,
            state: RefundState::Due,
            reason,
            created_at: at,
        }
    }
}
