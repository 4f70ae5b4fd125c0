//! Queries, closes and cancels with all they say.

use paydesk_alipay::{
    CancelAction, ExpectedOrder, FoundTrade, Trade, TradeDetail, TradeNumber, TradeStatus,
};
use paydesk_money::Cny;
use paydesk_provider::{Closed, Found, PaymentProvider, ProviderError, Verified};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{APP_ID, FakePlatform, SELLER_ID, Script};

fn ours(number: &str) -> TradeNumber {
    TradeNumber::OutTradeNo(number.to_owned())
}

fn theirs(number: &str) -> TradeNumber {
    TradeNumber::TradeNo(number.to_owned())
}

/// The published answer of a query.
fn published() -> Value {
    json!({
        "code": "10000", "msg": "Success", "buyer_logon_id": "csq***@sandbox.com",
        "buyer_pay_amount": "20.00", "buyer_user_id": "2088102169481075",
        "fund_bill_list": [{"amount": "20.00", "fund_channel": "ALIPAYACCOUNT"}],
        "invoice_amount": "20.00", "out_trade_no": "out_trade_no15", "point_amount": "0.00",
        "receipt_amount": "20.00", "send_pay_date": "2017-03-21 13:29:17",
        "total_amount": "20.00", "trade_no": "2017032121001004070200176844",
        "trade_status": "TRADE_SUCCESS",
    })
}

async fn found(platform: &std::sync::Arc<FakePlatform>, node: &Value) -> Verified<Trade> {
    platform.script(Script::Node(node.to_string()));
    let number = node["out_trade_no"].as_str().unwrap();
    let answer = platform.client().query_trade(&ours(number)).await.unwrap();
    assert!(answer.request_id.is_some());
    match answer.value {
        FoundTrade::Trade(trade) => *trade,
        FoundTrade::NotCreated => panic!("{node} is a trade"),
    }
}

