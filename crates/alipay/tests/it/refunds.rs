//! Giving money back, and asking whether it was.

use std::time::Duration;

use paydesk_alipay::{
    ExpectedRefund, FoundRefund, FundChange, RefundDetail, RefundGoods, RefundRequest,
    RefundStatus, TradeNumber, TransportError,
};
use paydesk_money::Cny;
use paydesk_provider::{Advice, ProviderError};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{FakePlatform, Script, parameter};

fn trade() -> TradeNumber {
    TradeNumber::OutTradeNo("PO1".to_owned())
}

fn request() -> RefundRequest {
    RefundRequest::new(trade(), "R1", Cny::from_fen(300))
}

fn refunded(more: &Value) -> Value {
    let mut node = json!({
        "code": "10000", "msg": "Success", "trade_no": "2026", "out_trade_no": "PO1",
        "buyer_logon_id": "159****5620", "refund_fee": "5.00",
    });
    for (name, value) in more.as_object().unwrap() {
        node[name] = value.clone();
    }
    node
}

#[tokio::test]
async fn a_refund_is_sent_with_its_number_and_nothing_special() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::Node(
        refunded(&json!({"fund_change": "Y"})).to_string(),
    ));
    client.refund(&request()).await.unwrap();
    let (method, content) = platform.asked();
    assert_eq!(method, "alipay.trade.refund");
    assert_eq!(
        content,
        r#"{"out_trade_no":"PO1","refund_amount":"3.00","out_request_no":"R1"}"#
    );
    assert_eq!(parameter(&platform.sent()[0], "notify_url"), None);
    let mut full = request();
    full.trade = TradeNumber::TradeNo("2026".to_owned());
    full.reason = Some("七天无理由".to_owned());
    full.details = vec![RefundDetail::Funds, RefundDetail::DepositBack];
    client.refund(&full).await.unwrap();
    assert_eq!(
        platform.asked().1,
        "{\"trade_no\":\"2026\",\"refund_amount\":\"3.00\",\"out_request_no\":\"R1\",\
         \"refund_reason\":\"七天无理由\",\
         \"query_options\":[\"refund_detail_item_list\",\"deposit_back_info\"]}"
    );
}

/// A repeat is the same request, so it can be kept and read again.
#[tokio::test]
async fn r5_a_refund_that_was_stored_is_sent_unchanged() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::Node(refunded(&json!({})).to_string()));
    let mut full = request();
    full.reason = Some("A & B".to_owned());
    full.details = vec![RefundDetail::Funds, RefundDetail::Vouchers];
    let mut goods = RefundGoods::new("apple-01", Cny::from_fen(300));
    goods.out_sku_id = Some("black".to_owned());
    full.goods = vec![goods];
    full.more.insert("operator_id".to_owned(), json!("OP001"));
    let royalty = json!([{"trans_in": "2088", "amount": "0.10", "trans_in_name": "张三"}]);
    full.more
        .insert("refund_royalty_parameters".to_owned(), royalty);
    client.refund(&full).await.unwrap();
    let stored = serde_json::to_string(&full).unwrap();
    let again: RefundRequest = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, full);
    client.refund(&again).await.unwrap();
    let sent = platform.sent();
    assert_eq!(sent[0].body, sent[1].body);
    let content: Value = serde_json::from_str(&platform.asked().1).unwrap();
    assert_eq!(
        content,
        json!({
            "out_trade_no": "PO1", "refund_amount": "3.00", "out_request_no": "R1",
            // Notices may repeat it, and there a border would be no more clear than in a subject.
            "refund_reason": "A ＆ B",
            "query_options": ["refund_detail_item_list", "refund_voucher_detail_list"],
            "refund_goods_detail": [
                {"goods_id": "apple-01", "out_sku_id": "black", "refund_amount": "3.00"}
            ],
            "operator_id": "OP001",
            "refund_royalty_parameters": [
                {"trans_in": "2088", "amount": "0.10", "trans_in_name": "张三"}
            ],
        })
    );
    assert!(!format!("{full:?}").contains("张三"));
    // What an earlier version stored has no goods and no further fields.
    let old = r#"{"trade":{"OutTradeNo":"PO1"},"out_request_no":"R1","refund":300,"reason":null}"#;
    let old: RefundRequest = serde_json::from_str(old).unwrap();
    assert_eq!(old, request());
}

