//! Genuine messages, fresh and unaltered, in the place of others.

use serde_json::{Value, json};

use super::{ANSWERS, Forger, Message, NOTICES, Role, paid, refunded};

/// What a success of this call looks like.
const fn status(role: Role) -> u16 {
    match role {
        Role::Close => 204,
        _ => 200,
    }
}

#[tokio::test]
async fn r18_a_message_is_not_taken_for_one_of_another_kind() {
    let forger = Forger::new();
    let mut tried = 0;
    let roles = [&NOTICES[..], &ANSWERS[..]].concat();
    for &from in &roles {
        for &to in &roles {
            let alike = |role| matches!(role, Role::Refund | Role::RefundQuery);
            // A request and a query of a refund are answered alike.
            if from == to || alike(from) && alike(to) {
                continue;
            }
            for status in [200, status(from), status(to)] {
                let message = Message {
                    status,
                    ..forger.genuine(from)
                };
                let refused = forger.take(to, &message).await;
                let refused = refused.expect_err(&format!("{from:?} passed for {to:?}"));
                assert!(!refused.did_not_happen(), "{from:?} {to:?}: {refused:?}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 40 * 3);
    for &role in &roles {
        forger.assert_genuine(role).await;
    }
}

#[tokio::test]
async fn r18_an_answer_about_another_number_is_not_taken_for_ours() {
    let forger = Forger::new();
    let with = |mut body: Value, name: &str, value: &str| {
        body[name] = json!(value);
        forger.signed(200, body.to_string())
    };
    for (role, message) in [
        (Role::Query, with(paid(), "out_trade_no", "PO0002")),
        (Role::Query, with(paid(), "out_trade_no", "po0001")),
        (Role::Refund, with(refunded(), "out_refund_no", "RF0002")),
        (
            Role::RefundQuery,
            with(refunded(), "out_refund_no", "RF0002"),
        ),
    ] {
        forger.take(role, &message).await.unwrap_err();
        forger.assert_genuine(role).await;
    }
}

/// The same message again is the same message: what it says is booked by its numbers, once.
#[tokio::test]
async fn a_repeat_within_five_minutes_says_the_same() {
    let forger = Forger::new();
    for role in NOTICES {
        let message = forger.genuine(role);
        for _ in 0..3 {
            forger.take(role, &message).await.unwrap();
        }
    }
}
