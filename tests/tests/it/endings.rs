//! A change of mind, and time that runs out: real binaries, real signatures, both platforms.

use std::time::{Duration, Instant};

use e2e::{Answer, Client, House, Setup, until};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);
const CHANNELS: [&str; 2] = ["wechat", "alipay"];

async fn order(buyer: &Client, channel: &str) -> Value {
    let wish = json!({ "item": { "kind": "points", "code": "points-1000" }, "channel": channel });
    let placed = buyer.post("/api/v1/payment/create-order", &wish).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    placed.json()
}

fn other(channel: &str) -> &'static str {
    if channel == "wechat" {
        "alipay"
    } else {
        "wechat"
    }
}

async fn cancel(buyer: &Client, order: &Value) -> Answer {
    let wish = json!({ "order_no": order["order_no"] });
    buyer.post("/api/v1/payment/cancel-order", &wish).await
}

async fn switch(buyer: &Client, order: &Value, channel: &str) -> Answer {
    let wish = json!({ "order_no": order["order_no"], "channel": channel });
    buyer.post("/api/v1/payment/switch-channel", &wish).await
}

async fn status(buyer: &Client, order: &Value) -> Value {
    buyer
        .order_status(order["order_no"].as_str().unwrap())
        .await
}

/// What the platform knows of an order's attempt.
async fn at_the_platform(house: &House, order: &Value) -> Value {
    let number = order["payment_no"].as_str().unwrap();
    let path = format!("/sim/orders/{number}");
    house.platform.get(&path).await.json()
}

/// Pays without telling anybody.
async fn pay_quietly(house: &House, order: &Value) {
    let number = order["payment_no"].as_str().unwrap();
    let path = format!("/sim/orders/{number}/pay");
    let paid = house
        .platform
        .post(&path, &json!({ "notify": false }))
        .await;
    assert_eq!(paid.status, 200, "{paid:?}");
}

