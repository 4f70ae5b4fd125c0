use sea_orm_migration::prelude::*;

use crate::columns::{create, number, small_number, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One row, id 1: the tag that all payment numbers of this environment begin with.
        let installation = Table::create()
            .table("installation")
            .col(small_number("id").primary_key())
            .col(word("payment_tag"))
            .col(number("created_at"))
            .take();
        create(manager, installation).await
    }
}
