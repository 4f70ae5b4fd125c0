//! Payments that begin in the payer's browser or app.

use std::sync::Arc;

use async_trait::async_trait;
use paydesk_alipay::{
    Alipay, AppKey, Config, Credentials, GoodsType, Order, PagePay, QrPayMode, Request, Response,
    Transport, TransportError, WapPay,
};
use paydesk_money::Cny;
use paydesk_provider::keys::{KeyFiles, PublicKey};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::platform::{APP_PUBLIC, FakePlatform, NOW, credentials, vectors};

/// Nothing may be sent.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        panic!("sent: {request:?}")
    }
}

fn client(credentials: Credentials) -> Alipay {
    Alipay::new(
        Config::new(credentials)
            .clock(|| NOW)
            .transport(Arc::new(Nobody)),
    )
    .unwrap()
}

fn own() -> Alipay {
    client(credentials())
}

/// The vectors' app.
fn published() -> Alipay {
    client(Credentials {
        app_key: AppKey::parse(vectors()["key"]["private"].as_str().unwrap()).unwrap(),
        ..credentials()
    })
}

fn order() -> Order {
    Order::new(
        "T20260101000002",
        "会员-年卡",
        Cny::from_fen(8800),
        "https://pay.example.com/n/alipay",
    )
}

#[tokio::test]
async fn the_published_address_comes_out_byte_for_byte() {
    let mut page = PagePay::default();
    page.return_url = Some("https://pay.example.com/done?x=1".to_owned());
    let page = published().page_pay(&order(), &page).await.unwrap();
    assert_eq!(page.url(), vectors()["page_pay"]["url"].as_str().unwrap());
    assert!(!format!("{page:?}").contains("T20260101000002"));
}

/// What a browser makes of a piece of HTML with these two attributes.
fn read_form(html: &str) -> (String, String) {
    let attribute = |name: &str| {
        let (_, rest) = html.split_once(&format!("{name}=\"")).unwrap();
        let (value, _) = rest.split_once('"').unwrap();
        value
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    };
    (attribute("action"), attribute("value"))
}

#[tokio::test]
async fn the_form_sends_what_the_address_would() {
    let mut page = PagePay::default();
    page.return_url = Some("https://pay.example.com/done?x=1".to_owned());
    let page = published().page_pay(&order(), &page).await.unwrap();
    let (action, content) = read_form(&page.form());
    let (gateway, query) = action.split_once('?').unwrap();
    assert_eq!(gateway, "https://openapi.alipay.com/gateway.do");
    let mut sent: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    assert!(sent.iter().all(|(name, _)| name != "biz_content"));
    let (name, sign) = sent.pop().unwrap();
    assert_eq!(name, "sign");
    sent.push(("biz_content".to_owned(), content));
    sent.sort();
    let signed: Vec<_> = sent
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        signed.join("&"),
        vectors()["page_pay"]["signed"].as_str().unwrap()
    );
    assert!(
        page.url().ends_with(
            &form_urlencoded::Serializer::new(String::new())
                .append_pair("sign", &sign)
                .finish()
        )
    );
}

#[tokio::test]
async fn no_text_breaks_out_of_the_form() {
    let mut order = order();
    order.subject = "it's <b>\"5\" > 4</b> & more".to_owned();
    order.more.insert(
        "note".to_owned(),
        json!("'></form><script>alert(1)</script>&quot;"),
    );
    let html = own()
        .page_pay(&order, &PagePay::default())
        .await
        .unwrap()
        .form();
    let (before, after) = html.split_once("</form>").unwrap();
    assert_eq!(
        before.matches('<').count(),
        2,
        "a form and an input: {before}"
    );
    assert_eq!(before.matches('>').count(), 2, "{before}");
    assert!(!before.contains('\''), "{before}");
    assert_eq!(
        after,
        "<script>document.getElementById(\"alipay-payment\").submit();</script>"
    );
    let (_, content) = read_form(&html);
    let content: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(content["note"], "'></form><script>alert(1)</script>&quot;");
    assert_eq!(content["subject"], "it＇s ＜b＞＂5＂ ＞ 4＜／b＞ ＆ more");
}

