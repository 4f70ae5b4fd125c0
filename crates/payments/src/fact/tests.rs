use paydesk_provider::{Channel, Scene, TradeState};
use time::macros::datetime;

use super::*;

fn an_attempt() -> Attempt {
    Attempt {
        payment_no: "dev01jd3m8k5zv7q2w4x6y8a0b2c4".parse().unwrap(),
        order_no: "01jd3m8k5zv7q2w4x6y8a0b2c3".parse().unwrap(),
        account: AccountKey::new("main"),
        channel: Channel::Wechat,
        scene: Scene::Qr,
        merchant_id: "1900000001".to_owned(),
        app_id: "wx0000000000000001".to_owned(),
        amount: Cny::from_fen(990),
        description: "1,000 点".to_owned(),
        notify_url: "https://pay.example.com/api/v1/payment/wechat/callback".to_owned(),
        expire_at: datetime!(2026-01-01 10:30 UTC),
        state: AttemptState::Open,
        code_url: Some("weixin://wxpay/bizpayurl?pr=abc".to_owned()),
        code_expires_at: Some(datetime!(2026-01-01 12:00 UTC)),
        transaction_id: None,
        retry_count: 0,
        created_at: datetime!(2026-01-01 10:00 UTC),
    }
}

#[expect(clippy::disallowed_methods, reason = "the test plays the verifier")]
fn fact(change: impl FnOnce(&mut PaymentStatement)) -> Fact {
    let attempt = an_attempt();
    let mut statement = PaymentStatement {
        merchant_id: attempt.merchant_id,
        app_id: attempt.app_id,
        payment_no: attempt.payment_no.as_str().to_owned(),
        transaction_id: Some("4200000001".to_owned()),
        state: TradeState::Paid,
        amount: Some(attempt.amount),
        currency: "CNY".to_owned(),
        paid_at: Some(datetime!(2026-01-01 10:05 UTC)),
        evidence: serde_json::Value::Null,
    };
    change(&mut statement);
    Fact {
        statement: Verified::attest(statement),
        channel: Channel::Wechat,
        account: AccountKey::new("main"),
        source: Source::Query,
        learnt_at: datetime!(2026-01-01 10:06 UTC),
    }
}

#[test]
fn r20_the_gate_compares_everything_we_sent() {
    let attempt = an_attempt();
    let verdict = |change: fn(&mut PaymentStatement)| attempt.admit(&fact(change)).map(|_| ());
    assert_eq!(verdict(|_| {}), Ok(()));
    assert_eq!(
        verdict(|s| s.state = TradeState::Refunded),
        Ok(()),
        "a refund proves a payment"
    );
    for (change, mismatch) in [
        (
            (|s| s.merchant_id = "1900000002".to_owned()) as fn(&mut PaymentStatement),
            Mismatch::Merchant,
        ),
        (
            |s| s.app_id = "wx0000000000000002".to_owned(),
            Mismatch::App,
        ),
        (
            |s| s.payment_no = s.payment_no.to_uppercase(),
            Mismatch::Number,
        ),
        (|s| s.currency = "USD".to_owned(), Mismatch::Currency),
        (|s| s.currency = String::new(), Mismatch::Currency),
        (|s| s.amount = Some(Cny::from_fen(989)), Mismatch::Amount),
        (|s| s.amount = Some(Cny::from_fen(991)), Mismatch::Amount),
        (|s| s.amount = None, Mismatch::Amount),
        (|s| s.state = TradeState::Unpaid, Mismatch::NotPaid),
        (|s| s.state = TradeState::Closed, Mismatch::NotPaid),
        (
            |s| s.state = TradeState::Other("SUCCESSFUL".to_owned()),
            Mismatch::NotPaid,
        ),
        (|s| s.transaction_id = None, Mismatch::NoTransaction),
    ] {
        assert_eq!(verdict(change), Err(mismatch));
    }
}

#[test]
fn r20_the_gate_compares_the_channel() {
    let fact = Fact {
        channel: Channel::Alipay,
        ..fact(|_| {})
    };
    assert_eq!(an_attempt().admit(&fact), Err(Mismatch::Channel));
}

#[test]
fn money_that_was_given_back_is_told_apart() {
    let attempt = an_attempt();
    assert!(!attempt.admit(&fact(|_| {})).unwrap().given_back());
    let refunded = fact(|s| s.state = TradeState::Refunded);
    assert!(attempt.admit(&refunded).unwrap().given_back());
}

#[test]
fn r2_a_late_answer_never_changes_a_paid_attempt() {
    let mut attempt = an_attempt();
    attempt.state = AttemptState::Unknown;
    let money = attempt.admit(&fact(|_| {})).unwrap();
    attempt.received(&money);
    let paid = attempt.clone();
    let asked = attempt.clone();
    attempt.opened(
        &asked,
        &paydesk_provider::Created {
            code_url: "weixin://late".to_owned(),
            code_expires_at: datetime!(2026-01-01 13:00 UTC),
        },
    );
    assert!(!attempt.refused());
    assert_eq!(attempt, paid);
}

#[test]
fn a_refusal_after_a_repeat_proves_nothing() {
    let mut attempt = Attempt {
        state: AttemptState::Unknown,
        retry_count: 1,
        ..an_attempt()
    };
    assert!(!attempt.refused());
    assert_eq!(attempt.state, AttemptState::Unknown);
}

#[test]
fn no_code_is_shown_once_nobody_should_pay() {
    let attempt = an_attempt();
    assert!(
        attempt
            .code_at(datetime!(2026-01-01 10:29:59 UTC))
            .is_some()
    );
    assert!(
        attempt.code_at(datetime!(2026-01-01 10:30 UTC)).is_none(),
        "past the deadline"
    );
    let paid = Attempt {
        state: AttemptState::Paid,
        ..attempt
    };
    assert!(paid.code_at(datetime!(2026-01-01 10:01 UTC)).is_none());
}

#[test]
fn the_latest_request_brings_the_code_that_works() {
    let asked = Attempt {
        state: AttemptState::Unknown,
        code_url: None,
        ..an_attempt()
    };
    let mut attempt = Attempt {
        retry_count: 1,
        ..asked.clone()
    };
    let repeated = attempt.clone();
    let code = |url: &str| paydesk_provider::Created {
        code_url: url.to_owned(),
        code_expires_at: datetime!(2026-01-01 13:00 UTC),
    };
    // Answers in either order: an earlier one is better than none, a later one better than that.
    attempt.opened(&asked, &code("weixin://old"));
    assert_eq!(attempt.code_url.as_deref(), Some("weixin://old"));
    attempt.opened(&repeated, &code("weixin://new"));
    attempt.opened(&asked, &code("weixin://old"));
    assert_eq!(attempt.code_url.as_deref(), Some("weixin://new"));
}
