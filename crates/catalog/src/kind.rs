use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ItemKind {
    /// A package of points.
    Points,
}

impl ItemKind {
    /// The name used in the database and in the HTTP API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
        }
    }
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ItemKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        match name {
            "points" => Ok(Self::Points),
            _ => Err(UnknownKind(name.to_owned())),
        }
    }
}

/// Nothing of this kind is sold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of goods {0:?}")]
pub struct UnknownKind(String);
