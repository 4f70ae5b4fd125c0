//! What a trade was paid with.

use paydesk_money::Cny;

use crate::fields::Fields;
use crate::members::Members;

/// A part of a payment or of a refund, by where the money came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FundBill {
    /// `ALIPAYACCOUNT`, `PCREDIT`, `BANKCARD`, `COUPON`, …
    pub channel: String,
    /// How much, in fen.
    pub amount: Cny,
    /// What of it was real money, in fen.
    pub real_amount: Option<Cny>,
    /// `DEBIT_CARD`, `CREDIT_CARD` or `MIXED_CARD`.
    pub fund_type: Option<String>,
    /// The bank's code.
    pub bank_code: Option<String>,
}

/// A coupon that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Voucher {
    /// Its number.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// `ALIPAY_FIX_VOUCHER`, `ALIPAY_DISCOUNT_VOUCHER`, …
    pub kind: Option<String>,
    /// Its worth, in fen.
    pub amount: Cny,
    /// The part that the merchant bears, in fen.
    pub merchant_contribute: Option<Cny>,
    /// The part that others bear, in fen.
    pub other_contribute: Option<Cny>,
}

impl FundBill {
    /// A list that cannot be read is none: no decision rests on it.
    pub(crate) fn list(items: Option<Vec<Members<'_>>>) -> Vec<Self> {
        list(items, Self::read)
    }

    /// The same names in answers and, in camel case, in notices.
    fn read(item: &Members<'_>) -> Option<Self> {
        Some(Self {
            channel: either(item, "fund_channel", "fundChannel")?,
            amount: item.loose_yuan("amount")?,
            real_amount: item
                .loose_yuan("real_amount")
                .or(item.loose_yuan("realAmount")),
            fund_type: either(item, "fund_type", "fundType"),
            bank_code: either(item, "bank_code", "bankCode"),
        })
    }
}

impl Voucher {
    pub(crate) fn list(items: Option<Vec<Members<'_>>>) -> Vec<Self> {
        list(items, Self::read)
    }

    fn read(item: &Members<'_>) -> Option<Self> {
        let part = |name, other| item.loose_yuan(name).or(item.loose_yuan(other));
        Some(Self {
            id: item.loose("id")?,
            name: item.loose("name"),
            kind: item.loose("type"),
            amount: item.loose_yuan("amount")?,
            merchant_contribute: part("merchant_contribute", "merchantContribute"),
            other_contribute: part("other_contribute", "otherContribute"),
        })
    }
}

fn either(item: &Members<'_>, name: &str, other: &str) -> Option<String> {
    item.loose(name).or_else(|| item.loose(other))
}

fn list<T>(items: Option<Vec<Members<'_>>>, read: impl Fn(&Members<'_>) -> Option<T>) -> Vec<T> {
    items
        .and_then(|items| items.iter().map(read).collect())
        .unwrap_or_default()
}
