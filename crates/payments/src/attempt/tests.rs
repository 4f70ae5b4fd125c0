use paydesk_provider::{PaymentStatement, Verified};
use time::macros::datetime;

use super::*;

fn an_attempt(state: AttemptState) -> Attempt {
    Attempt {
        payment_no: "dev01jd3m8k5zv7q2w4x6y8a0b2c4".parse().unwrap(),
        order_no: "01jd3m8k5zv7q2w4x6y8a0b2c3".parse().unwrap(),
        account: AccountKey::new("main"),
        channel: Channel::Alipay,
        scene: Scene::Qr,
        merchant_id: "2088000000000001".to_owned(),
        app_id: "2021000000000001".to_owned(),
        amount: Cny::from_fen(990),
        description: String::new(),
        notify_url: String::new(),
        expire_at: datetime!(2026-01-01 10:30 UTC),
        state,
        code_url: None,
        code_expires_at: None,
        transaction_id: None,
        retry_count: 0,
        created_at: datetime!(2026-01-01 10:00 UTC),
    }
}

#[expect(clippy::disallowed_methods, reason = "the test plays the verifier")]
fn found(change: impl FnOnce(&mut PaymentStatement)) -> Found {
    let attempt = an_attempt(AttemptState::Open);
    let mut statement = PaymentStatement {
        merchant_id: attempt.merchant_id,
        app_id: attempt.app_id,
        payment_no: attempt.payment_no.as_str().to_owned(),
        transaction_id: None,
        state: TradeState::Closed,
        amount: None,
        currency: "CNY".to_owned(),
        paid_at: None,
        evidence: serde_json::Value::Null,
    };
    change(&mut statement);
    Found::Payment(Box::new(Verified::attest(statement)))
}

#[test]
fn r1_only_this_payment_read_as_closed_is_over_before_its_deadline() {
    let attempt = an_attempt(AttemptState::Open);
    let early = datetime!(2026-01-01 10:01 UTC);
    assert!(attempt.is_over_by(&found(|_| {}), early));
    let other = |change: fn(&mut PaymentStatement)| attempt.is_over_by(&found(change), early);
    assert!(!other(|said| said.payment_no.push('x')));
    assert!(!other(|said| said.merchant_id.push('1')));
    assert!(!other(|said| said.app_id.push('1')));
    for state in [
        TradeState::Unpaid,
        TradeState::Paid,
        TradeState::Refunded,
        TradeState::Other("CLOSED_SOON".to_owned()),
    ] {
        let late = datetime!(2026-02-01 10:00 UTC);
        let said = found(|said| said.state = state.clone());
        assert!(!attempt.is_over_by(&said, late), "{state:?}");
    }
}

#[test]
fn r1_no_such_payment_proves_nothing_until_the_deadline_is_long_past() {
    let attempt = an_attempt(AttemptState::Open);
    let over_at = |now| attempt.is_over_by(&Found::NoSuchPayment, now);
    assert!(!over_at(datetime!(2026-01-01 10:29 UTC)));
    // R7: two clocks four minutes off each way, and this is still too early.
    assert!(!over_at(datetime!(2026-01-01 10:38 UTC)));
    assert!(over_at(datetime!(2026-01-01 10:40 UTC)));
}

#[test]
fn money_and_refusals_are_not_closed_over() {
    for (state, live) in [
        (AttemptState::Unknown, true),
        (AttemptState::Open, true),
        (AttemptState::Rejected, false),
        (AttemptState::Closed, false),
        (AttemptState::Paid, false),
    ] {
        let mut attempt = an_attempt(state);
        assert_eq!(attempt.close(), live, "{state:?}");
        let after = if live { AttemptState::Closed } else { state };
        assert_eq!(attempt.state, after);
        assert_eq!(state.as_str().parse(), Ok(state));
    }
}
