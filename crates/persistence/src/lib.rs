#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![expect(
    unreachable_pub,
    reason = "SeaORM derives a public entity from each row, and a row must be as visible as that"
)]

mod accounts;
mod attempts;
mod catalog;
mod errors;
mod events;
mod exceptions;
mod filesystem;
mod idempotency;
mod installation;
mod instant;
mod memberships;
mod options;
mod orders;
mod payments;
mod points;
mod records;
mod refunds;
mod rejections;
mod session;
mod store;
mod turns;
mod words;
mod work;

pub use installation::{CheckError, MigrateError, Migrated};
pub use options::{ConnectError, Options};
pub use store::Store;
