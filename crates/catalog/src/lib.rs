#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod check;
mod kind;
mod package;
mod plan;
mod sold;
mod store;
mod upgrade;

pub use check::InvalidItem;
pub use kind::{ItemKind, UnknownKind};
pub use package::PointPackage;
pub use plan::{Plan, Tier};
pub use sold::{Goods, Sold, Title};
pub use store::{CatalogReads, CatalogStore, Listing};
pub use upgrade::{Consumed, Upgrade};
