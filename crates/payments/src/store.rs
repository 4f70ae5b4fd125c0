use async_trait::async_trait;
use kernel::{OrderNo, PaymentNo, StoreError};
use paydesk_provider::Channel;
use time::{Duration, OffsetDateTime};

use crate::{Attempt, Payment, Record, Refund, Verdict};

/// Reading what is committed.
#[async_trait]
pub trait PaymentReads: Send {
    /// An attempt, without a lock.
    async fn find_attempt(&mut self, payment_no: &PaymentNo)
    -> Result<Option<Attempt>, StoreError>;
    /// What we made of money that a platform took under its number, and for which order.
    async fn find_verdict(
        &mut self,
        channel: Channel,
        merchant_id: &str,
        transaction_id: &str,
    ) -> Result<Option<(Verdict, Option<OrderNo>)>, StoreError>;
    /// The refunds of an attempt's money, by number.
    async fn find_refunds(&mut self, payment_no: &PaymentNo) -> Result<Vec<Refund>, StoreError>;
}

/// Writing.
#[async_trait]
pub trait PaymentStore: PaymentReads {
    /// The order of an attempt; a plain read, because an attempt never changes its order.
    async fn find_order_no(
        &mut self,
        payment_no: &PaymentNo,
    ) -> Result<Option<OrderNo>, StoreError>;
    /// Stores a new attempt. Its number must be new.
    async fn insert_attempt(&mut self, attempt: &Attempt) -> Result<(), StoreError>;
    /// An attempt, locked until the transaction ends. Lock its order first.
    async fn lock_attempt(&mut self, payment_no: &PaymentNo)
    -> Result<Option<Attempt>, StoreError>;
    /// Writes what can change on a locked attempt: state, code, platform's number, repeats.
    async fn save_attempt(&mut self, attempt: &Attempt) -> Result<(), StoreError>;
    /// Takes the right to ask the platform about an attempt, unless somebody took it within `gap`.
    async fn claim_query(
        &mut self,
        payment_no: &PaymentNo,
        now: OffsetDateTime,
        gap: Duration,
    ) -> Result<bool, StoreError>;
    /// The numbers of an order's attempts under which money may still arrive. Lock the order first.
    async fn live_attempts(&mut self, order_no: &OrderNo) -> Result<Vec<PaymentNo>, StoreError>;
    /// Stores received money; `false`, changing nothing, when the platform's number is known.
    async fn insert_payment(&mut self, payment: &Payment) -> Result<bool, StoreError>;
    /// Gives unexpected money its order and verdict, once it fits; `false` when it had one.
    async fn settle_payment(&mut self, payment: &Payment) -> Result<bool, StoreError>;
    /// Stores a new refund and reserves its amount on the payment, both or neither; `false`, changing
    /// nothing, when less than that is left of what was received.
    async fn insert_refund(&mut self, refund: &Refund) -> Result<bool, StoreError>;
    /// Adds a line to the journal. Where its `once` is known, raises that line's counter instead;
    /// `false` then.
    async fn append_record(&mut self, record: &Record) -> Result<bool, StoreError>;
}
