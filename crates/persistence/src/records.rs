//! The rows of the journal. The store method is in `payments`, as in the domain.

use kernel::StoreError;
use payments::Record;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryTrait, Set};

use crate::errors::{insert_once, store_error};
use crate::instant;
use crate::words::to_json;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment_records")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub at: i64,
        pub kind: String,
        pub outcome: String,
        pub order_no: Option<String>,
        pub payment_no: Option<String>,
        pub transaction_id: Option<String>,
        pub channel: Option<String>,
        pub account: Option<String>,
        pub amount_fen: Option<i64>,
        pub duration_ms: Option<i64>,
        pub request_id: Option<String>,
        pub detail: String,
        pub once: Option<String>,
        pub repeats: i64,
        pub last_repeat_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) async fn append<C: ConnectionTrait>(
    connection: &C,
    record: &Record,
) -> Result<bool, StoreError> {
    let line = row::ActiveModel {
        at: Set(instant::stored(record.at)),
        kind: Set(record.kind.as_str().to_owned()),
        outcome: Set(record.outcome.clone()),
        order_no: Set(record.order_no.as_ref().map(ToString::to_string)),
        payment_no: Set(record.payment_no.clone()),
        transaction_id: Set(record.transaction_id.clone()),
        channel: Set(record.channel.map(|channel| channel.as_str().to_owned())),
        account: Set(record.account.as_ref().map(ToString::to_string)),
        amount_fen: Set(record.amount.map(paydesk_money::Cny::fen)),
        duration_ms: Set(record.duration_ms),
        request_id: Set(record.request_id.clone()),
        detail: Set(to_json(&record.detail)?),
        once: Set(record.once.clone()),
        ..<row::ActiveModel as ActiveModelTrait>::default()
    };
    let is_new = insert_once(connection, &row::Entity::insert(line).into_query()).await?;
    if !is_new {
        row::Entity::update_many()
            .col_expr(row::Column::Repeats, Expr::col(row::Column::Repeats).add(1))
            .col_expr(
                row::Column::LastRepeatAt,
                Expr::value(instant::stored(record.at)),
            )
            .filter(row::Column::Once.eq(record.once.as_deref()))
            .exec(connection)
            .await
            .map_err(store_error)?;
    }
    Ok(is_new)
}
