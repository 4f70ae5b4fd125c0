use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::numbers::CROCKFORD;

/// Why a text is no identifier of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);

/// Length of the random part of a number: a UUID in Crockford base 32.
const UNIQUE_LEN: usize = 26;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId($rule)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The product's own name for a user: the `sub` of their token.
    UserId,
    |text| !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic()),
    "a user id is 1 to 64 visible ASCII characters"
);
text_id!(
    /// Names a purchase: 26 characters of Crockford base 32, sortable by time of making.
    OrderNo,
    |text| text.len() == UNIQUE_LEN && is_crockford(text),
    "an order number is 26 characters of 0-9 and a-z without i, l, o, u"
);
text_id!(
    /// Names one try at paying an order, and is the number sent to the platform: the environment's
    /// tag, then 26 characters of Crockford base 32. Compared case-sensitively.
    PaymentNo,
    |text| text
        .len()
        .checked_sub(UNIQUE_LEN)
        .and_then(|cut| text.split_at_checked(cut))
        .is_some_and(|(tag, unique)| is_tag(tag) && is_crockford(unique)),
    "a payment number is a tag of 2 to 4 of a-z and 0-9, then 26 characters of 0-9 and a-z without i, l, o, u"
);
text_id!(
    /// Names one refund: the number of the attempt whose money goes back, `r`, and two digits. Made
    /// of what is refunded, so that a refund that nobody asked for has the same number whoever
    /// comes to owe it.
    RefundNo,
    |text| text
        .rsplit_once('r')
        .is_some_and(|(payment, nth)| payment.parse::<PaymentNo>().is_ok()
            && nth.len() == 2
            && nth.bytes().all(|b| b.is_ascii_digit())
            && nth != "00"),
    "a refund number is a payment number, r, and two digits from 01"
);
text_id!(
    /// Marks the payment numbers of one environment among all that share a merchant.
    Tag,
    is_tag,
    "a payment tag is 2 to 4 characters of a-z and 0-9"
);

impl PaymentNo {
    /// The tag that this number begins with.
    pub fn tag(&self) -> &str {
        self.0
            .split_at_checked(self.0.len().saturating_sub(UNIQUE_LEN))
            .map_or("", |(tag, _)| tag)
    }
}

impl RefundNo {
    /// The n-th refund of what an attempt brought in; there are at most 99.
    pub fn nth(payment_no: &PaymentNo, nth: u64) -> Option<Self> {
        format!("{payment_no}r{nth:02}").parse().ok()
    }
}

fn is_tag(text: &str) -> bool {
    (2..=4).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_crockford(text: &str) -> bool {
    text.bytes().all(|b| CROCKFORD.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r16_numbers_are_compared_case_sensitively() {
        let lower = "01jd3m8k5zv7q2w4x6y8a0b2c4";
        assert!(lower.parse::<OrderNo>().is_ok());
        assert!(lower.to_uppercase().parse::<OrderNo>().is_err());
        assert!(format!("pd{lower}").parse::<PaymentNo>().is_ok());
        assert!(format!("PD{lower}").parse::<PaymentNo>().is_err());
    }

    #[test]
    fn r16_the_tag_is_read_back() {
        let number: PaymentNo = "dev101jd3m8k5zv7q2w4x6y8a0b2c4".parse().unwrap();
        assert_eq!(number.tag(), "dev1");
        for bad in ["", "a", "abcde", "A1", "a-"] {
            assert!(bad.parse::<Tag>().is_err(), "{bad:?}");
        }
        assert!("x01jd3m8k5zv7q2w4x6y8a0b2c4".parse::<PaymentNo>().is_err());
    }

    #[test]
    fn r16_refund_numbers_are_made_of_the_payment_number() {
        let payment_no: PaymentNo = "dev101jd3m8k5zv7q2w4x6y8a0b2c4".parse().unwrap();
        let first = RefundNo::nth(&payment_no, 1).unwrap();
        assert_eq!(first.as_str(), format!("{payment_no}r01"));
        assert_eq!(first.as_str().parse(), Ok(first.clone()));
        assert!(RefundNo::nth(&payment_no, 99).is_some());
        for none in [0, 100, u64::MAX] {
            assert_eq!(RefundNo::nth(&payment_no, none), None);
        }
        assert!(format!("{payment_no}r1").parse::<RefundNo>().is_err());
    }

    #[test]
    fn other_alphabets_are_refused_without_a_panic() {
        for text in [
            "",
            "é",
            "点点点点点点点点点点点点点点点点点点点点",
            "01jd3m8k5zv7q2w4x6y8a0b2cu",
        ] {
            assert!(text.parse::<OrderNo>().is_err(), "{text:?}");
            assert!(text.parse::<PaymentNo>().is_err(), "{text:?}");
        }
    }
}
