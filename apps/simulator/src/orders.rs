//! One order on the platform's side and the rules of its life. No HTTP, no signatures, no clock.

use serde::Serialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::channel::Channel;

/// A code can be scanned for two hours, whatever the order's own deadline is.
pub(crate) const CODE_LIFE: Duration = Duration::hours(2);
/// A nearer deadline is moved away to this distance.
pub(crate) const SHORTEST_LIFE: Duration = Duration::minutes(1);
/// Until then a paid Alipay trade can be refunded; afterwards it is finished.
pub(crate) const REFUND_TIME: Duration = Duration::days(365);

/// What the merchant asked for.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) channel: Channel,
    pub(crate) out_trade_no: String,
    pub(crate) description: String,
    pub(crate) total_fen: i64,
    /// Without it the merchant is never told; only Alipay allows that.
    pub(crate) notify_url: Option<String>,
    /// What comes back with the notice: `attach` or `passback_params`.
    pub(crate) attach: Option<String>,
    pub(crate) device_id: Option<String>,
    /// Alipay's longer description, which comes back with the notice.
    pub(crate) body: Option<String>,
    pub(crate) deadline: Option<OffsetDateTime>,
    /// How long a code can be scanned.
    pub(crate) code_life: Duration,
    /// The part of the request that a repeat must be equal in.
    pub(crate) request: Value,
}

/// An Alipay trade comes into being when a code is scanned, not when it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trade {
    pub(crate) transaction_id: String,
    pub(crate) created_at: OffsetDateTime,
}

/// How a customer paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) transaction_id: String,
    pub(crate) paid_at: OffsetDateTime,
    pub(crate) payer: String,
    /// The part of the total that a coupon covered.
    pub(crate) coupon_fen: i64,
}

#[derive(Debug, Clone)]
pub(crate) enum State {
    Open,
    Paid(Payment),
    Closed,
}

/// What the customer's phone would make of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Payable,
    /// The code is older than two hours or was replaced; the order itself may still be paid.
    CodeExpired,
    /// The deadline has passed. Queries still say NOTPAY until somebody closes the order.
    Overdue,
    Closed,
    Paid,
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) terms: Terms,
    pub(crate) placed_at: OffsetDateTime,
    pub(crate) deadline: OffsetDateTime,
    pub(crate) code: String,
    pub(crate) code_issued_at: OffsetDateTime,
    pub(crate) state: State,
    /// Alipay only: there since the first scan.
    pub(crate) trade: Option<Trade>,
    /// Alipay only: paid, and beyond the time of refunds.
    pub(crate) finished: bool,
    pub(crate) failed_attempts: u32,
}

/// Why an order cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("the deadline lies in the past")]
    DeadlinePassed,
    #[error("the order exists with other parameters")]
    OtherTerms,
    #[error("the number belongs to a finished order with other parameters")]
    NumberUsed,
    #[error("the order is paid")]
    AlreadyPaid,
    #[error("the order is closed")]
    AlreadyClosed,
    #[error("the order's deadline has passed")]
    Overdue,
}

/// Why a customer cannot pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayError {
    #[error("there is no such order")]
    Unknown,
    #[error("the code has expired")]
    CodeExpired,
    #[error("the order's deadline has passed")]
    Overdue,
    #[error("the order is closed")]
    Closed,
    #[error("the order is already paid")]
    AlreadyPaid,
    #[error("the coupon must be worth less than the order")]
    Coupon,
}

/// Why an order cannot be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CloseError {
    #[error("there is no such order")]
    Unknown,
    #[error("the order is paid")]
    Paid,
    #[error("the order is closed already")]
    AlreadyClosed,
}

impl Order {
    pub(crate) fn place(
        terms: Terms,
        code: String,
        now: OffsetDateTime,
    ) -> Result<Self, PlaceError> {
        let channel = terms.channel;
        let deadline = terms.deadline.unwrap_or(now + channel.usual_life());
        if deadline <= now {
            return Err(PlaceError::DeadlinePassed);
        }
        Ok(Self {
            deadline: deadline.clamp(now + SHORTEST_LIFE, now + channel.longest_life()),
            terms,
            placed_at: now,
            code,
            code_issued_at: now,
            state: State::Open,
            trade: None,
            finished: false,
            failed_attempts: 0,
        })
    }

