//! Genuine messages, unaltered, in the place of others.

use serde_json::json;

use super::judge::Forger;
use super::messages::{
    ANSWERS, FORMS, Role, answer, answer_signed, fields, form_signed, genuine, node, node_json,
    sign,
};

/// Each answer under the name of its own call is none to any other call.
#[tokio::test]
async fn r18_an_answer_to_another_call_is_none() {
    let forger = Forger::new();
    let mut tried = 0;
    for from in ANSWERS {
        for to in ANSWERS {
            if from.member() == to.member() {
                continue;
            }
            let refused = forger.take(to, &genuine(from)).await;
            let refused = refused.expect_err(&format!("{from:?} passed for {to:?}"));
            assert!(!refused.did_not_happen(), "{from:?} {to:?}: {refused:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 12 * 11 - 6);
}

/// The signature is over the node alone, so whoever sits on the line could give it another call's name.
/// Nothing is believed then but that closing was accepted, which a query has to confirm in any case, and
/// what a raw call gets is for its caller to read.
#[tokio::test]
async fn r18_a_node_under_another_calls_name_tells_nothing_about_money() {
    let forger = Forger::new();
    let closes = [Role::Shut, Role::Close];
    let mut passed = 0;
    for from in ANSWERS {
        for to in ANSWERS {
            let is_same = from.member() == to.member();
            // What waits, and what moved no money that is known of, is told apart from what is meant.
            let is_weaker = match to {
                Role::Pay | Role::RefundQuery => true,
                Role::Refund => from != Role::Bill,
                Role::Raw => from == Role::Bill,
                _ => false,
            };
            if is_same || is_weaker {
                continue;
            }
            let message = answer(to, &node(from), &sign(node(from).as_bytes()));
            let has_both = node_json(from)["trade_no"].is_string();
            match forger.take(to, &message).await {
                Ok(()) => {
                    assert!(closes.contains(&to) || to == Role::Raw, "{from:?} {to:?}");
                    assert!(has_both || from == Role::Create || from == Role::Precreate);
                    passed += 1;
                }
                Err(refused) => assert!(!refused.did_not_happen(), "{from:?} {to:?}"),
            }
        }
    }
    assert!(passed > 0, "otherwise this test is about nothing");
}

#[tokio::test]
async fn r18_answers_about_other_numbers_are_none_to_ours() {
    let forger = Forger::new();
    for role in ANSWERS {
        // The address of a bill repeats nothing.
        if role == Role::Bill {
            continue;
        }
        let mut other = node_json(role);
        other["out_trade_no"] = json!("PO0002");
        let message = answer_signed(role, &other.to_string());
        let refused = forger.take(role, &message).await.unwrap_err();
        assert!(refused.untrusted().is_none(), "{role:?}: it is authentic");
        assert!(!refused.did_not_happen(), "{role:?}");
        forger.assert_genuine(role).await;
    }
}

/// An error about another order ends no search for ours, signed as it is.
#[tokio::test]
async fn r18_errors_about_other_numbers_are_none_to_ours() {
    let forger = Forger::new();
    for role in ANSWERS {
        if role == Role::Bill {
            continue;
        }
        for sub_code in [
            "ACQ.TRADE_NOT_EXIST",
            "ACQ.TRADE_HAS_CLOSE",
            "ACQ.INVALID_PARAMETER",
        ] {
            let node = json!({
                "code": "40004", "msg": "Business Failed", "sub_code": sub_code,
                "out_trade_no": "PO0002",
            });
            let message = answer_signed(role, &node.to_string());
            let refused = forger.take(role, &message).await.unwrap_err();
            assert!(
                !refused.did_not_happen(),
                "{role:?} {sub_code}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn r18_a_form_is_not_taken_for_one_of_another_kind() {
    let forger = Forger::new();
    let kind = |role| match role {
        Role::Payment | Role::Neutral | Role::Refunded => 0,
        Role::Message | Role::OldMessage => 1,
        _ => 2,
    };
    let mut tried = 0;
    for from in FORMS {
        for to in FORMS {
            if kind(from) == kind(to) {
                continue;
            }
            let refused = forger.take(to, &genuine(from)).await;
            refused.expect_err(&format!("{from:?} passed for {to:?}"));
            // Nor by the other's rule for signing, as far as its fields tell it apart.
            if (kind(from), kind(to)) != (2, 1) {
                let message = form_signed(to, &fields(from));
                let refused = forger.take(to, &message).await;
                refused.expect_err(&format!("{from:?} passed for {to:?} under its rule"));
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 2 * (3 * 2 + 3 + 2));
    for role in FORMS {
        forger.assert_genuine(role).await;
    }
}

/// The same message again is the same message, next year too: what it says is booked by its numbers,
/// once.
#[tokio::test]
async fn a_repeat_says_the_same() {
    let forger = Forger::new();
    for role in FORMS {
        let message = genuine(role);
        for _ in 0..3 {
            forger.take(role, &message).await.unwrap();
        }
    }
}
