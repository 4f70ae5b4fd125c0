use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decimal::{self, AmountError};

/// A fee as a platform's bill states it: exactly, in units of 0.00001 yuan (1/1000 fen).
///
/// It is not a [`Cny`](crate::Cny), because bills state fees to five places of a yuan: 0.6 % of 9.90
/// are 0.05940. Counted in fen, every row would have to be rounded, and the rows would no longer add
/// up to the bill's own total. The sign is free: a refund gives a fee back.
///
/// It is written to JSON and databases as that integer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fee(i64);

impl Fee {
    /// No fee.
    pub const ZERO: Self = Self(0);

    /// A fee of so many thousandths of a fen.
    pub const fn from_millifen(millifen: i64) -> Self {
        Self(millifen)
    }

    /// The fee in thousandths of a fen.
    pub const fn millifen(self) -> i64 {
        self.0
    }

    /// The sum, or `None` where it does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(millifen) => Some(Self(millifen)),
            None => None,
        }
    }

    /// The difference, or `None` where it does not fit.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(millifen) => Some(Self(millifen)),
            None => None,
        }
    }

    /// Reads yuan as a bill writes them: digits, at most five places that count, one leading `-`
    /// allowed.
    ///
    /// # Errors
    /// Other signs, exponents, spaces, a sixth place that is not zero, and what does not fit are
    /// refused.
    pub fn parse_signed_yuan(text: &str) -> Result<Self, AmountError> {
        decimal::read_signed::<5>(text).map(Self)
    }
}

impl fmt::Display for Fee {
    /// Yuan with five places, as bills write them: `0.05940`, `-0.05940`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write::<5>(f, self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r15_fees_have_five_places_and_a_sign() {
        for (text, millifen) in [
            ("0.05940", 5940),
            ("-0.05940", -5940),
            ("0", 0),
            ("0.0", 0),
            ("-0.00", 0),
            ("7.79", 779_000),
            ("0.000010", 1),
            ("92233720368547.75807", i64::MAX),
            ("-92233720368547.75808", i64::MIN),
        ] {
            let fee = Fee::parse_signed_yuan(text);
            assert_eq!(fee, Ok(Fee::from_millifen(millifen)), "{text}");
        }
        for (text, error) in [
            ("0.000001", AmountError::TooPrecise),
            ("6e-05", AmountError::NotANumber),
            ("+0.1", AmountError::NotANumber),
            ("--0.1", AmountError::NotANumber),
            ("-", AmountError::NotANumber),
            ("0.60%", AmountError::NotANumber),
            ("92233720368547.75808", AmountError::Overflow),
            ("-92233720368547.75809", AmountError::Overflow),
        ] {
            assert_eq!(Fee::parse_signed_yuan(text), Err(error), "{text}");
        }
    }

    #[test]
    fn r15_sums_of_fees_never_wrap() {
        let most = Fee::from_millifen(i64::MAX);
        let one = Fee::from_millifen(1);
        assert_eq!(most.checked_add(one), None);
        assert_eq!(Fee::from_millifen(i64::MIN).checked_sub(one), None);
        assert_eq!(one.checked_add(one), Some(Fee::from_millifen(2)));
        assert_eq!(
            one.checked_sub(most),
            Some(Fee::from_millifen(1 - i64::MAX))
        );
    }

    #[test]
    fn r15_json_fees_are_integers() {
        assert_eq!(
            serde_json::to_string(&Fee::from_millifen(-5940)).unwrap(),
            "-5940"
        );
        assert!(serde_json::from_str::<Fee>("\"0.05940\"").is_err());
    }

    proptest! {
        #[test]
        fn r15_a_fee_and_its_text_are_the_same(millifen: i64) {
            let fee = Fee::from_millifen(millifen);
            prop_assert_eq!(Fee::parse_signed_yuan(&fee.to_string()), Ok(fee));
        }
    }
}
