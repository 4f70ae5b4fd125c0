//! Query parameters whose errors name the parameter.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::fields::{Fields, Wrong};
use crate::problem::Problem;

/// The parameters of a request. Their type lists those that there are, as optional text, so that
/// nothing but a name can be wrong when they are read.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// For what takes no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| Problem::invalid("(query)", "cannot be read"))?;
    let texts = pairs.into_inner().into_iter();
    let fields = Fields::new(texts.map(|(name, text)| (name, Text(text))).collect());
    T::deserialize(MapAccessDeserializer::new(fields)).map_err(|wrong| wrong.problem("(query)"))
}

/// What a parameter is: a text, when it is there.
struct Text(String);

impl<'de> Deserializer<'de> for Text {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A parameter that is a whole number from 1 to `most`.
pub(crate) fn count(
    name: &'static str,
    text: Option<&str>,
    default: u64,
    most: u64,
) -> Result<u64, Problem> {
    let Some(text) = text else {
        return Ok(default);
    };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && (1..=most).contains(&number) => Ok(number),
        _ => Err(Problem::invalid(name, format!("must be 1 to {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Some2 {
        limit: Option<String>,
        status: Option<String>,
    }

    #[test]
    fn what_is_unknown_or_doubled_is_named() {
        let good: Some2 = read("limit=1&status=%E7%82%B9").unwrap();
        assert_eq!(good.status.as_deref(), Some("点"));
        for (query, told) in [
            ("x=1", "x: unknown"),
            ("limit=1&Status=a", "Status: unknown"),
            ("limit=1&limit=1", "limit: given twice"),
        ] {
            let problem = read::<Some2>(query).unwrap_err().to_string();
            assert_eq!(problem, format!("400 invalid_request: {told}"));
            assert!(read::<NoParameters>(query).is_err());
        }
        assert!(read::<NoParameters>("").is_ok());
    }

    #[test]
    fn a_count_is_a_whole_number_within_bounds() {
        assert_eq!(count("limit", None, 20, 100).unwrap(), 20);
        assert_eq!(count("limit", Some("100"), 20, 100).unwrap(), 100);
        for bad in [
            "",
            "0",
            "101",
            "-1",
            "+1",
            "1.0",
            "1e1",
            "ten",
            " 1",
            "99999999999999999999",
        ] {
            assert!(count("limit", Some(bad), 20, 100).is_err(), "{bad:?}");
        }
    }
}