fn parameters(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn content(parameters: &[(String, String)]) -> Value {
    let (_, text) = parameters
        .iter()
        .find(|(name, _)| name == "biz_content")
        .unwrap();
    serde_json::from_str(text).unwrap()
}

fn has(parameters: &[(String, String)], name: &str, value: &str) -> bool {
    parameters.contains(&(name.to_owned(), value.to_owned()))
}

#[tokio::test]
async fn each_product_has_its_method_code_and_fields() {
    let client = own();
    let mut page = PagePay::default();
    page.qr_pay_mode = Some(QrPayMode::Embedded { width: 200 });
    page.goods_type = Some(GoodsType::Virtual);
    let url = client.page_pay(&order(), &page).await.unwrap().url();
    let sent = parameters(url.split_once('?').unwrap().1);
    assert!(has(&sent, "method", "alipay.trade.page.pay"));
    assert!(sent.iter().all(|(name, _)| name != "return_url"));
    let fields = content(&sent);
    assert_eq!(fields["product_code"], "FAST_INSTANT_TRADE_PAY");
    assert_eq!(
        (
            &fields["qr_pay_mode"],
            &fields["qrcode_width"],
            &fields["goods_type"]
        ),
        (&json!("4"), &json!(200), &json!("0"))
    );

    let mut wap = WapPay::new("https://pay.example.com/quit");
    wap.return_url = Some("https://pay.example.com/done".to_owned());
    let url = client.wap_pay(&order(), &wap).await.unwrap().url();
    let sent = parameters(url.split_once('?').unwrap().1);
    assert!(has(&sent, "method", "alipay.trade.wap.pay"));
    assert!(has(&sent, "return_url", "https://pay.example.com/done"));
    let fields = content(&sent);
    assert_eq!(fields["product_code"], "QUICK_WAP_WAY");
    assert_eq!(fields["quit_url"], "https://pay.example.com/quit");

    let text = client.app_pay(&order()).await.unwrap();
    assert!(
        !text.contains('?') && !text.contains(' ') && !text.contains('+'),
        "{text}"
    );
    let sent = parameters(&text);
    assert!(has(&sent, "method", "alipay.trade.app.pay"));
    assert!(has(&sent, "notify_url", "https://pay.example.com/n/alipay"));
    assert_eq!(content(&sent)["product_code"], "QUICK_MSECURITY_PAY");
}

/// Whatever the way it travels, the signature is over what is received.
#[tokio::test]
async fn every_page_and_order_string_is_signed() {
    let client = own();
    let key = KeyFiles {
        expected: "key",
        private: "private",
        public: "public",
        certificate: "certificate",
    };
    let key = PublicKey::parse(APP_PUBLIC, &key).unwrap();
    let wap = WapPay::new("https://pay.example.com/quit");
    let page = PagePay::default();
    for text in [
        client.app_pay(&order()).await.unwrap(),
        client.page_pay(&order(), &page).await.unwrap().url(),
        client.wap_pay(&order(), &wap).await.unwrap().url(),
    ] {
        let query = text
            .split_once('?')
            .map_or(text.as_str(), |(_, query)| query);
        let mut sent = parameters(query);
        let (_, sign) = sent.pop().unwrap();
        assert!(sent.is_sorted());
        let signed: Vec<_> = sent
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let sign =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, sign).unwrap();
        assert!(key.verifies(signed.join("&").as_bytes(), &sign), "{text}");
    }
}

#[tokio::test]
async fn an_address_that_no_browser_opens_is_refused() {
    let client = own();
    for url in [
        "",
        "done",
        "javascript:alert(1)",
        "https://a.example/done\n",
        " https://a.example/done",
        "https://a.example/完成",
        "https:a.example",
        &format!("https://a.example/{}", "x".repeat(383)),
    ] {
        let mut page = PagePay::default();
        page.return_url = Some(url.to_owned());
        let error = client.page_pay(&order(), &page).await.unwrap_err();
        assert!(
            error.did_not_happen() && error.to_string().contains("return_url"),
            "{error}"
        );
        let error = client
            .wap_pay(&order(), &WapPay::new(url))
            .await
            .unwrap_err();
        assert!(
            error.did_not_happen() && error.to_string().contains("quit_url"),
            "{error}"
        );
    }
    // The one may be longer than the other.
    let long = format!("https://a.example/{}", "x".repeat(382));
    let mut wap = WapPay::new(&long);
    client.wap_pay(&order(), &wap).await.unwrap();
    wap.return_url = Some(long);
    let error = client.wap_pay(&order(), &wap).await.unwrap_err();
    assert!(error.to_string().contains("return_url"), "{error}");
    let mut page = PagePay::default();
    for width in [0, 10_000] {
        page.qr_pay_mode = Some(QrPayMode::Embedded { width });
        let error = client.page_pay(&order(), &page).await.unwrap_err();
        assert!(error.to_string().contains("qrcode_width"), "{error}");
    }
    let mut none = order();
    none.total = Cny::ZERO;
    let error = client.app_pay(&none).await.unwrap_err();
    assert!(error.to_string().contains("total_amount"), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_for_a_page() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client
        .page_pay(&order(), &PagePay::default())
        .await
        .unwrap();
    client.app_pay(&order()).await.unwrap();
    assert!(platform.sent().is_empty());
}
