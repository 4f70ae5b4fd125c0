//! Callbacks: forged, replayed, foreign, true but unexpected.

use std::time::Duration;

use e2e::{Answer, House, until};
use serde_json::json;

const CALLBACK: &str = "/api/v1/payment/wechat/callback";

async fn call(house: &House, headers: &[(String, String)], body: &[u8]) -> Answer {
    house
        .client
        .raw("POST", CALLBACK, headers, body.to_vec())
        .await
}

#[track_caller]
fn is_failure(answer: &Answer) {
    assert!((400..600).contains(&answer.status), "{answer:?}");
    assert_eq!(answer.json()["code"], "FAIL", "{answer:?}");
    assert!(answer.json()["message"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_a_replay_is_accepted_and_changes_nothing() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let number = order["payment_no"].as_str().unwrap();
    let (headers, body) = house.signed(json!({ "out_trade_no": number })).await;
    for _ in 0..5 {
        let answer = call(&house, &headers, &body).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (204, ""),
            "{answer:?}"
        );
    }
    let order_no = order["order_no"].as_str().unwrap();
    until("granted", Duration::from_secs(10), || async {
        buyer.order_status(order_no).await["fulfilment"] == "granted"
    })
    .await;
    assert_eq!(call(&house, &headers, &body).await.status, 204);
    assert_eq!(
        buyer.order_status(order_no).await["seq"],
        3,
        "paid once, granted once"
    );
    assert_eq!(buyer.points().await["balance"], 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_what_is_not_signed_for_us_is_refused() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let number = order["payment_no"].as_str().unwrap();
    for tamper in [
        "signature",
        "body",
        "serial",
        "stale",
        "probe",
        "unsigned",
        "key",
    ] {
        let request = json!({ "out_trade_no": number, "tamper": tamper });
        let (headers, body) = house.signed(request).await;
        let answer = call(&house, &headers, &body).await;
        is_failure(&answer);
        assert_eq!(answer.status, 401, "{tamper}: {answer:?}");
    }
    let (headers, body) = house.signed(json!({ "out_trade_no": number })).await;
    let half = &body[..body.len() / 2];
    is_failure(&call(&house, &headers, half).await);
    is_failure(&call(&house, &headers, b"").await);
    is_failure(&call(&house, &[], &body).await);
    let doubled: Vec<_> = headers.iter().chain(&headers).cloned().collect();
    is_failure(&call(&house, &doubled, &body).await);
    let large = vec![b' '; 65 * 1024];
    let answer = call(&house, &headers, &large).await;
    is_failure(&answer);
    assert_eq!(answer.status, 413);
    assert_eq!(
        buyer
            .order_status(order["order_no"].as_str().unwrap())
            .await["status"],
        "pending"
    );
    assert_eq!(
        call(&house, &headers, &body).await.status,
        204,
        "the true one still counts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_another_merchant_or_app_is_refused() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let number = order["payment_no"].as_str().unwrap();
    for resource in [
        json!({ "mchid": "1900000999" }),
        json!({ "appid": "wx0000000000000999" }),
    ] {
        let request = json!({ "out_trade_no": number, "resource": resource });
        let (headers, body) = house.signed(request).await;
        is_failure(&call(&house, &headers, &body).await);
    }
    assert_eq!(
        buyer
            .order_status(order["order_no"].as_str().unwrap())
            .await["status"],
        "pending"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r25_money_that_fits_no_order_is_refused_until_somebody_has_dealt_with_it() {
    let mut house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let number = order["payment_no"].as_str().unwrap().to_owned();
    let other_tag = number.replacen("e2e", "prod", 1);
    let unknown = format!("e2e{}", "0".repeat(26));
    for (resource, reason) in [
        (
            json!({ "amount": { "total": 989 }, "transaction_id": "T1" }),
            "wrong_amount",
        ),
        (
            json!({ "out_trade_no": unknown, "transaction_id": "T2" }),
            "unknown_payment",
        ),
        (
            json!({ "out_trade_no": other_tag, "transaction_id": "T3" }),
            "foreign_tag",
        ),
        (
            json!({ "amount": { "currency": "USD" }, "transaction_id": "T4" }),
            "wrong_currency",
        ),
    ] {
        let request = json!({ "out_trade_no": number, "resource": resource });
        let (headers, body) = house.signed(request).await;
        for _ in 0..2 {
            let answer = call(&house, &headers, &body).await;
            is_failure(&answer);
            assert_eq!(answer.status, 409, "{reason}: {answer:?}");
        }
        house
            .api
            .printed(&format!("reason=\"{reason}\""), Duration::from_secs(5))
            .await;
    }
    let alerts = house.api.output().matches("needs a person").count();
    assert_eq!(
        alerts,
        4,
        "one alert for each, none for repeats:\n{}",
        house.api.output()
    );
    assert_eq!(
        buyer
            .order_status(order["order_no"].as_str().unwrap())
            .await["status"],
        "pending"
    );
    assert_eq!(buyer.points().await["balance"], 0);
    // The true fact still pays.
    house.pay(&order).await;
    until("granted", Duration::from_secs(10), || async {
        buyer.points().await["balance"] == 1000
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r20_an_answer_to_a_query_passes_the_same_gate() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    // Paid with a coupon: the total is what counts, not what remained for the payer.
    let number = order["payment_no"].as_str().unwrap();
    let manner = json!({ "coupon_fen": 90, "notify": false });
    let paid = house
        .platform
        .post(&format!("/sim/orders/{number}/pay"), &manner)
        .await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let order_no = order["order_no"].as_str().unwrap();
    let path = format!("/api/v1/payment/order-status?order_no={order_no}&refresh=true");
    let paid = buyer.get(&path).await.json();
    assert_eq!(
        (&paid["status"], &paid["paid_fen"]),
        (&json!("paid"), &json!(990))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_notices_are_noted_and_change_nothing() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let number = order["payment_no"].as_str().unwrap();
    let request = json!({
        "out_trade_no": number, "event_type": "REFUND.SUCCESS", "original_type": "refund",
        "resource": {
            "mchid": "1", "out_trade_no": number, "transaction_id": "42",
            "out_refund_no": "R1", "refund_id": "50", "refund_status": "SUCCESS",
            "user_received_account": "支付用户零钱",
            "amount": { "total": 990, "refund": 990, "payer_total": 990, "payer_refund": 990 },
        },
    });
    let (headers, body) = house.signed(request).await;
    for _ in 0..2 {
        assert_eq!(call(&house, &headers, &body).await.status, 204);
    }
    assert_eq!(
        buyer
            .order_status(order["order_no"].as_str().unwrap())
            .await["status"],
        "pending"
    );
}