#[tokio::test]
async fn r5_money_moved_only_if_that_is_said() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (said, change) in [
        (json!({"fund_change": "Y"}), FundChange::Moved),
        (json!({"fund_change": "N"}), FundChange::NotKnown),
        (json!({}), FundChange::NotKnown),
        (json!({"fund_change": "y"}), FundChange::NotKnown),
        (json!({"fund_change": []}), FundChange::NotKnown),
    ] {
        platform.script(Script::Node(refunded(&said).to_string()));
        let refund = client.refund(&request()).await.unwrap().value;
        assert_eq!(refund.fund_change, change, "{said}");
        // Everything so far, not this refund.
        assert_eq!(refund.refunded_so_far, Some(Cny::from_fen(500)));
        assert!(!format!("{refund:?}").contains("159****5620"));
    }
    // So far less than this refund: the answer is to an earlier one, whatever it says moved.
    for (so_far, change) in [("3.00", FundChange::Moved), ("2.99", FundChange::NotKnown)] {
        let node = refunded(&json!({"fund_change": "Y", "refund_fee": so_far}));
        platform.script(Script::Node(node.to_string()));
        let refund = client.refund(&request()).await.unwrap().value;
        assert_eq!(refund.fund_change, change, "{so_far}");
    }
    let told = refunded(&json!({
        "fund_change": "Y", "gmt_refund_pay": "2026-01-02 09:00:00", "send_back_fee": "2.90",
        "refund_detail_item_list": [{"fund_channel": "PCREDIT", "amount": "3.00", "real_amount": "2.90"}],
    }));
    platform.script(Script::Node(told.to_string()));
    let refund = client.refund(&request()).await.unwrap().value;
    assert_eq!(refund.refunded_at, Some(datetime!(2026-01-02 09:00 +8)));
    assert_eq!(refund.send_back_fee, Some(Cny::from_fen(290)));
    assert_eq!(refund.details[0].real_amount, Some(Cny::from_fen(290)));
}

/// A repeat that is no repeat pays twice, so only documented refusals count as refused.
#[tokio::test]
async fn r5_whatever_is_not_refused_may_have_been_given_back() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let signed = |code: &str, sub_code: &str| {
        Script::Node(json!({"code": code, "msg": "m", "sub_code": sub_code}).to_string())
    };
    let unsigned = json!({"code": "40004", "msg": "m", "sub_code": "ACQ.TRADE_NOT_EXIST"});
    for script in [
        signed("20000", "isp.unknow-error"),
        signed("40004", "ACQ.SYSTEM_ERROR"),
        signed("40004", "ACQ.DISCORDANT_REPEAT_REQUEST"),
        signed("40004", "ACQ.TRADE_HAS_CLOSE"),
        signed("40004", "ACQ.INVENTED"),
        signed("40002", "ACQ.SELLER_BALANCE_NOT_ENOUGH"),
        signed("10003", ""),
        Script::Unsigned(unsigned.to_string()),
        Script::Body(502, String::new()),
        Script::Fail(TransportError::Broken("gone".to_owned())),
        Script::Node(json!({"code": "10000", "fund_change": "Y"}).to_string()),
        Script::Node(refunded(&json!({"out_trade_no": "PO2"})).to_string()),
        Script::Node(refunded(&json!({"refund_fee": "much"})).to_string()),
    ] {
        platform.script(script.clone());
        let error = client.refund(&request()).await.unwrap_err();
        assert!(!error.did_not_happen(), "{script:?}: {error}");
        assert_eq!(error.advice(), Advice::QueryFirst, "{script:?}");
    }
    platform.script(Script::Fail(TransportError::Timeout("late".to_owned())));
    let error = client.refund(&request()).await.unwrap_err();
    assert_eq!(error.kind(), "timeout");
    assert_eq!(platform.sent().len(), 14, "each was sent once");
    let bodies: Vec<_> = platform.sent().into_iter().map(|it| it.body).collect();
    assert!(
        bodies.windows(2).all(|two| two[0] == two[1]),
        "a repeat is the same"
    );
}

