//! The rows of attempts. Their store methods are in `payments`, as in the domain.

use kernel::{OrderNo, PaymentNo, StoreError};
use paydesk_money::Cny;
use payments::{AccountKey, Attempt, AttemptState};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait, Set};
use time::{Duration, OffsetDateTime};

use crate::errors::{insert, store_error};
use crate::instant::{self, database_now};
use crate::orders::CURRENCY;
use crate::words::word;

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub payment_no: String,
        pub order_no: String,
        pub account: String,
        pub channel: String,
        pub scene: String,
        pub merchant_id: String,
        pub app_id: String,
        pub amount_fen: i64,
        pub currency: String,
        pub description: String,
        pub notify_url: String,
        pub expire_at: i64,
        pub state: String,
        pub qr_code_url: Option<String>,
        pub qr_code_expire_at: Option<i64>,
        pub transaction_id: Option<String>,
        pub retry_count: i32,
        pub asked_at: Option<i64>,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Attempt {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            payment_no: word("attempts.payment_no", &row.payment_no)?,
            order_no: word("attempts.order_no", &row.order_no)?,
            account: AccountKey::new(row.account),
            channel: word("attempts.channel", &row.channel)?,
            scene: word("attempts.scene", &row.scene)?,
            merchant_id: row.merchant_id,
            app_id: row.app_id,
            amount: Cny::from_fen(row.amount_fen),
            description: row.description,
            notify_url: row.notify_url,
            expire_at: instant::read(row.expire_at)?,
            state: word("attempts.state", &row.state)?,
            code_url: row.qr_code_url,
            code_expires_at: row.qr_code_expire_at.map(instant::read).transpose()?,
            transaction_id: row.transaction_id,
            retry_count: row.retry_count,
            created_at: instant::read(row.created_at)?,
        })
    }
}

/// The columns that can change.
fn changeable(attempt: &Attempt) -> row::ActiveModel {
    row::ActiveModel {
        state: Set(attempt.state.as_str().to_owned()),
        qr_code_url: Set(attempt.code_url.clone()),
        qr_code_expire_at: Set(attempt.code_expires_at.map(instant::stored)),
        transaction_id: Set(attempt.transaction_id.clone()),
        retry_count: Set(attempt.retry_count),
        ..<row::ActiveModel as ActiveModelTrait>::default()
    }
}

pub(crate) async fn find<C: ConnectionTrait>(
    connection: &C,
    payment_no: &PaymentNo,
) -> Result<Option<Attempt>, StoreError> {
    row::Entity::find_by_id(payment_no.as_str())
        .one(connection)
        .await
        .map_err(store_error)?
        .map(TryInto::try_into)
        .transpose()
}

pub(crate) async fn lock<C: ConnectionTrait>(
    connection: &C,
    payment_no: &PaymentNo,
) -> Result<Option<Attempt>, StoreError> {
    row::Entity::find_by_id(payment_no.as_str())
        .lock_exclusive()
        .one(connection)
        .await
        .map_err(store_error)?
        .map(TryInto::try_into)
        .transpose()
}

pub(crate) async fn order_of<C: ConnectionTrait>(
    connection: &C,
    payment_no: &PaymentNo,
) -> Result<Option<OrderNo>, StoreError> {
    let found: Option<String> = row::Entity::find_by_id(payment_no.as_str())
        .select_only()
        .column(row::Column::OrderNo)
        .into_tuple()
        .one(connection)
        .await
        .map_err(store_error)?;
    found
        .map(|order_no| word("attempts.order_no", &order_no))
        .transpose()
}

/// The numbers under which money may still arrive for an order.
pub(crate) async fn live<C: ConnectionTrait>(
    connection: &C,
    order_no: &OrderNo,
) -> Result<Vec<PaymentNo>, StoreError> {
    let numbers: Vec<String> = row::Entity::find()
        .select_only()
        .column(row::Column::PaymentNo)
        .filter(row::Column::OrderNo.eq(order_no.as_str()))
        .filter(row::Column::State.is_in(AttemptState::LIVE.map(AttemptState::as_str)))
        .order_by_asc(row::Column::PaymentNo)
        .into_tuple()
        .all(connection)
        .await
        .map_err(store_error)?;
    numbers
        .iter()
        .map(|number| word("attempts.payment_no", number))
        .collect()
}

pub(crate) async fn add<C: ConnectionTrait>(
    connection: &C,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        payment_no: Set(attempt.payment_no.to_string()),
        order_no: Set(attempt.order_no.to_string()),
        account: Set(attempt.account.to_string()),
        channel: Set(attempt.channel.as_str().to_owned()),
        scene: Set(attempt.scene.as_str().to_owned()),
        merchant_id: Set(attempt.merchant_id.clone()),
        app_id: Set(attempt.app_id.clone()),
        amount_fen: Set(attempt.amount.fen()),
        currency: Set(CURRENCY.to_owned()),
        description: Set(attempt.description.clone()),
        notify_url: Set(attempt.notify_url.clone()),
        expire_at: Set(instant::stored(attempt.expire_at)),
        asked_at: Set(None),
        created_at: Set(instant::stored(attempt.created_at)),
        updated_at: Set(instant::stored(attempt.created_at)),
        ..changeable(attempt)
    };
    insert(connection, &row::Entity::insert(row).into_query()).await
}

pub(crate) async fn save<C: ConnectionTrait>(
    connection: &C,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let now = database_now(connection.get_database_backend());
    let saved = row::Entity::update_many()
        .set(changeable(attempt))
        .col_expr(row::Column::UpdatedAt, now)
        .filter(row::Column::PaymentNo.eq(attempt.payment_no.as_str()))
        .exec(connection)
        .await
        .map_err(store_error)?;
    if saved.rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::lost_update("the attempt is gone"))
    }
}

/// Notes `now` as the last time the platform was asked, unless that was less than `gap` ago. A time
/// in the future was noted by a process whose clock is ahead; it must not stop the others.
pub(crate) async fn claim_query<C: ConnectionTrait>(
    connection: &C,
    payment_no: &PaymentNo,
    now: OffsetDateTime,
    gap: Duration,
) -> Result<bool, StoreError> {
    let now = instant::stored(now);
    let long_ago = now.saturating_sub(instant::micros(gap));
    let free = row::Column::AskedAt
        .is_null()
        .or(row::Column::AskedAt.lte(long_ago))
        .or(row::Column::AskedAt.gt(now));
    let claimed = row::Entity::update_many()
        .col_expr(row::Column::AskedAt, Expr::value(now))
        .filter(row::Column::PaymentNo.eq(payment_no.as_str()))
        .filter(free)
        .exec(connection)
        .await
        .map_err(store_error)?;
    Ok(claimed.rows_affected == 1)
}
