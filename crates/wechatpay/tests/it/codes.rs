//! Every documented code through every call: the list in `testdata/codes.tsv` says what each means
//! where, and the public calls do what it says.

use std::sync::Arc;
use std::time::Duration;

use paydesk_provider::{Advice, Closed, Details, PaymentProvider, ProviderError};
use paydesk_wechatpay::{
    BillDownloadError, BillLink, Config, Credentials, FundAccount, OrderNumber,
    PlatformCertificates, PlatformKeys, TradeBillKind, WechatPay,
};
use serde_json::json;
use time::macros::date;

use crate::platform::{FakePlatform, NOW, Script, at, credentials};
use crate::repeating::{READS, WRITES, Way, call};

const COLUMNS: [&str; 11] = [
    "prepay",
    "query",
    "close",
    "refund",
    "refund_query",
    "abnormal_refund",
    "bill",
    "bill_file",
    "certificates",
    "raw_read",
    "raw_write",
];

/// What a call gives its caller.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It did not happen.
    Rejected(Advice),
    /// It may have happened.
    Unknown(Advice),
    /// The platform's refusal is the answer.
    None,
    Closed(Closed),
}

/// What the list's word comes to, with the header `Retry-After` where there is one.
fn expected(column: &str, class: &str, retry_after: Option<Duration>) -> Outcome {
    use Outcome::{Rejected, Unknown};
    let after = |default: Duration| Advice::RetryAfter(retry_after.unwrap_or(default));
    match (column, class) {
        // No certificate, no call: nothing happened, whatever kept it from being fetched.
        ("certificates", "Throttled") => Rejected(after(Duration::from_secs(1))),
        ("certificates", "Retry") => {
            Rejected(retry_after.map_or(Advice::RetrySame, Advice::RetryAfter))
        }
        ("certificates", "QueryFirst") | (_, "NotEnough") => Rejected(Advice::RetrySame),
        (_, "Rejected") => Rejected(Advice::Never),
        (_, "NotYet") => Rejected(after(Duration::from_mins(30))),
        (_, "QueryFirst") => Unknown(Advice::QueryFirst),
        (_, "Retry") => Unknown(retry_after.map_or(Advice::RetrySame, Advice::RetryAfter)),
        (_, "Throttled") => Unknown(after(Duration::from_secs(1))),
        ("close", "NoSuchNumber") => Outcome::Closed(Closed::NoSuchPayment),
        ("close", "AlreadyPaid") => Outcome::Closed(Closed::AlreadyPaid),
        ("close", "AlreadyClosed") => Outcome::Closed(Closed::Accepted),
        (_, "NoSuchNumber" | "NoStatement") => Outcome::None,
        other => panic!("{other:?} is in the list and nobody knows what it means"),
    }
}

struct Desk {
    platform: Arc<FakePlatform>,
    client: WechatPay,
    link: BillLink,
}

impl Desk {
    async fn new() -> Self {
        let platform = FakePlatform::new();
        let client = platform.client();
        let link = json!({
            "hash_type": "SHA1", "hash_value": "0".repeat(40),
            "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=1",
        });
        platform.script(Script::signed(200, &link.to_string()));
        let day = date!(2025 - 12 - 31);
        let asked = client.trade_bill(day, TradeBillKind::All).await;
        let link = asked.unwrap().value.unwrap();
        Self {
            platform,
            client,
            link,
        }
    }

    /// What each call of this column gives, and what it keeps of the answer.
    async fn outcomes(&self, column: &str) -> Vec<(Outcome, Details)> {
        let client = &self.client;
        let day = date!(2025 - 12 - 31);
        let none = |known: bool, request_id: Option<String>| {
            assert!(!known);
            (Outcome::None, of_value(request_id))
        };
        let mut outcomes = Vec::new();
        let ways: &[Way] = match column {
            "prepay" => &[Way::Native, Way::Jsapi, Way::App, Way::H5, Way::Create],
            "refund" => &[Way::Refund],
            "abnormal_refund" => &[Way::AbnormalRefund],
            "raw_read" => &[Way::RawRead],
            "raw_write" => &[Way::RawWrite],
            _ => &[],
        };
        for &way in ways {
            outcomes.push(of_error(call(client, way).await.unwrap_err()));
        }
        match column {
            "query" => {
                for number in [
                    OrderNumber::OutTradeNo("PO0001"),
                    OrderNumber::TransactionId("42000001"),
                ] {
                    let answer = client.query_order(number).await;
                    outcomes.push(
                        answer.map_or_else(of_error, |it| none(it.value.is_some(), it.request_id)),
                    );
                }
            }
            "close" => {
                let answer = client.close("PO0001").await;
                outcomes.push(answer.map_or_else(of_error, |it| {
                    (Outcome::Closed(it.value), of_value(it.request_id))
                }));
            }
            "refund_query" => {
                let answer = client.query_refund("RF0001").await;
                outcomes.push(
                    answer.map_or_else(of_error, |it| none(it.value.is_some(), it.request_id)),
                );
            }
            "bill" => {
                let trades = client.trade_bill(day, TradeBillKind::All).await;
                let funds = client.fund_flow_bill(day, FundAccount::Basic).await;
                for answer in [trades, funds] {
                    outcomes.push(
                        answer.map_or_else(of_error, |it| none(it.value.is_some(), it.request_id)),
                    );
                }
            }
            "bill_file" => match client.download_bill(&self.link).await.unwrap_err() {
                BillDownloadError::Call(error) => outcomes.push(of_error(error)),
                BillDownloadError::File(error) => panic!("{error}"),
            },
            "certificates" => {
                let client = self.without_certificate();
                outcomes.push(of_error(client.refresh_trust().await.unwrap_err()));
                let client = self.without_certificate();
                outcomes.push(of_error(call(&client, Way::Refund).await.unwrap_err()));
            }
            _ => {}
        }
        outcomes
    }

