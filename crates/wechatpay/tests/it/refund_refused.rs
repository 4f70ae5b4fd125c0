//! Refunds that the platform would refuse: found before anything is sent, and named by their field.

use paydesk_money::Cny;
use paydesk_provider::{Advice, ProviderError};
use paydesk_wechatpay::{
    AbnormalRefund, FundSource, PaidOrder, RefundGoods, RefundRequest, RefundTo, SubMerchant,
};
use zeroize::Zeroizing;

use crate::platform::{FakePlatform, Script};

fn plain() -> RefundRequest {
    RefundRequest::new(
        PaidOrder::OutTradeNo("PO0001".to_owned()),
        "RF0001",
        Cny::from_fen(490),
        Cny::from_fen(990),
        "https://pay.example.com/n",
    )
}

fn changed(change: impl FnOnce(&mut RefundRequest)) -> RefundRequest {
    let mut request = plain();
    change(&mut request);
    request
}

fn long(bytes: usize) -> String {
    "a".repeat(bytes)
}

type Refused = Vec<(&'static str, RefundRequest)>;

fn of_request() -> Refused {
    let out_trade_no = |no: &str| changed(|it| it.order = PaidOrder::OutTradeNo(no.to_owned()));
    let transaction_id =
        |no: &str| changed(|it| it.order = PaidOrder::TransactionId(no.to_owned()));
    let out_refund_no = |no: &str| changed(|it| it.out_refund_no = no.to_owned());
    let fen = |fen: i64| changed(|it| it.refund = Cny::from_fen(fen));
    let reason = |text: &str| changed(|it| it.reason = Some(text.to_owned()));
    let url = |text: &str| changed(|it| it.notify_url = text.to_owned());
    vec![
        ("out_trade_no", out_trade_no("")),
        ("out_trade_no", out_trade_no(&long(33))),
        ("out_trade_no", out_trade_no("PO@001")),
        ("transaction_id", transaction_id("")),
        ("transaction_id", transaction_id(&long(33))),
        ("transaction_id", transaction_id("42-1")),
        ("out_refund_no", out_refund_no("")),
        ("out_refund_no", out_refund_no(&long(65))),
        ("out_refund_no", out_refund_no("RF/../1")),
        ("out_refund_no", out_refund_no("RF 1")),
        ("amount.refund", fen(0)),
        ("amount.refund", fen(-1)),
        ("amount.refund", fen(991)),
        ("reason", reason("")),
        ("reason", reason(&long(81))),
        ("reason", reason("🪙")),
        ("notify_url", url("")),
        ("notify_url", url("https://x.cn/n?a=b")),
        ("notify_url", url(&format!("https://x.cn/{}", long(244)))),
    ]
}

fn of_funds() -> Refused {
    let from = |parts: &[(&str, i64)]| {
        changed(|it| {
            it.from = parts
                .iter()
                .map(|&(account, fen)| FundSource {
                    account: account.to_owned(),
                    amount: Cny::from_fen(fen),
                })
                .collect();
        })
    };
    vec![
        ("amount.from", from(&[("AVAILABLE", 489)])),
        (
            "amount.from",
            from(&[("AVAILABLE", 490), ("UNAVAILABLE", 1)]),
        ),
        (
            "amount.from",
            from(&[("AVAILABLE", 491), ("UNAVAILABLE", -1)]),
        ),
        (
            "amount.from",
            from(&[("AVAILABLE", 490), ("UNAVAILABLE", 0)]),
        ),
        (
            "amount.from",
            from(&[("AVAILABLE", i64::MAX), ("UNAVAILABLE", i64::MAX)]),
        ),
        ("amount.from", from(&[("", 490)])),
        ("amount.from", from(&[(&long(33), 490)])),
    ]
}

fn of_goods() -> Refused {
    let goods = |change: fn(&mut RefundGoods)| {
        let mut goods = RefundGoods {
            merchant_goods_id: "p100".to_owned(),
            wechatpay_goods_id: None,
            goods_name: None,
            unit_price: Cny::from_fen(990),
            refund_amount: Cny::from_fen(490),
            refund_quantity: 1,
        };
        change(&mut goods);
        changed(|it| it.goods_detail = vec![goods])
    };
    vec![
        (
            "merchant_goods_id",
            goods(|it| it.merchant_goods_id.clear()),
        ),
        (
            "merchant_goods_id",
            goods(|it| it.merchant_goods_id = long(33)),
        ),
        (
            "wechatpay_goods_id",
            goods(|it| it.wechatpay_goods_id = Some(long(33))),
        ),
        ("goods_name", goods(|it| it.goods_name = Some(long(257)))),
        ("unit_price", goods(|it| it.unit_price = Cny::from_fen(-1))),
        (
            "refund_amount",
            goods(|it| it.refund_amount = Cny::from_fen(-1)),
        ),
        ("refund_quantity", goods(|it| it.refund_quantity = 0)),
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
async fn a_refund() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (field, request) in [of_request(), of_funds(), of_goods()].concat() {
        assert_unsent(&client.refund(&request).await.unwrap_err(), field);
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn what_lies_just_within_the_limits_is_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::refused(403, "NOT_ENOUGH"));
    let requests = [
        plain(),
        changed(|it| it.order = PaidOrder::TransactionId(long(32))),
        changed(|it| it.out_refund_no = "R".to_owned()),
        changed(|it| it.out_refund_no = long(64)),
        changed(|it| it.out_refund_no = "R_-*|@1".to_owned()),
        changed(|it| it.refund = Cny::from_fen(1)),
        changed(|it| it.refund = Cny::from_fen(990)),
        changed(|it| it.reason = Some(long(80))),
        changed(|it| it.notify_url = format!("https://x.cn/{}", long(243))),
    ];
    for request in &requests {
        let error = client.refund(request).await.unwrap_err();
        assert_eq!(error.details().status, Some(403), "{error}");
    }
    assert_eq!(platform.sent().len(), requests.len());
}

#[tokio::test]
async fn a_refund_query() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for number in ["", &long(65), "RF0001/..", "RF0001?a=b", "RF%2F1", "退款"] {
        let error = client.query_refund(number).await.unwrap_err();
        assert_unsent(&error, "out_refund_no");
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn a_refund_that_is_sent_elsewhere() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let card = |bank_type: &str, account: &str, name: &str| RefundTo::UserCard {
        bank_type: bank_type.to_owned(),
        account: Zeroizing::new(account.to_owned()),
        name: Zeroizing::new(name.to_owned()),
    };
    let good = || card("ICBC_DEBIT", "6222000000000000", "张三");
    let (id, number) = ("50300000", "RF0001");
    for (field, refund_id, out_refund_no, to) in [
        ("refund_id", "", number, good()),
        ("refund_id", "503/../1", number, good()),
        ("refund_id", "503 1", number, RefundTo::MerchantAccount),
        ("refund_id", &long(33), number, RefundTo::MerchantAccount),
        ("out_refund_no", id, "", good()),
        ("out_refund_no", id, "RF/1", RefundTo::MerchantAccount),
        ("bank_type", id, number, card("", "6222", "张三")),
        ("bank_type", id, number, card(&long(17), "6222", "张三")),
        ("bank_account", id, number, card("ICBC_DEBIT", "", "张三")),
        (
            "bank_account",
            id,
            number,
            card("ICBC_DEBIT", &long(215), "张三"),
        ),
        ("real_name", id, number, card("ICBC_DEBIT", "6222", "")),
        (
            "real_name",
            id,
            number,
            card("ICBC_DEBIT", "6222", &long(215)),
        ),
    ] {
        let request = AbnormalRefund {
            refund_id: refund_id.to_owned(),
            out_refund_no: out_refund_no.to_owned(),
            to,
        };
        assert_unsent(&client.abnormal_refund(&request).await.unwrap_err(), field);
        let nobody = client.on_behalf_of(SubMerchant {
            merchant_id: "1900000109 ".to_owned(),
            app_id: None,
        });
        nobody.abnormal_refund(&request).await.unwrap_err();
    }
    assert!(platform.sent().is_empty());
}
