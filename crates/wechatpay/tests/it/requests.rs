use paydesk_money::Cny;
use paydesk_provider::{Advice, Closed, CreatePayment, PaymentProvider, ProviderError};
use time::{Duration, OffsetDateTime};

use crate::platform::{FakePlatform, NOW, an_order, at, credentials, vectors};
use crate::recorder::Recorder;

#[tokio::test]
async fn a_native_order_holds_what_was_asked_for() {
    let recorder = Recorder::at(NOW, "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    let client = recorder.client(credentials());
    client
        .create(&an_order("PO20260101000001"))
        .await
        .unwrap_err();
    let request = recorder.taken();
    assert_eq!(
        request.url.as_str(),
        "https://api.mch.weixin.qq.com/v3/pay/transactions/native"
    );
    // D1 without the `attach` that we do not send.
    let vectors = vectors();
    let message = vectors["requests"]["D1"]["message"].as_str().unwrap();
    let body = message
        .split('\n')
        .nth(4)
        .unwrap()
        .replace("\"attach\":\"pkg=100\",", "");
    assert_eq!(request.body, body.as_bytes());
    let printed = format!("{request:?} {client:?}");
    for secret in ["signature", "WECHATPAY2", "AI点数包", "0123456789ABCDEF"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn a_repeat_sends_the_same_body_under_a_new_signature() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = an_order("PO20260101000001");
    client.create(&order).await.unwrap();
    client.create(&order).await.unwrap();
    let sent = platform.sent();
    assert_eq!(sent[0].body, sent[1].body);
    assert_ne!(sent[0].headers, sent[1].headers);
}

#[tokio::test]
async fn what_the_platform_would_refuse_is_not_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = || an_order("PO20260101000001");
    let text = |text: &str| CreatePayment {
        description: text.to_owned(),
        ..order()
    };
    let url = |url: &str| CreatePayment {
        notify_url: url.to_owned(),
        ..order()
    };
    let until = |expire_at: OffsetDateTime| CreatePayment {
        expire_at,
        ..order()
    };
    let fen = |fen: i64| CreatePayment {
        amount: Cny::from_fen(fen),
        ..order()
    };
    for (why, request) in [
        ("nothing to pay", fen(0)),
        ("negative", fen(-1)),
        ("more than 32 bits", fen(i64::from(i32::MAX) + 1)),
        ("five characters", an_order("PO001")),
        ("33 characters", an_order(&"P".repeat(33))),
        ("a path", an_order("PO0001/../x")),
        ("a bar", an_order("PO0001|1")),
        ("wide digits", an_order("PO０００１")),
        ("no description", text("")),
        ("blank description", text(" \u{3000}")),
        ("128 bytes", text(&"a".repeat(128))),
        ("43 characters of 3 bytes", text(&"点".repeat(43))),
        ("an emoji", text("coins 🪙")),
        ("no URL", url("notify")),
        ("another scheme", url("ftp://pay.example.com/n")),
        ("a query", url("https://pay.example.com/n?order=1")),
        ("a fragment", url("https://pay.example.com/n#1")),
        ("a login", url("https://me:pw@pay.example.com/n")),
        (
            "256 bytes",
            url(&format!("https://pay.example.com/{}", "n".repeat(232))),
        ),
        ("now", until(at(NOW))),
        ("the past", until(at(NOW - 1))),
        (
            "beyond 7 days",
            until(at(NOW) + Duration::days(7) + Duration::SECOND),
        ),
    ] {
        let error = client.create(&request).await.unwrap_err();
        assert!(error.did_not_happen(), "{why}: {error}");
        assert_eq!(error.advice(), Advice::Never, "{why}");
    }
    for number in ["", "PO001", "PO0001/close", "PO0001?x=1", "../../../x"] {
        assert!(client.query(number).await.unwrap_err().did_not_happen());
        assert!(client.close(number).await.unwrap_err().did_not_happen());
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn what_lies_just_within_the_limits_is_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for request in [
        CreatePayment {
            amount: Cny::from_fen(1),
            ..an_order("PO_-01")
        },
        CreatePayment {
            amount: Cny::from_fen(i64::from(i32::MAX)),
            ..an_order(&"p".repeat(32))
        },
        CreatePayment {
            description: "a".repeat(127),
            ..an_order("PO0001")
        },
        CreatePayment {
            description: "点".repeat(42),
            ..an_order("PO0002")
        },
        CreatePayment {
            notify_url: "http://10.0.0.1:80/n".to_owned(),
            ..an_order("PO0003")
        },
        CreatePayment {
            notify_url: format!("https://pay.example.com/{}", "n".repeat(231)),
            ..an_order("PO0004")
        },
        CreatePayment {
            expire_at: at(NOW) + Duration::days(7),
            ..an_order("PO0005")
        },
    ] {
        let created = client.create(&request).await.unwrap();
        assert_eq!(created.value.code_expires_at, at(NOW) + Duration::hours(2));
        assert!(created.request_id.is_some());
    }
}

#[tokio::test]
async fn a_paid_number_is_told_so_when_closing() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    platform.pay("PO0001");
    assert_eq!(
        client.close("PO0001").await.unwrap().value,
        Closed::AlreadyPaid
    );
    assert_eq!(
        client.close("PO0002").await.unwrap().value,
        Closed::NoSuchPayment
    );
    let used = CreatePayment {
        amount: Cny::from_fen(1),
        ..an_order("PO0001")
    };
    let error = client.create(&used).await.unwrap_err();
    assert!(matches!(
        error,
        ProviderError::Unknown {
            advice: Advice::QueryFirst,
            ..
        }
    ));
}
