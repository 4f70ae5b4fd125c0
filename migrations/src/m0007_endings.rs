use sea_orm_migration::prelude::*;

use crate::columns::{create, index, maybe_word, number, small_number, word};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The buyer, while the order is an upgrade that waits; nothing otherwise.
        add(manager, "orders", maybe_word("pending_upgrade_of")).await?;
        let one_upgrade = Index::create()
            .name("orders_pending_upgrade")
            .table("orders")
            .col("pending_upgrade_of")
            .unique()
            .take();
        manager.create_index(one_upgrade).await?;
        // What is on its way back of a payment, and what has gone back.
        let none_yet = |name| number(name).default(0).take();
        add(manager, "payments", none_yet("reserved_fen")).await?;
        add(manager, "payments", none_yet("refunded_fen")).await?;
        let failures = small_number("failures").default(0).take();
        add(manager, "work", failures).await?;
        create(manager, refunds()).await?;
        index(manager, "refunds_of_payment", "refunds", &["payment_no"]).await?;
        index(manager, "refunds_of_order", "refunds", &["order_no"]).await
    }
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    mut column: ColumnDef,
) -> Result<(), DbErr> {
    let altered = Table::alter().table(table).add_column(&mut column).take();
    manager.alter_table(altered).await
}

fn refunds() -> TableCreateStatement {
    Table::create()
        .table("refunds")
        .col(word("refund_no").primary_key())
        .col(word("payment_no"))
        .col(word("order_no"))
        .col(word("account"))
        .col(word("channel"))
        .col(word("merchant_id"))
        .col(word("transaction_id"))
        .col(number("amount_fen"))
        .col(word("currency"))
        .col(word("state"))
        .col(word("reason"))
        .col(number("created_at"))
        .col(number("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .name("refunds_order")
                .from("refunds", "order_no")
                .to("orders", "order_no"),
        )
        .take()
}
