//! Reading back words, identifiers and JSON. What is not known is corrupt: a guessed state could
//! grant goods that nobody paid for.

use std::fmt;
use std::str::FromStr;

use kernel::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A stored word or identifier.
pub(crate) fn word<T>(column: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| corrupt(column, &error))
}

/// The same, where there may be none.
pub(crate) fn maybe_word<T>(
    column: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.map(|text| word(column, text)).transpose()
}

/// What must be there in this state.
pub(crate) fn present<T>(column: &'static str, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| corrupt(column, &"missing"))
}

/// Stored JSON.
pub(crate) fn json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| corrupt(column, &error))
}

/// JSON to be stored.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::failed)
}

/// A stored value that means nothing.
pub(crate) fn corrupt(column: &'static str, why: &dyn fmt::Display) -> StoreError {
    StoreError::corrupt(format!("column {column}: {why}"))
}
