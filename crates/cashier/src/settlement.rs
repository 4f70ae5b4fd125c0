use kernel::{OrderNo, PaymentNo, StoreError, Tag};
use orders::{Paid, Purchase};
use paydesk_provider::Channel;
use payments::{Admitted, Fact, Mismatch, Payment, Record, RecordKind, Source, Verdict};
use serde_json::json;
use time::Duration;
use tracing::instrument;

use crate::conflict::{MayConflict, retried};
use crate::{
    EventKind, Exception, ExceptionKind, NewEvent, Ports, Raised, Transaction, WorkKind, failpoint,
};

/// The process that settles also fulfils, at once; the scheduler takes over after this long.
const FULFIL_GRACE: Duration = Duration::seconds(5);

/// The one place where a fact about money changes an order.
#[derive(Clone, Debug)]
pub struct Settlement {
    ports: Ports,
    tag: Tag,
}

/// What a durable fact meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is about this order.
    Order {
        /// Which one.
        order_no: OrderNo,
        /// What the money did to it.
        paid: Paid,
    },
    /// It fits no order, and an operator has dealt with it.
    DealtWith,
}

/// Why a fact settled nothing.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// It is about another merchant or app: counted, not stored.
    #[error("not our money: {0}")]
    Foreign(Mismatch),
    /// It is true but fits no order: stored for an operator, and to be answered as failure so that
    /// the platform says it again.
    #[error("money kept for an operator: {0}")]
    Unexpected(Mismatch),
    /// It came through an account that is not configured.
    #[error("no account is called {0}")]
    NoAccount(String),
    /// An attempt without its order: the database is damaged.
    #[error("the order of payment {0} is missing")]
    Incomplete(PaymentNo),
    /// The store failed. Nothing is known to be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MayConflict for SettleError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// A fact on its way through one transaction.
struct Case<'a> {
    fact: &'a Fact,
    channel: Channel,
    request_id: Option<&'a str>,
}

impl Settlement {
    /// Settlement in the environment with this tag.
    pub const fn new(ports: Ports, tag: Tag) -> Self {
        Self { ports, tag }
    }

    /// Settles a fact that says money was taken. `Ok` means that it is durable, also for a repeat.
    ///
    /// Commits in one transaction: the order paid, the payment, the record, the event, and the work
    /// of granting. Granting itself never delays this.
    #[instrument(skip_all, fields(payment.no = %fact.statement.payment_no, fact.source = fact.source.as_str()))]
    pub async fn settle(
        &self,
        fact: &Fact,
        request_id: Option<&str>,
    ) -> Result<Settled, SettleError> {
        let merchant = self
            .ports
            .merchants
            .get(&fact.account)
            .ok_or_else(|| SettleError::NoAccount(fact.account.to_string()))?;
        let identity = merchant.provider.identity();
        fact.concerns(identity).map_err(SettleError::Foreign)?;
        let case = Case {
            fact,
            channel: identity.channel,
            request_id,
        };
        let settled = retried(|| self.settle_once(&case)).await?;
        self.ports.wake.wake();
        Ok(settled)
    }

    async fn settle_once(&self, case: &Case<'_>) -> Result<Settled, SettleError> {
        let mut tx = self.ports.database.begin().await?;
        let Some(payment_no) = self.own_number(&case.fact.statement.payment_no) else {
            return self.unexpected(tx, case, Mismatch::Tag).await;
        };
        // A plain read: an attempt never changes its order. Then the lock order: order, payment.
        let Some(order_no) = tx.find_order_no(&payment_no).await? else {
            return self.unexpected(tx, case, Mismatch::UnknownPayment).await;
        };
        let missing = || SettleError::Incomplete(payment_no.clone());
        let order = tx.lock_order(&order_no).await?.ok_or_else(missing)?;
        let attempt = tx.lock_attempt(&payment_no).await?.ok_or_else(missing)?;
        let mut purchase = Purchase { order, attempt };
        failpoint::hit("settle.locked").await;
        if purchase.attempt.channel != case.channel {
            return self.unexpected(tx, case, Mismatch::Channel).await;
        }
        let money = match purchase.attempt.admit(case.fact) {
            Ok(money) => money,
            Err(mismatch) => return self.unexpected(tx, case, mismatch).await,
        };
        let outcome = purchase.order.mark_paid(&money);
        let mut raised = None;
        if outcome != Paid::Already {
            purchase.attempt.received(&money);
            tx.save_attempt(&purchase.attempt).await?;
            raised = self
                .book(&mut *tx, case, &money, outcome, &purchase)
                .await?;
        }
        let mut record = case.record(outcome_name(outcome), "");
        record.order_no = Some(order_no.clone());
        tx.append_record(&record).await?;
        failpoint::hit("settle.before_commit").await;
        // Also for a repeat: what we read may still be waiting for its commit.
        tx.commit().await?;
        failpoint::hit("settle.committed").await;
        if let Some(exception) = raised {
            self.ports.alerts.raise(&exception);
        }
        Ok(Settled::Order {
            order_no,
            paid: outcome,
        })
    }

