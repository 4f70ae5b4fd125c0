use sea_orm_migration::prelude::*;

use crate::columns::{
    create, index, line, maybe_number, maybe_text, maybe_word, number, text, word,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("idempotency_keys")
            .col(word("caller"))
            .col(line("path"))
            .col(word("key"))
            .col(text("digest"))
            // Whoever holds the key; a run that another one followed writes nothing any more.
            .col(word("run"))
            .col(maybe_number("lease_until"))
            .col(maybe_word("order_no"))
            .col(maybe_number("status"))
            .col(maybe_text("body"))
            .col(number("created_at"))
            .col(number("updated_at"))
            .primary_key(Index::create().col("caller").col("path").col("key"))
            .take();
        create(manager, keys).await?;
        let oldest = ["updated_at"];
        index(
            manager,
            "idempotency_keys_oldest",
            "idempotency_keys",
            &oldest,
        )
        .await
    }
}
