//! The store on real files.
#![cfg(test)]

mod columns;
mod corruption;
mod installation;
mod turns;

use std::path::Path;
use std::sync::Arc;

use cashier::Database;
use persistence::{Options, Store};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

fn options(folder: &Path, create: bool) -> Options {
    Options {
        url: format!("sqlite://{}", folder.join("paydesk.db").display()),
        readers: 2,
        create,
    }
}

/// A new database with the whole schema; it lives as long as the folder.
async fn migrated() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::connect(&options(folder.path(), true)).await.unwrap();
    store.migrate(&"pd".parse().unwrap(), NOW).await.unwrap();
    (folder, store)
}

/// What the contract of all databases is run on.
async fn new_database() -> (TempDir, Arc<dyn Database>) {
    let (folder, store) = migrated().await;
    (folder, Arc::new(store))
}

cashier::contract_tests!(open = crate::new_database);
