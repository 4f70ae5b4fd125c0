use paydesk_money::Cny;

use crate::check::{self, ensure};
use crate::{Goods, InvalidItem, ItemKind, Sold, Title};

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
    pub fn check(&self) -> Result<(), InvalidItem> {
        check::code("code", &self.code)?;
        check::title(("title", "title_en"), &self.title)?;
        check::price(self.price)?;
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
