use async_trait::async_trait;
use cashier::AccountStore;
use kernel::{StoreError, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryTrait, Set};

use crate::errors::{insert_once, store_error};
use crate::session::Session;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[async_trait]
impl<C: ConnectionTrait + Send> AccountStore for Session<C> {
    async fn lock_account(&mut self, user_id: &UserId) -> Result<(), StoreError> {
        if self.raise_version(user_id).await? {
            return Ok(());
        }
        let first = row::ActiveModel {
            user_id: Set(user_id.to_string()),
            version: Set(1),
        };
        let row = row::Entity::insert(first).into_query();
        // Where it is there by now, another transaction made it: then it is there to be locked.
        if insert_once(&self.connection, &row).await? || self.raise_version(user_id).await? {
            return Ok(());
        }
        Err(StoreError::lost_update("the account"))
    }
}

impl<C: ConnectionTrait> Session<C> {
    async fn raise_version(&self, user_id: &UserId) -> Result<bool, StoreError> {
        let raised = row::Entity::update_many()
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(1))
            .filter(row::Column::UserId.eq(user_id.as_str()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(raised.rows_affected == 1)
    }
}