    /// The same number again: an equal request gets a new code and kills the old one.
    pub(crate) fn place_again(
        &mut self,
        terms: &Terms,
        code: String,
        now: OffsetDateTime,
    ) -> Result<(), PlaceError> {
        let same = self.terms.request == terms.request;
        match &self.state {
            State::Open if !same => return Err(PlaceError::OtherTerms),
            State::Paid(_) | State::Closed if !same => return Err(PlaceError::NumberUsed),
            State::Paid(_) => return Err(PlaceError::AlreadyPaid),
            State::Closed => return Err(PlaceError::AlreadyClosed),
            State::Open if self.deadline <= now => return Err(PlaceError::Overdue),
            State::Open => {}
        }
        self.code = code;
        self.code_issued_at = now;
        Ok(())
    }

    /// What time alone does. `WeChat` closes an order only after the longest life, Alipay a trade
    /// at its deadline; a code that was never scanned has no trade to be closed.
    pub(crate) fn age(&mut self, now: OffsetDateTime) {
        let end = match self.terms.channel {
            Channel::Wechat => Some(self.placed_at + Channel::Wechat.longest_life()),
            Channel::Alipay => self.trade.as_ref().map(|_| self.deadline),
        };
        match &self.state {
            State::Open if end.is_some_and(|end| now >= end) => self.state = State::Closed,
            State::Paid(payment) if self.terms.channel == Channel::Alipay => {
                self.finished |= now >= payment.paid_at + REFUND_TIME;
            }
            State::Open | State::Paid(_) | State::Closed => {}
        }
    }

    /// A customer opens the page behind the code. With Alipay that creates the trade.
    pub(crate) fn scan(&mut self, transaction_id: &str, now: OffsetDateTime) {
        let scannable = self.standing(now) == Standing::Payable;
        if self.terms.channel == Channel::Alipay && self.trade.is_none() && scannable {
            self.trade = Some(Trade {
                transaction_id: transaction_id.to_owned(),
                created_at: now,
            });
        }
    }

    /// Whether the merchant can ask for this order.
    pub(crate) fn is_known(&self) -> bool {
        self.terms.channel == Channel::Wechat || self.trade.is_some()
    }

    pub(crate) fn standing(&self, now: OffsetDateTime) -> Standing {
        match self.state {
            State::Paid(_) => Standing::Paid,
            State::Closed => Standing::Closed,
            State::Open if now >= self.deadline => Standing::Overdue,
            State::Open if now >= self.code_issued_at + self.terms.code_life => {
                Standing::CodeExpired
            }
            State::Open => Standing::Payable,
        }
    }

    /// Paying is scanning, too. An Alipay trade keeps the number it got at its first scan.
    pub(crate) fn pay(&mut self, mut payment: Payment) -> Result<(), PayError> {
        self.scan(&payment.transaction_id, payment.paid_at);
        if let Some(trade) = &self.trade {
            payment.transaction_id.clone_from(&trade.transaction_id);
        }
        match self.standing(payment.paid_at) {
            Standing::Payable if !(0..self.terms.total_fen).contains(&payment.coupon_fen) => {
                Err(PayError::Coupon)
            }
            Standing::Payable => {
                self.state = State::Paid(payment);
                Ok(())
            }
            Standing::CodeExpired => Err(PayError::CodeExpired),
            Standing::Overdue => Err(PayError::Overdue),
            Standing::Closed => Err(PayError::Closed),
            Standing::Paid => Err(PayError::AlreadyPaid),
        }
    }

    /// A paid order stays paid. Closing twice is fine with `WeChat` only. What Alipay does not know
    /// it does not close either: such a code can still be scanned and paid.
    pub(crate) fn close(&mut self) -> Result<(), CloseError> {
        match (&self.state, self.terms.channel) {
            _ if !self.is_known() => Err(CloseError::Unknown),
            (State::Paid(_), _) => Err(CloseError::Paid),
            (State::Closed, Channel::Alipay) => Err(CloseError::AlreadyClosed),
            (State::Open | State::Closed, _) => {
                self.state = State::Closed;
                Ok(())
            }
        }
    }

    /// Ends the time of refunds early. Without effect on an order that is not a paid Alipay trade.
    pub(crate) fn finish(&mut self) {
        let paid = matches!(self.state, State::Paid(_));
        self.finished |= paid && self.terms.channel == Channel::Alipay;
    }

