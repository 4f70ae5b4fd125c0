use async_trait::async_trait;
use cashier::{RejectionCount, RejectionStore};
use kernel::StoreError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryTrait, Set};

use crate::errors::{insert_once, store_error};
use crate::instant;
use crate::session::Session;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "callback_rejections")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reason: String,
        pub count: i64,
        pub last_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[async_trait]
impl<C: ConnectionTrait + Send> RejectionStore for Session<C> {
    async fn add_rejections(&mut self, count: &RejectionCount) -> Result<(), StoreError> {
        let more = i64::try_from(count.count).map_err(StoreError::failed)?;
        let row = row::ActiveModel {
            day: Set(count.day.to_string()),
            channel: Set(count.channel.as_str().to_owned()),
            reason: Set(count.reason.to_owned()),
            count: Set(more),
            last_at: Set(instant::stored(count.last_at)),
        };
        if insert_once(&self.connection, &row::Entity::insert(row).into_query()).await? {
            return Ok(());
        }
        row::Entity::update_many()
            .col_expr(row::Column::Count, Expr::col(row::Column::Count).add(more))
            .col_expr(
                row::Column::LastAt,
                Expr::value(instant::stored(count.last_at)),
            )
            .filter(row::Column::Day.eq(count.day.to_string()))
            .filter(row::Column::Channel.eq(count.channel.as_str()))
            .filter(row::Column::Reason.eq(count.reason))
            .exec(&self.connection)
            .await
            .map(|_| ())
            .map_err(store_error)
    }
}
