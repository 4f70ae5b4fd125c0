//! Asking for bills and fetching them.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use paydesk_provider::{Advice, ProviderError};
use paydesk_wechatpay::{
    BillDownloadError, BillError, BillLimits, BillLink, BillPacking, FundAccount, Method,
    SubMerchant, TradeBillKind, WechatPay,
};
use serde_json::{Value, json};
use time::Date;
use time::macros::date;

use crate::platform::{FakePlatform, Script};

const SAMPLE: &str = include_str!("../../testdata/trade_bill_all.csv");
const SHA1: &str = "193e7d17643ca6b57d9de788303e30c85c236844";
const URL: &str =
    "https://api.mch.weixin.qq.com/v3/billdownload/file?token=6XIv5TUPto&tartype=gzip";
/// The day before the double's clock.
const DAY: Date = date!(2025 - 12 - 31);

fn link(url: &str) -> Value {
    json!({"hash_type": "SHA1", "hash_value": SHA1, "download_url": url, "new": [1.5]})
}

fn partner(client: &WechatPay) -> WechatPay {
    client.on_behalf_of(SubMerchant {
        merchant_id: "1900000109".to_owned(),
        app_id: None,
    })
}

async fn linked(platform: &FakePlatform, client: &WechatPay, url: &str) -> BillLink {
    platform.script(Script::signed(200, &link(url).to_string()));
    let answer = client.trade_bill(DAY, TradeBillKind::All).await.unwrap();
    platform.forget();
    answer.value.unwrap()
}

#[tokio::test]
async fn each_bill_is_asked_for_by_its_parameters() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let partner = partner(&own);
    let trades = "/v3/bill/tradebill?bill_date=2025-12-31&bill_type=";
    let funds = "/v3/bill/fundflowbill?bill_date=2025-12-31&account_type=";
    platform.script(Script::signed(200, &link(URL).to_string()));
    for (kind, name) in [
        (TradeBillKind::All, "ALL"),
        (TradeBillKind::Success, "SUCCESS"),
        (TradeBillKind::Refund, "REFUND"),
    ] {
        let of_own = own.trade_bill(DAY, kind).await.unwrap();
        let of_sub = partner.trade_bill(DAY, kind).await.unwrap();
        assert!(of_own.request_id.is_some());
        assert_eq!(of_own.value, of_sub.value);
        let link = of_own.value.unwrap();
        assert_eq!((link.sha1(), link.packing()), (SHA1, BillPacking::Gzip));
        let sent = platform.sent();
        let [.., first, second] = &sent[..] else {
            panic!("two requests");
        };
        let host = "https://api.mch.weixin.qq.com";
        assert_eq!(
            first.url.as_str(),
            format!("{host}{trades}{name}&tar_type=GZIP")
        );
        assert_eq!(
            second.url.as_str(),
            format!("{host}{trades}{name}&sub_mchid=1900000109&tar_type=GZIP")
        );
        assert_eq!((first.method, first.body.len()), (Method::Get, 0));
    }
    for (account, name) in [
        (FundAccount::Basic, "BASIC"),
        (FundAccount::Operation, "OPERATION"),
        (FundAccount::Fees, "FEES"),
    ] {
        own.fund_flow_bill(DAY, account).await.unwrap();
        let url = platform.sent().pop().unwrap().url;
        let expected = format!("https://api.mch.weixin.qq.com{funds}{name}&tar_type=GZIP");
        assert_eq!(url.as_str(), expected);
        let error = partner.fund_flow_bill(DAY, account).await.unwrap_err();
        assert!(
            error.did_not_happen() && error.to_string().contains("sub_mchid"),
            "{error}"
        );
    }
    assert_eq!(platform.sent().len(), 9);
}

#[tokio::test]
async fn a_day_that_is_not_over_has_no_bill() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for day in [date!(2026 - 01 - 01), date!(2026 - 01 - 02), Date::MAX] {
        let trades = client.trade_bill(day, TradeBillKind::All).await;
        let funds = client.fund_flow_bill(day, FundAccount::Basic).await;
        for error in [trades.unwrap_err(), funds.unwrap_err()] {
            assert!(
                error.did_not_happen() && error.to_string().contains("bill_date"),
                "{error}"
            );
        }
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn a_day_without_trade_is_no_error_and_an_unfinished_bill_is_asked_for_later() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::refused(400, "NO_STATEMENT_EXIST"));
    let trades = client.trade_bill(DAY, TradeBillKind::All).await.unwrap();
    let funds = client
        .fund_flow_bill(DAY, FundAccount::Basic)
        .await
        .unwrap();
    assert_eq!((trades.value, funds.value), (None, None));
    assert!(trades.request_id.is_some());
    platform.script(Script::refused(400, "STATEMENT_CREATING"));
    let error = client
        .trade_bill(DAY, TradeBillKind::All)
        .await
        .unwrap_err();
    assert_eq!(error.advice(), Advice::RetryAfter(Duration::from_mins(30)));
    assert_eq!(platform.sent().len(), 3, "nobody hammers");
    for (status, code) in [(500, "NO_STATEMENT_EXIST"), (404, "INVENTED"), (200, "")] {
        platform.script(Script::refused(status, code));
        let error = client
            .trade_bill(DAY, TradeBillKind::All)
            .await
            .unwrap_err();
        assert!(!error.did_not_happen(), "{error}");
    }
}

