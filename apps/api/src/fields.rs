//! Reading fields by name, so that what is wrong with one is told by its name and in plain words.
//! serde's own words speak of Rust's types, and its readers keep the last of two fields of one name.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, MapAccess, Unexpected};

use crate::problem::Problem;

/// What is wrong, and with which field: with the whole, when it names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    field: Option<String>,
    message: String,
}

impl Wrong {
    /// The value that is being read is wrong.
    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self {
            field: None,
            message: message.into(),
        }
    }

    /// Only one of these will do.
    pub(crate) fn other_than(words: &[&str]) -> Self {
        Self::value(format!("must be one of {}", words.join(", ")))
    }

    fn field(name: &str, message: &str) -> Self {
        Self::value(message).inside(name)
    }

    fn inside(self, outer: &str) -> Self {
        let field = match self.field {
            Some(field) => format!("{outer}.{field}"),
            None => outer.to_owned(),
        };
        Self {
            field: Some(field),
            ..self
        }
    }

    /// As callers are told; `whole` is the name of what has none.
    pub(crate) fn problem(self, whole: &str) -> Problem {
        Problem::invalid(self.field.unwrap_or_else(|| whole.to_owned()), self.message)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::value(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::value("is not what this field takes")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::value("is not what this field takes")
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        Self::other_than(words)
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Self {
        Self::field(name, "unknown")
    }

    fn missing_field(name: &'static str) -> Self {
        Self::field(name, "missing")
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::field(name, "given twice")
    }
}

/// Names and values, as they were written.
pub(crate) struct Fields<V> {
    rest: std::vec::IntoIter<(String, V)>,
    seen: BTreeSet<String>,
    next: Option<(String, V)>,
}

impl<V> Fields<V> {
    pub(crate) fn new(written: Vec<(String, V)>) -> Self {
        Self {
            rest: written.into_iter(),
            seen: BTreeSet::new(),
            next: None,
        }
    }
}

impl<'de, V: Deserializer<'de, Error = Wrong>> MapAccess<'de> for Fields<V> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        if !self.seen.insert(name.clone()) {
            return Err(Wrong::field(&name, "given twice"));
        }
        let key = seed.deserialize(StringDeserializer::new(name.clone()))?;
        self.next = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let (name, value) = self.next.take().expect("a value follows its name");
        seed.deserialize(value).map_err(|wrong| wrong.inside(&name))
    }
}