    pub(crate) fn payment(&self) -> Option<&Payment> {
        match &self.state {
            State::Paid(payment) => Some(payment),
            State::Open | State::Closed => None,
        }
    }

    /// The state in the platform's words, and `NOT_SCANNED` where Alipay has none.
    pub(crate) fn trade_state(&self) -> &'static str {
        match (&self.state, self.terms.channel) {
            (State::Open, Channel::Wechat) => "NOTPAY",
            (State::Paid(_), Channel::Wechat) => "SUCCESS",
            (State::Closed, Channel::Wechat) => "CLOSED",
            (State::Open, Channel::Alipay) if !self.is_known() => "NOT_SCANNED",
            (State::Open, Channel::Alipay) => "WAIT_BUYER_PAY",
            (State::Paid(_), Channel::Alipay) if self.finished => "TRADE_FINISHED",
            (State::Paid(_), Channel::Alipay) => "TRADE_SUCCESS",
            (State::Closed, Channel::Alipay) => "TRADE_CLOSED",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 +8);
    const LONGEST_LIFE: Duration = Channel::Wechat.longest_life();

    fn terms() -> Terms {
        Terms {
            channel: Channel::Wechat,
            out_trade_no: "PO1".repeat(2),
            description: "100 points".to_owned(),
            total_fen: 990,
            notify_url: Some("https://pay.example.com/notify".to_owned()),
            attach: None,
            device_id: None,
            body: None,
            deadline: None,
            code_life: CODE_LIFE,
            request: json!({"amount": 990}),
        }
    }

    fn placed(deadline: Option<OffsetDateTime>) -> Order {
        Order::place(
            Terms {
                deadline,
                ..terms()
            },
            "one".to_owned(),
            NOON,
        )
        .unwrap()
    }

    fn payment(paid_at: OffsetDateTime) -> Payment {
        let transaction_id = "4200".to_owned();
        Payment {
            transaction_id,
            paid_at,
            payer: "o".to_owned(),
            coupon_fen: 0,
        }
    }

    #[test]
    fn deadlines_are_kept_between_a_minute_and_seven_days() {
        assert_eq!(
            placed(Some(NOON + Duration::SECOND)).deadline,
            NOON + SHORTEST_LIFE
        );
        assert_eq!(
            placed(Some(NOON + Duration::days(90))).deadline,
            NOON + LONGEST_LIFE
        );
        assert_eq!(placed(None).deadline, NOON + LONGEST_LIFE);
        let past = Terms {
            deadline: Some(NOON),
            ..terms()
        };
        let refused = Order::place(past, "one".to_owned(), NOON);
        assert_eq!(refused.unwrap_err(), PlaceError::DeadlinePassed);
    }

    #[test]
    fn an_equal_repeat_gets_a_new_code_and_another_request_is_refused() {
        let mut order = placed(None);
        assert_eq!(order.place_again(&terms(), "two".to_owned(), NOON), Ok(()));
        assert_eq!(order.code, "two");
        let other = Terms {
            request: json!({"amount": 991}),
            ..terms()
        };
        let refused = order.place_again(&other, "three".to_owned(), NOON);
        assert_eq!(refused, Err(PlaceError::OtherTerms));
        assert_eq!(order.code, "two");
    }

    #[test]
    fn a_finished_number_is_never_reused() {
        let other = Terms {
            request: json!({"amount": 991}),
            ..terms()
        };
        let mut paid = placed(None);
        paid.pay(payment(NOON)).unwrap();
        let mut closed = placed(None);
        closed.close().unwrap();
        let same = terms();
        let again = |order: &mut Order, terms| order.place_again(terms, "two".to_owned(), NOON);
        assert_eq!(again(&mut paid, &same), Err(PlaceError::AlreadyPaid));
        assert_eq!(again(&mut paid, &other), Err(PlaceError::NumberUsed));
        assert_eq!(again(&mut closed, &same), Err(PlaceError::AlreadyClosed));
        assert_eq!(again(&mut closed, &other), Err(PlaceError::NumberUsed));
    }

