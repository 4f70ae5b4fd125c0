use kernel::{OrderNo, PaymentNo, StoreError, Tag};
use orders::{Fulfilment, LateMoney, Order, Paid, Purchase};
use payments::{
    Admitted, Fact, Mismatch, Payment, Record, RecordKind, RefundReason, Source, Verdict,
};
use serde_json::json;
use time::Duration;
use tracing::instrument;

use crate::conflict::{MayConflict, retried};
use crate::owed::owe;
use crate::{
    Alarm, EventKind, Exception, ExceptionKind, NewEvent, Policy, Ports, Raised, Transaction,
    WorkKind, failpoint,
};

/// The process that settles also fulfils, at once; the scheduler takes over after this long.
const FULFIL_GRACE: Duration = Duration::seconds(5);

/// The one place where a fact about money changes an order.
#[derive(Clone, Debug)]
pub struct Settlement {
    ports: Ports,
    alarm: Alarm,
    tag: Tag,
    policy: Policy,
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
        // A platform's word is worth another wait for a turn: whoever called has a deadline of their
        // own, and finds it settled when they say it again.
        matches!(self, Self::Store(error) if error.is_conflict() || error.is_busy())
    }
}

/// A fact on its way through one transaction.
struct Case<'a> {
    fact: &'a Fact,
    request_id: Option<&'a str>,
}

/// What booking money came to.
enum Booked {
    /// It is written; with the exception that a person is to be told of.
    Written(Option<Exception>),
    /// Nothing is written: a person has dealt with this money.
    DealtWith,
    /// Nothing is written: this money has paid another order.
    Spent,
}

impl Settlement {
    /// Settlement in the environment with this tag.
    pub fn new(ports: Ports, tag: Tag, policy: Policy) -> Self {
        let alarm = Alarm::new(ports.clone());
        Self {
            ports,
            alarm,
            tag,
            policy,
        }
    }

