//! R15 and R16 through the real service.

use e2e::House;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn r15_amounts_are_integers_of_fen_all_the_way() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    assert!(order["amount_fen"].is_i64() && order["paid_fen"].is_i64());
    let number = order["payment_no"].as_str().unwrap();
    let told = house
        .platform
        .get(&format!("/sim/orders/{number}"))
        .await
        .json();
    assert_eq!(
        told["total_fen"], 990,
        "what the platform was asked for: {told}"
    );
    // A platform that suddenly writes decimals is not understood, and nothing is booked.
    for total in [json!(990.0), json!("990"), json!(9.9e2), json!(null)] {
        let resource = json!({ "amount": { "total": total }, "transaction_id": "T9" });
        let request = json!({ "out_trade_no": number, "resource": resource });
        let notice = house.notice(request).await;
        let answer = serde_json::to_string(&notice).unwrap();
        assert!(!answer.contains("\"status\":204"), "{answer}");
    }
    assert_eq!(
        buyer
            .order_status(order["order_no"].as_str().unwrap())
            .await["status"],
        "pending"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_a_database_belongs_to_one_environment() {
    let mut house = House::new().await;
    assert!(house.api.terminate().success());
    let settings = std::fs::read_to_string(house.settings()).unwrap();
    let other = settings.replace("payment_tag = \"e2e\"", "payment_tag = \"prod\"");
    std::fs::write(house.settings(), other).unwrap();
    for command in ["serve", "migrate"] {
        let output = house.run("paydesk-api", &[command]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success(),
            "{command} with another tag: {words}"
        );
        assert!(
            words.contains("payment_tag") && words.contains("e2e"),
            "{words}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_numbers_are_compared_case_sensitively_on_the_wire() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let number = order["payment_no"].as_str().unwrap();
    let resource = json!({ "out_trade_no": number.to_uppercase(), "transaction_id": "T1" });
    house
        .notice(json!({ "out_trade_no": number, "resource": resource }))
        .await;
    assert_eq!(
        buyer
            .order_status(order["order_no"].as_str().unwrap())
            .await["status"],
        "pending"
    );
}
