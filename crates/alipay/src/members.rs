//! The members of a JSON object, each with its text byte for byte.
//!
//! Signatures are computed over the text of one member, so it must be cut out exactly as it came. A
//! real tokenizer does it: braces and quotes inside strings, escapes, and white space are its trade.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::fields::Fields;

/// An object's members in the order received. No name comes twice: two readers of such an object
/// could take different members for the one meant.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<(String, &'a str)>);

/// Why a text is no such object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotMembers {
    #[error("no JSON object")]
    NotAnObject,
    #[error("a member comes twice")]
    Repeated,
}

impl<'a> Members<'a> {
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, NotMembers> {
        let Self(members) = serde_json::from_slice(json).map_err(|_| NotMembers::NotAnObject)?;
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(NotMembers::Repeated);
        }
        Ok(Self(members))
    }

    /// A member's value as it was written, without the white space around it.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, raw) = self.0.iter().find(|(key, _)| key == name)?;
        Some(raw)
    }

    /// The objects in a member that is a list; `None` for anything else.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<Members<'a>>> {
        Self::read_list(self.raw(name)?)
    }

    /// The objects in a list.
    pub(crate) fn read_list(json: &'a str) -> Option<Vec<Self>> {
        let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        items
            .into_iter()
            .map(|item| Self::read(item.get().as_bytes()).ok())
            .collect()
    }
}

impl Fields for Members<'_> {
    /// A number gives its digits as they were written, which no float ever held; an empty text,
    /// `null` and an absent member are the same to the platform.
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let text = match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map_err(|_| format!("{name} is no text"))?,
            Some(b'-' | b'0'..=b'9') => raw.to_owned(),
            _ if raw == "null" => return Ok(None),
            _ => return Err(format!("{name} is no text")),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests;
