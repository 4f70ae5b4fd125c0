//! Money that goes back without anybody having asked for it.

use kernel::{RefundNo, StoreError};
use payments::{Attempt, Record, RecordKind, Refund, RefundReason};
use time::{Duration, OffsetDateTime};

use crate::{Transaction, WorkKind};

/// Writes down that all of what an attempt brought in is owed back: the refund, its amount reserved
/// on the payment, the work of sending it, and a line of the journal. In the transaction of the fact
/// that causes it, with the order locked, so that its number is the next one whoever counts.
pub(crate) async fn owe(
    tx: &mut dyn Transaction,
    attempt: &Attempt,
    transaction_id: &str,
    reason: RefundReason,
    at: OffsetDateTime,
) -> Result<Refund, StoreError> {
    let before = tx.find_refunds(&attempt.payment_no).await?.len() as u64;
    let refund_no = RefundNo::nth(&attempt.payment_no, before + 1).ok_or_else(|| {
        StoreError::corrupt("an attempt has more refunds than it can have numbers")
    })?;
    let refund = Refund::in_full(refund_no, attempt, transaction_id, reason, at);
    if !tx.insert_refund(&refund).await? {
        return Err(StoreError::corrupt(
            "what was just received has been given back already",
        ));
    }
    tx.add_work(WorkKind::Refund, refund.refund_no.as_str(), Duration::ZERO)
        .await?;
    let mut record = Record::new(at, RecordKind::RefundDue, reason.as_str()).about(attempt);
    record.transaction_id = Some(transaction_id.to_owned());
    record.detail = serde_json::json!({ "refund_no": refund.refund_no.as_str() });
    tx.append_record(&record).await?;
    Ok(refund)
}
