//! The few kinds of columns that the schema is made of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// An identifier or a word: short ASCII text.
pub(crate) fn word(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(64).not_null().take()
}

/// The same, where there may be none.
pub(crate) fn maybe_word(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(64).null().take()
}

/// A line of text for people or machines, an address for example, or a key made of several words.
pub(crate) fn line(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(255).not_null().take()
}

/// The same, where there may be none.
pub(crate) fn maybe_line(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(255).null().take()
}

/// Text of any length; JSON above all.
pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// The same, where there may be none.
pub(crate) fn maybe_text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// A 64-bit number: an amount in fen, an instant in microseconds since 1970, or a count.
pub(crate) fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// The same, where there may be none.
pub(crate) fn maybe_number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// A 32-bit number.
pub(crate) fn small_number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

/// A key that the database counts upward and, on SQLite because of `AUTOINCREMENT`, never reuses.
pub(crate) fn counted(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .big_integer()
        .not_null()
        .auto_increment()
        .primary_key()
        .take()
}

/// Creates a table in which text is compared byte by byte: MySQL would not tell `NO1` from `no1`.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    mut table: TableCreateStatement,
) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::MySql {
        table.character_set("utf8mb4").collate("utf8mb4_bin");
    }
    manager.create_table(table).await
}

/// Creates an index.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
