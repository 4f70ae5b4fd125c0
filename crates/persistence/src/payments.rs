use async_trait::async_trait;
use kernel::{OrderNo, PaymentNo, StoreError};
use paydesk_provider::Channel;
use payments::{Attempt, Payment, PaymentReads, PaymentStore, Record, Refund, Verdict};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QuerySelect, QueryTrait, Set};
use time::{Duration, OffsetDateTime};

use crate::errors::{insert_once, store_error};
use crate::session::Session;
use crate::words::{corrupt, maybe_word, to_json};
use crate::{attempts, instant, records, refunds};

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
        pub reserved_fen: i64,
        pub refunded_fen: i64,
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
    ) -> Result<Option<(Verdict, Option<OrderNo>)>, StoreError> {
        let key = (
            channel.as_str().to_owned(),
            merchant_id.to_owned(),
            transaction_id.to_owned(),
        );
        let found: Option<(String, Option<String>)> = row::Entity::find_by_id(key)
            .select_only()
            .column(row::Column::Verdict)
            .column(row::Column::OrderNo)
            .into_tuple()
            .one(&self.connection)
            .await
            .map_err(store_error)?;
        let Some((name, order_no)) = found else {
            return Ok(None);
        };
        let verdict = VERDICTS
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
            .ok_or_else(|| corrupt("payments.verdict", &name))?;
        let order_no = maybe_word("payments.order_no", order_no.as_deref())?;
        Ok(Some((verdict, order_no)))
    }

    async fn find_refunds(&mut self, payment_no: &PaymentNo) -> Result<Vec<Refund>, StoreError> {
        refunds::of_payment(&self.connection, payment_no).await
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

    async fn live_attempts(&mut self, order_no: &OrderNo) -> Result<Vec<PaymentNo>, StoreError> {
        attempts::live(&self.connection, order_no).await
    }

    async fn insert_payment(&mut self, payment: &Payment) -> Result<bool, StoreError> {
        let row = row::ActiveModel {
            channel: Set(payment.channel.as_str().to_owned()),
            merchant_id: Set(payment.merchant_id.clone()),
            transaction_id: Set(payment.transaction_id.clone()),
            source: Set(payment.source.as_str().to_owned()),
            received_at: Set(instant::stored(payment.received_at)),
            reserved_fen: Set(0),
            refunded_fen: Set(0),
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

    async fn insert_refund(&mut self, refund: &Refund) -> Result<bool, StoreError> {
        let reserved = Expr::col(row::Column::ReservedFen).add(refund.amount.fen());
        let spoken_for = reserved.clone().add(Expr::col(row::Column::RefundedFen));
        let held = row::Entity::update_many()
            .col_expr(row::Column::ReservedFen, reserved)
            .filter(row::Column::Channel.eq(refund.channel.as_str()))
            .filter(row::Column::MerchantId.eq(refund.merchant_id.as_str()))
            .filter(row::Column::TransactionId.eq(refund.transaction_id.as_str()))
            .filter(spoken_for.lte(Expr::col(row::Column::AmountFen)))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        if held.rows_affected != 1 {
            return Ok(false);
        }
        refunds::add(&self.connection, refund).await?;
        Ok(true)
    }

    async fn append_record(&mut self, record: &Record) -> Result<bool, StoreError> {
        records::append(&self.connection, record).await
    }
}
