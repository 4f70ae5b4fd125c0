use std::time::Duration;

use crate::codes::Class;

/// A call, as far as it is treated differently: its refusals, its repeats, its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Placing an order, in any product.
    Prepay,
    /// Asking about an order.
    Query,
    /// Closing an order.
    Close,
    /// Asking for a refund.
    Refund,
    /// Asking about a refund.
    RefundQuery,
    /// Sending a refund that its way back refused somewhere else.
    AbnormalRefund,
    /// Asking where a bill is.
    Bill,
    /// Fetching a bill's file.
    BillFile,
    /// Fetching the platform's certificates.
    Certificates,
    /// Any other call that changes nothing.
    RawRead,
    /// Any other call.
    RawWrite,
}

impl Operation {
    /// In the order of the table of codes' columns.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 11] = [
        Self::Prepay,
        Self::Query,
        Self::Close,
        Self::Refund,
        Self::RefundQuery,
        Self::AbnormalRefund,
        Self::Bill,
        Self::BillFile,
        Self::Certificates,
        Self::RawRead,
        Self::RawWrite,
    ];

    /// A name for traces and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Prepay => "prepay",
            Self::Query => "query",
            Self::Close => "close",
            Self::Refund => "refund",
            Self::RefundQuery => "refund_query",
            Self::AbnormalRefund => "abnormal_refund",
            Self::Bill => "bill",
            Self::BillFile => "bill_file",
            Self::Certificates => "certificates",
            Self::RawRead => "raw_read",
            Self::RawWrite => "raw_write",
        }
    }

    /// Whether it changes nothing, so that it can be sent again unasked.
    pub(crate) const fn is_read(self) -> bool {
        match self {
            Self::Query
            | Self::RefundQuery
            | Self::Bill
            | Self::BillFile
            | Self::Certificates
            | Self::RawRead => true,
            Self::Prepay | Self::Close | Self::Refund | Self::AbnormalRefund | Self::RawWrite => {
                false
            }
        }
    }

    /// Whether this status is the one that says yes.
    pub(crate) const fn is_success(self, status: u16) -> bool {
        match self {
            Self::Close => status == 204,
            Self::RawRead | Self::RawWrite => 200 <= status && status < 300 && status != 202,
            _ => status == 200,
        }
    }

    /// How long the whole exchange may take.
    pub(crate) const fn timeout(self) -> Duration {
        match self {
            Self::Refund | Self::AbnormalRefund => Duration::from_secs(15),
            // A large bill is some 100 MiB.
            Self::BillFile => Duration::from_mins(15),
            _ => Duration::from_secs(10),
        }
    }

    /// What a refusal may still mean for this call: a class that has no meaning for it proves nothing.
    pub(crate) const fn admits(self, class: Class) -> bool {
        match class {
            Class::NoSuchNumber => matches!(self, Self::Query | Self::Close | Self::RefundQuery),
            Class::AlreadyPaid | Class::AlreadyClosed => matches!(self, Self::Close),
            Class::NoStatement | Class::NotYet => matches!(self, Self::Bill),
            _ => true,
        }
    }
}