    /// Writes what new money means: payment, order, event, work, and an exception where it came
    /// late or twice.
    async fn book(
        &self,
        tx: &mut dyn Transaction,
        case: &Case<'_>,
        money: &Admitted,
        outcome: Paid,
        purchase: &Purchase,
    ) -> Result<Option<Exception>, SettleError> {
        let verdict = if outcome.pays_the_order() {
            Verdict::Settled
        } else {
            Verdict::Surplus
        };
        let payment = Payment::admitted(case.fact, case.channel, money, verdict);
        let (order, at) = (&purchase.order, case.fact.learnt_at);
        if !tx.insert_payment(&payment).await? && tx.settle_payment(&payment).await? {
            // It was kept for an operator, and fits by now.
            let key = unexpected_key(case, money.transaction_id());
            tx.resolve_exception(&key, "converged", at).await?;
        }
        if outcome.pays_the_order() {
            tx.save_order(order).await?;
            let event = NewEvent {
                kind: EventKind::PaymentSuccess,
                purchase,
                at,
            };
            tx.append_event(&event).await?;
            tx.add_work(WorkKind::Fulfil, order.order_no.as_str(), FULFIL_GRACE)
                .await?;
        }
        let kind = match outcome {
            Paid::Late => ExceptionKind::LatePayment,
            Paid::Twice => ExceptionKind::DoublePayment,
            Paid::Now | Paid::Already => return Ok(None),
        };
        let exception = Exception {
            kind,
            key: format!(
                "{}:{}:{}",
                kind.as_str(),
                case.channel,
                money.transaction_id()
            ),
            order_no: Some(order.order_no.clone()),
            payment_no: Some(money.payment_no().as_str().to_owned()),
            transaction_id: Some(money.transaction_id().to_owned()),
            amount: Some(money.amount()),
            detail: json!({ "source": case.fact.source.as_str() }),
            at,
        };
        let raised = tx.raise_exception(&exception).await?;
        Ok((raised == Raised::New).then_some(exception))
    }

    /// Keeps money that fits no order: payment, exception and record in one commit, no order
    /// touched. A repeat adds nothing, and is refused until an operator has dealt with the first.
    async fn unexpected(
        &self,
        mut tx: Box<dyn Transaction>,
        case: &Case<'_>,
        why: Mismatch,
    ) -> Result<Settled, SettleError> {
        tx.append_record(&case.record(why.reason(), why.reason()))
            .await?;
        let Some(payment) = Payment::unexpected(case.fact, case.channel, why) else {
            tx.commit().await?;
            return Err(SettleError::Unexpected(why));
        };
        tx.insert_payment(&payment).await?;
        let exception = Exception {
            kind: ExceptionKind::UnexpectedPayment,
            key: unexpected_key(case, &payment.transaction_id),
            order_no: None,
            payment_no: Some(payment.payment_no.clone()),
            transaction_id: Some(payment.transaction_id.clone()),
            amount: case.fact.statement.amount,
            detail: json!({ "mismatch": why.reason(), "source": case.fact.source.as_str() }),
            at: case.fact.learnt_at,
        };
        let raised = tx.raise_exception(&exception).await?;
        tx.commit().await?;
        match raised {
            Raised::Settled => return Ok(Settled::DealtWith),
            Raised::Open => {}
            Raised::New => self.ports.alerts.raise(&exception),
        }
        Err(SettleError::Unexpected(why))
    }

    /// The number, if this environment made it.
    fn own_number(&self, text: &str) -> Option<PaymentNo> {
        text.parse::<PaymentNo>()
            .ok()
            .filter(|number| number.tag() == self.tag.as_str())
    }
}

impl Case<'_> {
    /// The journal's line. The same statement refused for another reason is another line.
    fn record(&self, outcome: &str, refused: &str) -> Record {
        let said = &self.fact.statement;
        let kind = match self.fact.source {
            Source::Query => RecordKind::Query,
            _ => RecordKind::Callback,
        };
        let mut record =
            Record::new(self.fact.learnt_at, kind, outcome).of_fact(self.fact, self.channel);
        record.request_id = self.request_id.map(str::to_owned);
        record.detail = said.evidence.clone();
        let number = said.transaction_id.as_deref().unwrap_or(&said.payment_no);
        let said = said.state.as_str();
        record.once = Some(format!(
            "{}:{}:{number}:{said}:{refused}",
            kind.as_str(),
            self.channel
        ));
        record
    }
}

fn unexpected_key(case: &Case<'_>, transaction_id: &str) -> String {
    let kind = ExceptionKind::UnexpectedPayment.as_str();
    format!("{kind}:{}:{transaction_id}", case.channel)
}

const fn outcome_name(outcome: Paid) -> &'static str {
    match outcome {
        Paid::Now => "now",
        Paid::Already => "already",
        Paid::Late => "late",
        Paid::Twice => "twice",
    }
}
