use async_trait::async_trait;
use cashier::{Exception, ExceptionKind, ExceptionStore, Raised};
use kernel::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait, Set};
use time::OffsetDateTime;

use crate::errors::{insert_once, store_error};
use crate::instant;
use crate::session::Session;
use crate::words::{corrupt, json, maybe_word, present, to_json};

/// Waits for a person.
const OPEN: &str = "open";
/// Needs nobody any more.
const RESOLVED: &str = "resolved";

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "exceptions")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub key: String,
        pub kind: String,
        pub state: String,
        pub order_no: Option<String>,
        pub payment_no: Option<String>,
        pub transaction_id: Option<String>,
        pub amount_fen: Option<i64>,
        pub detail: String,
        pub resolution: Option<String>,
        pub raised_at: i64,
        pub told_at: Option<i64>,
        pub resolved_at: Option<i64>,
        pub seen: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[async_trait]
impl<C: ConnectionTrait + Send> ExceptionStore for Session<C> {
    async fn raise_exception(&mut self, exception: &Exception) -> Result<Raised, StoreError> {
        let row = row::ActiveModel {
            key: Set(exception.key.clone()),
            kind: Set(exception.kind.as_str().to_owned()),
            state: Set(OPEN.to_owned()),
            order_no: Set(exception.order_no.as_ref().map(ToString::to_string)),
            payment_no: Set(exception.payment_no.clone()),
            transaction_id: Set(exception.transaction_id.clone()),
            amount_fen: Set(exception.amount.map(paydesk_money::Cny::fen)),
            detail: Set(to_json(&exception.detail)?),
            raised_at: Set(instant::stored(exception.at)),
            seen: Set(1),
            ..<row::ActiveModel as ActiveModelTrait>::default()
        };
        if insert_once(&self.connection, &row::Entity::insert(row).into_query()).await? {
            return Ok(Raised::New);
        }
        row::Entity::update_many()
            .col_expr(row::Column::Seen, Expr::col(row::Column::Seen).add(1))
            .filter(row::Column::Key.eq(exception.key.as_str()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        let state: Option<String> = row::Entity::find()
            .select_only()
            .column(row::Column::State)
            .filter(row::Column::Key.eq(exception.key.as_str()))
            .into_tuple()
            .one(&self.connection)
            .await
            .map_err(store_error)?;
        match state.as_deref() {
            Some(OPEN) => Ok(Raised::Open),
            Some(RESOLVED) => Ok(Raised::Settled),
            unknown => Err(corrupt("exceptions.state", &unknown.unwrap_or("missing"))),
        }
    }

    async fn resolve_exception(
        &mut self,
        key: &str,
        resolution: &str,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let resolved = row::ActiveModel {
            state: Set(RESOLVED.to_owned()),
            resolution: Set(Some(resolution.to_owned())),
            resolved_at: Set(Some(instant::stored(at))),
            ..<row::ActiveModel as ActiveModelTrait>::default()
        };
        row::Entity::update_many()
            .set(resolved)
            .filter(row::Column::Key.eq(key))
            .filter(row::Column::State.eq(OPEN))
            .exec(&self.connection)
            .await
            .map(|result| result.rows_affected == 1)
            .map_err(store_error)
    }

    async fn find_untold(
        &mut self,
        before: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<Exception>, StoreError> {
        row::Entity::find()
            .filter(row::Column::ToldAt.is_null())
            .filter(row::Column::RaisedAt.lt(instant::stored(before)))
            .order_by_asc(row::Column::RaisedAt)
            .limit(limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    async fn mark_told(&mut self, key: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        row::Entity::update_many()
            .col_expr(row::Column::ToldAt, Expr::value(instant::stored(at)))
            .filter(row::Column::Key.eq(key))
            .filter(row::Column::ToldAt.is_null())
            .exec(&self.connection)
            .await
            .map(|_| ())
            .map_err(store_error)
    }
}

impl TryFrom<row::Model> for Exception {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            kind: present("exceptions.kind", ExceptionKind::named(&row.kind))?,
            key: row.key,
            order_no: maybe_word("exceptions.order_no", row.order_no.as_deref())?,
            payment_no: row.payment_no,
            transaction_id: row.transaction_id,
            amount: row.amount_fen.map(paydesk_money::Cny::from_fen),
            detail: json("exceptions.detail", &row.detail)?,
            at: instant::read(row.raised_at)?,
        })
    }
}
