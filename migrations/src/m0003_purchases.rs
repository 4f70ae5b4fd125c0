use sea_orm_migration::prelude::*;

use crate::columns::{
    counted, create, index, line, maybe_line, maybe_number, maybe_text, maybe_word, number,
    small_number, text, word,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, orders()).await?;
        // A buyer's order that still waits, and a buyer's newest orders.
        let waiting = [
            "user_id",
            "status",
            "kind",
            "code",
            "created_at",
            "order_no",
        ];
        index(manager, "orders_waiting", "orders", &waiting).await?;
        let recent = ["user_id", "created_at", "order_no"];
        index(manager, "orders_recent", "orders", &recent).await?;
        create(manager, attempts()).await?;
        index(manager, "attempts_of_order", "attempts", &["order_no"]).await?;
        create(manager, payments()).await?;
        index(manager, "payments_of_order", "payments", &["order_no"]).await?;
        index(manager, "payments_of_number", "payments", &["payment_no"]).await?;
        create(manager, records()).await?;
        for (name, column) in [
            ("records_of_order", "order_no"),
            ("records_of_payment", "payment_no"),
            ("records_of_transaction", "transaction_id"),
        ] {
            index(manager, name, "payment_records", &[column]).await?;
        }
        Ok(())
    }
}

fn orders() -> TableCreateStatement {
    Table::create()
        .table("orders")
        .col(word("order_no").primary_key())
        .col(word("user_id"))
        .col(word("kind"))
        .col(word("code"))
        .col(text("item"))
        .col(number("amount_fen"))
        .col(number("paid_fen"))
        .col(number("refunded_fen"))
        .col(word("currency"))
        .col(word("status"))
        .col(maybe_word("close_reason"))
        .col(word("fulfilment"))
        // The attempt that the buyer sees. Not a foreign key: each row would wait for the other.
        .col(word("payment_no"))
        .col(maybe_word("paid_payment_no"))
        .col(maybe_word("transaction_id"))
        .col(text("metadata"))
        .col(number("version"))
        .col(number("created_at"))
        .col(number("expire_at"))
        .col(maybe_number("paid_at"))
        .col(maybe_number("closed_at"))
        .col(number("updated_at"))
        .take()
}

fn attempts() -> TableCreateStatement {
    Table::create()
        .table("attempts")
        .col(word("payment_no").primary_key())
        .col(word("order_no"))
        .col(word("account"))
        .col(word("channel"))
        .col(word("scene"))
        .col(word("merchant_id"))
        .col(word("app_id"))
        .col(number("amount_fen"))
        .col(word("currency"))
        .col(text("description"))
        .col(text("notify_url"))
        .col(number("expire_at"))
        .col(word("state"))
        .col(maybe_text("qr_code_url"))
        .col(maybe_number("qr_code_expire_at"))
        .col(maybe_word("transaction_id"))
        .col(small_number("retry_count"))
        // When the platform was last asked about it.
        .col(maybe_number("asked_at"))
        .col(number("created_at"))
        .col(number("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .name("attempts_order")
                .from("attempts", "order_no")
                .to("orders", "order_no"),
        )
        .take()
}

fn payments() -> TableCreateStatement {
    Table::create()
        .table("payments")
        .col(word("channel"))
        .col(word("merchant_id"))
        .col(word("transaction_id"))
        // As the platform repeats it: may be no number of ours, so neither unique nor foreign.
        .col(line("payment_no"))
        .col(maybe_word("order_no"))
        .col(word("account"))
        .col(maybe_number("amount_fen"))
        .col(word("currency"))
        .col(word("verdict"))
        .col(word("source"))
        .col(maybe_number("paid_at"))
        .col(number("received_at"))
        .col(text("callback_data"))
        .primary_key(
            Index::create()
                .col("channel")
                .col("merchant_id")
                .col("transaction_id"),
        )
        .foreign_key(
            ForeignKey::create()
                .name("payments_order")
                .from("payments", "order_no")
                .to("orders", "order_no"),
        )
        .take()
}

fn records() -> TableCreateStatement {
    Table::create()
        .table("payment_records")
        .col(counted("id"))
        .col(number("at"))
        .col(word("kind"))
        .col(word("outcome"))
        .col(maybe_word("order_no"))
        .col(maybe_line("payment_no"))
        .col(maybe_word("transaction_id"))
        .col(maybe_word("channel"))
        .col(maybe_word("account"))
        .col(maybe_number("amount_fen"))
        .col(maybe_number("duration_ms"))
        .col(maybe_line("request_id"))
        .col(text("detail"))
        // Several lines may have none; no two lines have the same.
        .col(maybe_line("once").unique_key())
        .col(number("repeats").default(0))
        .col(maybe_number("last_repeat_at"))
        .take()
}
