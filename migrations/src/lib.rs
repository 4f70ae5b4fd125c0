#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![expect(
    elided_lifetimes_in_paths,
    reason = "MigrationTrait hides the lifetime of its manager, and an implementation must match"
)]

mod columns;
mod m0001_installation;
mod m0002_shop;
mod m0003_purchases;
mod m0004_points;
mod m0005_cashier;
mod m0006_memberships;
mod m0007_endings;
mod m0008_idempotency;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseTransaction};
use sea_orm_migration::{DbErr, MigrationTrait, MigratorTrait};

/// All steps in order.
struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_installation::Step),
            Box::new(m0002_shop::Step),
            Box::new(m0003_purchases::Step),
            Box::new(m0004_points::Step),
            Box::new(m0005_cashier::Step),
            Box::new(m0006_memberships::Step),
            Box::new(m0007_endings::Step),
            Box::new(m0008_idempotency::Step),
        ]
    }
}

/// The names of all steps, in order.
pub fn steps() -> Vec<String> {
    names(&Migrator::get_migration_files())
}

/// The names of the steps that this database lacks. Writes nothing.
///
/// # Errors
/// [`DbErr::Custom`] when the database knows a step that this program does not: it was migrated by
/// a newer version.
pub async fn pending<C: ConnectionTrait>(connection: &C) -> Result<Vec<String>, DbErr> {
    Migrator::get_pending_migrations_read_only(connection)
        .await
        .map(|steps| names(&steps))
}

/// Applies what is pending and names it. The caller's transaction makes it all or nothing, where
/// the database can undo changes of the schema (SQLite and PostgreSQL can, MySQL cannot).
///
/// # Errors
/// As [`pending`], and whatever the database refuses.
pub async fn apply(transaction: &DatabaseTransaction) -> Result<Vec<String>, DbErr> {
    let missing = pending(transaction).await?;
    if !missing.is_empty() {
        Migrator::up(transaction, None).await?;
    }
    Ok(missing)
}

fn names(steps: &[sea_orm_migration::Migration]) -> Vec<String> {
    steps.iter().map(|step| step.name().to_owned()).collect()
}
