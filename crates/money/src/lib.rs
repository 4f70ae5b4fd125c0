#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod decimal;
mod fee;

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use decimal::AmountError;
pub use fee::Fee;

/// An amount of renminbi in fen (1/100 yuan), as an exact 64-bit integer.
///
/// It is written to JSON and databases as that integer. The sign is free: bills and differences are
/// signed; where an amount must be positive, the place that needs it says so.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cny(i64);

impl Cny {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount of so many fen.
    pub const fn from_fen(fen: i64) -> Self {
        Self(fen)
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// Whether this is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The sum, or `None` where it does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The difference, or `None` where it does not fit.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// Reads yuan as a platform's message writes them: digits, then at most two places that count.
    ///
    /// # Errors
    /// Signs, exponents, spaces, a third place that is not zero, and what does not fit are refused.
    pub fn parse_yuan(text: &str) -> Result<Self, AmountError> {
        decimal::read::<2>(text).map(Self)
    }

    /// Reads yuan as a bill writes them: like [`Cny::parse_yuan`], with one leading `-` allowed.
    ///
    /// # Errors
    /// As [`Cny::parse_yuan`].
    pub fn parse_signed_yuan(text: &str) -> Result<Self, AmountError> {
        decimal::read_signed::<2>(text).map(Self)
    }

    /// The amount in yuan, exactly.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// An exact number of yuan.
    ///
    /// # Errors
    /// [`AmountError::TooPrecise`] when it is no whole number of fen, [`AmountError::Overflow`] when
    /// it does not fit.
    pub fn from_decimal(yuan: Decimal) -> Result<Self, AmountError> {
        let fen = yuan
            .checked_mul(Decimal::ONE_HUNDRED)
            .ok_or(AmountError::Overflow)?;
        if !fen.is_integer() {
            return Err(AmountError::TooPrecise);
        }
        i64::try_from(fen.trunc().mantissa() / 10_i128.pow(fen.trunc().scale()))
            .map(Self)
            .map_err(|_| AmountError::Overflow)
    }
}

impl fmt::Display for Cny {
    /// Yuan with two places, as platforms expect them: `0.01`, `9.90`, `-3.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write::<2>(f, self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r15_messages_refuse_what_is_not_exact_fen() {
        for (text, error) in [
            ("", AmountError::NotANumber),
            (".", AmountError::NotANumber),
            (".5", AmountError::NotANumber),
            ("5.", AmountError::NotANumber),
            ("1e2", AmountError::NotANumber),
            ("1E2", AmountError::NotANumber),
            ("+1", AmountError::NotANumber),
            ("-1", AmountError::NotANumber),
            (" 1", AmountError::NotANumber),
            ("1 ", AmountError::NotANumber),
            ("1,000", AmountError::NotANumber),
            ("１", AmountError::NotANumber),
            ("NaN", AmountError::NotANumber),
            ("0x10", AmountError::NotANumber),
            ("1.2.3", AmountError::NotANumber),
            ("0.001", AmountError::TooPrecise),
            ("9.905", AmountError::TooPrecise),
            ("92233720368547758.08", AmountError::Overflow),
            ("999999999999999999999", AmountError::Overflow),
        ] {
            assert_eq!(Cny::parse_yuan(text), Err(error), "{text:?}");
        }
        for (text, fen) in [
            ("0", 0),
            ("0.01", 1),
            ("9.9", 990),
            ("9.90", 990),
            ("9.9000", 990),
            ("007.10", 710),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(Cny::parse_yuan(text), Ok(Cny::from_fen(fen)), "{text:?}");
        }
    }

    #[test]
    fn r15_bill_amounts_may_be_signed() {
        for (text, fen) in [
            ("-0.05", -5),
            ("-9.90", -990),
            ("9.90", 990),
            ("45.0", 4500),
            ("-0.0", 0),
            ("-92233720368547758.08", i64::MIN),
        ] {
            assert_eq!(
                Cny::parse_signed_yuan(text),
                Ok(Cny::from_fen(fen)),
                "{text}"
            );
        }
        for (text, error) in [
            ("-", AmountError::NotANumber),
            ("--1", AmountError::NotANumber),
            ("+1", AmountError::NotANumber),
            ("-9.905", AmountError::TooPrecise),
            ("-92233720368547758.09", AmountError::Overflow),
            ("92233720368547758.08", AmountError::Overflow),
        ] {
            assert_eq!(Cny::parse_signed_yuan(text), Err(error), "{text}");
        }
    }

    #[test]
    fn r15_json_amounts_are_integers() {
        assert_eq!(serde_json::to_string(&Cny::from_fen(990)).unwrap(), "990");
        for text in ["990.0", "\"990\"", "9.9e2", "null", "9223372036854775808"] {
            assert!(serde_json::from_str::<Cny>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn r15_yuan_and_fen_are_the_same_amount(fen: i64) {
            let amount = Cny::from_fen(fen);
            prop_assert_eq!(Cny::parse_signed_yuan(&amount.to_string()), Ok(amount));
            prop_assert_eq!(Cny::from_decimal(amount.to_decimal()), Ok(amount));
        }

        #[test]
        fn r15_no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            if let Ok(amount) = Cny::parse_yuan(&text) {
                prop_assert!(amount >= Cny::ZERO);
            }
        }
    }
}
