//! Faults on request: what goes wrong, where, and how often.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Point {
    /// `WeChat`: placing a Native order.
    Native,
    /// `WeChat`: asking for an order, by either number.
    Query,
    /// `WeChat`: closing an order.
    Close,
    /// `WeChat`: sending a notice.
    Notify,
    /// Alipay: reserving a code.
    Precreate,
    /// Alipay: asking for a trade, by either number.
    AlipayQuery,
    /// Alipay: closing a trade.
    AlipayClose,
    /// Alipay: sending a notice.
    AlipayNotify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Waits `value` milliseconds, then goes on as usual.
    DelayMs,
    /// Does what was asked and answers `value` milliseconds later, so that a caller without
    /// patience leaves an order behind.
    ActThenDelay,
    /// Answers with status `value` and `code`, and does nothing.
    Status,
    /// Closes the connection without an answer, and does nothing.
    DropConnection,
    /// Does what was asked and signs the answer wrongly.
    BadSignature,
    /// Does what was asked and leaves the signature out.
    Unsigned,
    /// Does what was asked and closes the connection without an answer.
    ActThenDrop,
    /// Native and precreate only: the order is paid and its notice delivered before the answer leaves.
    PayBeforeAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) on: Point,
    pub(crate) kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Only for this order; without it, for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) out_trade_no: Option<String>,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// What is wrong with this fault, if anything.
    pub(crate) fn objection(&self) -> Option<&'static str> {
        match (self.kind, self.value) {
            (Kind::DelayMs | Kind::ActThenDelay, None) => Some("a delay needs a value in ms"),
            (Kind::ActThenDelay, _) if matches!(self.on, Point::Notify | Point::AlipayNotify) => {
                Some("act_then_delay does not work on notices")
            }
            (Kind::Status, None) => Some("status needs a value between 200 and 599"),
            (Kind::Status, Some(value)) if !(200..600).contains(&value) => {
                Some("status needs a value between 200 and 599")
            }
            (Kind::PayBeforeAnswer, _) if !matches!(self.on, Point::Native | Point::Precreate) => {
                Some("pay_before_answer only works on native and precreate")
            }
            _ if self.times == 0 => Some("times must be at least 1"),
            _ => None,
        }
    }
}

/// The faults still to come. Each call meets at most one: the first that fits, in the order in
/// which they were asked for, so that a list is a script.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    /// Takes the fault that this call meets.
    pub(crate) fn take(&mut self, point: Point, out_trade_no: &str) -> Option<Fault> {
        let fits = |fault: &Fault| {
            fault.on == point
                && fault
                    .out_trade_no
                    .as_deref()
                    .is_none_or(|no| no == out_trade_no)
        };
        let position = self.0.iter().position(fits)?;
        let fault = self.0.get_mut(position)?;
        fault.times = fault.times.saturating_sub(1);
        let taken = fault.clone();
        if taken.times == 0 {
            self.0.remove(position);
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(on: Point, kind: Kind) -> Fault {
        Fault {
            on,
            kind,
            value: None,
            code: None,
            out_trade_no: None,
            times: 1,
        }
    }

    #[test]
    fn faults_are_a_script_per_point() {
        let mut faults = Faults::default();
        faults.add(Fault {
            times: 2,
            ..fault(Point::Query, Kind::Unsigned)
        });
        faults.add(fault(Point::Query, Kind::DropConnection));
        faults.add(fault(Point::Close, Kind::BadSignature));
        let mut kind = |point| faults.take(point, "A").map(|fault| fault.kind);
        assert_eq!(kind(Point::Native), None);
        assert_eq!(kind(Point::Query), Some(Kind::Unsigned));
        assert_eq!(kind(Point::Query), Some(Kind::Unsigned));
        assert_eq!(kind(Point::Query), Some(Kind::DropConnection));
        assert_eq!(kind(Point::Query), None);
        assert_eq!(kind(Point::Close), Some(Kind::BadSignature));
    }

    #[test]
    fn a_fault_for_one_order_spares_the_others() {
        let mut faults = Faults::default();
        let only = Some("A".to_owned());
        faults.add(Fault {
            out_trade_no: only,
            ..fault(Point::Query, Kind::Unsigned)
        });
        assert_eq!(faults.take(Point::Query, "B"), None);
        assert!(faults.take(Point::Query, "A").is_some());
    }

    #[test]
    fn senseless_faults_are_refused() {
        assert!(fault(Point::Query, Kind::DelayMs).objection().is_some());
        assert!(fault(Point::Query, Kind::Status).objection().is_some());
        assert!(
            fault(Point::Query, Kind::PayBeforeAnswer)
                .objection()
                .is_some()
        );
        assert!(
            fault(Point::Native, Kind::PayBeforeAnswer)
                .objection()
                .is_none()
        );
        assert!(
            fault(Point::AlipayQuery, Kind::PayBeforeAnswer)
                .objection()
                .is_some()
        );
        let late = Fault {
            value: Some(1),
            ..fault(Point::AlipayNotify, Kind::ActThenDelay)
        };
        assert!(late.objection().is_some());
    }
}
