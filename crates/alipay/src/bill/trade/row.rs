use paydesk_money::{Cny, Fee};
use time::OffsetDateTime;

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillTradeKind {
    /// `交易`: a payment. It stays one when it is refunded: the refund is a row of its own.
    Payment,
    /// `退款`: a refund. Its amounts are negative.
    Refund,
    /// Something this version does not know. Such a row counts among all rows only, so a bill that
    /// counts it among its payments or refunds ends in a difference of totals: it is for people to
    /// look at.
    Other(String),
}

impl BillTradeKind {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "交易" => Self::Payment,
            "退款" => Self::Refund,
            _ => Self::Other(name.to_owned()),
        }
    }
}

/// One payment or one refund. Text stands as the bill writes it: never match on it.
///
/// The payer's account, the operator and the till are left out: nothing is reconciled by them, and
/// they are personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TradeRow {
    /// Alipay's number of the trade, also in a refund's row.
    pub trade_no: String,
    /// The merchant's number of the trade, also in a refund's row.
    pub out_trade_no: String,
    /// Whether this is a payment or a refund.
    pub kind: BillTradeKind,
    /// What was bought.
    pub subject: String,
    /// When the trade or the refund began.
    pub created_at: OffsetDateTime,
    /// When it was paid or given back. The bill's day is this time's day in China.
    pub finished_at: OffsetDateTime,
    /// The store's number.
    pub store_id: Option<String>,
    /// The store's name.
    pub store_name: Option<String>,
    /// What was ordered; in a refund's row what is given back of it, negative.
    pub order_amount: Cny,
    /// What the merchant receives, before the fee; negative in a refund's row.
    pub receipt_amount: Cny,
    /// What the platform's red packets (支付宝红包) paid.
    pub red_packet_amount: Option<Cny>,
    /// What points (集分宝) paid.
    pub point_amount: Option<Cny>,
    /// What the platform took off.
    pub alipay_discount: Option<Cny>,
    /// What the merchant took off.
    pub merchant_discount: Option<Cny>,
    /// What vouchers paid.
    pub voucher_amount: Option<Cny>,
    /// Which voucher.
    pub voucher_name: Option<String>,
    /// What the merchant's red packets paid.
    pub merchant_red_packet_amount: Option<Cny>,
    /// What a card paid.
    pub card_amount: Option<Cny>,
    /// The number of the refund's request (`out_request_no`, 退款批次号/请求号).
    pub out_request_no: Option<String>,
    /// What the platform takes, as the bill writes it: negative where it takes, positive where it
    /// gives back. The other way round than in WeChat Pay's bills.
    pub service_fee: Fee,
    /// What goes to others (分润), negative where it leaves.
    pub profit_share: Option<Fee>,
    /// A remark.
    pub note: Option<String>,
}

impl TradeRow {
    /// What was ordered, if this is a payment; else nothing.
    pub fn ordered(&self) -> Cny {
        match self.kind {
            BillTradeKind::Payment => self.order_amount,
            BillTradeKind::Refund | BillTradeKind::Other(_) => Cny::ZERO,
        }
    }

    /// What was given back, above zero, if this is a refund; else nothing.
    pub fn refunded(&self) -> Cny {
        match self.kind {
            BillTradeKind::Refund => Cny::ZERO
                .checked_sub(self.order_amount)
                .unwrap_or(Cny::from_fen(i64::MAX)),
            BillTradeKind::Payment | BillTradeKind::Other(_) => Cny::ZERO,
        }
    }
}

/// What a trade bill states about its rows, and they add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TradeTotals {
    /// All rows.
    pub rows: u64,
    /// Rows of payments.
    pub payment_rows: u64,
    /// Their [`TradeRow::receipt_amount`].
    pub payment_receipt: Cny,
    /// Rows of refunds.
    pub refund_rows: u64,
    /// Their [`TradeRow::receipt_amount`], negative.
    pub refund_receipt: Cny,
    /// Of [`TradeRow::order_amount`] in all rows. Stated only by the summary in the archive: without
    /// one it is a sum and nothing more.
    pub order_amount: Cny,
    /// Of [`TradeRow::service_fee`] in all rows, with the same reservation.
    pub service_fee: Fee,
}
