use sea_orm_migration::prelude::*;

use crate::columns::{create, maybe_number, number, small_number, text, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let point_packages = Table::create()
            .table("point_packages")
            .col(word("code"))
            .col(small_number("version"))
            .col(text("title"))
            .col(text("title_en"))
            .col(number("price_fen"))
            .col(number("points"))
            .col(maybe_number("valid_days"))
            .col(ColumnDef::new("listed").boolean().not_null())
            .col(small_number("position"))
            .primary_key(Index::create().col("code").col("version"))
            .take();
        create(manager, point_packages).await?;
        // The row that rules lock which sum or order something per user.
        let accounts = Table::create()
            .table("accounts")
            .col(word("user_id").primary_key())
            .col(number("version"))
            .take();
        create(manager, accounts).await
    }
}
