//! What the platform would refuse is found before anything is sent, and named by its field.

use paydesk_money::Cny;
use paydesk_provider::{Advice, ProviderError};
use paydesk_wechatpay::{
    Detail, GoodsItem, H5Info, OpenId, Order, OrderNumber, SceneInfo, StoreInfo, SubMerchant,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::platform::{FakePlatform, NOW, Script, at};

fn plain() -> Order {
    Order::new(
        "PO0001",
        "点数",
        Cny::from_fen(990),
        "https://pay.example.com/n",
    )
}

fn scene() -> SceneInfo {
    SceneInfo {
        payer_client_ip: "2001:db8::1".to_owned(),
        device_id: None,
        store_info: None,
    }
}

fn goods() -> GoodsItem {
    GoodsItem {
        merchant_goods_id: "p100".to_owned(),
        wechatpay_goods_id: None,
        goods_name: None,
        quantity: 1,
        unit_price: Cny::from_fen(1),
    }
}

fn changed(change: impl FnOnce(&mut Order)) -> Order {
    let mut order = plain();
    change(&mut order);
    order
}

fn with_goods(change: impl FnOnce(&mut GoodsItem)) -> Order {
    let mut item = goods();
    change(&mut item);
    changed(|order| {
        order.detail = Some(Detail {
            goods_detail: vec![goods(), item],
            ..Detail::default()
        });
    })
}

fn with_scene(change: impl FnOnce(&mut SceneInfo)) -> Order {
    let mut scene = scene();
    change(&mut scene);
    changed(|order| order.scene = Some(scene))
}

fn with_store(change: impl FnOnce(&mut StoreInfo)) -> Order {
    let mut store = StoreInfo {
        id: "1".to_owned(),
        name: None,
        area_code: None,
        address: None,
    };
    change(&mut store);
    with_scene(|scene| scene.store_info = Some(store))
}

fn long(bytes: usize) -> String {
    "a".repeat(bytes)
}

const EMOJI: &str = "🪙";

type Refused = Vec<(&'static str, Order)>;

/// Each with what its refusal names.
fn of_order() -> Refused {
    let number = |number: &str| changed(|it| it.out_trade_no = number.to_owned());
    let fen = |fen: i64| changed(|it| it.total = Cny::from_fen(fen));
    let description = |text: &str| changed(|it| it.description = text.to_owned());
    let attach = |text: &str| changed(|it| it.attach = Some(text.to_owned()));
    let tag = |text: &str| changed(|it| it.goods_tag = Some(text.to_owned()));
    let app = |text: &str| changed(|it| it.app_id = Some(text.to_owned()));
    let until = |at: OffsetDateTime| changed(|it| it.expires_at = Some(at));
    let url = |url: &str| changed(|it| it.notify_url = url.to_owned());
    vec![
        ("out_trade_no", number(&long(5))),
        ("out_trade_no", number(&long(33))),
        ("out_trade_no", number("PO 001")),
        ("out_trade_no", number("PO@001")),
        ("out_trade_no", number("PO0001/..")),
        ("amount", fen(0)),
        ("amount", fen(-1)),
        ("amount", fen(i64::MAX)),
        ("description", description("")),
        ("description", description(&long(128))),
        ("description", description(EMOJI)),
        ("attach", attach("")),
        ("attach", attach(&long(128))),
        ("attach", attach(EMOJI)),
        ("goods_tag", tag(&long(33))),
        ("appid", app("")),
        ("appid", app(&long(33))),
        ("appid", app("wx1\nwx2")),
        ("time_expire", until(at(NOW))),
        ("time_expire", until(at(NOW + 1) + Duration::days(7))),
        ("notify_url", url("notify")),
        ("notify_url", url("https://x.cn/n?a")),
        ("notify_url", url("https://x.cn/n\n")),
        ("notify_url", url(" https://x.cn/n")),
        ("notify_url", url("https://x.cn/通知")),
    ]
}

fn of_goods() -> Refused {
    let detail = |change: fn(&mut Detail)| {
        let mut detail = Detail {
            goods_detail: vec![goods()],
            ..Detail::default()
        };
        change(&mut detail);
        changed(|order| order.detail = Some(detail))
    };
    vec![
        ("goods_detail", detail(|it| it.goods_detail.clear())),
        ("detail", detail(|it| it.goods_detail = vec![goods(); 120])),
        ("invoice_id", detail(|it| it.invoice_id = Some(long(33)))),
        (
            "cost_price",
            detail(|it| it.cost_price = Some(Cny::from_fen(-1))),
        ),
        (
            "merchant_goods_id",
            with_goods(|it| it.merchant_goods_id = long(33)),
        ),
        (
            "merchant_goods_id",
            with_goods(|it| it.merchant_goods_id.clear()),
        ),
        (
            "wechatpay_goods_id",
            with_goods(|it| it.wechatpay_goods_id = Some(long(33))),
        ),
        (
            "goods_name",
            with_goods(|it| it.goods_name = Some(long(257))),
        ),
        ("quantity", with_goods(|it| it.quantity = 0)),
        (
            "unit_price",
            with_goods(|it| it.unit_price = Cny::from_fen(-1)),
        ),
    ]
}

fn of_scene() -> Refused {
    let ip = |ip: &str| with_scene(|it| it.payer_client_ip = ip.to_owned());
    vec![
        ("payer_client_ip", ip("1.2.3")),
        ("payer_client_ip", ip("")),
        ("device_id", with_scene(|it| it.device_id = Some(long(33)))),
        ("store_info.id", with_store(|it| it.id = long(33))),
        ("store_info.id", with_store(|it| it.id.clear())),
        (
            "store_info.name",
            with_store(|it| it.name = Some(long(257))),
        ),
        (
            "store_info.area_code",
            with_store(|it| it.area_code = Some(long(33))),
        ),
        (
            "store_info.address",
            with_store(|it| it.address = Some(long(513))),
        ),
    ]
}

fn assert_unsent(error: &ProviderError, field: &str) {
    assert!(error.did_not_happen(), "{field}: {error}");
    assert_eq!(error.advice(), Advice::Never, "{field}");
    assert!(error.details().message.contains(field), "{field}: {error}");
    assert!(
        !error.to_string().contains("aaaaa"),
        "not repeated: {error}"
    );
}

#[tokio::test]
async fn in_every_product() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let payer = OpenId::Own("oUpF8uMu".to_owned());
    for (field, mut order) in [of_order(), of_goods(), of_scene()].concat() {
        assert_unsent(&client.native(&order).await.unwrap_err(), field);
        assert_unsent(&client.app(&order).await.unwrap_err(), field);
        assert_unsent(&client.jsapi(&order, &payer).await.unwrap_err(), field);
        order.scene.get_or_insert_with(scene);
        let error = client.h5(&order, &H5Info::wap()).await.unwrap_err();
        assert_unsent(&error, field);
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn what_lies_just_within_the_limits_is_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::signed(
        200,
        &json!({"code_url": "weixin://1"}).to_string(),
    ));
    for order in [
        plain(),
        changed(|it| it.out_trade_no = "P_-|*1".to_owned()),
        changed(|it| it.out_trade_no = long(32)),
        changed(|it| it.total = Cny::from_fen(1)),
        changed(|it| it.attach = Some(long(127))),
        changed(|it| it.goods_tag = Some(long(32))),
        changed(|it| it.app_id = Some(long(32))),
        changed(|it| it.expires_at = Some(at(NOW) + Duration::days(7))),
        with_goods(|it| it.merchant_goods_id = long(32)),
        with_goods(|it| it.wechatpay_goods_id = Some(long(32))),
        with_goods(|it| it.goods_name = Some(long(256))),
        with_goods(|it| it.unit_price = Cny::ZERO),
        with_scene(|it| it.payer_client_ip = "203.0.113.9".to_owned()),
        with_scene(|it| it.device_id = Some(long(32))),
        with_store(|it| it.id = long(32)),
        with_store(|it| it.name = Some(long(256))),
        with_store(|it| it.area_code = Some(long(32))),
        with_store(|it| it.address = Some(long(512))),
    ] {
        client.native(&order).await.unwrap();
    }
    assert_eq!(platform.sent().len(), 18);
}

#[tokio::test]
async fn a_page_and_a_payer_too() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = with_scene(|_| ());
    let page = |change: fn(&mut H5Info)| {
        let mut page = H5Info::wap();
        change(&mut page);
        page
    };
    for (field, page) in [
        ("h5_info.type", page(|it| it.kind = long(33))),
        ("h5_info.type", page(|it| it.kind = long(0))),
        ("h5_info.app_name", page(|it| it.app_name = Some(long(65)))),
        ("h5_info.app_url", page(|it| it.app_url = Some(long(129)))),
        (
            "h5_info.bundle_id",
            page(|it| it.bundle_id = Some(long(129))),
        ),
        (
            "h5_info.package_name",
            page(|it| it.package_name = Some(long(129))),
        ),
    ] {
        assert_unsent(&client.h5(&order, &page).await.unwrap_err(), field);
    }
    for openid in ["", EMOJI, &long(129)] {
        let payer = OpenId::Own(openid.to_owned());
        let error = client.jsapi(&plain(), &payer).await.unwrap_err();
        assert_unsent(&error, "openid");
    }
    assert!(platform.sent().is_empty());
    let printed = format!("{:?}", OpenId::Own("oUpF8uMu".to_owned()));
    assert!(!printed.contains("oUpF8uMu"), "{printed}");
}

/// A sub-merchant's number becomes part of addresses, and whose money it is depends on it.
#[tokio::test]
async fn a_sub_merchant_whose_number_is_none() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let order = plain();
    for (field, merchant_id, app_id) in [
        ("sub_mchid", String::new(), None),
        ("sub_mchid", long(33), None),
        ("sub_mchid", "1900000109&sub_mchid=1".to_owned(), None),
        ("sub_mchid", "19000001\n9".to_owned(), None),
        ("sub_appid", "1900000109".to_owned(), Some(long(0))),
        ("sub_appid", "1900000109".to_owned(), Some(long(33))),
        (
            "sub_appid",
            "1900000109".to_owned(),
            Some("wx 1".to_owned()),
        ),
    ] {
        let client = own.on_behalf_of(SubMerchant {
            merchant_id,
            app_id,
        });
        assert_unsent(&client.native(&order).await.unwrap_err(), field);
        let number = OrderNumber::OutTradeNo("PO0001");
        assert_unsent(&client.query_order(number).await.unwrap_err(), field);
        assert_unsent(&client.close_order("PO0001").await.unwrap_err(), field);
        assert_unsent(&client.query_refund("RF0001").await.unwrap_err(), field);
    }
    assert!(platform.sent().is_empty());
}