    #[test]
    fn the_code_dies_before_the_order_does() {
        let order = placed(None);
        let second = Duration::SECOND;
        assert_eq!(order.standing(NOON + CODE_LIFE - second), Standing::Payable);
        assert_eq!(order.standing(NOON + CODE_LIFE), Standing::CodeExpired);
        assert_eq!(order.standing(NOON + LONGEST_LIFE), Standing::Overdue);
    }

    #[test]
    fn an_overdue_order_cannot_be_paid_and_still_reads_unpaid() {
        let deadline = NOON + Duration::minutes(30);
        let mut order = placed(Some(deadline));
        assert_eq!(order.pay(payment(deadline)), Err(PayError::Overdue));
        assert_eq!(order.trade_state(), "NOTPAY");
        assert_eq!(
            order.place_again(&terms(), "two".to_owned(), deadline),
            Err(PlaceError::Overdue)
        );
    }

    #[test]
    fn unpaid_orders_close_by_themselves_after_seven_days() {
        let mut order = placed(None);
        order.age(NOON + LONGEST_LIFE - Duration::SECOND);
        assert_eq!(order.trade_state(), "NOTPAY");
        order.age(NOON + LONGEST_LIFE);
        assert_eq!(order.trade_state(), "CLOSED");
    }

    #[test]
    fn payment_and_closing_exclude_each_other() {
        let mut paid = placed(None);
        paid.pay(payment(NOON)).unwrap();
        assert_eq!(paid.pay(payment(NOON)), Err(PayError::AlreadyPaid));
        assert_eq!(paid.close(), Err(CloseError::Paid));
        let mut closed = placed(None);
        closed.close().unwrap();
        assert_eq!(closed.close(), Ok(()));
        assert_eq!(closed.pay(payment(NOON)), Err(PayError::Closed));
    }

    #[test]
    fn a_coupon_never_covers_the_whole_order() {
        let mut order = placed(None);
        let free = Payment {
            coupon_fen: 990,
            ..payment(NOON)
        };
        assert_eq!(order.pay(free), Err(PayError::Coupon));
        assert_eq!(
            order.pay(Payment {
                coupon_fen: 989,
                ..payment(NOON)
            }),
            Ok(())
        );
    }

    fn precreated() -> Order {
        let terms = Terms {
            channel: Channel::Alipay,
            ..terms()
        };
        Order::place(terms, "one".to_owned(), NOON).unwrap()
    }

    #[test]
    fn an_alipay_trade_is_unknown_until_it_is_scanned() {
        let mut order = precreated();
        assert!(!order.is_known());
        assert_eq!(order.close(), Err(CloseError::Unknown));
        assert_eq!(order.trade_state(), "NOT_SCANNED");
        order.scan("first", NOON);
        order.scan("second", NOON);
        assert_eq!(order.trade.as_ref().unwrap().transaction_id, "first");
        assert_eq!(order.trade_state(), "WAIT_BUYER_PAY");
        order.pay(payment(NOON)).unwrap();
        assert_eq!(order.payment().unwrap().transaction_id, "first");
        assert_eq!(order.close(), Err(CloseError::Paid));
    }

    #[test]
    fn an_alipay_trade_closes_at_its_deadline_and_a_mere_code_does_not() {
        let mut scanned = precreated();
        scanned.scan("4200", NOON);
        let mut code = precreated();
        let deadline = NOON + Duration::hours(3);
        for order in [&mut scanned, &mut code] {
            order.age(deadline - Duration::SECOND);
            assert!(matches!(order.state, State::Open));
            order.age(deadline);
        }
        assert_eq!(scanned.trade_state(), "TRADE_CLOSED");
        assert_eq!(scanned.close(), Err(CloseError::AlreadyClosed));
        assert_eq!(code.trade_state(), "NOT_SCANNED");
        code.scan("4200", deadline);
        assert!(!code.is_known(), "an overdue code creates nothing");
    }

    #[test]
    fn a_paid_alipay_trade_is_finished_after_the_time_of_refunds() {
        let mut order = precreated();
        order.finish();
        order.pay(payment(NOON)).unwrap();
        assert_eq!(order.trade_state(), "TRADE_SUCCESS");
        order.age(NOON + REFUND_TIME);
        assert_eq!(order.trade_state(), "TRADE_FINISHED");
        let mut paid = placed(None);
        paid.pay(payment(NOON)).unwrap();
        paid.finish();
        assert_eq!(paid.trade_state(), "SUCCESS");
    }
}
