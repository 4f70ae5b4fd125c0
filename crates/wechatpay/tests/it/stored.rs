//! What is stored before it is sent can be sent again as it was.

use paydesk_money::Cny;
use paydesk_wechatpay::{
    Detail, GoodsItem, Order, PaidOrder, RefundGoods, RefundRequest, SceneInfo, StoreInfo,
};
use time::Duration;

use crate::platform::{FakePlatform, NOW, at};

#[tokio::test]
async fn r5_a_stored_request_is_sent_again_byte_for_byte() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let mut order = Order::new("PO0001", "点数", Cny::from_fen(990), "https://a.example/n");
    order.expires_at = Some(at(NOW) + Duration::minutes(30));
    order.attach = Some("pkg=100".to_owned());
    order.detail = Some(Detail {
        goods_detail: vec![GoodsItem {
            merchant_goods_id: "G1".to_owned(),
            wechatpay_goods_id: None,
            goods_name: Some("点数".to_owned()),
            quantity: 1,
            unit_price: Cny::from_fen(990),
        }],
        ..Detail::default()
    });
    order.scene = Some(SceneInfo {
        payer_client_ip: "127.0.0.1".to_owned(),
        device_id: None,
        store_info: Some(StoreInfo {
            id: "S1".to_owned(),
            name: None,
            area_code: None,
            address: None,
        }),
    });
    let stored: Order = serde_json::from_str(&serde_json::to_string(&order).unwrap()).unwrap();
    assert_eq!(stored, order);
    client.native(&order).await.unwrap();
    client.native(&stored).await.unwrap();

    let paid = PaidOrder::OutTradeNo("PO0001".to_owned());
    let (part, total) = (Cny::from_fen(490), Cny::from_fen(990));
    let mut refund = RefundRequest::new(paid, "RF0001", part, total, "https://a.example/n");
    refund.reason = Some("不需要了".to_owned());
    refund.goods_detail = vec![RefundGoods {
        merchant_goods_id: "G1".to_owned(),
        wechatpay_goods_id: None,
        goods_name: None,
        unit_price: Cny::from_fen(990),
        refund_amount: part,
        refund_quantity: 1,
    }];
    let json = serde_json::to_string(&refund).unwrap();
    let stored: RefundRequest = serde_json::from_str(&json).unwrap();
    assert_eq!(stored, refund);
    platform.pay("PO0001");
    client.refund(&refund).await.unwrap();
    client.refund(&stored).await.unwrap();

    let bodies: Vec<_> = platform.sent().into_iter().map(|it| it.body).collect();
    assert_eq!(bodies.len(), 4);
    assert_eq!((&bodies[0], &bodies[2]), (&bodies[1], &bodies[3]));
}

/// Services keep clients in shared state and run calls in tasks.
#[test]
fn clients_and_calls_go_from_thread_to_thread() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let client = FakePlatform::new().client();
    shared(&client);
    shared(&client.notices());
    sent(&client.query_refund("RF0001"));
    let link = None::<paydesk_wechatpay::BillLink>;
    sent(&async {
        if let Some(link) = link {
            client.download_bill(&link).await.map(drop).ok();
        }
    });
}
