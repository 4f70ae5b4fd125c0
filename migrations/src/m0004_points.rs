use sea_orm_migration::prelude::*;

use crate::columns::{create, index, maybe_number, number, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lots = Table::create()
            .table("point_lots")
            .col(word("lot_id").primary_key())
            .col(word("user_id"))
            // Unique, so that an order grants once, whatever else goes wrong.
            .col(word("order_no").unique_key())
            .col(number("granted"))
            .col(number("remaining"))
            .col(number("granted_at"))
            .col(maybe_number("expires_at"))
            .take();
        create(manager, lots).await?;
        let spent_first = ["user_id", "expires_at"];
        index(manager, "point_lots_of_user", "point_lots", &spent_first).await?;
        let entries = Table::create()
            .table("point_entries")
            .col(word("entry_id").primary_key())
            .col(word("user_id"))
            .col(word("lot_id"))
            .col(word("kind"))
            .col(number("points"))
            .col(number("at"))
            .foreign_key(
                ForeignKey::create()
                    .name("point_entries_lot")
                    .from("point_entries", "lot_id")
                    .to("point_lots", "lot_id"),
            )
            .take();
        create(manager, entries).await?;
        let ledger = ["user_id", "at"];
        index(manager, "point_entries_of_user", "point_entries", &ledger).await?;
        index(
            manager,
            "point_entries_of_lot",
            "point_entries",
            &["lot_id"],
        )
        .await
    }
}
