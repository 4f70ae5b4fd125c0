//! What can be asked for when a bill is applied for.

/// Which rows a trade bill holds, the parameter `bill_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TradeBillKind {
    /// Everything paid and refunded on that day.
    #[default]
    All,
    /// Only what was paid.
    Success,
    /// Only what was refunded, with the times of each refund.
    Refund,
}

impl TradeBillKind {
    /// The platform's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
        }
    }
}

/// Whose movements a fund-flow bill lists, the parameter `account_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FundAccount {
    /// The account that receives what is paid.
    #[default]
    Basic,
    /// The account that pays for marketing and transfers.
    Operation,
    /// The account that collects fees.
    Fees,
}

impl FundAccount {
    /// The platform's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Operation => "OPERATION",
            Self::Fees => "FEES",
        }
    }
}

/// How the bytes of a bill's file arrive, the parameter `tar_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BillPacking {
    /// As plain text: the parameter is left out.
    Plain,
    /// As one gzip stream, about a tenth of the size. No tar, in spite of the parameter's name.
    #[default]
    Gzip,
}

impl BillPacking {
    /// The platform's value, or `None` where the parameter is left out.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("GZIP"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_platforms() {
        assert_eq!(TradeBillKind::default().as_str(), "ALL");
        assert_eq!(TradeBillKind::Success.as_str(), "SUCCESS");
        assert_eq!(TradeBillKind::Refund.as_str(), "REFUND");
        assert_eq!(FundAccount::default().as_str(), "BASIC");
        assert_eq!(FundAccount::Operation.as_str(), "OPERATION");
        assert_eq!(FundAccount::Fees.as_str(), "FEES");
        assert_eq!(BillPacking::Plain.as_str(), None);
        assert_eq!(BillPacking::Gzip.as_str(), Some("GZIP"));
    }
}