    fn without_certificate(&self) -> WechatPay {
        let config = Config::new(Credentials {
            platform_keys: PlatformKeys::certificates(PlatformCertificates::new()),
            ..credentials()
        });
        let config = config.clock(|| at(NOW)).pause(|_| std::future::ready(()));
        WechatPay::new(config.transport(self.platform.clone())).unwrap()
    }
}

fn of_value(request_id: Option<String>) -> Details {
    Details {
        request_id,
        ..Details::default()
    }
}

fn of_error(error: ProviderError) -> (Outcome, Details) {
    let details = error.details().clone();
    let outcome = match error {
        ProviderError::Rejected { advice, .. } => Outcome::Rejected(advice),
        ProviderError::Unknown {
            advice,
            timed_out: false,
            ..
        } => Outcome::Unknown(advice),
        other => panic!("{other:?}"),
    };
    (outcome, details)
}

#[tokio::test]
async fn r19_every_code_does_what_the_list_says_in_every_call() {
    let desk = Desk::new().await;
    let mut tried = 0;
    for line in include_str!("../../testdata/codes.tsv").lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [status, code, classes @ ..] = &cells[..] else {
            panic!("{line}");
        };
        if *status == "status" {
            assert_eq!(classes, COLUMNS);
            continue;
        }
        let status: u16 = status.parse().unwrap();
        for (column, class) in COLUMNS.into_iter().zip(classes) {
            for seconds in [None, Some(7)] {
                let refused = if status < 300 {
                    let body = json!({"code": code, "message": "原因"});
                    Script::signed(status, &body.to_string())
                } else {
                    Script::refused(status, code)
                };
                desk.platform.script(match seconds {
                    Some(seconds) => refused.with("Retry-After", &seconds.to_string()),
                    None => refused,
                });
                let pause = seconds.map(Duration::from_secs);
                for (outcome, details) in desk.outcomes(column).await {
                    let expected = expected(column, class, pause);
                    assert_eq!(outcome, expected, "{status} {code} {column} {seconds:?}");
                    tried += 1;
                    if column == "certificates" && *code == "RESOURCE_NOT_EXISTS" {
                        // The merchant has none: what to do about it is told instead.
                        assert!(details.message.contains("pub_key.pem"), "{details:?}");
                        continue;
                    }
                    assert!(details.request_id.is_some(), "{status} {code} {column}");
                    if matches!(outcome, Outcome::None | Outcome::Closed(_)) {
                        continue;
                    }
                    assert_eq!(details.status, Some(status), "{code} {column}");
                    assert_eq!(details.code.as_deref(), Some(*code), "{column}");
                    assert!(details.message.contains("原因"), "{details:?}");
                    assert_eq!(details.retry_after, pause, "{code} {column}");
                }
            }
        }
    }
    assert_eq!(
        tried,
        40 * 2 * 18,
        "40 codes, with and without a pause, by 18 calls"
    );
}

/// What is not in the list proves nothing, whatever status it comes with.
#[tokio::test]
async fn r19_an_invented_code_leaves_open_what_happened() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for status in [
        400, 401, 402, 403, 404, 405, 406, 409, 415, 422, 500, 501, 503,
    ] {
        for code in ["INVENTED", "param_error", "PARAM_ERROR ", "参数错误", ""] {
            platform.script(Script::refused(status, code));
            for way in WRITES.into_iter().chain(READS) {
                let error = call(&client, way).await.unwrap_err();
                assert_eq!(error.kind(), "unknown", "{status} {code} {way:?}: {error}");
                assert_eq!(error.advice(), Advice::QueryFirst);
                assert_eq!(error.details().status, Some(status));
            }
        }
    }
}

/// Nor does one that is, under a status that leaves it open.
#[tokio::test]
async fn r19_a_listed_code_under_another_status_moves_no_money() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for code in [
        "PARAM_ERROR",
        "NOT_ENOUGH",
        "NO_AUTH",
        "USER_ACCOUNT_ABNORMAL",
    ] {
        for script in [
            Script::refused(500, code),
            Script::refused(503, code),
            Script::refused(302, code),
            Script::signed(202, &json!({ "code": code }).to_string()),
            Script::refused(429, code),
        ] {
            platform.script(script.clone());
            for way in WRITES {
                let error = call(&client, way).await.unwrap_err();
                assert!(!error.did_not_happen(), "{script:?} {way:?}: {error}");
            }
        }
    }
}
