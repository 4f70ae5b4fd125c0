//! The examples of the WeChat Pay client, run as their heads say, against the simulator.

use std::process::Command;
use std::time::Duration;

use e2e::{Client, Process, example};
use paydesk_simulator::{Options, Running};
use serde_json::{Value, json};

pub(crate) const SOON: Duration = Duration::from_secs(20);
pub(crate) const NOTIFY: &str = "http://127.0.0.1:9/notify";

pub(crate) async fn simulator() -> (Running, Client) {
    let running = paydesk_simulator::start(Options::default()).await.unwrap();
    let platform = Client::new(running.url());
    (running, platform)
}

pub(crate) fn command(simulator: &Running, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(example(name));
    command.args(arguments).envs(simulator.environment());
    command
}

/// What an example prints before it ends well.
pub(crate) async fn run(simulator: &Running, name: &str, arguments: &[&str]) -> String {
    let mut command = command(simulator, name, arguments);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) async fn pay(platform: &Client, number: &str) {
    let path = format!("/sim/orders/{number}/pay");
    let answer = platform.post(&path, &json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_placed_queried_and_closed() {
    let (simulator, platform) = simulator().await;
    let unknown = run(&simulator, "query_and_close", &["PO000001"]).await;
    assert_eq!(
        unknown,
        "PO000001 is not known\nno such order to close\nPO000001 is not known\n"
    );
    let placed = run(&simulator, "native_order", &["PO000001", NOTIFY]).await;
    assert!(
        placed.starts_with("code_url weixin://wxpay/bizpayurl?pr="),
        "{placed}"
    );
    let closed = run(&simulator, "query_and_close", &["PO000001"]).await;
    assert_eq!(
        closed,
        "PO000001 is NOTPAY\nclosing was accepted\nPO000001 is CLOSED\n"
    );

    run(&simulator, "native_order", &["PO000002", NOTIFY]).await;
    pay(&platform, "PO000002").await;
    let paid = run(&simulator, "query_and_close", &["PO000002"]).await;
    assert_eq!(paid, "PO000002 is SUCCESS, 9.90 yuan\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_signed_elsewhere_and_another_is_made_raw() {
    let (simulator, _) = simulator().await;
    let placed = run(&simulator, "kms_signer", &["PO000001", NOTIFY]).await;
    assert!(
        placed.starts_with("code_url weixin://wxpay/bizpayurl?pr="),
        "{placed}"
    );
    let merchant_id = &simulator.keys().merchant_id;
    let target =
        |number: &str| format!("/v3/pay/transactions/out-trade-no/{number}?mchid={merchant_id}");
    let raw = run(&simulator, "raw_call", &[&target("PO000001")]).await;
    let order: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(order["trade_state"], "NOTPAY");
    let raw = run(&simulator, "raw_call", &[&target("PO000009")]).await;
    assert!(
        raw.contains("status Some(404), code Some(\"ORDER_NOT_EXIST\"), request id Some(\""),
        "{raw}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_believes_what_the_platform_says_about_its_orders() {
    let (simulator, platform) = simulator().await;
    let arguments = ["127.0.0.1:0", "PO000001=990", "PO000002=990"];
    let mut server = Process::start(command(&simulator, "notify_server", &arguments));
    let line = server.printed("listening on ", SOON).await;
    let url = line.strip_prefix("listening on ").unwrap();
    for number in ["PO000001", "PO000002", "PO000003"] {
        run(&simulator, "native_order", &[number, url]).await;
    }

    pay(&platform, "PO000001").await;
    server.printed("PO000001 is paid, 9.90 yuan", SOON).await;
    let again = "/sim/orders/PO000001/redeliver";
    let again = platform.post(again, &json!({})).await.json();
    assert_eq!(again["status"], 204, "{again}");
    server.printed("PO000001 again", SOON).await;

    // Its word about another amount, about an order of somebody else's, and what is not its word.
    let other_amount = json!({ "amount": { "total": 1 } });
    for (number, resource, tamper, status) in [
        ("PO000002", other_amount, Value::Null, 409),
        ("PO000003", json!({}), Value::Null, 409),
        ("PO000002", json!({}), json!("signature"), 401),
        ("PO000002", json!({}), json!("probe"), 401),
        ("PO000002", json!({}), json!("stale"), 401),
        ("PO000002", json!({}), json!("unsigned"), 401),
        ("PO000002", json!({}), json!("serial"), 401),
        ("PO000002", json!({}), json!("key"), 401),
    ] {
        let wanted = json!({ "out_trade_no": number, "resource": resource, "tamper": tamper });
        let sent = platform.post("/sim/notices", &wanted).await.json();
        assert_eq!(sent["delivery"]["status"], status, "{sent}");
        let answer = sent["delivery"]["answer"].as_str().unwrap();
        assert!(answer.starts_with("{\"code\":\"FAIL\""), "{answer}");
    }
    let said = server.output();
    assert!(
        said.contains(
            "PO000002 is not as it was ordered: amount.total is \"1\" instead of \"990\""
        ),
        "{said}"
    );
    assert!(said.contains("PO000003 is not known here"), "{said}");
    assert!(!said.contains("PO000002 is paid"), "{said}");
    pay(&platform, "PO000002").await;
    server.printed("PO000002 is paid, 9.90 yuan", SOON).await;
}
