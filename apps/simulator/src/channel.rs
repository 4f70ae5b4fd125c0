//! The platforms that are played, and the few numbers in which their orders differ.

use std::time::Duration as Pause;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{alipay, deliveries::Receipt, wechat};

/// Whose order, code or notice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    Wechat,
    Alipay,
}

impl Channel {
    pub(crate) const ALL: [Self; 2] = [Self::Wechat, Self::Alipay];

    /// How long an order without a deadline of its own can be paid.
    pub(crate) const fn usual_life(self) -> Duration {
        match self {
            Self::Wechat => Duration::days(7),
            Self::Alipay => Duration::hours(3),
        }
    }

    /// No deadline reaches further.
    pub(crate) const fn longest_life(self) -> Duration {
        match self {
            Self::Wechat => Duration::days(7),
            Self::Alipay => Duration::days(15),
        }
    }

    /// The pauses between the tries of a notice.
    pub(crate) const fn plan(self) -> &'static [Pause] {
        match self {
            Self::Wechat => &wechat::notice::PLAN,
            Self::Alipay => &alipay::notice::PLAN,
        }
    }

    /// The body of an answer that accepts a notice.
    pub(crate) const fn thanks(self) -> &'static str {
        match self {
            Self::Wechat => "",
            Self::Alipay => "success",
        }
    }

    /// Whether the merchant's answer to a notice ends the plan.
    pub(crate) fn accepts(self, receipt: &Receipt) -> bool {
        match self {
            Self::Wechat => matches!(receipt.status, Some(200 | 204)),
            Self::Alipay => receipt.status == Some(200) && receipt.answer == self.thanks(),
        }
    }

    /// A new number of a trade, in the platform's form.
    pub(crate) fn transaction_id(self, now: OffsetDateTime) -> String {
        match self {
            Self::Wechat => wechat::transaction::new_id(now),
            Self::Alipay => alipay::trade::new_number(now),
        }
    }

    /// The one customer who pays here.
    pub(crate) const fn customer(self) -> &'static str {
        match self {
            Self::Wechat => wechat::transaction::CUSTOMER,
            Self::Alipay => alipay::trade::CUSTOMER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(status: u16, answer: &str) -> Receipt {
        Receipt {
            status: Some(status),
            answer: answer.to_owned(),
            error: None,
            took_ms: 0,
        }
    }

    #[test]
    fn wechat_takes_200_and_204_for_success() {
        for status in [200, 204] {
            assert!(Channel::Wechat.accepts(&receipt(status, "")));
        }
        for status in [201, 202, 301, 302, 400, 500] {
            assert!(!Channel::Wechat.accepts(&receipt(status, "success")));
        }
        assert!(!Channel::Wechat.accepts(&Receipt::failure("refused")));
    }

    #[test]
    fn alipay_takes_one_word_for_success() {
        assert!(Channel::Alipay.accepts(&receipt(200, "success")));
        for answer in [
            "",
            "SUCCESS",
            "success\n",
            " success",
            "\"success\"",
            "fail",
        ] {
            assert!(
                !Channel::Alipay.accepts(&receipt(200, answer)),
                "{answer:?}"
            );
        }
        assert!(!Channel::Alipay.accepts(&receipt(204, "success")));
        assert!(!Channel::Alipay.accepts(&Receipt::failure("refused")));
    }
}
