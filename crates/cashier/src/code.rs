use kernel::{OrderNo, StoreError};
use orders::{CloseReason, OrderState, Purchase};
use paydesk_provider::{Advice, Answer, Created, ProviderError};
use payments::{Attempt, AttemptState, Record, RecordKind};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::conflict::retried;
use crate::{Ports, Transaction, WorkKind, closing};

/// A request whose outcome is unknown is asked about after this long.
const SOON: Duration = Duration::seconds(5);

/// Asking a platform for a code to pay with, the first time and again.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    ports: Ports,
}

/// There is no code, for now or for good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    /// The order stands, but the platform gave no code.
    #[error("order {order_no} has no code yet")]
    Provider {
        order_no: OrderNo,
        source: ProviderError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Codes {
    pub(crate) const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Asks the platform and notes what it said, whatever it said.
    pub(crate) async fn ask(&self, purchase: Purchase) -> Result<Purchase, CodeError> {
        let order_no = purchase.order.order_no.clone();
        let attempt = &purchase.attempt;
        let Some(merchant) = self.ports.merchants.of(attempt) else {
            let source = ProviderError::not_sent("the account is no longer configured as it was");
            return Err(CodeError::Provider { order_no, source });
        };
        let asked_at = self.ports.clock.now();
        let answer = merchant.provider.create(&attempt.request()).await;
        let took = self.ports.clock.now() - asked_at;
        let record = record_of(attempt, &answer, asked_at, took);
        let noted = retried(|| self.note(&purchase, &answer, &record)).await?;
        match answer {
            Err(source) if noted.attempt.state != AttemptState::Paid => {
                Err(CodeError::Provider { order_no, source })
            }
            _ => Ok(noted),
        }
    }

    async fn note(
        &self,
        asked: &Purchase,
        answer: &Result<Answer<Created>, ProviderError>,
        record: &Record,
    ) -> Result<Purchase, StoreError> {
        let gone = || StoreError::lost_update("the order that was just placed is missing");
        let mut tx = self.ports.database.begin().await?;
        let order_no = &asked.order.order_no;
        let mut order = tx.lock_order(order_no).await?.ok_or_else(gone)?;
        let number = &asked.attempt.payment_no;
        let mut attempt = tx.lock_attempt(number).await?.ok_or_else(gone)?;
        let mut refused = false;
        match answer {
            Ok(created) => attempt.opened(&asked.attempt, &created.value),
            // A request that could not be sent is worth another try; a refusal is final.
            Err(error) if error.did_not_happen() && error.advice() == Advice::Never => {
                refused = attempt.refused();
            }
            // A buyer is waiting: whether it got through is asked soon.
            Err(_) => {
                tx.hasten_work(WorkKind::Poll, attempt.payment_no.as_str(), SOON)
                    .await?;
            }
        }
        tx.save_attempt(&attempt).await?;
        tx.append_record(record).await?;
        // An order that was closing and waited for this attempt only is closed by its refusal, too.
        let reason = match order.state {
            OrderState::Closing { reason } => Some(reason),
            _ => Some(CloseReason::Rejected).filter(|_| order.payment_no == attempt.payment_no),
        };
        let ended = match reason {
            Some(reason) if refused => {
                closing::end(&mut *tx, &mut order, reason, record.at).await?
            }
            _ => false,
        };
        // The buyer may have chosen another platform meanwhile: what is shown is the order's attempt.
        if order.payment_no != attempt.payment_no {
            attempt = tx.find_attempt(&order.payment_no).await?.ok_or_else(gone)?;
        }
        tx.commit().await?;
        if ended {
            self.ports.wake.wake();
        }
        Ok(Purchase { order, attempt })
    }

    /// Whether the buyer waits for a code whose request had no known outcome.
    pub(crate) fn is_missing(&self, purchase: &Purchase) -> bool {
        purchase.attempt.state == AttemptState::Unknown
            && purchase.order.state == OrderState::Pending
            && self.ports.clock.now() < purchase.attempt.expire_at
    }

    /// Repeats the request for a code where that is missing, and tells what the platform did.
    pub(crate) async fn ask_again(&self, purchase: &Purchase) -> Result<Purchase, CodeError> {
        let (again, purchase) = self.begin_repeat(purchase).await?;
        if again {
            self.ask(purchase).await
        } else {
            Ok(purchase)
        }
    }

    /// Repeats the request for a code, and shows what came of it.
    pub(crate) async fn repeat(&self, purchase: Purchase) -> Result<Purchase, StoreError> {
        let (again, purchase) = self.begin_repeat(&purchase).await?;
        if !again {
            return Ok(purchase);
        }
        match self.ask(purchase.clone()).await {
            Ok(purchase) => Ok(purchase),
            Err(CodeError::Store(error)) => Err(error),
            // Noted in the journal; the order is shown as it is.
            Err(CodeError::Provider { .. }) => Ok(purchase),
        }
    }

    /// Notes a repeat that is still to be made; whether it is.
    async fn begin_repeat(&self, purchase: &Purchase) -> Result<(bool, Purchase), StoreError> {
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let mut purchase = lock(&mut *tx, purchase).await?;
            let again = self.is_missing(&purchase);
            if again {
                note_repeat(&mut *tx, &mut purchase.attempt).await?;
            }
            tx.commit().await?;
            Ok((again, purchase))
        })
        .await
    }
}

/// Reads a purchase again, locked, with the attempt that it shows now.
pub(crate) async fn lock(
    tx: &mut dyn Transaction,
    purchase: &Purchase,
) -> Result<Purchase, StoreError> {
    let gone = || StoreError::lost_update("an order is missing");
    let order = tx
        .lock_order(&purchase.order.order_no)
        .await?
        .ok_or_else(gone)?;
    let attempt = tx.lock_attempt(&order.payment_no).await?.ok_or_else(gone)?;
    Ok(Purchase { order, attempt })
}

/// Notes a repeat before it leaves: from here on a refusal proves nothing.
pub(crate) async fn note_repeat(
    tx: &mut dyn Transaction,
    attempt: &mut Attempt,
) -> Result<(), StoreError> {
    attempt.retry_count += 1;
    tx.save_attempt(attempt).await
}

fn record_of(
    attempt: &Attempt,
    answer: &Result<Answer<Created>, ProviderError>,
    at: OffsetDateTime,
    took: Duration,
) -> Record {
    let (outcome, request_id, detail) = match answer {
        Ok(answer) => ("opened", answer.request_id.clone(), Value::Null),
        Err(error) => (
            error.kind(),
            error.details().request_id.clone(),
            detail_of(error),
        ),
    };
    let mut record = Record::new(at, RecordKind::Create, outcome).about(attempt);
    record.duration_ms = i64::try_from(took.whole_milliseconds()).ok();
    record.request_id = request_id;
    record.detail = detail;
    record
}

/// What is worth keeping of a failed exchange.
pub(crate) fn detail_of(error: &ProviderError) -> Value {
    let details = error.details();
    json!({ "status": details.status, "code": details.code, "message": details.message })
}
