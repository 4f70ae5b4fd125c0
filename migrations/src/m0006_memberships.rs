use sea_orm_migration::prelude::*;

use crate::columns::{create, index, maybe_number, maybe_word, number, small_number, text, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, plans()).await?;
        create(manager, segments()).await?;
        let by_beginning = ["user_id", "from_at", "segment_id"];
        index(
            manager,
            "membership_segments_of_user",
            "membership_segments",
            &by_beginning,
        )
        .await
    }
}

fn plans() -> TableCreateStatement {
    Table::create()
        .table("plans")
        .col(word("code"))
        .col(small_number("version"))
        .col(text("title"))
        .col(text("title_en"))
        .col(number("price_fen"))
        .col(word("tier"))
        .col(small_number("tier_rank"))
        .col(text("tier_title"))
        .col(text("tier_title_en"))
        .col(number("months"))
        .col(ColumnDef::new("listed").boolean().not_null())
        .col(small_number("position"))
        .primary_key(Index::create().col("code").col("version"))
        .take()
}

fn segments() -> TableCreateStatement {
    Table::create()
        .table("membership_segments")
        .col(word("segment_id").primary_key())
        .col(word("user_id"))
        // Unique, so that an order grants once, whatever else goes wrong.
        .col(word("order_no").unique_key())
        .col(word("tier"))
        .col(small_number("tier_rank"))
        .col(text("tier_title"))
        .col(text("tier_title_en"))
        .col(number("from_at"))
        .col(number("until_at"))
        .col(small_number("anchor_day"))
        .col(number("value_fen"))
        .col(number("version"))
        .col(word("state"))
        // What an upgrade took, and what it would have to give back.
        .col(maybe_word("consumed_by"))
        .col(maybe_number("was_until_at"))
        .col(maybe_number("credit_fen"))
        .take()
}