#[tokio::test]
async fn r5_a_refund_is_refused_when_the_platform_says_so() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (sub_code, advice) in [
        ("ACQ.SELLER_BALANCE_NOT_ENOUGH", Advice::RetrySame),
        ("ACQ.REASON_TRADE_REFUND_FEE_ERR", Advice::Never),
        ("ACQ.TRADE_HAS_FINISHED", Advice::Never),
        ("ACQ.TRADE_NOT_EXIST", Advice::Never),
    ] {
        let node = json!({
            "code": "40004", "msg": "Business Failed", "sub_code": sub_code, "refund_fee": "0.00",
            "send_back_fee": "0.00", "out_trade_no": "PO1",
        });
        platform.script(Script::Node(node.to_string()));
        let error = client.refund(&request()).await.unwrap_err();
        assert!(error.did_not_happen(), "{sub_code}: {error}");
        assert_eq!(error.advice(), advice, "{sub_code}");
    }
}

fn recorded(more: &Value) -> Value {
    let mut node = json!({
        "code": "10000", "msg": "Success", "trade_no": "2026", "out_trade_no": "PO1",
        "out_request_no": "R1", "refund_status": "REFUND_SUCCESS", "refund_amount": "3.00",
        "total_amount": "10.00",
    });
    for (name, value) in more.as_object().unwrap() {
        node[name] = value.clone();
    }
    node
}

#[tokio::test]
async fn a_refund_is_done_when_its_own_state_says_so() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let more = json!({
        "refund_reason": "x", "gmt_refund_pay": "2026-01-02 09:00:00",
        "deposit_back_info": {"has_deposit_back": "true", "dback_status": "P"},
    });
    platform.script(Script::Node(recorded(&more).to_string()));
    let details = [RefundDetail::Time, RefundDetail::DepositBack];
    let answer = client
        .query_refund_with(&trade(), "R1", &details)
        .await
        .unwrap();
    let FoundRefund::Refund(record) = answer.value else {
        panic!("it is known")
    };
    assert_eq!(record.status, RefundStatus::Success);
    assert_eq!(record.refund_amount, Some(Cny::from_fen(300)));
    assert_eq!(record.refunded_at, Some(datetime!(2026-01-02 09:00 +8)));
    let deposit = record.deposit_back.as_ref().unwrap();
    assert_eq!((deposit.status.as_str(), deposit.amount), ("P", None));
    let (method, content) = platform.asked();
    assert_eq!(method, "alipay.trade.fastpay.refund.query");
    assert_eq!(
        content,
        "{\"out_trade_no\":\"PO1\",\"out_request_no\":\"R1\",\
         \"query_options\":[\"gmt_refund_pay\",\"deposit_back_info\"]}"
    );
    let expected = |total, refund| ExpectedRefund {
        out_trade_no: "PO1",
        out_request_no: "R1",
        total: Cny::from_fen(total),
        refund: Cny::from_fen(refund),
    };
    assert_eq!(record.match_refund(&expected(1000, 300)), Ok(()));
    assert_eq!(record.match_done(&expected(1000, 300)), Ok(()));
    let mismatch = record.match_refund(&expected(900, 500)).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "total_amount is \"10.00\" instead of \"9.00\", \
         refund_amount is \"3.00\" instead of \"5.00\""
    );
}

