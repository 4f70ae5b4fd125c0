/// Why a text or a decimal is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not plain digits with at most one decimal point between digits.
    #[error("not a plain decimal number")]
    NotANumber,
    /// More than two places that count.
    #[error("more precise than one fen")]
    TooPrecise,
    /// More than fits into 64 bits of fen.
    #[error("amount too large")]
    Overflow,
}

/// Fen out of `digits[.digits]`.
pub(crate) fn yuan(text: &str) -> Result<i64, AmountError> {
    let (whole, places) = match text.split_once('.') {
        Some((whole, places)) if !places.is_empty() => (whole, places),
        Some(_) => return Err(AmountError::NotANumber),
        None => (text, "0"),
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(places) {
        return Err(AmountError::NotANumber);
    }
    let mut places = places.bytes().map(|digit| i64::from(digit - b'0'));
    let tens = places.next().unwrap_or(0);
    let ones = places.next().unwrap_or(0);
    if places.any(|digit| digit != 0) {
        return Err(AmountError::TooPrecise);
    }
    whole
        .parse::<i64>()
        .ok()
        .and_then(|yuan| yuan.checked_mul(100))
        .and_then(|fen| fen.checked_add(tens * 10 + ones))
        .ok_or(AmountError::Overflow)
}
