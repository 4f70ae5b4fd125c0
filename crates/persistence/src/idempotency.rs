use async_trait::async_trait;
use cashier::{IdempotencyKey, IdempotencyStore, KeptAnswer, KeyRun, KnownKey};
use kernel::{OrderNo, StoreError};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query, SimpleExpr};
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, UpdateMany};
use time::Duration;

use crate::errors::{insert_once, store_error};
use crate::instant::{database_now, micros};
use crate::session::Session;
use crate::words::{corrupt, maybe_word};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub digest: String,
        pub run: String,
        pub lease_until: Option<i64>,
        pub order_no: Option<String>,
        pub status: Option<i64>,
        pub body: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A row beside what the database's clock says about it.
#[derive(FromQueryResult)]
struct Timed {
    digest: String,
    run: String,
    lease_until: Option<i64>,
    order_no: Option<String>,
    status: Option<i64>,
    body: Option<String>,
    updated_at: i64,
    now: i64,
}

impl Timed {
    fn known(self, life: Duration) -> Result<KnownKey, StoreError> {
        let answer = match (self.status, self.body) {
            (Some(status), Some(body)) => Some(KeptAnswer {
                status: u16::try_from(status)
                    .map_err(|error| corrupt("idempotency_keys.status", &error))?,
                body,
            }),
            _ => None,
        };
        Ok(KnownKey {
            digest: self.digest,
            run: self.run,
            leased: self.lease_until.is_some_and(|until| until > self.now),
            over: self.updated_at.saturating_add(micros(life)) <= self.now,
            order_no: maybe_word("idempotency_keys.order_no", self.order_no.as_deref())?,
            answer,
        })
    }
}

fn of(key: &IdempotencyKey) -> SimpleExpr {
    row::Column::Caller
        .eq(key.caller.as_str())
        .and(row::Column::Path.eq(key.path.as_str()))
        .and(row::Column::Key.eq(key.key.as_str()))
}

impl<C: ConnectionTrait> Session<C> {
    /// A change of a key that this run holds. An answered key is nobody's any more.
    fn change(&self, key: &IdempotencyKey, run: &str) -> UpdateMany<row::Entity> {
        row::Entity::update_many()
            .col_expr(row::Column::UpdatedAt, database_now(self.backend()))
            .filter(of(key))
            .filter(row::Column::Run.eq(run))
            .filter(row::Column::Status.is_null())
    }

    async fn changed(&self, change: UpdateMany<row::Entity>) -> Result<bool, StoreError> {
        let changed = change.exec(&self.connection).await.map_err(store_error)?;
        Ok(changed.rows_affected == 1)
    }

    async fn must_change(&self, change: UpdateMany<row::Entity>) -> Result<(), StoreError> {
        if self.changed(change).await? {
            Ok(())
        } else {
            Err(StoreError::lost_update("another run has the key"))
        }
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> IdempotencyStore for Session<C> {
    async fn insert_key(&mut self, run: &KeyRun, lease: Duration) -> Result<bool, StoreError> {
        let now = || database_now(self.backend());
        let row = Query::insert()
            .into_table(row::Entity)
            .columns([
                row::Column::Caller,
                row::Column::Path,
                row::Column::Key,
                row::Column::Digest,
                row::Column::Run,
                row::Column::LeaseUntil,
                row::Column::CreatedAt,
                row::Column::UpdatedAt,
            ])
            .values_panic([
                run.key.caller.as_str().into(),
                run.key.path.as_str().into(),
                run.key.key.as_str().into(),
                run.key.digest.as_str().into(),
                run.run.as_str().into(),
                now().add(micros(lease)),
                now(),
                now(),
            ])
            .take();
        insert_once(&self.connection, &row).await
    }

    async fn lock_key(
        &mut self,
        key: &IdempotencyKey,
        life: Duration,
    ) -> Result<Option<KnownKey>, StoreError> {
        row::Entity::find()
            .expr_as(database_now(self.backend()), "now")
            .filter(of(key))
            // On SQLite this adds nothing: whoever writes there holds the whole database.
            .lock_exclusive()
            .into_model::<Timed>()
            .one(&self.connection)
            .await
            .map_err(store_error)?
            .map(|row| row.known(life))
            .transpose()
    }

    async fn pass_key(
        &mut self,
        last: &str,
        next: &KeyRun,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let until = database_now(self.backend()).add(micros(lease));
        let change = self
            .change(&next.key, last)
            .col_expr(row::Column::Run, Expr::value(next.run.as_str()))
            .col_expr(row::Column::LeaseUntil, until);
        self.must_change(change).await
    }

    async fn bind_key(&mut self, run: &KeyRun, order_no: &OrderNo) -> Result<(), StoreError> {
        let change = self
            .change(&run.key, &run.run)
            .col_expr(row::Column::OrderNo, Expr::value(order_no.as_str()));
        self.must_change(change).await
    }

    async fn finish_key(&mut self, run: &KeyRun, answer: &KeptAnswer) -> Result<bool, StoreError> {
        let change = self
            .change(&run.key, &run.run)
            .col_expr(row::Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(row::Column::Status, Expr::value(i64::from(answer.status)))
            .col_expr(row::Column::Body, Expr::value(answer.body.as_str()));
        self.changed(change).await
    }

    async fn hold_key(&mut self, run: &KeyRun, lease: Duration) -> Result<bool, StoreError> {
        let until = database_now(self.backend()).add(micros(lease));
        let change = self
            .change(&run.key, &run.run)
            .col_expr(row::Column::LeaseUntil, until);
        self.changed(change).await
    }

    async fn release_key(&mut self, run: &KeyRun) -> Result<bool, StoreError> {
        let change = self
            .change(&run.key, &run.run)
            .col_expr(row::Column::LeaseUntil, Expr::value(None::<i64>));
        self.changed(change).await
    }

    async fn forget_key(&mut self, key: &IdempotencyKey) -> Result<(), StoreError> {
        row::Entity::delete_many()
            .filter(of(key))
            .exec(&self.connection)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn forget_keys(&mut self, life: Duration, limit: u64) -> Result<u64, StoreError> {
        let aged = || {
            let since = database_now(self.backend()).sub(micros(life));
            Expr::col(row::Column::UpdatedAt).lte(since)
        };
        let old = row::Entity::find()
            .filter(aged())
            .order_by_asc(row::Column::UpdatedAt)
            .limit(limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        let mut forgotten = 0;
        for key in old {
            // Under the condition again: it may have been taken since.
            let deleted = row::Entity::delete_by_id((key.caller, key.path, key.key))
                .filter(aged())
                .exec(&self.connection)
                .await
                .map_err(store_error)?;
            forgotten += deleted.rows_affected;
        }
        Ok(forgotten)
    }
}
