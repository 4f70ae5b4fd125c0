use paydesk_money::Cny;
use serde::{Deserialize, Serialize};

use crate::ItemKind;

/// A name that customers read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// In Chinese: what the payer reads on the platform's bill.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// What an order sold, at what price: never changed afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// The kind of goods.
    pub kind: ItemKind,
    /// The stable name.
    pub code: String,
    /// Which version of it.
    pub version: i32,
    /// What it was called.
    pub title: Title,
    /// What it cost.
    pub price: Cny,
    /// What is granted once it is paid.
    pub goods: Goods,
}

/// What is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goods {
    /// Points.
    Points {
        /// How many.
        points: i64,
        /// For how many whole days after the day of the grant.
        valid_days: Option<u32>,
    },
}