async fn scan(house: &House, order: &Value) {
    let number = order["payment_no"].as_str().unwrap();
    let path = format!("/sim/orders/{number}/scan");
    let scanned = house.platform.post(&path, &json!({})).await;
    assert_eq!(scanned.status, 200, "{scanned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_another_way_than_it_was_placed() {
    for channel in CHANNELS {
        let house = House::new().await;
        let buyer = house.client.as_user("u1");
        let placed = order(&buyer, channel).await;
        let switched = switch(&buyer, &placed, other(channel)).await;
        assert_eq!(switched.status, 200, "{switched:?}");
        let switched = switched.json();
        assert_eq!(switched["channel"], other(channel));
        assert_eq!(switched["order_no"], placed["order_no"]);
        assert_ne!(switched["payment_no"], placed["payment_no"]);
        assert_eq!(switched["expire_at"], placed["expire_at"]);
        assert!(switched["qr_code_url"].is_string());
        let again = switch(&buyer, &placed, other(channel)).await.json();
        assert_eq!(again["payment_no"], switched["payment_no"]);
        house.pay(&switched).await;
        until("granted", SOON, || async {
            status(&buyer, &placed).await["fulfilment"] == "granted"
        })
        .await;
        assert_eq!(buyer.points().await["balance"], 1000);
        for refused in [
            switch(&buyer, &placed, channel).await,
            cancel(&buyer, &placed).await,
        ] {
            assert_eq!(refused.status, 409, "{refused:?}");
            assert_eq!(refused.json()["code"], "order_paid");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r22_both_codes_paid_is_one_grant_and_one_refund_owed() {
    let mut house = House::new().await;
    let buyer = house.client.as_user("u1");
    // Alipay cannot kill a code that nobody has scanned, so that both can be paid.
    let placed = order(&buyer, "alipay").await;
    let switched = switch(&buyer, &placed, "wechat").await.json();
    house.pay(&switched).await;
    until("granted", SOON, || async {
        status(&buyer, &placed).await["fulfilment"] == "granted"
    })
    .await;
    let before = status(&buyer, &placed).await;
    house.pay(&placed).await;
    until("the second payment is acknowledged", SOON, || async {
        let all = house.deliveries().await;
        all.iter().filter(|one| one["accepted"] == true).count() == 2
    })
    .await;
    assert_eq!(status(&buyer, &placed).await, before, "nothing changes");
    assert_eq!(buyer.points().await["balance"], 1000);
    house.api.printed("double_payment", SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_closes_at_the_platform_or_says_closing() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    for (channel, scanned, ended) in [
        ("wechat", false, "closed"),
        ("wechat", true, "closed"),
        ("alipay", true, "closed"),
        ("alipay", false, "closing"),
    ] {
        let placed = order(&buyer, channel).await;
        if scanned {
            scan(&house, &placed).await;
        }
        for _ in 0..2 {
            let cancelled = cancel(&buyer, &placed).await;
            assert_eq!(cancelled.status, 200, "{cancelled:?}");
            let cancelled = cancelled.json();
            assert_eq!(cancelled["status"], ended, "{channel} scanned {scanned}");
            assert_eq!(cancelled["close_reason"], "cancelled");
            assert_eq!(cancelled["qr_code_url"], Value::Null);
        }
        let refused = switch(&buyer, &placed, other(channel)).await;
        assert_eq!(refused.json()["code"], "order_closed", "{refused:?}");
        let image = placed["qr_code_image"].as_str().unwrap();
        assert_eq!(
            house.client.get(image).await.status,
            404,
            "no code is shown"
        );
    }
    let stranger = house.client.as_user("u2");
    let placed = order(&buyer, "wechat").await;
    for refused in [
        cancel(&stranger, &placed).await,
        switch(&stranger, &placed, "alipay").await,
    ] {
        assert_eq!(refused.json()["code"], "order_not_found", "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_being_paid_is_not_cancelled() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    for (n, channel) in (1..).zip(CHANNELS) {
        let placed = order(&buyer, channel).await;
        pay_quietly(&house, &placed).await;
        let refused = cancel(&buyer, &placed).await;
        assert_eq!(refused.status, 409, "{refused:?}");
        assert_eq!(refused.json()["code"], "order_paid");
        until("granted", SOON, || async {
            buyer.points().await["balance"] == n * 1000
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_money_that_comes_after_cancelling_is_owed_back() {
    let mut house = House::new().await;
    let buyer = house.client.as_user("u1");
    let placed = order(&buyer, "alipay").await;
    assert_eq!(cancel(&buyer, &placed).await.json()["status"], "closing");
    house.pay(&placed).await;
    until("the money is booked", SOON, || async {
        status(&buyer, &placed).await["status"] == "paid"
    })
    .await;
    let late = status(&buyer, &placed).await;
    assert_eq!(
        (&late["fulfilment"], &late["paid_fen"]),
        (&json!("revoked"), &json!(990))
    );
    assert_eq!(buyer.points().await["balance"], 0);
    house.api.printed("late_payment", SOON).await;
}

/// A house whose orders can be paid for so many seconds.
async fn hasty(seconds: u32) -> House {
    let seconds = (
        "PAYDESK_TEST__PAY_WITHIN_SECONDS".to_owned(),
        seconds.to_string(),
    );
    House::set_up(Setup {
        speed: 100,
        environment: vec![seconds],
    })
    .await
}

fn expire(house: &House) -> String {
    let run = house.run("paydesk-scheduler", &["once", "expire"]);
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_pays_expires_and_what_was_paid_in_time_does_not() {
    let house = hasty(2).await;
    let buyer = house.client.as_user("u1");
    let unpaid = order(&buyer, "wechat").await;
    let paid = order(&house.client.as_user("u2"), "wechat").await;
    pay_quietly(&house, &paid).await;
    let unscanned = order(&house.client.as_user("u3"), "alipay").await;
    assert_eq!(expire(&house), "expire: 0 due, 0 done, 0 put off\n");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(expire(&house), "expire: 3 due, 3 done, 0 put off\n");

    let ended = status(&buyer, &unpaid).await;
    assert_eq!(
        (&ended["status"], &ended["close_reason"]),
        (&json!("closed"), &json!("expired"))
    );
    assert_eq!(at_the_platform(&house, &unpaid).await["state"], "CLOSED");
    let in_time = status(&house.client.as_user("u2"), &paid).await;
    assert_eq!(in_time["status"], "paid");
    assert_ne!(in_time["fulfilment"], "revoked");
    let open = status(&house.client.as_user("u3"), &unscanned).await;
    assert_eq!(open["status"], "closing", "Alipay knows of no trade yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn r21_refund_and_finish_notices_change_nothing() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let placed = order(&buyer, "alipay").await;
    house.pay(&placed).await;
    until("granted", SOON, || async {
        status(&buyer, &placed).await["fulfilment"] == "granted"
    })
    .await;
    let before = status(&buyer, &placed).await;
    for params in [
        json!({ "refund_fee": "3.00", "gmt_refund": "2026-01-02 09:00:00.123", "out_biz_no": "R1" }),
        json!({ "trade_status": "TRADE_FINISHED", "refund_fee": "0.00" }),
        json!({ "trade_status": "TRADE_CLOSED", "refund_fee": "9.90", "gmt_refund": "2026-01-03 09:00:00" }),
    ] {
        let notice =
            json!({ "channel": "alipay", "out_trade_no": placed["payment_no"], "params": params });
        let sent = house.notice(notice).await;
        assert_eq!(sent["delivery"]["accepted"], true, "{params}: {sent}");
    }
    assert_eq!(status(&buyer, &placed).await, before);
    assert_eq!(buyer.points().await["balance"], 1000);
    // A refund that is told before the payment is no payment; the payment is found by asking.
    let waiting = order(&house.client.as_user("u2"), "alipay").await;
    pay_quietly(&house, &waiting).await;
    let refund =
        json!({ "refund_fee": "3.00", "gmt_refund": "2026-01-02 09:00:00", "out_biz_no": "R2" });
    let notice =
        json!({ "channel": "alipay", "out_trade_no": waiting["payment_no"], "params": refund });
    assert_eq!(house.notice(notice).await["delivery"]["accepted"], true);
    let other = house.client.as_user("u2");
    assert_eq!(status(&other, &waiting).await["status"], "pending");
    let number = waiting["order_no"].as_str().unwrap();
    let path = format!("/api/v1/payment/order-status?order_no={number}&refresh=true");
    assert_eq!(other.get(&path).await.json()["status"], "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_everything_at_once_over_http() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let placed = order(&buyer, "wechat").await;
    pay_quietly(&house, &placed).await;
    let request = json!({ "out_trade_no": placed["payment_no"] });
    let (headers, body) = house.signed(request).await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (client, headers, body) = (house.client.clone(), headers.clone(), body.clone());
        crowd.spawn(async move {
            let path = "/api/v1/payment/wechat/callback";
            let told = client.raw("POST", path, &headers, body).await;
            assert_eq!(told.status, 204, "{told:?}");
        });
    }
    for _ in 0..4 {
        let (buyer, number) = (buyer.clone(), placed["order_no"].clone());
        crowd.spawn(async move {
            let number = number.as_str().unwrap();
            let path = format!("/api/v1/payment/order-status?order_no={number}&refresh=true");
            assert_eq!(buyer.get(&path).await.status, 200);
        });
    }
    let (canceller, wanted) = (buyer.clone(), placed.clone());
    crowd.spawn(async move {
        let refused = cancel(&canceller, &wanted).await;
        assert_eq!(refused.json()["code"], "order_paid", "{refused:?}");
    });
    while let Some(ended) = crowd.join_next().await {
        ended.unwrap();
    }
    until("granted", SOON, || async {
        status(&buyer, &placed).await["fulfilment"] == "granted"
    })
    .await;
    let now = status(&buyer, &placed).await;
    assert_eq!(now["seq"], 3, "paid once, granted once");
    assert_eq!(buyer.points().await["balance"], 1000);
}

/// Three processes' worth of the house on one file: the API takes callbacks, a scheduler expires orders,
/// the platform (which plays in this process) is asked about each of them.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callbacks_at_once_meet_a_scheduler_that_expires_everything() {
    let house = hasty(12).await;
    let mut placing = tokio::task::JoinSet::new();
    for n in 0..192 {
        let buyer = house.client.as_user(&format!("crowd-{n}"));
        placing.spawn(async move { (n, order(&buyer, "wechat").await) });
    }
    let mut notices = Vec::new();
    while let Some(placed) = placing.join_next().await {
        let (n, placed) = placed.unwrap();
        if n < 64 {
            pay_quietly(&house, &placed).await;
            let request = json!({ "out_trade_no": placed["payment_no"] });
            let signed = house.signed(request).await;
            notices.push((n, placed, signed));
        }
    }
    tokio::time::sleep(Duration::from_secs(12)).await;
    let _scheduler = house.start_scheduler().await;
    let mut crowd = tokio::task::JoinSet::new();
    for (n, placed, (headers, body)) in notices {
        let (client, buyer) = (
            house.client.clone(),
            house.client.as_user(&format!("crowd-{n}")),
        );
        crowd.spawn(async move {
            let begin = Instant::now();
            let path = "/api/v1/payment/wechat/callback";
            let told = client.raw("POST", path, &headers, body).await;
            assert_eq!(told.status, 204, "{told:?}");
            assert!(begin.elapsed() < Duration::from_secs(5));
            until("granted", Duration::from_secs(20), || async {
                status(&buyer, &placed).await["fulfilment"] == "granted"
            })
            .await;
        });
    }
    while let Some(ended) = crowd.join_next().await {
        ended.unwrap();
    }
    let last = house.client.as_user("crowd-191");
    until(
        "the last order has ended",
        Duration::from_mins(1),
        || async {
            let orders = last.get("/api/v1/payment/orders").await.json();
            orders["data"][0]["status"] == "closed"
        },
    )
    .await;
    assert!(!house.api.output().contains("answered 503"));
}
