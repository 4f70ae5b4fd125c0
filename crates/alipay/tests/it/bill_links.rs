//! Asking where a bill is.

use std::time::Duration;

use paydesk_alipay::{Alipay, BillKind, BillPeriod};
use paydesk_provider::{Advice, ProviderError};
use serde_json::json;
use time::Month;
use time::macros::date;

use crate::platform::{FakePlatform, NOW, Script};

const ADDRESS: &str =
    "http://dwbillcenter.alipay.com/downloadBillFile.resource?bizType=trade&userId=20880&token=1";

const YESTERDAY: BillPeriod = BillPeriod::Day(date!(2025 - 12 - 31));

async fn refused(client: &Alipay, period: BillPeriod) -> ProviderError {
    client.bill(BillKind::Trade, period).await.unwrap_err()
}

#[tokio::test]
async fn a_bill_is_where_the_signed_answer_says() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let node = json!({"code": "10000", "msg": "Success", "bill_download_url": ADDRESS});
    platform.script(Script::Node(node.to_string()));
    let link = client
        .bill(BillKind::Trade, YESTERDAY)
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(link.url().as_str(), ADDRESS);
    assert_eq!(link.expires_at(), NOW + time::Duration::seconds(30));
    assert!(!link.is_empty());
    let printed = format!("{link:?}");
    assert!(
        printed.contains("dwbillcenter") && !printed.contains("20880"),
        "{printed}"
    );
    let (method, content) = platform.asked();
    assert_eq!(method, "alipay.data.dataservice.bill.downloadurl.query");
    assert_eq!(content, r#"{"bill_type":"trade","bill_date":"2025-12-31"}"#);
    let month = BillPeriod::Month {
        year: 2025,
        month: Month::December,
    };
    client.bill(BillKind::Account, month).await.unwrap();
    let content = platform.asked().1;
    assert_eq!(
        content,
        r#"{"bill_type":"signcustomer","bill_date":"2025-12"}"#
    );

    let node = json!({
        "code": "10000", "bill_download_url": ADDRESS, "bill_file_code": "EMPTY_DATA_WITH_BILL_FILE",
    });
    platform.script(Script::Node(node.to_string()));
    let link = client
        .bill(BillKind::Trade, YESTERDAY)
        .await
        .unwrap()
        .value
        .unwrap();
    assert!(link.is_empty());
}

#[tokio::test]
async fn an_empty_day_is_no_error_and_an_early_question_is_one_to_repeat() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let told = |sub_code: &str| {
        Script::Node(json!({"code": "40004", "msg": "m", "sub_code": sub_code}).to_string())
    };
    for none in ["NO_BILL_DATA", "isp.no_bill_data"] {
        platform.script(told(none));
        assert_eq!(
            client.bill(BillKind::Trade, YESTERDAY).await.unwrap().value,
            None
        );
    }
    for (sub_code, rejected, advice) in [
        (
            "BILL_NOT_EXIST",
            true,
            Advice::RetryAfter(Duration::from_hours(1)),
        ),
        (
            "isp.bill_not_exist",
            true,
            Advice::RetryAfter(Duration::from_hours(1)),
        ),
        ("INVAILID_ARGUMENTS", true, Advice::Never),
        (
            "USER_RATE_LIMIT",
            false,
            Advice::RetryAfter(Duration::from_mins(1)),
        ),
        ("UNKNOW_ERROR", false, Advice::RetrySame),
        ("INVENTED", false, Advice::QueryFirst),
    ] {
        platform.script(told(sub_code));
        let error = refused(&client, YESTERDAY).await;
        assert_eq!(
            (error.did_not_happen(), error.advice()),
            (rejected, advice),
            "{sub_code}"
        );
    }
    let node = json!({"code": "40004", "msg": "m", "sub_code": "NO_BILL_DATA"});
    platform.script(Script::Unsigned(node.to_string()));
    let error = refused(&client, YESTERDAY).await;
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn a_time_that_is_not_over_has_no_bill() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for period in [
        BillPeriod::Day(date!(2026 - 01 - 01)),
        BillPeriod::Day(date!(2026 - 01 - 02)),
        BillPeriod::Month {
            year: 2026,
            month: Month::January,
        },
    ] {
        let error = refused(&client, period).await;
        assert!(
            error.did_not_happen() && error.to_string().contains("bill_date"),
            "{error}"
        );
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn an_answer_without_an_address_is_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for address in [
        "",
        "file:///etc/passwd",
        "bill",
        &format!("https://a.alipay.com/{}", "x".repeat(2048)),
    ] {
        let node = json!({"code": "10000", "bill_download_url": address});
        platform.script(Script::Node(node.to_string()));
        let error = refused(&client, YESTERDAY).await;
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{address}: {error}"
        );
    }
}
