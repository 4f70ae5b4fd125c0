#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod check;
mod kind;
mod package;
mod sold;
mod store;

pub use check::InvalidItem;
pub use kind::{ItemKind, UnknownKind};
pub use package::PointPackage;
pub use sold::{Goods, Sold, Title};
pub use store::{CatalogReads, CatalogStore};
