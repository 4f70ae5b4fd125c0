//! What the platform would refuse is found before anything is sent, and named by its field.

use paydesk_money::Cny;
use paydesk_provider::{Advice, ProviderError};
use paydesk_wechatpay::{Detail, GoodsItem, H5Info, OpenId, Order, SceneInfo, StoreInfo};
use serde_json::json;
use time::Duration;

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

fn some(bytes: usize) -> Option<String> {
    Some(long(bytes))
}

const EMOJI: &str = "🪙";

/// Each with what its refusal names, and the same within its limit.
fn orders() -> Vec<(&'static str, Order)> {
    let detail = |detail: Detail| changed(|order| order.detail = Some(detail));
    vec![
        ("out_trade_no", changed(|it| it.out_trade_no = long(5))),
        ("out_trade_no", changed(|it| it.out_trade_no = long(33))),
        (
            "out_trade_no",
            changed(|it| it.out_trade_no = "PO 001".to_owned()),
        ),
        (
            "out_trade_no",
            changed(|it| it.out_trade_no = "PO@001".to_owned()),
        ),
        (
            "out_trade_no",
            changed(|it| it.out_trade_no = "PO0001/..".to_owned()),
        ),
        ("amount", changed(|it| it.total = Cny::ZERO)),
        ("amount", changed(|it| it.total = Cny::from_fen(-1))),
        ("amount", changed(|it| it.total = Cny::from_fen(i64::MAX))),
        ("description", changed(|it| it.description = String::new())),
        ("description", changed(|it| it.description = long(128))),
        (
            "description",
            changed(|it| it.description = EMOJI.to_owned()),
        ),
        ("attach", changed(|it| it.attach = some(0))),
        ("attach", changed(|it| it.attach = some(128))),
        ("attach", changed(|it| it.attach = Some(EMOJI.to_owned()))),
        ("goods_tag", changed(|it| it.goods_tag = some(33))),
        ("appid", changed(|it| it.app_id = some(33))),
        ("appid", changed(|it| it.app_id = some(0))),
        (
            "appid",
            changed(|it| it.app_id = Some("wx1\nwx2".to_owned())),
        ),
        ("time_expire", changed(|it| it.expires_at = Some(at(NOW)))),
        (
            "time_expire",
            changed(|it| it.expires_at = Some(at(NOW + 1) + Duration::days(7))),
        ),
        (
            "notify_url",
            changed(|it| it.notify_url = "notify".to_owned()),
        ),
        (
            "notify_url",
            changed(|it| it.notify_url = "https://x.cn/n?a".to_owned()),
        ),
        (
            "notify_url",
            changed(|it| it.notify_url = "https://x.cn/n\n".to_owned()),
        ),
        (
            "notify_url",
            changed(|it| it.notify_url = " https://x.cn/n".to_owned()),
        ),
        (
            "notify_url",
            changed(|it| it.notify_url = "https://x.cn/通知".to_owned()),
        ),
        ("goods_detail", detail(Detail::default())),
        (
            "detail",
            detail(Detail {
                goods_detail: vec![goods(); 120],
                ..Detail::default()
            }),
        ),
        (
            "invoice_id",
            detail(Detail {
                invoice_id: some(33),
                goods_detail: vec![goods()],
                ..Detail::default()
            }),
        ),
        (
            "cost_price",
            detail(Detail {
                cost_price: Some(Cny::from_fen(-1)),
                goods_detail: vec![goods()],
                ..Detail::default()
            }),
        ),
        (
            "merchant_goods_id",
            with_goods(|it| it.merchant_goods_id = long(33)),
        ),
        (
            "merchant_goods_id",
            with_goods(|it| it.merchant_goods_id = long(0)),
        ),
        (
            "wechatpay_goods_id",
            with_goods(|it| it.wechatpay_goods_id = some(33)),
        ),
        ("goods_name", with_goods(|it| it.goods_name = some(257))),
        ("quantity", with_goods(|it| it.quantity = 0)),
        (
            "unit_price",
            with_goods(|it| it.unit_price = Cny::from_fen(-1)),
        ),
        (
            "payer_client_ip",
            with_scene(|it| it.payer_client_ip = "1.2.3".to_owned()),
        ),
        (
            "payer_client_ip",
            with_scene(|it| it.payer_client_ip = long(0)),
        ),
        ("device_id", with_scene(|it| it.device_id = some(33))),
        ("store_info.id", with_store(|it| it.id = long(33))),
        ("store_info.id", with_store(|it| it.id = long(0))),
        ("store_info.name", with_store(|it| it.name = some(257))),
        (
            "store_info.area_code",
            with_store(|it| it.area_code = some(33)),
        ),
        (
            "store_info.address",
            with_store(|it| it.address = some(513)),
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
    for (field, mut order) in orders() {
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
        changed(|it| it.attach = some(127)),
        changed(|it| it.goods_tag = some(32)),
        changed(|it| it.app_id = some(32)),
        changed(|it| it.expires_at = Some(at(NOW) + Duration::days(7))),
        with_goods(|it| it.merchant_goods_id = long(32)),
        with_goods(|it| it.wechatpay_goods_id = some(32)),
        with_goods(|it| it.goods_name = some(256)),
        with_goods(|it| it.unit_price = Cny::ZERO),
        with_scene(|it| it.payer_client_ip = "203.0.113.9".to_owned()),
        with_scene(|it| it.device_id = some(32)),
        with_store(|it| it.id = long(32)),
        with_store(|it| it.name = some(256)),
        with_store(|it| it.area_code = some(32)),
        with_store(|it| it.address = some(512)),
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
        ("h5_info.app_name", page(|it| it.app_name = some(65))),
        ("h5_info.app_url", page(|it| it.app_url = some(129))),
        ("h5_info.bundle_id", page(|it| it.bundle_id = some(129))),
        (
            "h5_info.package_name",
            page(|it| it.package_name = some(129)),
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
