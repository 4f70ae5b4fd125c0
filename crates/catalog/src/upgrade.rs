use paydesk_money::Cny;
use serde::{Deserialize, Serialize};

/// What is counted towards an upgrade, as it was when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// What the plan costs somebody who holds nothing.
    pub list_price: Cny,
    /// What the consumed segments are worth together.
    pub credit: Cny,
    /// What the plan's period is longer by, for credit beyond its price.
    pub extra_seconds: i64,
    /// The segments that end with the upgrade.
    pub consumed: Vec<Consumed>,
}

/// A segment of membership that ends with an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// Which.
    pub segment_id: String,
    /// In which version: one that has changed since was not what was counted.
    pub version: i64,
    /// What its unused part is worth.
    pub credit: Cny,
}

/// The least that an order can be paid with.
const LEAST: i64 = 1;

impl Upgrade {
    /// Prices an upgrade to a plan of that list price and period: the amount to pay, and what was
    /// counted. `None` where a number does not fit.
    ///
    /// At least 1 fen is paid, because the platforms take no less. What credit and payment are worth
    /// beyond the price becomes time at the price of the plan, rounded down.
    pub fn price(
        list_price: Cny,
        period_seconds: i64,
        consumed: Vec<Consumed>,
    ) -> Option<(Cny, Self)> {
        let credit = consumed
            .iter()
            .try_fold(Cny::ZERO, |sum, part| sum.checked_add(part.credit))?;
        let amount = list_price.checked_sub(credit)?.max(Cny::from_fen(LEAST));
        let excess = amount.checked_add(credit)?.checked_sub(list_price)?;
        let extra = i128::from(excess.fen())
            .checked_mul(i128::from(period_seconds))?
            .checked_div(i128::from(list_price.fen()))?;
        let upgrade = Self {
            list_price,
            credit,
            extra_seconds: i64::try_from(extra).ok()?,
            consumed,
        };
        Some((amount, upgrade))
    }

    /// Which segments end, in which version.
    pub fn segments(&self) -> impl Iterator<Item = (&str, i64)> {
        self.consumed
            .iter()
            .map(|part| (part.segment_id.as_str(), part.version))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MONTH: i64 = 30 * 86_400;

    fn priced(price: i64, credits: &[i64]) -> Option<(i64, i64)> {
        let consumed = (1..).zip(credits).map(|(version, credit)| Consumed {
            segment_id: format!("s{version}"),
            version,
            credit: Cny::from_fen(*credit),
        });
        Upgrade::price(Cny::from_fen(price), MONTH, consumed.collect())
            .map(|(amount, upgrade)| (amount.fen(), upgrade.extra_seconds))
    }

    #[test]
    fn r13_credit_is_taken_off_the_price_down_to_one_fen() {
        assert_eq!(priced(4990, &[]), Some((4990, 0)));
        assert_eq!(priced(4990, &[995]), Some((3995, 0)));
        assert_eq!(priced(4990, &[4000, 989]), Some((1, 0)));
        // The fen that is paid buys time as well.
        assert_eq!(priced(4990, &[4990]), Some((1, 519)));
        assert_eq!(priced(4990, &[4990, 4989]), Some((1, MONTH)));
    }

    #[test]
    fn r13_what_does_not_fit_is_no_price() {
        assert_eq!(priced(1, &[i64::MAX, 1]), None);
        assert_eq!(priced(1, &[i64::MAX]), None, "more seconds than there are");
        assert_eq!(priced(0, &[1]), None);
        assert_eq!(priced(i64::MAX, &[i64::MAX - 1]), Some((1, 0)));
    }

    proptest! {
        #[test]
        fn r13_extra_time_is_never_worth_more_than_the_excess(
            price in 1_i64..1_000_000, credit in 0_i64..10_000_000, period in 1_i64..100_000_000,
        ) {
            let consumed = vec![Consumed {
                segment_id: "s".to_owned(),
                version: 1,
                credit: Cny::from_fen(credit),
            }];
            let (amount, upgrade) = Upgrade::price(Cny::from_fen(price), period, consumed).unwrap();
            prop_assert!(amount.fen() >= 1);
            let excess = i128::from(amount.fen() + credit - price);
            let worth = i128::from(upgrade.extra_seconds) * i128::from(price);
            prop_assert!(worth <= excess * i128::from(period));
            // Rounded down, and by less than a second.
            prop_assert!(worth + i128::from(price) > excess * i128::from(period));
        }
    }
}
