//! Exact decimals: text to a whole number of the smallest unit and back, for any number of places.

use std::fmt;

/// Why a text or a decimal is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not plain digits with at most one decimal point between digits.
    #[error("not a plain decimal number")]
    NotANumber,
    /// More places that count than the amount has.
    #[error("more precise than the amount's smallest unit")]
    TooPrecise,
    /// More than fits into 64 bits of the smallest unit.
    #[error("amount too large")]
    Overflow,
}

/// Units of `10^-PLACES` out of `digits[.digits]`.
pub(crate) fn read<const PLACES: u8>(text: &str) -> Result<i64, AmountError> {
    i64::try_from(magnitude(text, PLACES)?).map_err(|_| AmountError::Overflow)
}

/// Like [`read`], with one leading `-` allowed.
pub(crate) fn read_signed<const PLACES: u8>(text: &str) -> Result<i64, AmountError> {
    match text.strip_prefix('-') {
        Some(rest) => 0_i64
            .checked_sub_unsigned(magnitude(rest, PLACES)?)
            .ok_or(AmountError::Overflow),
        None => read::<PLACES>(text),
    }
}

/// Always with all its places, as platforms expect them.
pub(crate) fn write<const PLACES: u8>(f: &mut fmt::Formatter<'_>, units: i64) -> fmt::Result {
    let sign = if units < 0 { "-" } else { "" };
    let units = units.unsigned_abs();
    let one = 10_u64.pow(u32::from(PLACES));
    let width = usize::from(PLACES);
    write!(f, "{sign}{}.{:0width$}", units / one, units % one)
}

fn magnitude(text: &str, places: u8) -> Result<u64, AmountError> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(AmountError::NotANumber),
        None => (text, "0"),
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return Err(AmountError::NotANumber);
    }
    let mut fraction = fraction.bytes().map(|digit| u64::from(digit - b'0'));
    let mut units = whole.parse::<u64>().ok();
    for _ in 0..places {
        let digit = fraction.next().unwrap_or(0);
        units = units
            .and_then(|units| units.checked_mul(10))
            .and_then(|units| units.checked_add(digit));
    }
    if fraction.any(|digit| digit != 0) {
        return Err(AmountError::TooPrecise);
    }
    units.ok_or(AmountError::Overflow)
}
