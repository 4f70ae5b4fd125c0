use kernel::OrderNo;
use paydesk_money::Cny;
use paydesk_provider::Channel;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{AccountKey, Admitted, Fact, Mismatch, Source};

/// Money that a platform says it took for us, whether or not it fits an order.
///
/// Channel, merchant and transaction number together are unique.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    /// The platform.
    pub channel: Channel,
    /// Whose money.
    pub merchant_id: String,
    /// The platform's number.
    pub transaction_id: String,
    /// Our number as the platform repeats it; may be none of ours.
    pub payment_no: String,
    /// The order it pays; none while the money is unexpected.
    pub order_no: Option<OrderNo>,
    /// Through which merchant account we learnt of it.
    pub account: AccountKey,
    /// How much, where the platform said it.
    pub amount: Option<Cny>,
    /// ISO 4217 code.
    pub currency: String,
    /// What we make of it.
    pub verdict: Verdict,
    /// In what way we learnt of it first.
    pub source: Source,
    /// When the payer paid, by the platform's clock.
    pub paid_at: Option<OffsetDateTime>,
    /// When we learnt of it.
    pub received_at: OffsetDateTime,
    /// The reduced message, without personal data.
    pub callback_data: Value,
}

/// What we make of received money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It pays its order.
    Settled,
    /// It pays an order that another payment had paid.
    Surplus,
    /// It fits no order: an operator decides.
    Unexpected,
}

impl Verdict {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Surplus => "surplus",
            Self::Unexpected => "unexpected",
        }
    }
}

impl Payment {
    /// Money that passed the gate.
    pub fn admitted(fact: &Fact, money: &Admitted, verdict: Verdict) -> Self {
        Self {
            order_no: Some(money.order_no().clone()),
            ..Self::stated(fact, money.transaction_id().to_owned(), verdict)
        }
    }

    /// Money that did not pass; none when the fact speaks of no money at all.
    pub fn unexpected(fact: &Fact, why: Mismatch) -> Option<Self> {
        let said = &fact.statement;
        let transaction_id = said
            .transaction_id
            .clone()
            .filter(|_| said.state.was_paid())?;
        let mut payment = Self::stated(fact, transaction_id, Verdict::Unexpected);
        if let Value::Object(data) = &mut payment.callback_data {
            data.insert("mismatch".to_owned(), why.reason().into());
        }
        Some(payment)
    }

    fn stated(fact: &Fact, transaction_id: String, verdict: Verdict) -> Self {
        let said = &fact.statement;
        Self {
            channel: fact.channel,
            merchant_id: said.merchant_id.clone(),
            transaction_id,
            payment_no: said.payment_no.clone(),
            order_no: None,
            account: fact.account.clone(),
            amount: said.amount,
            currency: said.currency.clone(),
            verdict,
            source: fact.source,
            paid_at: said.paid_at,
            received_at: fact.learnt_at,
            callback_data: said.evidence.clone(),
        }
    }
}
