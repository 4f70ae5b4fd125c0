//! What an order may hold.

use paydesk_alipay::{GoodsItem, Order, PayChannels, Product};
use paydesk_money::Cny;
use serde_json::{Value, json};
use time::Duration;

use crate::platform::{FakePlatform, NOW, Script, parameter};

fn order() -> Order {
    Order::new(
        "PO1",
        "coffee",
        Cny::from_fen(990),
        "https://pay.example.com/n",
    )
}

fn goods() -> GoodsItem {
    GoodsItem {
        goods_id: "apple-01".to_owned(),
        goods_name: "iPad".to_owned(),
        quantity: 2,
        price: Cny::from_fen(200_000),
        goods_category: None,
    }
}

#[tokio::test]
async fn everything_that_is_said_is_sent() {
    let platform = FakePlatform::new();
    let mut order = order();
    order.expires_at = Some(NOW + Duration::minutes(15));
    order.body = Some("100 points & more".to_owned());
    order.passback_params = Some("cart-7_a".to_owned());
    order.goods_detail = vec![goods()];
    order.store_id = Some("NJ_001".to_owned());
    order.channels = Some(PayChannels::Except(vec![
        "pcredit".to_owned(),
        "creditCard".to_owned(),
    ]));
    order.more.insert("operator_id".to_owned(), json!("yx_001"));
    order.more.insert(
        "extend_params".to_owned(),
        json!({"sys_service_provider_id": "2088"}),
    );
    let code = platform.client().precreate(&order).await.unwrap();
    assert!(code.value.content.starts_with("https://qr.alipay.com/bax"));
    assert_eq!(code.value.expires_at, NOW + Duration::hours(2));
    let sent = &platform.sent()[0];
    assert_eq!(
        parameter(sent, "notify_url").as_deref(),
        Some("https://pay.example.com/n")
    );
    let content: Value = serde_json::from_str(&platform.asked().1).unwrap();
    assert_eq!(
        content,
        json!({
            "out_trade_no": "PO1", "total_amount": "9.90", "subject": "coffee",
            "product_code": "FACE_TO_FACE_PAYMENT", "time_expire": "2026-01-01 12:15:00",
            "body": "100 points ＆ more", "passback_params": "cart-7_a", "store_id": "NJ_001",
            "goods_detail": [
                {"goods_id": "apple-01", "goods_name": "iPad", "quantity": "2", "price": "2000.00"}
            ],
            "disable_pay_channels": "pcredit,creditCard", "operator_id": "yx_001",
            "extend_params": {"sys_service_provider_id": "2088"},
        })
    );
    assert_eq!(Product::OrderCode.as_str(), "QR_CODE_OFFLINE");
}

