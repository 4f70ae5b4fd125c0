//! The customer's page and the overview.

use paydesk_simulator::{CodeUrl, Options};
use reqwest::StatusCode;
use serde_json::json;

use crate::merchant::{Merchant, Shop};

const NUMBER: &str = "PO20260101000001";

struct Phone {
    http: reqwest::Client,
    url: String,
}

impl Phone {
    async fn scan(merchant: &Merchant, notify_url: &str) -> Self {
        let placed = merchant
            .place(&merchant.order(NUMBER, notify_url))
            .await
            .json();
        let url = placed["code_url"].as_str().unwrap().to_owned();
        Self {
            http: merchant.http.clone(),
            url,
        }
    }

    async fn look(&self, query: &str) -> String {
        let url = format!("{}{query}", self.url);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    async fn press(&self, action: &str) -> String {
        let request = self.http.post(&self.url);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let response = request
            .body(format!("action={action}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.text().await.unwrap()
    }
}

async fn start() -> (paydesk_simulator::Running, Merchant, Shop) {
    let (running, merchant) = Merchant::start(Options::default().code_url(CodeUrl::Page)).await;
    (running, merchant, Shop::open(&[]))
}

#[tokio::test(flavor = "multi_thread")]
async fn pressing_pay_pays_and_says_so() {
    let (_running, merchant, shop) = start().await;
    let phone = Phone::scan(&merchant, &shop.url).await;
    let page = phone.look("").await;
    assert!(page.contains("id=\"pay\"") && page.contains("¥9.90") && page.contains("AI点数包"));
    assert!(page.contains("模拟"));
    assert!(phone.look("?lang=en").await.contains("Simulated"));
    assert!(phone.look("?lang=fr").await.contains("模拟支付"));

    assert!(phone.press("pay").await.contains("支付成功"));
    assert_eq!(
        merchant.query(NUMBER).await.json()["trade_state"],
        "SUCCESS"
    );
    shop.wait_for(1).await;
    let again = phone.press("pay").await;
    assert!(again.contains("支付成功") && !again.contains("id=\"pay\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_leaves_the_order_open() {
    let (_running, merchant, shop) = start().await;
    let phone = Phone::scan(&merchant, &shop.url).await;
    let failed = phone.press("fail").await;
    assert!(failed.contains("支付失败") && failed.contains("id=\"pay\""));
    assert_eq!(merchant.query(NUMBER).await.json()["trade_state"], "NOTPAY");
    let order = merchant.get(&format!("/sim/orders/{NUMBER}")).await;
    assert_eq!(order["failed_attempts"], 1);
    assert!(phone.press("pay").await.contains("支付成功"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_codes_explain_themselves_and_do_not_pay() {
    let (_running, merchant, shop) = start().await;
    let old = Phone::scan(&merchant, &shop.url).await;
    let new = Phone::scan(&merchant, &shop.url).await;
    assert!(old.press("pay").await.contains("二维码已失效"));
    assert!(new.look("").await.contains("id=\"pay\""));

    merchant
        .post("/sim/clock", &json!({"advance_s": 7200}))
        .await;
    assert!(new.press("pay").await.contains("二维码已失效"));
    merchant
        .post("/sim/clock", &json!({"advance_s": 7 * 24 * 3600 - 7300}))
        .await;
    merchant.close(NUMBER).await;
    assert!(new.press("pay").await.contains("订单已关闭"));
    assert_eq!(merchant.query(NUMBER).await.json()["trade_state"], "CLOSED");

    let nowhere = format!("{}/pay/unknown", merchant.base_url);
    assert_eq!(
        merchant.http.get(nowhere).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_page_lists_what_happened() {
    let (_running, merchant, shop) = start().await;
    let phone = Phone::scan(&merchant, &shop.url).await;
    merchant
        .fault(json!({"on": "query", "kind": "unsigned"}))
        .await;
    let front = Phone {
        http: merchant.http.clone(),
        url: format!("{}/", merchant.base_url),
    };
    assert!(
        front
            .look("")
            .await
            .contains(&format!("sim/orders/{NUMBER}/code.svg"))
    );
    phone.press("pay").await;
    shop.wait_for(1).await;
    let page = front.look("").await;
    assert!(page.contains(NUMBER) && page.contains("unsigned") && page.contains("paid"));

    let code = Phone {
        url: format!("{}/sim/orders/{NUMBER}/code.svg", merchant.base_url),
        ..front
    };
    assert!(code.look("").await.contains("<svg"));
}
