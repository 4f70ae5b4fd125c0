use std::fmt;

use uuid::Uuid;

use crate::ids::{OrderNo, PaymentNo, Tag};

/// Crockford's alphabet in lower case: no i, l, o, u, so that a number survives being read aloud.
pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes the numbers of new orders, attempts and rows.
pub trait Numbers: Send + Sync + fmt::Debug {
    /// A new order number.
    fn order_no(&self) -> OrderNo;
    /// A new payment number under the environment's tag.
    fn payment_no(&self) -> PaymentNo;
    /// A key for a row that no platform and no user sees: 26 characters, sortable by time.
    fn row_id(&self) -> String;
}

/// Numbers made of version 7 UUIDs: unique across processes, sortable by time of making.
#[derive(Clone, Debug)]
pub struct UuidNumbers {
    tag: Tag,
}

impl UuidNumbers {
    /// Numbers of the environment with this tag.
    pub const fn new(tag: Tag) -> Self {
        Self { tag }
    }
}

impl Numbers for UuidNumbers {
    fn order_no(&self) -> OrderNo {
        self.row_id()
            .parse()
            .expect("base 32 of a UUID is an order number")
    }

    fn payment_no(&self) -> PaymentNo {
        format!("{}{}", self.tag, self.row_id())
            .parse()
            .expect("a tag and base 32 of a UUID are a payment number")
    }

    fn row_id(&self) -> String {
        base32(Uuid::now_v7())
    }
}

/// 128 bits as 26 digits of base 32; the order of the texts is the order of the numbers.
fn base32(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..26)
        .rev()
        .map(|digit| {
            let index = usize::try_from((bits >> (5 * digit)) & 31).unwrap_or(0);
            char::from(CROCKFORD.get(index).copied().unwrap_or(b'0'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r16_payment_numbers_fit_both_platforms() {
        for tag in ["ab", "abc", "abcd"] {
            let number = UuidNumbers::new(tag.parse().unwrap()).payment_no();
            assert!((28..=30).contains(&number.as_str().len()), "{number}");
            assert_eq!(number.tag(), tag);
        }
    }

    #[test]
    fn r16_numbers_sort_by_time_of_making() {
        let numbers = UuidNumbers::new("ab".parse().unwrap());
        let made: Vec<_> = (0..1000).map(|_| numbers.order_no()).collect();
        assert!(made.is_sorted());
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
    }

    proptest! {
        #[test]
        fn r16_base_32_keeps_order(a: u128, b: u128) {
            let text = |bits| base32(Uuid::from_u128(bits));
            prop_assert_eq!(a.cmp(&b), text(a).cmp(&text(b)));
            prop_assert_eq!(text(a).len(), 26);
        }
    }
}
