use async_trait::async_trait;
use kernel::{OrderNo, PaymentNo, StoreError};
use paydesk_provider::Channel;
use payments::{Attempt, Payment, PaymentReads, PaymentStore, Record, Verdict};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, QueryTrait, Set};
use time::{Duration, OffsetDateTime};

use crate::errors::{insert_once, store_error};
use crate::session::Session;
use crate::words::{corrupt, to_json};
use crate::{attempts, instant, records};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "payments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub merchant_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub transaction_id: String,
        pub payment_no: String,
        pub order_no: Option<String>,
        pub account: String,
        pub amount_fen: Option<i64>,
        pub currency: String,
        pub verdict: String,
        pub source: String,
        pub paid_at: Option<i64>,
        pub received_at: i64,
        pub callback_data: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const VERDICTS: [Verdict; 3] = [Verdict::Settled, Verdict::Surplus, Verdict::Unexpected];

/// What a platform may state differently the next time, and what we conclude from it.
fn changeable(payment: &Payment) -> Result<row::ActiveModel, StoreError> {
    Ok(row::ActiveModel {
        payment_no: Set(payment.payment_no.clone()),
        order_no: Set(payment.order_no.as_ref().map(ToString::to_string)),
        account: Set(payment.account.to_string()),
        amount_fen: Set(payment.amount.map(paydesk_money::Cny::fen)),
        currency: Set(payment.currency.clone()),
        verdict: Set(payment.verdict.as_str().to_owned()),
        paid_at: Set(payment.paid_at.map(instant::stored)),
        callback_data: Set(to_json(&payment.callback_data)?),
        ..<row::ActiveModel as ActiveModelTrait>::default()
    })
}

#[async_trait]
impl<C: ConnectionTrait + Send> PaymentReads for Session<C> {
    async fn find_attempt(
        &mut self,
        payment_no: &PaymentNo,
    ) -> Result<Option<Attempt>, StoreError> {
        attempts::find(&self.connection, payment_no).await
    }

    async fn find_verdict(
        &mut self,
        channel: Channel,
        merchant_id: &str,
        transaction_id: &str,
    ) -> Result<Option<Verdict>, StoreError> {
        let key = (
            channel.as_str().to_owned(),
            merchant_id.to_owned(),
            transaction_id.to_owned(),
        );
        let found: Option<String> = row::Entity::find_by_id(key)
            .select_only()
            .column(row::Column::Verdict)
            .into_tuple()
            .one(&self.connection)
            .await
            .map_err(store_error)?;
        let Some(word) = found else {
            return Ok(None);
        };
        VERDICTS
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
            .map(Some)
            .ok_or_else(|| corrupt("payments.verdict", &word))
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> PaymentStore for Session<C> {
    async fn find_order_no(
        &mut self,
        payment_no: &PaymentNo,
    ) -> Result<Option<OrderNo>, StoreError> {
        attempts::order_of(&self.connection, payment_no).await
    }

    async fn insert_attempt(&mut self, attempt: &Attempt) -> Result<(), StoreError> {
        attempts::add(&self.connection, attempt).await
    }

    async fn lock_attempt(
        &mut self,
        payment_no: &PaymentNo,
    ) -> Result<Option<Attempt>, StoreError> {
        attempts::lock(&self.connection, payment_no).await
    }

    async fn save_attempt(&mut self, attempt: &Attempt) -> Result<(), StoreError> {
        attempts::save(&self.connection, attempt).await
    }

    async fn claim_query(
        &mut self,
        payment_no: &PaymentNo,
        now: OffsetDateTime,
        gap: Duration,
    ) -> Result<bool, StoreError> {
        attempts::claim_query(&self.connection, payment_no, now, gap).await
    }

    async fn insert_payment(&mut self, payment: &Payment) -> Result<bool, StoreError> {
        let row = row::ActiveModel {
            channel: Set(payment.channel.as_str().to_owned()),
            merchant_id: Set(payment.merchant_id.clone()),
            transaction_id: Set(payment.transaction_id.clone()),
            source: Set(payment.source.as_str().to_owned()),
            received_at: Set(instant::stored(payment.received_at)),
            ..changeable(payment)?
        };
        insert_once(&self.connection, &row::Entity::insert(row).into_query()).await
    }

    async fn settle_payment(&mut self, payment: &Payment) -> Result<bool, StoreError> {
        let settled = row::Entity::update_many()
            .set(changeable(payment)?)
            .filter(row::Column::Channel.eq(payment.channel.as_str()))
            .filter(row::Column::MerchantId.eq(payment.merchant_id.as_str()))
            .filter(row::Column::TransactionId.eq(payment.transaction_id.as_str()))
            .filter(row::Column::OrderNo.is_null())
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(settled.rows_affected == 1)
    }

    async fn append_record(&mut self, record: &Record) -> Result<bool, StoreError> {
        records::append(&self.connection, record).await
    }
}
