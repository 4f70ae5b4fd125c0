//! JSON as callers mean it: an object is an object, and each of its fields is there once.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use crate::fields::{Fields, Wrong};
use crate::problem::Problem;

const BODY: &str = "(body)";

/// Reads a whole body.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let read: Result<&RawValue, _> = serde_json::from_slice(body);
    let whole = read.map_err(|_| Problem::invalid(BODY, "must be JSON"))?;
    T::deserialize(Written(whole)).map_err(|wrong| wrong.problem(BODY))
}

/// A value as it was written. `serde_json` itself would take an array for a struct, field by field.
struct Written<'a>(&'a RawValue);

impl<'de> Written<'de> {
    fn read<T: Deserialize<'de>>(&self, otherwise: impl FnOnce() -> Wrong) -> Result<T, Wrong> {
        serde_json::from_str(self.0.get()).map_err(|_| otherwise())
    }

    fn text(&self) -> Result<String, Wrong> {
        self.read(|| Wrong::value("must be a text"))
    }
}

impl<'de> Deserializer<'de> for Written<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let text = self.0.get();
        match text.as_bytes().first() {
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'"') => visitor.visit_string(self.text()?),
            Some(b'[') => Err(Wrong::value("must not be an array")),
            _ => serde_json::Deserializer::from_str(text)
                .deserialize_any(visitor)
                .map_err(|_| Wrong::value("is not what this field takes")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let Pairs(pairs) = self.read(|| Wrong::value("must be an object"))?;
        visitor.visit_map(Fields::new(pairs))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let word = self.read(|| Wrong::other_than(words))?;
        visitor.visit_enum(StringDeserializer::new(word))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.get() == "null" {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct identifier ignored_any
    }
}

/// What stands in an object, also what stands there twice.
struct Pairs<'a>(Vec<(String, Written<'a>)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    pairs.push((name, Written(value)));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
        Blue,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        colour: Colour,
        count: Option<u8>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        inner: Option<Inner>,
        #[serde(default)]
        notes: BTreeMap<String, String>,
    }

    #[test]
    fn what_is_right_is_read() {
        let body =
            r#" {"name": "\u70b9", "inner": {"colour": "blue", "count": 7}, "notes": {"a": ""}} "#;
        let read: Outer = parse(body.as_bytes()).unwrap();
        let inner = Inner {
            colour: Colour::Blue,
            count: Some(7),
        };
        assert_eq!((read.name.as_str(), read.inner), ("点", Some(inner)));
        assert_eq!(read.notes["a"], "");
        let none: Outer = parse(br#"{"name": "", "inner": null}"#).unwrap();
        assert_eq!(none.inner, None);
    }

    #[test]
    fn what_is_wrong_is_named_in_plain_words() {
        for (body, expected) in [
            ("", "(body): must be JSON"),
            ("{", "(body): must be JSON"),
            ("{} x", "(body): must be JSON"),
            ("{\"name\": \"\u{0}\"}", "(body): must be JSON"),
            ("[]", "(body): must be an object"),
            ("7", "(body): must be an object"),
            ("{}", "name: missing"),
            (r#"{"name": 1}"#, "name: must be a text"),
            (r#"{"name": "\ud800"}"#, "name: must be a text"),
            (r#"{"name": "", "x": 1}"#, "x: unknown"),
            (r#"{"name": "", "name": ""}"#, "name: given twice"),
            (
                r#"{"name": "", "inner": ["red", 1]}"#,
                "inner: must be an object",
            ),
            (r#"{"name": "", "inner": {}}"#, "inner.colour: missing"),
            (
                r#"{"name": "", "inner": {"colour": 1}}"#,
                "inner.colour: must be one of red, blue",
            ),
            (
                r#"{"name": "", "inner": {"colour": "grey"}}"#,
                "inner.colour: must be one of red, blue",
            ),
            (
                r#"{"name": "", "inner": {"colour": "red", "count": 256}}"#,
                "inner.count: is not what this field takes",
            ),
            (
                r#"{"name": "", "inner": {"colour": "red", "count": [1]}}"#,
                "inner.count: must not be an array",
            ),
            (
                r#"{"name": "", "notes": [["a", "b"]]}"#,
                "notes: must be an object",
            ),
            (
                r#"{"name": "", "notes": {"a": "1", "a": "2"}}"#,
                "notes.a: given twice",
            ),
            (
                r#"{"name": "", "notes": {"a": {}}}"#,
                "notes.a: must be a text",
            ),
        ] {
            let problem = parse::<Outer>(body.as_bytes()).unwrap_err().to_string();
            let told = format!("400 invalid_request: {expected}");
            assert_eq!(problem, told, "{body}");
        }
    }
}
