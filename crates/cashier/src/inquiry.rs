use kernel::StoreError;
use orders::{OrderState, Purchase};
use paydesk_provider::{Answer, Closed, Found, ProviderError};
use payments::{Attempt, Fact, Record, RecordKind, Source};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tracing::instrument;

use crate::code::detail_of;
use crate::conflict::retried;
use crate::{Fulfilment, Ports, SettleError, Settled, Settlement};

/// The platform is asked about one payment at most once in this time.
const GAP: Duration = Duration::seconds(5);

/// Asking a platform about a payment, for when its callback does not come.
#[derive(Clone, Debug)]
pub struct Inquiry {
    ports: Ports,
    settlement: Settlement,
    fulfilment: Fulfilment,
}

/// What asking came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nobody was asked: the order does not wait, or the platform was asked a moment ago.
    NotNow,
    /// The platform was asked, and nothing is proven: money may still arrive.
    Unpaid,
    /// Asked to close, the platform said that it is paid, but not in a way that could be settled: money
    /// is on its way, and nothing may be ended for want of it.
    SaidPaid,
    /// The platform proved that nobody can pay under this number any more.
    Over,
    /// What the platform said has been settled.
    Changed,
}

impl Inquiry {
    /// Inquiries that settle what they find.
    pub const fn new(ports: Ports, settlement: Settlement, fulfilment: Fulfilment) -> Self {
        Self {
            ports,
            settlement,
            fulfilment,
        }
    }

    /// Asks about an order that waits for money, unless somebody has just asked.
    #[instrument(skip_all, fields(payment.no = %purchase.attempt.payment_no))]
    pub async fn ask(&self, purchase: &Purchase) -> Result<Asked, StoreError> {
        if matches!(purchase.order.state, OrderState::Paid { .. }) {
            return Ok(Asked::NotNow);
        }
        let now = self.ports.clock.now();
        if !retried(|| self.claim(&purchase.attempt, now)).await? {
            return Ok(Asked::NotNow);
        }
        self.look(&purchase.attempt).await
    }

    /// Asks the platform to let nobody pay any more, and then what it knows: a platform may accept to
    /// close what it does not know, and somebody may have paid meanwhile.
    #[instrument(skip_all, fields(payment.no = %attempt.payment_no))]
    pub async fn close(&self, attempt: &Attempt) -> Result<Asked, StoreError> {
        let Some(merchant) = self.ports.merchants.of(attempt) else {
            return Ok(Asked::NotNow);
        };
        let at = self.ports.clock.now();
        let answer = merchant.provider.close(attempt.payment_no.as_str()).await;
        let took = self.ports.clock.now() - at;
        let told = Told::of(&answer, |closed| match closed {
            Closed::Accepted => ("accepted", Value::Null),
            Closed::AlreadyPaid => ("already_paid", Value::Null),
            Closed::NoSuchPayment => ("no_such_payment", Value::Null),
        });
        let record = told.record(RecordKind::Close, attempt, at, took);
        let said_paid = matches!(&answer, Ok(answer) if answer.value == Closed::AlreadyPaid);
        match self.look_after(attempt, vec![record]).await? {
            Asked::Unpaid if said_paid => Ok(Asked::SaidPaid),
            asked => Ok(asked),
        }
    }

    /// Asks about an attempt, and settles the answer through the same gate as a callback.
    ///
    /// A platform that cannot be asked, or whose answer settles nothing, changes nothing: only the
    /// store's failure is an error.
    pub async fn look(&self, attempt: &Attempt) -> Result<Asked, StoreError> {
        self.look_after(attempt, Vec::new()).await
    }

    /// The same, with what was done before to be noted in one go.
    async fn look_after(
        &self,
        attempt: &Attempt,
        mut done: Vec<Record>,
    ) -> Result<Asked, StoreError> {
        let Some(merchant) = self.ports.merchants.of(attempt) else {
            return Ok(Asked::NotNow);
        };
        let at = self.ports.clock.now();
        let answer = merchant.provider.query(attempt.payment_no.as_str()).await;
        let learnt_at = self.ports.clock.now();
        match answer {
            Ok(Answer {
                value: Found::Payment(statement),
                request_id,
            }) if statement.state.was_paid() => {
                let fact = Fact {
                    statement: *statement,
                    channel: attempt.channel,
                    account: attempt.account.clone(),
                    source: Source::Query,
                    learnt_at,
                };
                self.note(&done).await?;
                self.settle(&fact, request_id.as_deref()).await
            }
            other => {
                let told = Told::of(&other, |found| match found {
                    Found::Payment(said) => (said.state.as_str(), said.evidence.clone()),
                    Found::NoSuchPayment => ("no_such_payment", Value::Null),
                });
                done.push(told.record(RecordKind::Query, attempt, at, learnt_at - at));
                self.note(&done).await?;
                let over = other.is_ok_and(|answer| attempt.is_over_by(&answer.value, learnt_at));
                Ok(if over { Asked::Over } else { Asked::Unpaid })
            }
        }
    }

    async fn settle(&self, fact: &Fact, request_id: Option<&str>) -> Result<Asked, StoreError> {
        match self.settlement.settle(fact, request_id).await {
            Ok(Settled::Order { order_no, paid }) => {
                if self.settlement.leads_to_goods(paid) {
                    self.fulfilment.start(order_no);
                }
                Ok(Asked::Changed)
            }
            Ok(Settled::DealtWith) => Ok(Asked::Unpaid),
            Err(SettleError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the platform's answer settles nothing");
                Ok(Asked::Unpaid)
            }
        }
    }

    async fn claim(&self, attempt: &Attempt, now: OffsetDateTime) -> Result<bool, StoreError> {
        let mut tx = self.ports.database.begin().await?;
        let ours = tx.claim_query(&attempt.payment_no, now, GAP).await?;
        tx.commit().await?;
        Ok(ours)
    }

    async fn note(&self, records: &[Record]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            for record in records {
                tx.append_record(record).await?;
            }
            tx.commit().await
        })
        .await
    }
}

/// What a platform answered, as the journal keeps it.
struct Told<'a> {
    outcome: &'a str,
    code: &'a str,
    request_id: Option<&'a str>,
    detail: Value,
}

impl<'a> Told<'a> {
    fn of<T>(
        answer: &'a Result<Answer<T>, ProviderError>,
        name: impl FnOnce(&'a T) -> (&'a str, Value),
    ) -> Self {
        match answer {
            Ok(answer) => {
                let (outcome, detail) = name(&answer.value);
                Self {
                    outcome,
                    code: "",
                    request_id: answer.request_id.as_deref(),
                    detail,
                }
            }
            Err(error) => Self {
                outcome: error.kind(),
                code: error.details().code.as_deref().unwrap_or_default(),
                request_id: error.details().request_id.as_deref(),
                detail: detail_of(error),
            },
        }
    }

    fn record(
        self,
        kind: RecordKind,
        attempt: &Attempt,
        at: OffsetDateTime,
        took: Duration,
    ) -> Record {
        let mut record = Record::new(at, kind, self.outcome).about(attempt);
        record.duration_ms = i64::try_from(took.whole_milliseconds()).ok();
        record.request_id = self.request_id.map(str::to_owned);
        // The same answer again is the same line with a higher count.
        let (kind, number) = (kind.as_str(), &attempt.payment_no);
        record.once = Some(format!("{kind}:{number}:{}:{}", self.outcome, self.code));
        record.detail = self.detail;
        record
    }
}
