use std::time::Duration;

/// A call, as far as it is treated differently: its refusals, its repeats, its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Asking for a QR code.
    Precreate,
    /// Asking about a trade.
    Query,
    /// Closing a trade that nobody paid.
    Close,
    /// Giving money back.
    Refund,
    /// Asking about a refund.
    RefundQuery,
    /// Closing a trade, or giving all money back if it was paid.
    Cancel,
    /// Taking money by the payer's code.
    Pay,
    /// Asking where a bill is.
    Bill,
    /// Asking for one of Alipay's certificates.
    Certificate,
    /// Fetching a bill, from another host than the gateway's.
    BillFile,
    /// Asking whether a notice was sent, likewise.
    NoticeCheck,
    /// Any other call that changes nothing.
    RawRead,
    /// Any other call.
    RawWrite,
}

impl Operation {
    /// Those that the gateway answers, in the order of the table of codes' columns. The call for
    /// certificates has none: its errors mean nothing to anybody.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::Precreate,
        Self::Query,
        Self::Close,
        Self::Refund,
        Self::RefundQuery,
        Self::Cancel,
        Self::Pay,
        Self::Bill,
        Self::RawRead,
        Self::RawWrite,
    ];

    /// A name for traces and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Precreate => "precreate",
            Self::Query => "query",
            Self::Close => "close",
            Self::Refund => "refund",
            Self::RefundQuery => "refund_query",
            Self::Cancel => "cancel",
            Self::Pay => "pay",
            Self::Bill => "bill",
            Self::Certificate => "certificate",
            Self::BillFile => "bill_file",
            Self::NoticeCheck => "notice_check",
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
            | Self::Certificate
            | Self::NoticeCheck
            | Self::RawRead => true,
            Self::Precreate
            | Self::Close
            | Self::Refund
            | Self::Cancel
            | Self::Pay
            | Self::RawWrite => false,
        }
    }

    /// How long the whole exchange may take: longer where money moves, for an answer that comes late
    /// is better than none.
    pub(crate) const fn timeout(self) -> Duration {
        match self {
            Self::Refund | Self::Cancel | Self::Pay | Self::RawWrite => Duration::from_secs(15),
            // A large bill is some 100 MiB.
            Self::BillFile => Duration::from_mins(15),
            _ => Duration::from_secs(10),
        }
    }

    /// How long to wait after "too fast": the platform never says, and asks for a minute where bills
    /// are concerned.
    pub(crate) const fn pause_when_throttled(self) -> Duration {
        match self {
            Self::Bill | Self::BillFile => Duration::from_mins(1),
            _ => Duration::from_secs(1),
        }
    }
}
