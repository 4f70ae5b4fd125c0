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
        create(manager, events()).await?;
        index(manager, "events_of_order", "events", &["order_no", "seq"]).await?;
        create(manager, work()).await?;
        // What is due of one kind, oldest first; work that is done sorts away from it.
        let due = ["kind", "done_at", "due_at", "subject"];
        index(manager, "work_due", "work", &due).await?;
        create(manager, exceptions()).await?;
        let open = ["state", "raised_at"];
        index(manager, "exceptions_open", "exceptions", &open).await?;
        let untold = ["told_at", "raised_at"];
        index(manager, "exceptions_untold", "exceptions", &untold).await?;
        create(manager, callback_rejections()).await
    }
}

fn events() -> TableCreateStatement {
    Table::create()
        .table("events")
        // Followers remember the last id they saw, so an id must never be given out again.
        .col(counted("id"))
        .col(word("order_no"))
        .col(word("user_id"))
        .col(word("kind"))
        .col(number("seq"))
        .col(text("purchase"))
        .col(number("at"))
        .take()
}

fn work() -> TableCreateStatement {
    Table::create()
        .table("work")
        .col(word("kind"))
        .col(word("subject"))
        .col(number("due_at"))
        .col(maybe_number("lease_until"))
        .col(small_number("tries"))
        .col(maybe_number("done_at"))
        .col(maybe_text("last_error"))
        .col(number("created_at"))
        .primary_key(Index::create().col("kind").col("subject"))
        .take()
}

fn exceptions() -> TableCreateStatement {
    Table::create()
        .table("exceptions")
        .col(counted("id"))
        .col(line("key").unique_key())
        .col(word("kind"))
        .col(word("state"))
        .col(maybe_word("order_no"))
        .col(maybe_line("payment_no"))
        .col(maybe_word("transaction_id"))
        .col(maybe_number("amount_fen"))
        .col(text("detail"))
        .col(maybe_line("resolution"))
        .col(number("raised_at"))
        .col(maybe_number("told_at"))
        .col(maybe_number("resolved_at"))
        .col(number("seen"))
        .take()
}

fn callback_rejections() -> TableCreateStatement {
    Table::create()
        .table("callback_rejections")
        .col(word("day"))
        .col(word("channel"))
        .col(word("reason"))
        .col(number("count"))
        .col(number("last_at"))
        .primary_key(Index::create().col("day").col("channel").col("reason"))
        .take()
}
