//! The examples of the Alipay client, run as their heads say, against the simulator.

use e2e::{Client, Process};
use paydesk_simulator::Running;
use serde_json::{Value, json};

use crate::examples::{NOTIFY, SOON, command, pay, run, simulator};

/// Places an order and does not wait for it.
async fn place(simulator: &Running, number: &str, notify_url: &str) {
    let placed = run(simulator, "signer_elsewhere", &[number, notify_url]).await;
    assert!(
        placed.starts_with("qr_code https://qr.alipay.com/bax"),
        "{placed}"
    );
}

async fn scan(platform: &Client, number: &str) {
    let path = format!("/sim/orders/{number}/scan");
    let answer = platform.post(&path, &json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alipay_order_is_placed_and_waited_for() {
    let (simulator, platform) = simulator().await;
    let mut waiting = Process::start(command(&simulator, "scan_to_pay", &["PO000001", NOTIFY]));
    waiting
        .printed("qr_code https://qr.alipay.com/bax", SOON)
        .await;
    scan(&platform, "PO000001").await;
    waiting.printed("scanned", SOON).await;
    pay(&platform, "PO000001").await;
    let paid = waiting.printed("paid, ", SOON).await;
    assert_eq!(paid.len(), "paid, ".len() + 28, "{paid}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alipay_order_is_asked_about_and_closed() {
    let (simulator, platform) = simulator().await;
    let ask = async |number: &str| run(&simulator, "ask_and_close", &[number]).await;
    let unscanned = "PO000001 was not scanned yet, or never\n\
         nothing to close before somebody scans it\n\
         PO000001 was not scanned yet, or never\n";
    assert_eq!(ask("PO000001").await, unscanned, "nobody placed it");
    place(&simulator, "PO000001", NOTIFY).await;
    assert_eq!(ask("PO000001").await, unscanned, "nobody scanned it");
    scan(&platform, "PO000001").await;
    assert_eq!(
        ask("PO000001").await,
        "PO000001 is WAIT_BUYER_PAY, 9.90 yuan\nclosing was accepted\n\
         PO000001 is TRADE_CLOSED, 9.90 yuan\n"
    );
    assert_eq!(
        ask("PO000001").await,
        "PO000001 is TRADE_CLOSED, 9.90 yuan\n"
    );
    place(&simulator, "PO000002", NOTIFY).await;
    pay(&platform, "PO000002").await;
    assert_eq!(
        ask("PO000002").await,
        "PO000002 is TRADE_SUCCESS, 9.90 yuan\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn alipay_calls_are_made_raw_observed_and_carried_otherwise() {
    let (simulator, platform) = simulator().await;
    place(&simulator, "PO000001", NOTIFY).await;
    scan(&platform, "PO000001").await;
    let asked = |number: &str| json!({ "out_trade_no": number }).to_string();
    let query = "alipay.trade.query";
    let raw = run(&simulator, "gateway_call", &[query, &asked("PO000001")]).await;
    let trade: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(trade["trade_status"], "WAIT_BUYER_PAY");
    let raw = run(&simulator, "gateway_call", &[query, &asked("PO000009")]).await;
    assert!(
        raw.contains("code Some(\"ACQ.TRADE_NOT_EXIST\"), request id Some(\""),
        "{raw}"
    );
    let unknown = ["alipay.trade.create", "{}", "write"];
    let raw = run(&simulator, "gateway_call", &unknown).await;
    assert!(raw.contains("what next: "), "{raw}");

    let carried = run(&simulator, "own_transport", &["PO000001", "PO000009"]).await;
    assert_eq!(
        carried,
        "PO000001 is WAIT_BUYER_PAY\nPO000009 was not scanned yet, or never\n"
    );
    let observed = run(&simulator, "observed", &["PO000001"]).await;
    assert!(observed.starts_with("query attempt 1: ok, "), "{observed}");
    assert!(observed.ends_with("close ok 1\nquery ok 1\n"), "{observed}");
}

/// What is signed for a browser or an app is not sent by us; the simulator has no such pages.
#[tokio::test(flavor = "multi_thread")]
async fn alipay_pages_and_order_strings_are_signed() {
    let (simulator, _) = simulator().await;
    let site = "https://pay.example.com";
    let made = run(&simulator, "page_and_wap", &["PO000001", site]).await;
    let lines: Vec<&str> = made.lines().collect();
    let address = format!("{}/gateway.do?", simulator.url());
    for (line, begin) in lines.iter().zip([
        format!("page {address}"),
        "form <form id=\"alipay-payment\"".to_owned(),
        format!("wap {address}"),
    ]) {
        assert!(line.starts_with(&begin), "{line}");
    }
    assert_eq!(lines.len(), 3);
    let order = run(&simulator, "app_string", &["PO000001", NOTIFY]).await;
    assert!(
        order.contains("&method=alipay.trade.app.pay&") && order.contains("&sign="),
        "{order}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_believes_what_alipay_says_about_its_orders() {
    let (simulator, platform) = simulator().await;
    let arguments = ["127.0.0.1:0", "PO000001=990", "PO000002=990"];
    let mut server = Process::start(command(&simulator, "notice_server", &arguments));
    let line = server.printed("listening on ", SOON).await;
    let url = line.strip_prefix("listening on ").unwrap();
    for number in ["PO000001", "PO000002", "PO000003"] {
        place(&simulator, number, url).await;
    }

    pay(&platform, "PO000001").await;
    server.printed("PO000001 is paid, 9.90 yuan", SOON).await;
    let again = "/sim/orders/PO000001/redeliver";
    let again = platform.post(again, &json!({})).await.json();
    assert_eq!(again["status"], 200, "{again}");
    assert_eq!(again["answer"], "success", "{again}");
    server.printed("PO000001 again", SOON).await;

    // Its word about another amount, another app, an order of somebody else's, and what is not its word.
    let params = |params: Value| (params, Value::Null);
    let tampered = |how: &str| (json!({}), json!(how));
    for (number, (params, tamper), status) in [
        ("PO000002", params(json!({ "total_amount": "0.01" })), 409),
        (
            "PO000002",
            params(json!({ "app_id": "2021000000000009" })),
            409,
        ),
        ("PO000003", params(json!({})), 409),
        ("PO000002", tampered("signature"), 401),
        ("PO000002", tampered("body"), 401),
        ("PO000002", tampered("unsigned"), 401),
        ("PO000002", tampered("sign_type"), 401),
        ("PO000002", tampered("duplicate"), 401),
    ] {
        let wanted = json!({
            "channel": "alipay", "out_trade_no": number, "params": params, "tamper": tamper,
        });
        let sent = platform.post("/sim/notices", &wanted).await.json();
        assert_eq!(sent["delivery"]["status"], status, "{sent}");
        assert_eq!(sent["delivery"]["answer"], "failure", "{sent}");
    }
    // A refund is told under the name of a success.
    let refund = json!({
        "channel": "alipay", "out_trade_no": "PO000002", "params": {
            "refund_fee": "3.00", "gmt_refund": "2026-01-02 09:00:00.123", "out_biz_no": "R1",
        },
    });
    let sent = platform.post("/sim/notices", &refund).await.json();
    assert_eq!(sent["delivery"]["answer"], "success", "{sent}");
    let said = server.output();
    for words in [
        "PO000002 is not as it was ordered: total_amount is \"0.01\" instead of \"9.90\"",
        "PO000002 is not as it was ordered: app_id is \"2021000000000009\"",
        "PO000003 is not known here",
        "PO000002 was refunded",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("PO000002 is paid"), "{said}");
    pay(&platform, "PO000002").await;
    server.printed("PO000002 is paid, 9.90 yuan", SOON).await;
}
