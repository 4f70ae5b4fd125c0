use catalog::{Goods, ItemKind, Title};
use paydesk_provider::{Channel, PaymentStatement, Scene, TradeState, Verified};
use payments::{AccountKey, AttemptState, Fact, Source};
use time::macros::datetime;

use super::*;

const SOON: OffsetDateTime = datetime!(2026-01-01 10:01 UTC);

fn an_order() -> Order {
    Order::place(NewOrder {
        order_no: "01jd3m8k5zv7q2w4x6y8a0b2c3".parse().unwrap(),
        payment_no: "dev01jd3m8k5zv7q2w4x6y8a0b2c4".parse().unwrap(),
        user_id: "u1".parse().unwrap(),
        item: Sold {
            kind: ItemKind::Points,
            code: "points-1000".to_owned(),
            version: 1,
            title: Title {
                zh: "1,000 点".to_owned(),
                en: "1,000 points".to_owned(),
            },
            price: Cny::from_fen(990),
            goods: Goods::Points {
                points: 1000,
                valid_days: None,
            },
        },
        metadata: BTreeMap::new(),
        created_at: datetime!(2026-01-01 10:00 UTC),
        expire_at: datetime!(2026-01-01 10:30 UTC),
    })
}

#[expect(clippy::disallowed_methods, reason = "the test plays the verifier")]
fn money_in(order: &Order, transaction_id: &str, state: TradeState) -> Admitted {
    let attempt = Attempt {
        payment_no: order.payment_no.clone(),
        order_no: order.order_no.clone(),
        account: AccountKey::new("main"),
        channel: Channel::Wechat,
        scene: Scene::Qr,
        merchant_id: "m".to_owned(),
        app_id: "a".to_owned(),
        amount: order.amount,
        description: String::new(),
        notify_url: String::new(),
        expire_at: order.expire_at,
        state: AttemptState::Open,
        code_url: None,
        code_expires_at: None,
        transaction_id: None,
        retry_count: 0,
        created_at: order.created_at,
    };
    let statement = PaymentStatement {
        merchant_id: "m".to_owned(),
        app_id: "a".to_owned(),
        payment_no: order.payment_no.as_str().to_owned(),
        transaction_id: Some(transaction_id.to_owned()),
        state,
        amount: Some(order.amount),
        currency: "CNY".to_owned(),
        paid_at: Some(datetime!(2026-01-01 10:05 UTC)),
        evidence: serde_json::Value::Null,
    };
    let fact = Fact {
        channel: Channel::Wechat,
        statement: Verified::attest(statement),
        account: AccountKey::new("main"),
        source: Source::Callback,
        learnt_at: order.created_at,
    };
    attempt.admit(&fact).unwrap()
}

fn money(order: &Order, transaction_id: &str) -> Admitted {
    money_in(order, transaction_id, TradeState::Paid)
}

#[test]
fn money_that_went_back_pays_and_grants_nothing() {
    let mut order = an_order();
    let money = money_in(&order, "T1", TradeState::Refunded);
    assert_eq!(order.mark_paid(&money, LateMoney::Grant), Paid::Now);
    assert_eq!(order.fulfilment, Fulfilment::Revoked);
    assert_eq!(
        order.mark_granted(),
        Err(GrantError::Refused(order.order_no.clone()))
    );
}

#[test]
fn the_same_money_pays_once() {
    let mut order = an_order();
    let first = money(&order, "T1");
    assert_eq!(order.mark_paid(&first, LateMoney::Grant), Paid::Now);
    let paid = order.clone();
    assert_eq!(order.mark_paid(&first, LateMoney::Grant), Paid::Already);
    assert_eq!(order, paid);
    assert_eq!(order.version, 2);
}

#[test]
fn other_money_on_a_paid_order_is_too_much_and_changes_nothing() {
    let mut order = an_order();
    order.mark_paid(&money(&order, "T1"), LateMoney::Grant);
    let paid = order.clone();
    assert_eq!(
        order.mark_paid(&money(&paid, "T2"), LateMoney::Grant),
        Paid::Twice
    );
    assert_eq!(order, paid);
}

#[test]
fn r1_money_for_an_order_that_ended_is_late_and_goes_by_the_policy() {
    for all_over in [true, false] {
        for (late, fulfilment) in [
            (LateMoney::Grant, Fulfilment::Pending),
            (LateMoney::Refund, Fulfilment::Revoked),
        ] {
            let mut order = an_order();
            assert!(order.end(CloseReason::Expired, all_over, SOON));
            assert_eq!(order.mark_paid(&money(&order, "T1"), late), Paid::Late);
            assert_eq!(order.fulfilment, fulfilment);
            assert_eq!(order.paid, order.amount);
        }
    }
}

#[test]
fn money_in_time_is_granted_whatever_the_policy_for_late_money() {
    let mut order = an_order();
    assert_eq!(
        order.mark_paid(&money(&order, "T1"), LateMoney::Refund),
        Paid::Now
    );
    assert_eq!(order.fulfilment, Fulfilment::Pending);
}

#[test]
fn r26_a_grant_and_its_failure_exclude_each_other() {
    let mut order = an_order();
    assert!(!order.mark_failed(), "nothing is owed");
    order.mark_paid(&money(&order, "T1"), LateMoney::Refund);
    let mut failed = order.clone();
    assert!(failed.mark_failed());
    assert!(!failed.mark_failed());
    assert!(failed.mark_granted().is_err());
    assert_eq!(order.mark_granted(), Ok(Granted::Now));
    assert!(!order.mark_failed());
}

#[test]
fn goods_are_granted_once_and_only_for_money() {
    let mut order = an_order();
    assert_eq!(
        order.mark_granted(),
        Err(GrantError::NotPaid(order.order_no.clone()))
    );
    order.mark_paid(&money(&order, "T1"), LateMoney::Grant);
    assert_eq!(order.mark_granted(), Ok(Granted::Now));
    assert_eq!(order.mark_granted(), Ok(Granted::Already));
    assert_eq!(order.version, 3);
}

#[test]
fn r1_an_order_is_closing_until_every_attempt_is_over() {
    let mut order = an_order();
    assert!(order.end(CloseReason::Cancelled, false, SOON));
    let reason = CloseReason::Cancelled;
    assert_eq!(order.state, OrderState::Closing { reason });
    assert!(
        !order.end(CloseReason::Expired, false, SOON),
        "it is already"
    );
    assert!(order.end(CloseReason::Expired, true, SOON));
    let closed_at = SOON;
    assert_eq!(order.state, OrderState::Closed { reason, closed_at });
    let closed = order.clone();
    assert!(!order.end(CloseReason::Expired, true, SOON));
    assert_eq!(order, closed);
    assert_eq!(order.version, 3);
}

#[test]
fn a_paid_order_is_neither_ended_nor_shown_another_attempt() {
    let mut order = an_order();
    let other: PaymentNo = "dev01jd3m8k5zv7q2w4x6y8a0b2c5".parse().unwrap();
    assert!(order.show_attempt(other.clone()));
    assert_eq!(order.payment_no, other);
    order.mark_paid(&money(&order, "T1"), LateMoney::Grant);
    assert!(!order.show_attempt("dev01jd3m8k5zv7q2w4x6y8a0b2c6".parse().unwrap()));
    for all_over in [true, false] {
        assert!(!order.end(CloseReason::Cancelled, all_over, SOON));
    }
}
