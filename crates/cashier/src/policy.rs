use orders::LateMoney;

/// What is decided once for every order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What happens with money for an order that nobody should have paid any more.
    pub late: LateMoney,
    /// What happens with the money when the goods cannot be granted.
    pub ungrantable: Ungrantable,
    /// After so many tries a grant that keeps failing is given up.
    pub grant_tries: i32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            late: LateMoney::Refund,
            ungrantable: Ungrantable::Refund,
            grant_tries: 10,
        }
    }
}

/// What happens with the money when the goods cannot be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ungrantable {
    /// It goes back in full.
    Refund,
    /// It stays until a person has decided.
    Hold,
}