    /// Whether goods are owed now for money that did this to its order, rather than a refund.
    pub fn leads_to_goods(&self, paid: Paid) -> bool {
        match paid {
            Paid::Now => true,
            Paid::Late => self.policy.late == LateMoney::Grant,
            Paid::Already | Paid::Twice => false,
        }
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
        let case = Case { fact, request_id };
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
        let shown = purchase.order.payment_no.clone();
        let money = match purchase.attempt.admit(case.fact) {
            Ok(money) => money,
            Err(mismatch) => return self.unexpected(tx, case, mismatch).await,
        };
        let outcome = purchase.order.mark_paid(&money, self.policy.late);
        let mut raised = None;
        if outcome != Paid::Already {
            purchase.attempt.received(&money);
            match book(&mut *tx, case, &money, outcome, &purchase).await? {
                Booked::Written(exception) => raised = exception,
                Booked::DealtWith => {
                    // What this answer rests on may still be waiting for its commit.
                    tx.commit().await?;
                    return Ok(Settled::DealtWith);
                }
                Booked::Spent => return self.unexpected(tx, case, Mismatch::Spent).await,
            }
        }
        if outcome.pays_the_order() && shown != payment_no {
            // The buyer had chosen another platform, whose code can be paid as long as it is not closed.
            tx.hasten_work(WorkKind::Poll, shown.as_str(), Duration::ZERO)
                .await?;
        }
        let mut record = case.record(outcome_name(outcome), "");
        record.order_no = Some(order_no.clone());
        tx.append_record(&record).await?;
        failpoint::hit("settle.before_commit").await;
        // Also for a repeat: what we read may still be waiting for its commit.
        tx.commit().await?;
        failpoint::hit("settle.committed").await;
        if outcome.pays_the_order() {
            tracing::info!(order.no = %order_no, "order {order_no} is paid");
        }
        if let Some(exception) = raised {
            self.alarm.start(exception);
        }
        Ok(Settled::Order {
            order_no,
            paid: outcome,
        })
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
        let payment = Payment::unexpected(case.fact, why);
        if let Some(payment) = &payment {
            tx.insert_payment(payment).await?;
        } else if !case.fact.statement.state.was_paid() {
            // It speaks of no money, so there is nothing for a person to do.
            tx.commit().await?;
            return Err(SettleError::Unexpected(why));
        }
        let exception = Exception {
            kind: ExceptionKind::UnexpectedPayment,
            key: case.key(ExceptionKind::UnexpectedPayment),
            order_no: None,
            payment_no: Some(case.fact.statement.payment_no.clone()),
            transaction_id: case.fact.statement.transaction_id.clone(),
            amount: case.fact.statement.amount,
            detail: json!({ "mismatch": why.reason(), "source": case.fact.source.as_str() }),
            at: case.fact.learnt_at,
        };
        let raised = tx.raise_exception(&exception).await?;
        tx.commit().await?;
        match raised {
            Raised::Settled => return Ok(Settled::DealtWith),
            Raised::Open => {}
            Raised::New => self.alarm.start(exception),
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

/// Writes what new money means: payment, attempt, order, event, work, and an exception where a person
/// has to look at it.
async fn book(
    tx: &mut dyn Transaction,
    case: &Case<'_>,
    money: &Admitted,
    outcome: Paid,
    purchase: &Purchase,
) -> Result<Booked, SettleError> {
    let verdict = if outcome.pays_the_order() {
        Verdict::Settled
    } else {
        Verdict::Surplus
    };
    let payment = Payment::admitted(case.fact, money, verdict);
    if !tx.insert_payment(&payment).await? {
        // The platform's number is known.
        let (channel, merchant_id) = (payment.channel, &payment.merchant_id);
        let known = tx
            .find_verdict(channel, merchant_id, &payment.transaction_id)
            .await?;
        match known {
            Some((Verdict::Unexpected, _)) => {
                // Kept for an operator, and fits by now; unless a person has dealt with it meanwhile.
                let key = case.key(ExceptionKind::UnexpectedPayment);
                let at = case.fact.learnt_at;
                if !tx.resolve_exception(&key, "converged", at).await? {
                    return Ok(Booked::DealtWith);
                }
                if !tx.settle_payment(&payment).await? {
                    return Ok(Booked::DealtWith);
                }
            }
            // A repeat of what was too much already: it is owed back once.
            Some((Verdict::Surplus, Some(order_no)))
                if outcome == Paid::Twice && order_no == purchase.order.order_no =>
            {
                return Ok(Booked::Written(None));
            }
            _ => return Ok(Booked::Spent),
        }
    }
    tx.save_attempt(&purchase.attempt).await?;
    if outcome.pays_the_order() {
        note_paid(tx, case, purchase).await?;
    }
    let Some((kind, goes_back)) = surprise(outcome, money, &purchase.order) else {
        return Ok(Booked::Written(None));
    };
    let refund_no = match goes_back {
        Some(reason) => {
            let at = case.fact.learnt_at;
            let refund = owe(tx, &purchase.attempt, money.transaction_id(), reason, at).await?;
            Some(refund.refund_no)
        }
        None => None,
    };
    let detail = json!({ "source": case.fact.source.as_str(), "refund_no": refund_no });
    let exception = Exception {
        kind,
        key: case.key(kind),
        order_no: Some(purchase.order.order_no.clone()),
        payment_no: Some(money.payment_no().as_str().to_owned()),
        transaction_id: Some(money.transaction_id().to_owned()),
        amount: Some(money.amount()),
        detail,
        at: case.fact.learnt_at,
    };
    let raised = tx.raise_exception(&exception).await?;
    Ok(Booked::Written(
        (raised == Raised::New).then_some(exception),
    ))
}

/// What a person has to be told of this money, and why it goes back if it does. Exactly one of a
/// grant and a refund is owed for late money; nothing is, for money that went back by another way.
fn surprise(
    outcome: Paid,
    money: &Admitted,
    order: &Order,
) -> Option<(ExceptionKind, Option<RefundReason>)> {
    match outcome {
        Paid::Already => None,
        _ if money.given_back() => Some((ExceptionKind::RefundedElsewhere, None)),
        Paid::Now => None,
        Paid::Late => {
            let goes_back = order.fulfilment == Fulfilment::Revoked;
            let reason = goes_back.then_some(RefundReason::LatePayment);
            Some((ExceptionKind::LatePayment, reason))
        }
        Paid::Twice => {
            let reason = Some(RefundReason::DoublePayment);
            Some((ExceptionKind::DoublePayment, reason))
        }
    }
}

/// Writes the paid order, tells its buyer, and leaves the work of granting.
async fn note_paid(
    tx: &mut dyn Transaction,
    case: &Case<'_>,
    purchase: &Purchase,
) -> Result<(), SettleError> {
    let order = &purchase.order;
    tx.save_order(order).await?;
    tx.append_event(&NewEvent {
        kind: EventKind::PaymentSuccess,
        purchase,
        at: case.fact.learnt_at,
    })
    .await?;
    if order.fulfilment == Fulfilment::Pending {
        tx.add_work(WorkKind::Fulfil, order.order_no.as_str(), FULFIL_GRACE)
            .await?;
    }
    Ok(())
}

impl Case<'_> {
    /// Names the exception of this kind about this money under this payment number.
    fn key(&self, kind: ExceptionKind) -> String {
        let said = &self.fact.statement;
        format!(
            "{}:{}:{}:{}:{}",
            kind.as_str(),
            self.fact.channel,
            said.merchant_id,
            said.transaction_id.as_deref().unwrap_or("-"),
            said.payment_no,
        )
    }

    /// The journal's line. The same statement refused for another reason, or with another amount,
    /// is another line.
    fn record(&self, outcome: &str, refused: &str) -> Record {
        let said = &self.fact.statement;
        let kind = match self.fact.source {
            Source::Query => RecordKind::Query,
            _ => RecordKind::Callback,
        };
        let mut record = Record::new(self.fact.learnt_at, kind, outcome).of_fact(self.fact);
        record.request_id = self.request_id.map(str::to_owned);
        record.detail = said.evidence.clone();
        let amount = said.amount.map(|amount| amount.fen().to_string());
        record.once = Some(format!(
            "{}:{}:{}:{}:{}:{}:{refused}",
            kind.as_str(),
            self.fact.channel,
            said.payment_no,
            said.transaction_id.as_deref().unwrap_or("-"),
            said.state.as_str(),
            amount.as_deref().unwrap_or("-"),
        ));
        record
    }
}

const fn outcome_name(outcome: Paid) -> &'static str {
    match outcome {
        Paid::Now => "now",
        Paid::Already => "already",
        Paid::Late => "late",
        Paid::Twice => "twice",
    }
}
