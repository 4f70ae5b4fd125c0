use paydesk_money::{Cny, Fee};
use time::OffsetDateTime;

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillTradeState {
    /// A payment. It stays one here when it is refunded: the refund is a row of its own.
    Success,
    /// A refund, accepted on the bill's day.
    Refund,
    /// A payment by code that was taken back. Its row is the money's way back, like a refund's, but
    /// may carry no refund numbers.
    Revoked,
    /// A state this version does not know.
    Other(String),
}

impl BillTradeState {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "SUCCESS" => Self::Success,
            "REFUND" => Self::Refund,
            "REVOKED" => Self::Revoked,
            _ => Self::Other(name.to_owned()),
        }
    }
}

/// How far a refund was when the bill was made. The bill never changes afterwards, so ask for the
/// refund itself to know how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillRefundState {
    /// The payer has it.
    Success,
    /// It has left the merchant's account.
    Processing,
    /// It failed.
    Fail,
    /// It could not be delivered and needs the merchant.
    Change,
    /// A state this version does not know.
    Other(String),
}

impl BillRefundState {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "SUCCESS" => Self::Success,
            "PROCESSING" => Self::Processing,
            "FAIL" => Self::Fail,
            "CHANGE" => Self::Change,
            _ => Self::Other(name.to_owned()),
        }
    }
}

/// One payment or one refund. Text stands as the bill writes it.
///
/// The payer, the bank and the device are left out: nothing is reconciled by them, and they are
/// personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TradeRow {
    /// When it was paid; in a refund's row of an ALL bill, when the refund was accepted. The bill's
    /// day is this time's day in China.
    pub traded_at: OffsetDateTime,
    /// The app the order was placed with.
    pub app_id: String,
    /// The merchant the order was placed with.
    pub merchant_id: String,
    /// The merchant served, for service providers.
    pub sub_merchant_id: Option<String>,
    /// The platform's number of the payment, also in a refund's row.
    pub transaction_id: String,
    /// The merchant's number of the payment, also in a refund's row.
    pub out_trade_no: String,
    /// How it was paid: `NATIVE`, `JSAPI`, ...; more may appear.
    pub trade_type: String,
    /// Whether this is a payment or a refund.
    pub trade_state: BillTradeState,
    /// `CNY`. All amounts of the row are in it.
    pub currency: String,
    /// What is settled of a payment: without the merchant's own coupons. Zero in a refund's row.
    pub settlement_amount: Cny,
    /// What was ordered, the API's `amount.total`. Zero in a refund's row; missing from old layouts.
    pub order_amount: Option<Cny>,
    /// What coupons paid.
    pub coupon_amount: Option<Cny>,
    /// The platform's number of the refund.
    pub refund_id: Option<String>,
    /// The merchant's number of the refund.
    pub out_refund_no: Option<String>,
    /// What is given back without the merchant's own coupons. Zero in a payment's row; missing from
    /// SUCCESS bills.
    pub refund_amount: Option<Cny>,
    /// What is given back of coupons.
    pub coupon_refund_amount: Option<Cny>,
    /// What was asked to be given back, the API's `amount.refund`. Missing from SUCCESS bills and old
    /// layouts.
    pub requested_refund_amount: Option<Cny>,
    /// Where the money goes: `ORIGINAL`, `BALANCE`, ...
    pub refund_type: Option<String>,
    /// How far the refund was when the bill was made.
    pub refund_state: Option<BillRefundState>,
    /// When the refund was asked for; in REFUND bills only.
    pub refund_requested_at: Option<OffsetDateTime>,
    /// When the refund arrived; in REFUND bills only.
    pub refund_succeeded_at: Option<OffsetDateTime>,
    /// The goods' description. Commas and line ends in it are written otherwise than they were sent.
    pub description: String,
    /// What the order was told to carry, with the same reservation.
    pub attach: String,
    /// What the platform takes; negative where it gives back.
    pub fee: Fee,
    /// The rate as it is written, `0.60%`.
    pub rate: String,
    /// A remark on the rate.
    pub rate_note: Option<String>,
}

impl TradeRow {
    /// What was ordered: [`TradeRow::order_amount`], or what stands for it in old layouts.
    pub fn ordered(&self) -> Cny {
        self.order_amount.unwrap_or(self.settlement_amount)
    }

    /// What was asked to be given back: [`TradeRow::requested_refund_amount`], or what stands for it
    /// in old layouts.
    pub fn refunded(&self) -> Cny {
        self.requested_refund_amount
            .or(self.refund_amount)
            .unwrap_or(Cny::ZERO)
    }
}

/// What a trade bill states in its summary, and its rows add up to. `None`: this bill's layout does
/// not state it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TradeTotals {
    /// Rows: payments and refunds together.
    pub rows: u64,
    /// Of [`TradeRow::settlement_amount`].
    pub settlement_amount: Cny,
    /// Of [`TradeRow::order_amount`].
    pub order_amount: Option<Cny>,
    /// Of [`TradeRow::refund_amount`].
    pub refund_amount: Option<Cny>,
    /// Of [`TradeRow::coupon_refund_amount`].
    pub coupon_refund_amount: Option<Cny>,
    /// Of [`TradeRow::requested_refund_amount`].
    pub requested_refund_amount: Option<Cny>,
    /// Of [`TradeRow::fee`].
    pub fee: Fee,
}
