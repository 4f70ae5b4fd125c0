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
    /// A period of membership, after what is held already.
    Membership,
    /// A period of a higher tier, at once, for which the rest of what is held is credited.
    MembershipUpgrade,
}

impl ItemKind {
    /// The name used in the database and in the HTTP API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Membership => "membership",
            Self::MembershipUpgrade => "membership_upgrade",
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
            "membership" => Ok(Self::Membership),
            "membership_upgrade" => Ok(Self::MembershipUpgrade),
            _ => Err(UnknownKind(name.to_owned())),
        }
    }
}

/// Nothing of this kind is sold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of goods {0:?}")]
pub struct UnknownKind(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in [
            ItemKind::Points,
            ItemKind::Membership,
            ItemKind::MembershipUpgrade,
        ] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            let json = format!("\"{kind}\"");
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
        }
        assert!("Points".parse::<ItemKind>().is_err());
    }
}
