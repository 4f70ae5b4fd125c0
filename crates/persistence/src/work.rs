use async_trait::async_trait;
use cashier::{Claim, WorkKind, WorkStore};
use kernel::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType, Query, SimpleExpr};
use sea_orm::{QueryOrder, QuerySelect};
use time::Duration;

use crate::errors::{insert_once, store_error};
use crate::instant::{database_now, micros};
use crate::session::Session;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "work")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub due_at: i64,
        pub lease_until: Option<i64>,
        pub tries: i32,
        pub failures: i32,
        pub done_at: Option<i64>,
        pub last_error: Option<String>,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Session<C> {
    /// That far from now, by the database's clock.
    fn in_time(&self, length: Duration) -> SimpleExpr {
        database_now(self.backend()).add(micros(length))
    }

    /// Nobody has done it, nobody holds it, and its time has come.
    fn is_due(&self, kind: WorkKind) -> SimpleExpr {
        let free = row::Column::LeaseUntil
            .is_null()
            .or(Expr::col(row::Column::LeaseUntil).lte(database_now(self.backend())));
        row::Column::Kind
            .eq(kind.as_str())
            .and(row::Column::DoneAt.is_null())
            .and(Expr::col(row::Column::DueAt).lte(database_now(self.backend())))
            .and(free)
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> WorkStore for Session<C> {
    async fn add_work(
        &mut self,
        kind: WorkKind,
        subject: &str,
        delay: Duration,
    ) -> Result<(), StoreError> {
        let row = Query::insert()
            .into_table(row::Entity)
            .columns([
                row::Column::Kind,
                row::Column::Subject,
                row::Column::DueAt,
                row::Column::Tries,
                row::Column::Failures,
                row::Column::CreatedAt,
            ])
            .values_panic([
                kind.as_str().into(),
                subject.into(),
                self.in_time(delay),
                0.into(),
                0.into(),
                database_now(self.backend()),
            ])
            .take();
        insert_once(&self.connection, &row).await.map(|_| ())
    }

    async fn hasten_work(
        &mut self,
        kind: WorkKind,
        subject: &str,
        delay: Duration,
    ) -> Result<(), StoreError> {
        let then = self.in_time(delay);
        row::Entity::update_many()
            .col_expr(row::Column::DueAt, then.clone())
            .filter(row::Column::Kind.eq(kind.as_str()))
            .filter(row::Column::Subject.eq(subject))
            .filter(row::Column::DoneAt.is_null())
            .filter(Expr::col(row::Column::DueAt).gt(then))
            .exec(&self.connection)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn claim_work(
        &mut self,
        kind: WorkKind,
        limit: u64,
        lease: Duration,
    ) -> Result<Vec<Claim>, StoreError> {
        let due: Vec<(String, i32, i32)> = row::Entity::find()
            .select_only()
            .column(row::Column::Subject)
            .column(row::Column::Tries)
            .column(row::Column::Failures)
            .filter(self.is_due(kind))
            .order_by_asc(row::Column::DueAt)
            .order_by_asc(row::Column::Subject)
            .limit(limit)
            // On SQLite this adds nothing: whoever writes there holds the whole database.
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple()
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let subjects = due.iter().map(|(subject, ..)| subject.as_str());
        let leased = row::Entity::update_many()
            .col_expr(row::Column::LeaseUntil, self.in_time(lease))
            .col_expr(row::Column::Tries, Expr::col(row::Column::Tries).add(1))
            .filter(self.is_due(kind))
            .filter(row::Column::Subject.is_in(subjects))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        if usize::try_from(leased.rows_affected).ok() != Some(due.len()) {
            return Err(StoreError::lost_update(
                "somebody else claimed the same work",
            ));
        }
        Ok(due
            .into_iter()
            .map(|(subject, tries, failures)| Claim {
                kind,
                subject,
                tries: tries.saturating_add(1),
                failures,
            })
            .collect())
    }

    async fn finish_work(&mut self, kind: WorkKind, subject: &str) -> Result<(), StoreError> {
        row::Entity::update_many()
            .col_expr(row::Column::DoneAt, database_now(self.backend()))
            .filter(row::Column::Kind.eq(kind.as_str()))
            .filter(row::Column::Subject.eq(subject))
            // The first time it was done is the one to be remembered.
            .filter(row::Column::DoneAt.is_null())
            .exec(&self.connection)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn postpone_work(
        &mut self,
        claim: &Claim,
        delay: Duration,
        error: Option<&str>,
    ) -> Result<bool, StoreError> {
        let failures = claim.failures.saturating_add(i32::from(error.is_some()));
        let postponed = row::Entity::update_many()
            .col_expr(row::Column::Failures, Expr::value(failures))
            .col_expr(row::Column::DueAt, self.in_time(delay))
            .col_expr(row::Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(row::Column::LastError, Expr::value(error))
            .filter(row::Column::Kind.eq(claim.kind.as_str()))
            .filter(row::Column::Subject.eq(claim.subject.as_str()))
            .filter(row::Column::Tries.eq(claim.tries))
            .filter(row::Column::DoneAt.is_null())
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(postponed.rows_affected == 1)
    }
}
