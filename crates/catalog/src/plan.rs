use paydesk_money::Cny;
use serde::{Deserialize, Serialize};

use crate::check::{self, ensure};
use crate::{Goods, InvalidItem, ItemKind, Sold, Title, Upgrade};

/// A level of membership, as it was when something of it was sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The stable name, `[a-z0-9-]`.
    pub code: String,
    /// Its place among the tiers, ascending.
    pub rank: i32,
    /// What it is called.
    pub title: Title,
}

impl Tier {
    /// Whether this is a higher tier than the other. A tier is never higher than itself, also when
    /// it has moved among the others since the other was sold.
    pub fn is_above(&self, other: &Self) -> bool {
        self.code != other.code && self.rank > other.rank
    }
}

/// A period of membership for a price, in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The stable name, `[a-z0-9-]`.
    pub code: String,
    /// Counts the published changes, from 1.
    pub version: i32,
    /// What it is called.
    pub title: Title,
    /// What it costs.
    pub price: Cny,
    /// The level of membership.
    pub tier: Tier,
    /// For how many calendar months.
    pub months: u32,
    /// Whether it can be bought.
    pub listed: bool,
    /// Place in the list, ascending.
    pub position: i32,
}

impl Plan {
    /// The snapshot that an order of the plan keeps.
    pub fn sold(&self) -> Sold {
        self.snapshot(
            ItemKind::Membership,
            self.price,
            Goods::Membership {
                tier: self.tier.clone(),
                months: self.months,
            },
        )
    }

    /// The snapshot that an order of an upgrade to the plan keeps, with the amount that is left to
    /// be paid.
    pub fn sold_as_upgrade(&self, amount: Cny, upgrade: Upgrade) -> Sold {
        self.snapshot(
            ItemKind::MembershipUpgrade,
            amount,
            Goods::Upgrade {
                tier: self.tier.clone(),
                months: self.months,
                upgrade,
            },
        )
    }

    fn snapshot(&self, kind: ItemKind, price: Cny, goods: Goods) -> Sold {
        Sold {
            kind,
            code: self.code.clone(),
            version: self.version,
            title: self.title.clone(),
            price,
            goods,
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
        check::code("tier", &self.tier.code)?;
        check::title(("tier title", "tier title_en"), &self.tier.title)?;
        ensure((1..=36).contains(&self.months), "months", "1 to 36")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> Title {
        Title {
            zh: text.to_owned(),
            en: text.to_owned(),
        }
    }

    fn a_plan() -> Plan {
        Plan {
            code: "pro-month".to_owned(),
            version: 1,
            title: title("Pro, 1 month"),
            price: Cny::from_fen(4990),
            tier: Tier {
                code: "pro".to_owned(),
                rank: 1,
                title: title("Pro"),
            },
            months: 1,
            listed: true,
            position: 1,
        }
    }

    #[test]
    fn a_version_alone_is_no_other_offer() {
        let plan = a_plan();
        let mut other = Plan {
            version: 7,
            ..plan.clone()
        };
        assert!(plan.same_offer(&other));
        other.tier.rank = 2;
        assert!(!plan.same_offer(&other));
    }

    #[test]
    fn what_cannot_be_sold_is_refused_by_field() {
        let with = |change: fn(&mut Plan)| {
            let mut plan = a_plan();
            change(&mut plan);
            plan.check().map_err(|error| error.field)
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|plan| plan.months = 36), Ok(()));
        assert_eq!(with(|plan| plan.months = 37), Err("months"));
        assert_eq!(with(|plan| plan.months = 0), Err("months"));
        assert_eq!(with(|plan| plan.code = "Pro".to_owned()), Err("code"));
        assert_eq!(with(|plan| plan.title.zh = String::new()), Err("title"));
        assert_eq!(with(|plan| plan.price = Cny::ZERO), Err("price_fen"));
        assert_eq!(with(|plan| plan.tier.code = String::new()), Err("tier"));
        let unnamed = with(|plan| plan.tier.title.en = String::new());
        assert_eq!(unnamed, Err("tier title_en"));
    }

    #[test]
    fn a_tier_that_was_moved_is_not_above_itself() {
        let sold = a_plan().tier;
        let moved = Tier {
            rank: 5,
            ..sold.clone()
        };
        assert!(!moved.is_above(&sold) && !sold.is_above(&moved));
        let other = Tier {
            code: "basic".to_owned(),
            rank: 0,
            title: title("Basic"),
        };
        assert!(sold.is_above(&other) && !other.is_above(&sold));
    }
}