/// The call succeeds for numbers that never were.
#[tokio::test]
async fn r5_a_success_without_a_state_is_no_refund() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for node in [
        json!({"code": "10000", "msg": "Success"}),
        json!({"code": "10000", "msg": "Success", "out_trade_no": "PO1", "trade_no": "2026"}),
        recorded(&json!({"refund_status": ""})),
        recorded(&json!({"refund_status": null})),
    ] {
        platform.script(Script::Node(node.to_string()));
        let answer = client.query_refund(&trade(), "R1").await.unwrap();
        assert_eq!(answer.value, FoundRefund::NotKnown, "{node}");
    }
    platform.script(Script::Node(
        recorded(&json!({"refund_status": "REFUND_PROCESSING"})).to_string(),
    ));
    let FoundRefund::Refund(record) = client.query_refund(&trade(), "R1").await.unwrap().value
    else {
        panic!("it is known")
    };
    assert_eq!(
        record.status,
        RefundStatus::Other("REFUND_PROCESSING".to_owned())
    );
    let expected = ExpectedRefund {
        out_trade_no: "PO1",
        out_request_no: "R1",
        total: Cny::from_fen(1000),
        refund: Cny::from_fen(300),
    };
    assert_eq!(record.match_refund(&expected), Ok(()));
    assert_eq!(
        record.match_done(&expected).unwrap_err().to_string(),
        "refund_status is \"REFUND_PROCESSING\" instead of \"REFUND_SUCCESS\""
    );
    for sub_code in ["ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"] {
        let node = json!({"code": "40004", "msg": "m", "sub_code": sub_code});
        platform.script(Script::Node(node.to_string()));
        let answer = client.query_refund(&trade(), "R1").await.unwrap();
        assert_eq!(answer.value, FoundRefund::NoSuchTrade);
        platform.script(Script::Unsigned(node.to_string()));
        let error = client.query_refund(&trade(), "R1").await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
    }
}

#[tokio::test]
async fn r18_an_answer_about_another_refund_is_none_about_ours() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for more in [
        json!({"out_request_no": "R2"}),
        json!({"out_request_no": ""}),
        json!({"out_trade_no": "PO2"}),
        json!({"out_trade_no": ""}),
        json!({"refund_amount": "three"}),
        json!({"refund_status": ["REFUND_SUCCESS"]}),
    ] {
        platform.script(Script::Node(recorded(&more).to_string()));
        let error = client.query_refund(&trade(), "R1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{more}: {error}"
        );
    }
    let by_theirs = TradeNumber::TradeNo("2026".to_owned());
    platform.script(Script::Node(recorded(&json!({"trade_no": ""})).to_string()));
    let error = client.query_refund(&by_theirs, "R1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn a_refund_that_would_be_refused_is_not_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let with = |change: fn(&mut RefundRequest)| {
        let mut request = request();
        change(&mut request);
        request
    };
    for (request, field) in [
        (
            with(|it| it.out_request_no = String::new()),
            "out_request_no",
        ),
        (
            with(|it| it.out_request_no = "R 1".to_owned()),
            "out_request_no",
        ),
        (with(|it| it.refund = Cny::ZERO), "refund_amount"),
        (with(|it| it.refund = Cny::from_fen(-1)), "refund_amount"),
        (with(|it| it.reason = Some(String::new())), "refund_reason"),
        (
            with(|it| it.reason = Some("x".repeat(257))),
            "refund_reason",
        ),
        (
            with(|it| it.details = vec![RefundDetail::Time]),
            "query_options",
        ),
        (
            with(|it| it.trade = TradeNumber::TradeNo("x y".to_owned())),
            "trade_no",
        ),
        (
            with(|it| it.goods = vec![RefundGoods::new("", Cny::from_fen(1))]),
            "refund_goods_detail.goods_id",
        ),
        (
            with(|it| it.goods = vec![RefundGoods::new("a", Cny::from_fen(-1))]),
            "refund_goods_detail",
        ),
        (
            with(|it| drop(it.more.insert("refund_amount".to_owned(), json!("9")))),
            "more",
        ),
        (
            with(|it| drop(it.more.insert("notify_url".to_owned(), json!("9")))),
            "notify_url",
        ),
    ] {
        let error = client.refund(&request).await.unwrap_err();
        assert!(error.did_not_happen(), "{field}: {error}");
        assert!(error.to_string().contains(field), "{field}: {error}");
    }
    let error = client.query_refund(&trade(), "").await.unwrap_err();
    assert!(error.did_not_happen());
    assert!(platform.sent().is_empty());
    platform.script(Script::Node(refunded(&json!({})).to_string()));
    client.refund(&request()).await.unwrap();
    assert_eq!(platform.sent()[0].timeout, Duration::from_secs(15));
}