#[tokio::test]
async fn an_order_without_a_notice_is_sent_without_one() {
    let platform = FakePlatform::new();
    let mut order = order();
    order.notify_url = None;
    order.channels = Some(PayChannels::Only(vec!["balance".to_owned()]));
    platform.client().precreate(&order).await.unwrap();
    assert_eq!(parameter(&platform.sent()[0], "notify_url"), None);
    assert!(
        platform
            .asked()
            .1
            .contains(r#""enable_pay_channels":"balance""#)
    );
    assert!(!platform.asked().1.contains("time_expire"));
}

fn with(change: impl FnOnce(&mut Order)) -> Order {
    let mut order = order();
    change(&mut order);
    order
}

async fn named(orders: Vec<(Order, &str)>) {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (order, field) in orders {
        let error = client.precreate(&order).await.unwrap_err();
        assert!(error.did_not_happen(), "{field}: {error}");
        assert!(error.to_string().contains(field), "{field}: {error}");
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn each_field_that_cannot_be_is_named_and_nothing_is_sent() {
    let text = |text: &str| Some(text.to_owned());
    named(vec![
        (
            with(|it| it.out_trade_no = "PO-1".to_owned()),
            "out_trade_no",
        ),
        (with(|it| it.total = Cny::ZERO), "total_amount"),
        (with(|it| it.subject = "  ".to_owned()), "subject"),
        (with(|it| it.subject = "x".repeat(257)), "subject"),
        (with(|it| it.subject = "🪙".to_owned()), "subject"),
        (
            with(|it| it.notify_url = text("ftp://a.example")),
            "notify_url",
        ),
        (
            with(|it| it.notify_url = text("https://a.example/?b=c")),
            "notify_url",
        ),
        (with(|it| it.expires_at = Some(NOW)), "time_expire"),
        (
            with(|it| it.expires_at = Some(NOW + Duration::days(16))),
            "time_expire",
        ),
        (with(|it| it.body = text(&"x".repeat(129))), "body"),
        (with(|it| it.body = text("\u{7}")), "body"),
        (
            with(|it| it.passback_params = text("a=1")),
            "passback_params",
        ),
        (with(|it| it.passback_params = text("")), "passback_params"),
        (with(|it| it.store_id = text(&"x".repeat(33))), "store_id"),
    ])
    .await;
}

/// The platform gives it where `code_type` asks for it.
#[tokio::test]
async fn words_to_pay_by_come_with_the_code() {
    let platform = FakePlatform::new();
    let code_type = ("code_type".to_owned(), json!("share_code"));
    let order = with(|it| it.more.extend([code_type]));
    for (said, share_code) in [
        (json!("吱口令"), Some("吱口令")),
        (json!(""), None),
        (json!({"a": 1}), None),
    ] {
        let node = json!({
            "code": "10000", "out_trade_no": "PO1", "qr_code": "https://q", "share_code": said,
        });
        platform.script(Script::Node(node.to_string()));
        let code = platform.client().precreate(&order).await.unwrap().value;
        assert_eq!(code.share_code.as_deref(), share_code, "{said}");
    }
}

/// They may hold a payer's name and papers.
#[test]
fn r28_further_fields_are_not_printed() {
    let mut order = order();
    let info = json!({"name": "张三", "cert_no": "330106199001011234"});
    order.more.insert("ext_user_info".to_owned(), info);
    let printed = format!("{order:?}");
    assert!(printed.contains("PO1") && printed.contains("ext_user_info"));
    for person in ["张三", "330106199001011234"] {
        assert!(!printed.contains(person), "{printed}");
    }
}

#[tokio::test]
async fn lists_and_further_fields_are_checked_too() {
    let goods_of = |change: fn(&mut GoodsItem)| {
        let mut item = goods();
        change(&mut item);
        with(|it| it.goods_detail = vec![item])
    };
    let more = |name: &str| with(|it| drop(it.more.insert(name.to_owned(), json!("X"))));
    let only = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        with(|it| it.channels = Some(PayChannels::Only(names)))
    };
    let except = |names| with(|it| it.channels = Some(PayChannels::Except(names)));
    named(vec![
        (more("total_amount"), "more"),
        (more("product_code"), "more"),
        // These have a place of their own beside what is ordered, where they are not looked for.
        (more("notify_url"), "notify_url"),
        (more("return_url"), "return_url"),
        (more("app_auth_token"), "app_auth_token"),
        (more("sign"), "sign"),
        (only(&["a,b"]), "enable_pay_channels"),
        (only(&[""]), "enable_pay_channels"),
        (except(Vec::new()), "disable_pay_channels"),
        (
            except(vec!["channel".to_owned(); 20]),
            "disable_pay_channels",
        ),
        (goods_of(|it| it.quantity = 0), "goods_detail"),
        (goods_of(|it| it.price = Cny::from_fen(-1)), "goods_detail"),
        (
            goods_of(|it| it.goods_name = String::new()),
            "goods_detail.goods_name",
        ),
        (
            goods_of(|it| it.goods_id = "x".repeat(65)),
            "goods_detail.goods_id",
        ),
    ])
    .await;
}
