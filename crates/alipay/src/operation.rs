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
    /// Any other call that changes nothing.
    RawRead,
    /// Any other call.
    RawWrite,
}

impl Operation {
    /// In the order of the table of codes' columns.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [
        Self::Precreate,
        Self::Query,
        Self::Close,
        Self::RawRead,
        Self::RawWrite,
    ];

    /// A name for traces and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Precreate => "precreate",
            Self::Query => "query",
            Self::Close => "close",
            Self::RawRead => "raw_read",
            Self::RawWrite => "raw_write",
        }
    }

    /// Whether it changes nothing, so that it can be sent again unasked.
    pub(crate) const fn is_read(self) -> bool {
        match self {
            Self::Query | Self::RawRead => true,
            Self::Precreate | Self::Close | Self::RawWrite => false,
        }
    }

    /// How long the whole exchange may take: longer where money moves, for an answer that comes late
    /// is better than none.
    pub(crate) const fn timeout(self) -> Duration {
        match self {
            Self::RawWrite => Duration::from_secs(15),
            _ => Duration::from_secs(10),
        }
    }
}
