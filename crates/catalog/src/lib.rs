#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use kernel::StoreError;
use paydesk_money::Cny;
use serde::{Deserialize, Serialize};

/// A kind of goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ItemKind {
    /// A package of points.
    Points,
}

impl ItemKind {
    /// The name used in the database and in the HTTP API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
        }
    }
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ItemKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        match name {
            "points" => Ok(Self::Points),
            _ => Err(UnknownKind(name.to_owned())),
        }
    }
}

/// Nothing of this kind is sold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of goods {0:?}")]
pub struct UnknownKind(String);

/// A name that customers read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// In Chinese: what the payer reads on the platform's bill.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// A package of points, in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointPackage {
    /// The stable name, `[a-z0-9-]`.
    pub code: String,
    /// Counts the published changes, from 1.
    pub version: i32,
    /// What it is called.
    pub title: Title,
    /// What it costs.
    pub price: Cny,
    /// How many points it grants.
    pub points: i64,
    /// For how many whole days after the day of the grant they are valid; for ever when absent.
    pub valid_days: Option<u32>,
    /// Whether it can be bought.
    pub listed: bool,
    /// Place in the list, ascending.
    pub position: i32,
}

impl PointPackage {
    /// The snapshot that an order keeps.
    pub fn sold(&self) -> Sold {
        Sold {
            kind: ItemKind::Points,
            code: self.code.clone(),
            version: self.version,
            title: self.title.clone(),
            price: self.price,
            goods: Goods::Points {
                points: self.points,
                valid_days: self.valid_days,
            },
        }
    }

    /// Whether the other offers the same on the same terms; the version does not matter.
    pub fn same_offer(&self, other: &Self) -> bool {
        Self {
            version: other.version,
            ..self.clone()
        } == *other
    }

    /// What is wrong with it, by field.
    pub fn check(&self) -> Result<(), InvalidPackage> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let ensure = |holds: bool, field, rule| {
            if holds {
                Ok(())
            } else {
                Err(InvalidPackage { field, rule })
            }
        };
        let code_fits = (1..=64).contains(&self.code.len()) && self.code.bytes().all(plain);
        ensure(code_fits, "code", "1 to 64 characters of a-z, 0-9 and -")?;
        ensure(
            titled(&self.title.zh),
            "title",
            "1 to 120 bytes on one line, without emoji",
        )?;
        ensure(
            titled(&self.title.en),
            "title_en",
            "1 to 120 bytes on one line, without emoji",
        )?;
        ensure(self.price.is_positive(), "price_fen", "at least 1")?;
        // Far below where the sum of many lots could overflow.
        let countable = (1..=1_000_000_000).contains(&self.points);
        ensure(countable, "points", "1 to 1,000,000,000")?;
        ensure(
            self.valid_days
                .is_none_or(|days| (1..=36_500).contains(&days)),
            "valid_days",
            "1 to 36500, or absent for points that do not expire",
        )
    }
}

/// The platforms take up to 127 bytes and no characters beyond the basic plane.
fn titled(text: &str) -> bool {
    (1..=120).contains(&text.len()) && text.chars().all(|c| !c.is_control() && c <= '\u{ffff}')
}

/// A package that cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct InvalidPackage {
    /// Which field.
    pub field: &'static str,
    /// What it should be.
    pub rule: &'static str,
}

/// What an order sold, at what price: never changed afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// The kind of goods.
    pub kind: ItemKind,
    /// The stable name.
    pub code: String,
    /// Which version of it.
    pub version: i32,
    /// What it was called.
    pub title: Title,
    /// What it cost.
    pub price: Cny,
    /// What is granted once it is paid.
    pub goods: Goods,
}

/// What is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goods {
    /// Points.
    Points {
        /// How many.
        points: i64,
        /// For how many whole days after the day of the grant.
        valid_days: Option<u32>,
    },
}

/// Reading the catalogue.
#[async_trait]
pub trait CatalogReads: Send {
    /// The current version of every listed package, in order of position.
    async fn listed_point_packages(&mut self) -> Result<Vec<PointPackage>, StoreError>;
    /// The current version of a package, listed or not.
    async fn find_point_package(&mut self, code: &str) -> Result<Option<PointPackage>, StoreError>;
}

/// Writing the catalogue.
#[async_trait]
pub trait CatalogStore: CatalogReads {
    /// Adds a version of a package. The version must be new.
    async fn insert_point_package(&mut self, package: &PointPackage) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_package() -> PointPackage {
        PointPackage {
            code: "points-100".to_owned(),
            version: 1,
            title: Title {
                zh: "100 点".to_owned(),
                en: "100 points".to_owned(),
            },
            price: Cny::from_fen(1),
            points: 100,
            valid_days: None,
            listed: true,
            position: 1,
        }
    }

    #[test]
    fn a_version_alone_is_no_other_offer() {
        let package = a_package();
        assert!(package.same_offer(&PointPackage {
            version: 7,
            ..package.clone()
        }));
        assert!(!package.same_offer(&PointPackage {
            points: 101,
            ..package.clone()
        }));
    }

    #[test]
    fn what_no_platform_would_take_is_refused_by_field() {
        let with = |change: fn(&mut PointPackage)| {
            let mut package = a_package();
            change(&mut package);
            package.check().map_err(|error| error.field)
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|p| p.code = "Points".to_owned()), Err("code"));
        assert_eq!(with(|p| p.title.zh = "点".repeat(41)), Err("title"));
        assert_eq!(with(|p| p.title.en = "a\nb".to_owned()), Err("title_en"));
        assert_eq!(with(|p| p.title.zh = "\u{1f600}".to_owned()), Err("title"));
        assert_eq!(with(|p| p.price = Cny::ZERO), Err("price_fen"));
        assert_eq!(with(|p| p.points = 0), Err("points"));
        assert_eq!(with(|p| p.valid_days = Some(0)), Err("valid_days"));
    }
}
