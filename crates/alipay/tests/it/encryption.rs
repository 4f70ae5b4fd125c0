//! Encrypted content: what travels both ways, and what of it is believed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_alipay::{
    Alipay, AlipayKeys, AppKey, BillKind, BillPeriod, Config, Credentials, Order, PagePay,
    PayOutcome, RawCall, RefundRequest, Request, Response, TradeNumber, Transport, TransportError,
    WapPay,
};
use paydesk_money::Cny;
use paydesk_provider::{Found, PaymentProvider, ProviderError, TradeState, Untrusted};
use time::macros::date;
use url::form_urlencoded;

use crate::platform::modes::{
    CONTENT_KEY, CURRENT, Modes, NEXT, NEXT_KEY, certified, content_key, decrypted, encrypted, key,
    sn,
};
use crate::platform::{
    APP_KEY, FakePlatform, NOW, Script, an_order, content, credentials, parameter, vectors,
};

/// Keeps requests and answers them with one body.
#[derive(Debug)]
struct Recording {
    body: String,
    sent: Mutex<Vec<Request>>,
}

#[async_trait]
impl Transport for Recording {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request);
        Ok(Response {
            status: 200,
            headers: Vec::new(),
            body: self.body.clone().into(),
        })
    }
}

/// A client of the vectors' keys, and what it sends.
fn published(credentials: Credentials, body: &str) -> (Alipay, Arc<Recording>) {
    let transport = Arc::new(Recording {
        body: body.to_owned(),
        sent: Mutex::default(),
    });
    let config = Config::new(credentials)
        .content_key(content_key())
        .clock(|| NOW)
        .read_attempts(1)
        .transport(Arc::clone(&transport) as Arc<dyn Transport>);
    (Alipay::new(config).unwrap(), transport)
}

fn both() -> (Arc<FakePlatform>, Alipay) {
    let platform = FakePlatform::new();
    platform.modes(Modes::encrypt);
    let config = platform.config(credentials()).content_key(content_key());
    (platform, Alipay::new(config).unwrap())
}

fn untrusted(error: &ProviderError) -> &Untrusted {
    let ProviderError::Untrusted { reason, .. } = error else {
        panic!("{error}")
    };
    reason
}

#[tokio::test]
async fn the_published_request_comes_out_byte_for_byte() {
    let vectors = vectors();
    let app_key = AppKey::parse(vectors["key"]["private"].as_str().unwrap()).unwrap();
    let credentials = Credentials {
        app_key,
        ..credentials()
    };
    let (client, transport) = published(credentials, "{}");
    client.query("T20260101000001").await.unwrap_err();
    let sent = transport.sent.lock().unwrap();
    let mut all: BTreeMap<_, _> = sent[0].url.query_pairs().into_owned().collect();
    assert_eq!(all["encrypt_type"], "AES");
    assert!(!all.contains_key("biz_content"));
    all.extend(form_urlencoded::parse(&sent[0].body).into_owned());
    let vector = &vectors["aes_request"];
    assert_eq!(all.remove("sign").as_deref(), vector["sign"].as_str());
    let pairs: Vec<_> = all
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(pairs.join("&"), vector["signed"].as_str().unwrap());
}

#[tokio::test]
async fn the_published_answer_is_checked_and_read() {
    let vectors = vectors();
    let credentials = Credentials {
        alipay_keys: AlipayKeys::new(vectors["key"]["public"].as_str().unwrap()).unwrap(),
        ..credentials()
    };
    let body = vectors["aes_response"]["body"].as_str().unwrap();
    let (client, _) = published(credentials.clone(), body);
    let Found::Payment(payment) = client.query("T20260101000001").await.unwrap().value else {
        panic!("it is there");
    };
    assert_eq!(payment.state, TradeState::Paid);
    assert_eq!(payment.amount, Some(Cny::from_fen(1)));
    // Every byte of what travelled is under the signature.
    for at in (0..body.len()).filter(|at| at % 7 == 0) {
        let mut forged = body.to_owned().into_bytes();
        forged[at] ^= 1;
        let Ok(forged) = String::from_utf8(forged) else {
            continue;
        };
        let (client, _) = published(credentials.clone(), &forged);
        client.query("T20260101000001").await.unwrap_err();
    }
}