#[tokio::test]
async fn a_link_that_vouches_for_nothing_is_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (name, odd) in [
        ("hash_type", json!("MD5")),
        ("hash_type", json!("")),
        ("hash_type", json!(null)),
        ("hash_value", json!("")),
        ("hash_value", json!(&SHA1[..39])),
        ("hash_value", json!("g".repeat(40))),
        ("hash_value", json!(7)),
        ("download_url", json!("")),
        ("download_url", json!("/v3/billdownload/file")),
        ("download_url", json!(null)),
    ] {
        for absent in [false, true] {
            let mut body = link(URL);
            body[name] = odd.clone();
            if absent {
                body.as_object_mut().unwrap().remove(name);
            }
            platform.script(Script::signed(200, &body.to_string()));
            let error = client
                .trade_bill(DAY, TradeBillKind::All)
                .await
                .unwrap_err();
            assert!(
                matches!(error, ProviderError::Malformed { .. }),
                "{name}: {error}"
            );
        }
    }
    let printed = format!("{:?}", linked(&platform, &client, URL).await);
    assert!(
        !printed.contains("6XIv5TUPto"),
        "the token is all that is needed: {printed}"
    );
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The file itself is not signed.
fn file(bytes: Vec<u8>) -> Script {
    Script::file(200, bytes)
}

#[tokio::test]
async fn a_file_is_fetched_verbatim_and_read_once_its_hash_is_right() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let link = linked(&platform, &client, URL).await;
    platform.script(file(gzip(SAMPLE)));
    let mut file = client.download_bill(&link).await.unwrap();
    assert_eq!(file.trades().map(Result::unwrap).count(), 2);
    let sent = platform.sent();
    assert_eq!((sent.len(), sent[0].method), (1, Method::Get));
    assert_eq!(sent[0].url.as_str(), URL);
    assert!(sent[0].body.is_empty());
}

#[tokio::test]
async fn another_file_than_the_one_announced_gives_no_row() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let link = linked(&platform, &client, URL).await;
    let whole = gzip(SAMPLE);
    let cut = whole[..whole.len() - 9].to_vec();
    let bomb = gzip(&"0".repeat(1024 * 1024));
    for (what, bytes) in [
        ("another amount", gzip(&SAMPLE.replace("`9.90", "`0.01"))),
        ("packed twice", gzip(&String::from_utf8_lossy(&whole))),
        ("not packed", SAMPLE.as_bytes().to_vec()),
        ("cut off", cut),
        ("nothing", Vec::new()),
        ("a page", b"<html>login</html>".to_vec()),
        ("a bomb", bomb),
    ] {
        platform.script(file(bytes));
        let limits = BillLimits {
            unpacked_bytes: 512 * 1024,
            ..BillLimits::default()
        };
        let error = client
            .download_bill_within(&link, limits)
            .await
            .unwrap_err();
        assert!(
            matches!(error, BillDownloadError::File(_)),
            "{what}: {error:?}"
        );
    }
    platform.script(file(gzip(&SAMPLE.replace("`9.90", "`0.01"))));
    let error = client.download_bill(&link).await.unwrap_err();
    assert!(
        matches!(error, BillDownloadError::File(BillError::Hash)),
        "{error:?}"
    );
}

/// The signature does not cover the host, so a signed request goes to the platform alone.
#[tokio::test]
async fn no_signed_request_goes_to_another_host() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for url in [
        "https://evil.example/v3/billdownload/file?token=1",
        "https://api.mch.weixin.qq.com.evil.example/v3",
        "https://api.mch.weixin.qq.com@evil.example/v3",
        "https://evil.example#api.mch.weixin.qq.com",
        "http://api.mch.weixin.qq.com/v3",
        "https://api.mch.weixin.qq.com:8443/v3",
        "https://api3.mch.weixin.qq.com/v3",
        "ftp://api.mch.weixin.qq.com/v3",
        "data:text/plain,api.mch.weixin.qq.com",
    ] {
        let link = linked(&platform, &client, url).await;
        let error = client.download_bill(&link).await.unwrap_err();
        let BillDownloadError::Call(error) = error else {
            panic!("{url}: {error:?}");
        };
        assert!(error.did_not_happen(), "{url}: {error}");
        assert!(!error.to_string().contains("evil"), "{error}");
        assert!(platform.sent().is_empty(), "{url}");
    }
    for url in [
        "https://api2.mch.weixin.qq.com/v3/bill/downloadurl?token=1",
        "https://api.wechatpay.cn/v3/bill/downloadurl?token=1",
    ] {
        let link = linked(&platform, &client, url).await;
        platform.script(file(gzip(SAMPLE)));
        client.download_bill(&link).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_refused_is_no_bill() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let link = linked(&platform, &client, URL).await;
    for (script, kind) in [
        (Script::refused(403, "NO_AUTH"), "rejected"),
        (Script::refused(400, "INVALID_REQUEST"), "rejected"),
        (Script::refused(500, "SYSTEM_ERROR"), "unknown"),
        (Script::refused(400, "NO_STATEMENT_EXIST"), "unknown"),
        (Script::unsigned(302, ""), "unknown"),
        (Script::file(206, gzip(SAMPLE)), "unknown"),
        (Script::timed_out(), "timeout"),
        (Script::not_connected(), "rejected"),
    ] {
        platform.script(script.clone());
        let error = client.download_bill(&link).await.unwrap_err();
        let BillDownloadError::Call(error) = error else {
            panic!("{script:?}: {error:?}");
        };
        assert_eq!(error.kind(), kind, "{script:?}: {error}");
    }
}
