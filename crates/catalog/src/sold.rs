use paydesk_money::Cny;
use serde::{Deserialize, Serialize};

use crate::{ItemKind, Tier, Upgrade};

/// A name that customers read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// In Chinese: what the payer reads on the platform's bill.
    pub zh: String,
    /// In English.
    pub en: String,
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
    /// A period of membership, after what is held already.
    Membership {
        /// Of which tier.
        tier: Tier,
        /// For how many months.
        months: u32,
    },
    /// A period of membership at once, in place of what is held.
    Upgrade {
        /// Of which tier.
        tier: Tier,
        /// For how many months, before extra seconds.
        months: u32,
        /// What was counted towards it.
        upgrade: Upgrade,
    },
}

impl Sold {
    /// Whether an order of this is as good as one of what is offered now.
    ///
    /// The price of an upgrade falls with every second that is used up of what is held, and was
    /// frozen when its order was placed. It is the same offer while plan and segments are the same.
    pub fn same_offer(&self, now: &Self) -> bool {
        let (Goods::Upgrade { upgrade: mine, .. }, Goods::Upgrade { upgrade: other, .. }) =
            (&self.goods, &now.goods)
        else {
            return self == now;
        };
        let plan = |sold: &Self| (sold.kind, sold.code.clone(), sold.version);
        plan(self) == plan(now)
            && mine.list_price == other.list_price
            && mine.segments().eq(other.segments())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Consumed;

    fn title(text: &str) -> Title {
        Title {
            zh: text.to_owned(),
            en: text.to_owned(),
        }
    }

    fn an_upgrade(credit: i64, version: i64) -> Sold {
        Sold {
            kind: ItemKind::MembershipUpgrade,
            code: "pro-month".to_owned(),
            version: 3,
            title: title("p"),
            price: Cny::from_fen(4990 - credit),
            goods: Goods::Upgrade {
                tier: Tier {
                    code: "pro".to_owned(),
                    rank: 1,
                    title: title("Pro"),
                },
                months: 1,
                upgrade: Upgrade {
                    list_price: Cny::from_fen(4990),
                    credit: Cny::from_fen(credit),
                    extra_seconds: 0,
                    consumed: vec![Consumed {
                        segment_id: "s1".to_owned(),
                        version,
                        credit: Cny::from_fen(credit),
                    }],
                },
            },
        }
    }

    #[test]
    fn snapshots_of_points_that_are_stored_already_are_read() {
        let stored = r#"{"kind":"points","code":"points-1000","version":2,
            "title":{"zh":"1,000 点","en":"1,000 points"},"price":990,
            "goods":{"kind":"points","points":1000,"valid_days":null}}"#;
        let sold: Sold = serde_json::from_str(stored).unwrap();
        assert_eq!(sold.kind, ItemKind::Points);
        let goods = Goods::Points {
            points: 1000,
            valid_days: None,
        };
        assert_eq!(sold.goods, goods);
    }

    #[test]
    fn a_snapshot_comes_back_whole() {
        let upgrade = an_upgrade(995, 2);
        let mut membership = upgrade.clone();
        if let Goods::Upgrade { tier, months, .. } = upgrade.goods.clone() {
            membership.goods = Goods::Membership { tier, months };
        }
        assert_ne!(membership, upgrade);
        for sold in [upgrade, membership] {
            let text = serde_json::to_string(&sold).unwrap();
            assert_eq!(serde_json::from_str::<Sold>(&text).unwrap(), sold);
        }
    }

    #[test]
    fn r13_a_quote_stays_the_same_offer_while_seconds_pass() {
        let waiting = an_upgrade(995, 2);
        assert!(waiting.same_offer(&an_upgrade(994, 2)));
        assert!(!waiting.same_offer(&an_upgrade(995, 3)), "another segment");
        let mut other_plan = an_upgrade(995, 2);
        other_plan.version = 4;
        assert!(!waiting.same_offer(&other_plan));
        other_plan = an_upgrade(995, 2);
        other_plan.code = "pro-year".to_owned();
        assert!(!waiting.same_offer(&other_plan));
    }

    #[test]
    fn r23_another_price_of_anything_else_is_another_offer() {
        let mut sold = an_upgrade(0, 1);
        sold.goods = Goods::Points {
            points: 1,
            valid_days: None,
        };
        let mut dearer = sold.clone();
        dearer.price = Cny::from_fen(4991);
        assert!(sold.same_offer(&sold.clone()));
        assert!(!sold.same_offer(&dearer));
    }
}