#[tokio::test]
async fn every_kind_of_call_travels_encrypted() {
    let (platform, client) = both();
    client.create(&an_order("PO1")).await.unwrap();
    assert!(matches!(
        client.query("PO1").await.unwrap().value,
        Found::Payment(_)
    ));
    client.close("PO1").await.unwrap();
    let node = |more: &str| {
        let node =
            format!("{{\"code\":\"10000\",\"out_trade_no\":\"PO1\",\"trade_no\":\"2\"{more}}}");
        platform.script(Script::Node(node));
    };
    let trade = TradeNumber::OutTradeNo("PO1".to_owned());
    node(r#","fund_change":"Y","refund_fee":"3.00""#);
    let refund = RefundRequest::new(trade.clone(), "R1", Cny::from_fen(300));
    client.refund(&refund).await.unwrap();
    node(r#","out_request_no":"R1","refund_status":"REFUND_SUCCESS","refund_amount":"3.00""#);
    client.query_refund(&trade, "R1").await.unwrap();
    node(r#","action":"close","retry_flag":"N""#);
    client.cancel_trade(&trade).await.unwrap();
    node(r#","total_amount":"9.90","gmt_payment":"2026-01-01 12:00:00","buyer_user_id":"2088""#);
    let order = Order::new("PO1", "points", Cny::from_fen(990), "https://a.example");
    let paid = client.pay(&order, "28763443825664394").await.unwrap();
    assert!(matches!(paid.value, PayOutcome::Paid(_)));
    node(r#","bill_download_url":"https://bills.example/1""#);
    let day = BillPeriod::Day(date!(2025 - 12 - 31));
    client
        .bill(BillKind::Trade, day)
        .await
        .unwrap()
        .value
        .unwrap();
    node(r#","more":"会员""#);
    let raw = RawCall::read("alipay.other.query", r#"{"out_trade_no":"PO1"}"#);
    let text = client.raw(&raw).await.unwrap().value.into_inner();
    assert!(text.contains("会员"), "{text}");

    let sent = platform.sent();
    assert_eq!(sent.len(), 9);
    for request in &sent {
        assert_eq!(parameter(request, "encrypt_type").as_deref(), Some("AES"));
        let opened = decrypted(&content(request), key());
        assert!(opened.starts_with('{'), "{opened}");
        let travelled = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!travelled.contains("PO1"), "{travelled}");
    }
    assert_eq!(
        decrypted(&content(&sent[8]), key()),
        r#"{"out_trade_no":"PO1"}"#
    );
}

#[tokio::test]
async fn pages_hold_what_is_ordered_encrypted_and_order_strings_in_the_clear() {
    let (_, client) = both();
    let order = Order::new("PO1", "会员", Cny::from_fen(990), "https://a.example/n");
    let wap = WapPay::new("https://a.example/quit");
    for page in [
        client.page_pay(&order, &PagePay::default()).await.unwrap(),
        client.wap_pay(&order, &wap).await.unwrap(),
    ] {
        let url = url::Url::parse(&page.url()).unwrap();
        let all: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(all["encrypt_type"], "AES");
        let opened = decrypted(&all["biz_content"], key());
        assert!(opened.contains("会员"), "{opened}");
        // Base64 holds `+` and `/`, which a form or an address must not change.
        assert!(page.form().contains(&all["biz_content"]), "{}", page.form());
        assert!(!page.form().contains("会员"));
    }
    let string = client.app_pay(&order).await.unwrap();
    let all: BTreeMap<_, _> = form_urlencoded::parse(string.as_bytes())
        .into_owned()
        .collect();
    assert!(all["biz_content"].contains("会员"), "{string}");
    assert!(!all.contains_key("encrypt_type"));
}

/// The gateway answers in the clear where it could not read the question.
#[tokio::test]
async fn r18_what_comes_in_the_clear_needs_its_signature_all_the_same() {
    let (platform, client) = both();
    let answer = |node: &str, sign: &str| {
        let body = format!("{{\"alipay_trade_query_response\":{node}{sign}}}");
        platform.script(Script::Body(200, body));
    };
    let sign = |node: &str| format!(",\"sign\":\"{}\"", platform.sign(node));
    let missing = r#"{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST","out_trade_no":"PO1"}"#;
    answer(missing, &sign(missing));
    assert_eq!(
        client.query("PO1").await.unwrap().value,
        Found::NoSuchPayment
    );
    let unread = r#"{"code":"40003","sub_code":"isv.decryption-error-unknown"}"#;
    answer(unread, "");
    let error = client.query("PO1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
    let code = error.details().code.as_deref();
    assert_eq!(code, Some("isv.decryption-error-unknown"));
    let paid = r#"{"code":"10000","out_trade_no":"PO1","trade_no":"2","trade_status":"TRADE_SUCCESS","total_amount":"9.90","send_pay_date":"2026-01-01 12:00:00"}"#;
    answer(paid, "");
    let error = client.query("PO1").await.unwrap_err();
    assert_eq!(*untrusted(&error), Untrusted::BadSignature);
    answer(paid, &sign(paid));
    client.query("PO1").await.unwrap();
}

#[tokio::test]
async fn r18_the_signature_comes_before_the_cipher_and_covers_the_quotes() {
    let (platform, client) = both();
    let answer = |node: &str, signed: &str| {
        let sign = platform.sign(signed);
        let body = format!("{{\"alipay_trade_close_response\":{node},\"sign\":\"{sign}\"}}");
        platform.script(Script::Body(200, body));
    };
    let plain = r#"{"code":"10000","out_trade_no":"PO1","msg":"???>>>???"}"#;
    let text = encrypted(plain.as_bytes(), key());
    let node = format!("\"{text}\"");
    answer(&node, &node);
    client.close("PO1").await.unwrap();
    // Some gateways write `/` as `\/`, before or after they sign.
    assert!(text.contains('/'), "{text}");
    let escaped = node.replace('/', "\\/");
    answer(&escaped, &escaped);
    client.close("PO1").await.unwrap();
    answer(&escaped, &node);
    client.close("PO1").await.unwrap();

    let broken = "\"AAAA\"";
    for (node, signed) in [(&*node, &*text), (&node, plain), (broken, &node)] {
        answer(node, signed);
        let error = client.close("PO1").await.unwrap_err();
        assert_eq!(*untrusted(&error), Untrusted::BadSignature);
    }
    let body = format!("{{\"alipay_trade_close_response\":{node}}}");
    platform.script(Script::Body(200, body));
    let error = client.close("PO1").await.unwrap_err();
    assert_eq!(*untrusted(&error), Untrusted::BadSignature);
}

#[tokio::test]
async fn r18_what_was_signed_and_cannot_be_decrypted_is_one_and_the_same() {
    let (platform, client) = both();
    let plain = br#"{"code":"10000","out_trade_no":"PO1"}"#;
    let good = STANDARD.decode(encrypted(plain, key())).unwrap();
    let mut padded_wrongly = good.clone();
    *padded_wrongly.last_mut().unwrap() ^= 1;
    let mut errors = Vec::new();
    for text in [
        encrypted(plain, [7; 16]),
        STANDARD.encode(&padded_wrongly),
        STANDARD.encode(&good[..good.len() - 1]),
        encrypted(&[0xFF, 0xFE], key()),
        "no base64".to_owned(),
        String::new(),
    ] {
        let node = format!("\"{text}\"");
        let sign = platform.sign(&node);
        let body = format!("{{\"alipay_trade_close_response\":{node},\"sign\":\"{sign}\"}}");
        platform.script(Script::Body(200, body));
        let error = client.close("PO1").await.unwrap_err();
        assert_eq!(*untrusted(&error), Untrusted::Undecryptable, "{text}");
        let mut told = error.clone();
        if let ProviderError::Untrusted { details, .. } = &mut told {
            details.request_id = None;
        }
        errors.push(told);
    }
    assert!(errors.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn certificates_are_followed_where_content_is_encrypted() {
    let platform = FakePlatform::new();
    platform.modes(|modes| {
        modes.encrypt();
        modes.certify(CURRENT, None);
        modes.published.insert(sn(NEXT), NEXT.to_owned());
    });
    let config = platform.config(certified()).content_key(content_key());
    let client = Alipay::new(config).unwrap();
    client.create(&an_order("PO1")).await.unwrap();
    platform.modes(|modes| modes.certify(NEXT, Some(NEXT_KEY)));
    client.query("PO1").await.unwrap();
    let sent = platform.sent();
    let download = &sent[2];
    assert_eq!(
        parameter(download, "method").as_deref(),
        Some("alipay.open.app.alipaycert.download")
    );
    assert_eq!(parameter(download, "encrypt_type"), None);
    let asked = format!("{{\"alipay_cert_sn\":\"{}\"}}", sn(NEXT));
    assert_eq!(content(download), asked);
    // An encrypted success, too, names the certificate that signed it.
    let node = format!(
        "\"{}\"",
        encrypted(br#"{"code":"10000","out_trade_no":"PO1"}"#, key())
    );
    let sign = platform.sign(&node);
    let body = format!("{{\"alipay_trade_close_response\":{node},\"sign\":\"{sign}\"}}");
    platform.script(Script::Body(200, body));
    let error = client.close("PO1").await.unwrap_err();
    assert_eq!(*untrusted(&error), Untrusted::BadSignature);
}

#[test]
fn nothing_prints_the_content_key() {
    let (_, client) = both();
    let config = Config::new(credentials()).content_key(content_key());
    let printed = format!("{config:?} {client:?} {:?}", content_key());
    assert!(!printed.contains(CONTENT_KEY) && !printed.contains(APP_KEY));
}