#[tokio::test]
async fn the_published_answer_is_read_whole() {
    let trade = found(&FakePlatform::new(), &published()).await;
    assert_eq!(trade.out_trade_no, "out_trade_no15");
    let number = trade.trade_no.as_deref();
    assert_eq!(number, Some("2017032121001004070200176844"));
    assert_eq!(trade.status, TradeStatus::Success);
    assert_eq!(trade.paid_at, Some(datetime!(2017-03-21 13:29:17 +8)));
    let yuan = |fen| Some(Cny::from_fen(fen));
    assert_eq!(
        (trade.total, trade.receipt_amount),
        (yuan(2000), yuan(2000))
    );
    assert_eq!(
        (trade.point_amount, trade.platform_discount),
        (yuan(0), None)
    );
    assert_eq!(trade.fund_bills[0].channel, "ALIPAYACCOUNT");
    assert_eq!(trade.fund_bills[0].amount, Cny::from_fen(2000));
    let person = trade.buyer_user_id.as_ref().unwrap();
    assert_eq!(person.expose(), "2088102169481075");
    let printed = format!("{trade:?}");
    for secret in ["2088102169481075", "csq***"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn either_number_is_asked_for_and_no_two() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::Node(published().to_string()));
    client.query_trade(&ours("out_trade_no15")).await.unwrap();
    let asked = platform.asked();
    assert_eq!(asked.0, "alipay.trade.query");
    assert_eq!(asked.1, r#"{"out_trade_no":"out_trade_no15"}"#);
    let number = theirs("2017032121001004070200176844");
    client
        .query_trade_with(&number, &[TradeDetail::FundBills, TradeDetail::Vouchers])
        .await
        .unwrap();
    assert_eq!(
        platform.asked().1,
        "{\"trade_no\":\"2017032121001004070200176844\",\
         \"query_options\":[\"fund_bill_list\",\"voucher_detail_list\"]}"
    );
    for other in [
        ours("out_trade_no16"),
        theirs("2017032121001004070200176845"),
    ] {
        let error = client.query_trade(&other).await.unwrap_err();
        assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
    }
    let mut nameless = published();
    nameless.as_object_mut().unwrap().remove("trade_no");
    platform.script(Script::Node(nameless.to_string()));
    let error = client.query_trade(&number).await.unwrap_err();
    assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn r19_a_trade_that_does_not_exist_yet_is_no_error() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let node = json!({
        "code": "40004", "msg": "Business Failed", "sub_code": "ACQ.TRADE_NOT_EXIST",
        "sub_msg": "交易不存在", "buyer_pay_amount": "0.00", "out_trade_no": "PO1",
        "receipt_amount": "0.00",
    });
    platform.script(Script::Node(node.to_string()));
    let answer = client.query_trade(&ours("PO1")).await.unwrap();
    assert_eq!(answer.value, FoundTrade::NotCreated);
    assert!(answer.request_id.is_some());
    platform.script(Script::Unsigned(node.to_string()));
    let error = client.query_trade(&ours("PO1")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn r19_the_ambiguous_states_are_told_apart() {
    let platform = FakePlatform::new();
    for (status, more, expected, was_paid) in [
        (
            "WAIT_BUYER_PAY",
            json!({}),
            TradeStatus::WaitBuyerPay,
            false,
        ),
        ("TRADE_SUCCESS", json!({}), TradeStatus::Success, true),
        ("TRADE_FINISHED", json!({}), TradeStatus::Finished, true),
        ("TRADE_CLOSED", json!({}), TradeStatus::ClosedUnpaid, false),
        (
            "TRADE_CLOSED",
            json!({"send_pay_date": ""}),
            TradeStatus::ClosedUnpaid,
            false,
        ),
        (
            "TRADE_CLOSED",
            json!({"send_pay_date": "2026-01-01 12:01:05"}),
            TradeStatus::ClosedRefunded,
            true,
        ),
        (
            "TRADE_SUCCESS",
            json!({"credit_pay_mode": "creditAdvanceV2"}),
            TradeStatus::OnCredit {
                trade_status: "TRADE_SUCCESS".to_owned(),
                mode: "creditAdvanceV2".to_owned(),
            },
            false,
        ),
        (
            "NEXT_YEARS",
            json!({}),
            TradeStatus::Other("NEXT_YEARS".to_owned()),
            false,
        ),
    ] {
        let mut node = json!({"code": "10000", "out_trade_no": "PO1", "trade_status": status});
        for (name, value) in more.as_object().unwrap() {
            node[name] = value.clone();
        }
        let trade = found(&platform, &node).await;
        assert_eq!(trade.status, expected, "{node}");
        assert_eq!(trade.status.was_paid(), was_paid, "{node}");
    }
}

#[tokio::test]
async fn what_money_does_not_depend_on_loses_no_payment() {
    let mut node = published();
    for (name, odd) in [
        ("fund_bill_list", json!([{"amount": "x"}, 7])),
        ("voucher_detail_list", json!("none")),
        ("receipt_amount", json!("1e3")),
        ("buyer_pay_amount", json!({"CNY": "20.00"})),
        ("additional_status", json!(["SELLER_NOT_RECEIVED"])),
        ("buyer_user_id", json!({"id": 1})),
        ("store_id", json!([])),
        ("new_field", json!({"a": [1.5]})),
    ] {
        node[name] = odd;
    }
    let platform = FakePlatform::new();
    let trade = found(&platform, &node).await;
    assert_eq!(trade.status, TradeStatus::Success);
    assert_eq!(trade.total, Some(Cny::from_fen(2000)));
    let neutral = platform.client().query("out_trade_no15").await.unwrap();
    assert!(matches!(neutral.value, Found::Payment(_)));
    assert_eq!((trade.receipt_amount, &trade.buyer_user_id), (None, &None));
    assert!(trade.fund_bills.is_empty() && trade.vouchers.is_empty());
}

#[tokio::test]
async fn coupons_are_read_where_they_were_asked_for() {
    let mut node = published();
    node["voucher_detail_list"] = json!([{
        "id": "2015102600073002039000002D5O", "name": "XX超市5折优惠", "amount": "10.00",
        "type": "ALIPAY_FIX_VOUCHER", "merchant_contribute": "9.00", "other_contribute": "1.00",
    }]);
    node["mdiscount_amount"] = json!("9.00");
    node["store_name"] = json!("南湖店");
    let trade = found(&FakePlatform::new(), &node).await;
    let voucher = &trade.vouchers[0];
    assert_eq!(voucher.amount, Cny::from_fen(1000));
    assert_eq!(voucher.merchant_contribute, Some(Cny::from_fen(900)));
    assert_eq!(voucher.kind.as_deref(), Some("ALIPAY_FIX_VOUCHER"));
    assert_eq!(trade.merchant_discount, Some(Cny::from_fen(900)));
    assert_eq!(trade.store_name.as_deref(), Some("南湖店"));
}

#[tokio::test]
async fn r20_each_field_of_a_trade_that_differs_is_named() {
    let mut node = published();
    let order = |out_trade_no, fen| ExpectedOrder {
        app_id: APP_ID,
        seller_id: SELLER_ID,
        out_trade_no,
        total: Cny::from_fen(fen),
    };
    let platform = FakePlatform::new();
    let trade = found(&platform, &node).await;
    assert_eq!(trade.match_order(&order("out_trade_no15", 2000)), Ok(()));
    let mismatch = trade.match_order(&order("PO1", 1)).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "out_trade_no is \"out_trade_no15\" instead of \"PO1\", \
         total_amount is \"20.00\" instead of \"0.01\""
    );
    assert_eq!(trade.match_paid(&order("out_trade_no15", 2000)), Ok(()));
    let mut unpaid = node.clone();
    unpaid["trade_status"] = json!("WAIT_BUYER_PAY");
    unpaid["trade_no"] = json!("");
    let unpaid = found(&platform, &unpaid).await;
    assert_eq!(unpaid.match_order(&order("out_trade_no15", 2000)), Ok(()));
    let mismatch = unpaid
        .match_paid(&order("out_trade_no15", 2000))
        .unwrap_err();
    let fields: Vec<_> = mismatch.differences().iter().map(|it| it.field).collect();
    assert_eq!(fields, ["trade_status", "trade_no"]);
    node["trans_currency"] = json!("USD");
    node["total_amount"] = json!(null);
    let foreign = found(&platform, &node).await;
    let mismatch = foreign
        .match_order(&order("out_trade_no15", 2000))
        .unwrap_err();
    let fields: Vec<_> = mismatch.differences().iter().map(|it| it.field).collect();
    assert_eq!(fields, ["total_amount", "trans_currency"]);
}

#[tokio::test]
async fn a_trade_is_closed_by_either_number() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let node = r#"{"code":"10000","msg":"Success","out_trade_no":"PO-1","trade_no":"2026"}"#;
    platform.script(Script::Node(node.to_owned()));
    for number in [ours("PO-1"), theirs("2026")] {
        assert_eq!(
            client.close_trade(&number).await.unwrap().value,
            Closed::Accepted
        );
        assert_eq!(platform.asked().0, "alipay.trade.close");
    }
    assert_eq!(platform.asked().1, r#"{"trade_no":"2026"}"#);
    assert!(client.close_trade(&theirs("2027")).await.is_err());
}

#[tokio::test]
async fn cancelling_says_whether_it_closed_gave_back_or_did_nothing() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (more, action) in [
        (
            json!({"retry_flag": "N", "action": "close", "trade_no": "1"}),
            CancelAction::Closed,
        ),
        (
            json!({"retry_flag": "N", "action": "refund", "trade_no": "1"}),
            CancelAction::Refunded,
        ),
        (json!({"retry_flag": "N"}), CancelAction::NoTrade),
        (
            json!({"retry_flag": "N", "action": ""}),
            CancelAction::NoTrade,
        ),
        // Not done, whatever else is said.
        (json!({"retry_flag": "Y"}), CancelAction::Repeat),
        (
            json!({"retry_flag": "Y", "action": "refund", "trade_no": "1"}),
            CancelAction::Repeat,
        ),
        (
            json!({"retry_flag": "N", "action": "split"}),
            CancelAction::Other("split".to_owned()),
        ),
    ] {
        let mut node = json!({"code": "10000", "msg": "Success", "out_trade_no": "PO1"});
        for (name, value) in more.as_object().unwrap() {
            node[name] = value.clone();
        }
        platform.script(Script::Node(node.to_string()));
        let cancelled = client.cancel_trade(&ours("PO1")).await.unwrap().value;
        assert_eq!(cancelled.action, action, "{node}");
        assert_eq!(cancelled.trade_no.is_some(), node.get("trade_no").is_some());
    }
    assert_eq!(platform.asked().0, "alipay.trade.cancel");
    assert_eq!(platform.asked().1, r#"{"out_trade_no":"PO1"}"#);
    for node in [
        json!({"code": "10000", "out_trade_no": "PO1"}),
        json!({"code": "10000", "out_trade_no": "PO1", "retry_flag": "maybe"}),
        json!({"code": "10000", "retry_flag": "N"}),
        json!({"code": "10000", "retry_flag": "N", "out_trade_no": "PO2"}),
    ] {
        platform.script(Script::Node(node.to_string()));
        let error = client.cancel_trade(&ours("PO1")).await.unwrap_err();
        assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_number_that_cannot_be_is_not_asked_for() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let long = "1".repeat(65);
    for number in [
        ours(""),
        ours("a b"),
        ours("PO\"1"),
        ours(&long),
        theirs(""),
        theirs("20-26"),
        theirs(&long),
    ] {
        for error in [
            client.query_trade(&number).await.err(),
            client.close_trade(&number).await.err(),
            client.cancel_trade(&number).await.err(),
        ] {
            let error = error.expect("it is no number");
            assert!(error.did_not_happen(), "{number:?}: {error}");
            assert!(error.to_string().contains("trade_no"), "{error}");
        }
    }
    assert!(platform.sent().is_empty());
}
