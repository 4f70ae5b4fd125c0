use kernel::StoreError;
use orders::{OrderState, Purchase};
use paydesk_provider::{Answer, Found, ProviderError};
use payments::{Attempt, Fact, Record, RecordKind, Source};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tracing::instrument;

use crate::checkout::detail_of;
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
    /// The platform was asked, and nothing changed.
    Unpaid,
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

    /// Asks about an order that waits for money, and settles the answer through the same gate as a
    /// callback.
    ///
    /// A platform that cannot be asked, or whose answer settles nothing, changes nothing: only the
    /// store's failure is an error.
    #[instrument(skip_all, fields(payment.no = %purchase.attempt.payment_no))]
    pub async fn ask(&self, purchase: &Purchase) -> Result<Asked, StoreError> {
        if matches!(purchase.order.state, OrderState::Paid { .. }) {
            return Ok(Asked::NotNow);
        }
        let attempt = &purchase.attempt;
        let Some(merchant) = self.ports.merchants.get(&attempt.account) else {
            return Ok(Asked::NotNow);
        };
        let now = self.ports.clock.now();
        if !retried(|| self.claim(attempt, now)).await? {
            return Ok(Asked::NotNow);
        }
        let answer = merchant.provider.query(attempt.payment_no.as_str()).await;
        let learnt_at = self.ports.clock.now();
        let took = learnt_at - now;
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
                self.settle(&fact, request_id.as_deref()).await
            }
            other => {
                self.note(attempt, &other, now, took).await?;
                Ok(Asked::Unpaid)
            }
        }
    }

    async fn settle(&self, fact: &Fact, request_id: Option<&str>) -> Result<Asked, StoreError> {
        match self.settlement.settle(fact, request_id).await {
            Ok(Settled::Order { order_no, paid }) => {
                if paid.pays_the_order() {
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

    async fn note(
        &self,
        attempt: &Attempt,
        answer: &Result<Answer<Found>, ProviderError>,
        at: OffsetDateTime,
        took: Duration,
    ) -> Result<(), StoreError> {
        let (outcome, request_id, detail) = match answer {
            Ok(Answer {
                value: Found::Payment(statement),
                request_id,
            }) => (
                statement.state.as_str(),
                request_id.clone(),
                statement.evidence.clone(),
            ),
            Ok(Answer {
                value: Found::NoSuchPayment,
                request_id,
            }) => ("no_such_payment", request_id.clone(), Value::Null),
            Err(error) => (
                error.kind(),
                error.details().request_id.clone(),
                detail_of(error),
            ),
        };
        let mut record = Record::new(at, RecordKind::Query, outcome).about(attempt);
        record.duration_ms = i64::try_from(took.whole_milliseconds()).ok();
        record.request_id = request_id;
        record.detail = detail;
        // The same answer again is the same line with a higher count.
        let code = answer
            .as_ref()
            .err()
            .and_then(|error| error.details().code.as_deref());
        let code = code.unwrap_or_default();
        record.once = Some(format!("query:{}:{outcome}:{code}", attempt.payment_no));
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            tx.append_record(&record).await?;
            tx.commit().await
        })
        .await
    }
}
