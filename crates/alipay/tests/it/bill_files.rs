//! Fetching a bill.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paydesk_alipay::{
    Advice, Alipay, BillDownloadError, BillError, BillKind, BillLimits, BillLink, BillPeriod, Body,
    Config, Method, ProviderError, Request, Response, Transport, TransportError,
};
use serde_json::json;
use time::macros::date;

use crate::platform::{FakePlatform, NOW, Script, credentials};

const FILE: &[u8] = include_bytes!("../../testdata/trade_bill.zip");
const HOST: &str = "dwbillcenter.alipay.com";

/// Status and pieces of the body, or none.
type Given = Result<(u16, Vec<Result<Vec<u8>, TransportError>>), TransportError>;

/// The gateway, and the host that files are on.
#[derive(Debug)]
struct WithFiles {
    gateway: Arc<FakePlatform>,
    answer: Mutex<Given>,
    fetched: Mutex<Vec<Request>>,
}

#[async_trait::async_trait]
impl Transport for WithFiles {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if request.method == Method::Post {
            return self.gateway.send(request).await;
        }
        self.fetched.lock().unwrap().push(request);
        let (status, pieces) = self.answer.lock().unwrap().clone()?;
        let pieces = pieces.into_iter().map(|piece| piece.map(Into::into));
        Ok(Response {
            status,
            headers: Vec::new(),
            body: Body::from_stream(futures_util::stream::iter(pieces)),
        })
    }
}

impl WithFiles {
    fn new(pieces: Vec<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self {
            gateway: FakePlatform::new(),
            answer: Mutex::new(Ok((200, pieces.into_iter().map(Ok).collect()))),
            fetched: Mutex::default(),
        })
    }

    fn answers(&self, answer: Result<(u16, Vec<u8>), TransportError>) {
        *self.answer.lock().unwrap() = answer.map(|(status, body)| (status, vec![Ok(body)]));
    }

    fn config(self: &Arc<Self>) -> Config {
        Config::new(credentials())
            .clock(|| NOW)
            .pause(|_| std::future::ready(()))
            .transport(Arc::clone(self) as Arc<dyn Transport>)
    }

    fn client(self: &Arc<Self>) -> Alipay {
        Alipay::new(self.config()).unwrap()
    }

    async fn link(&self, client: &Alipay, address: &str) -> BillLink {
        let node = json!({"code": "10000", "bill_download_url": address});
        self.gateway.script(Script::Node(node.to_string()));
        let day = BillPeriod::Day(date!(2025 - 12 - 31));
        let answer = client.bill(BillKind::Trade, day).await.unwrap();
        answer.value.unwrap()
    }

    fn fetched(&self) -> Vec<Request> {
        std::mem::take(&mut *self.fetched.lock().unwrap())
    }
}

fn address(scheme: &str, host: &str) -> String {
    format!("{scheme}://{host}/downloadBillFile.resource?bizType=trade&userId=20880&token=1%2F")
}

async fn failed(client: &Alipay, link: &BillLink) -> ProviderError {
    match client.download_bill(link).await.unwrap_err() {
        BillDownloadError::Call(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_fetched_over_tls_with_nothing_of_ours_in_it() {
    let platform = WithFiles::new(FILE.chunks(100).map(<[u8]>::to_vec).collect());
    let client = platform.client();
    for scheme in ["http", "https"] {
        let link = platform.link(&client, &address(scheme, HOST)).await;
        let mut file = client.download_bill(&link).await.unwrap();
        let mut bill = file.trades();
        assert_eq!(bill.by_ref().map(Result::unwrap).count(), 3);
        assert_eq!(bill.totals().unwrap().rows, 3);
        let [request] = &platform.fetched()[..] else {
            panic!("one request");
        };
        assert_eq!(request.url.as_str(), address("https", HOST));
        assert_eq!((request.method, request.body.len()), (Method::Get, 0));
        let names: Vec<_> = request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["User-Agent"]);
        assert_eq!(request.timeout, Duration::from_mins(15));
    }
}

/// The link is signed, and still no request goes where the platform has no business.
#[tokio::test]
async fn nothing_is_fetched_from_another_host() {
    let platform = WithFiles::new(vec![FILE.to_vec()]);
    let client = platform.client();
    for host in [
        "evil.example",
        "evilalipay.com",
        "alipay.com.evil.example",
        "alipay.com@evil.example",
        "user@dwbillcenter.alipay.com",
        "dwbillcenter.alipay.com:8443",
        "169.254.169.254",
        "[::1]",
        "localhost",
    ] {
        let link = platform.link(&client, &address("https", host)).await;
        let error = failed(&client, &link).await;
        assert!(error.did_not_happen(), "{host}: {error}");
        assert!(!error.to_string().contains("evil"), "{error}");
        assert!(platform.fetched().is_empty(), "{host}");
    }
    for host in [
        "alipay.com",
        "mass-bill.alipay.com",
        "file.dl.alipaydev.com",
    ] {
        let link = platform.link(&client, &address("http", host)).await;
        client.download_bill(&link).await.unwrap();
        assert_eq!(platform.fetched()[0].url.scheme(), "https", "{host}");
    }
}

/// A gateway on this machine gives out files itself, and over what it has.
#[tokio::test]
async fn a_simulator_is_fetched_from_as_it_is() {
    let platform = WithFiles::new(vec![FILE.to_vec()]);
    let production = platform.client();
    let here = "http://127.0.0.1:8080/gateway.do";
    let client = Alipay::new(platform.config().base_url(here)).unwrap();
    let link = platform
        .link(&production, &address("http", "127.0.0.1:8080"))
        .await;
    client.download_bill(&link).await.unwrap();
    let fetched = platform.fetched();
    assert_eq!(fetched[0].url.as_str(), address("http", "127.0.0.1:8080"));
    for other in ["127.0.0.1:8081", "127.0.0.1"] {
        let link = platform.link(&production, &address("http", other)).await;
        assert!(failed(&client, &link).await.did_not_happen());
    }
    let error = failed(&production, &link).await;
    assert!(
        error.did_not_happen(),
        "not this machine, for the public gateway"
    );
}

#[tokio::test]
async fn a_link_that_is_over_is_not_tried() {
    let platform = WithFiles::new(vec![FILE.to_vec()]);
    let passed = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&passed);
    let now = move || NOW + time::Duration::seconds(clock.load(Ordering::SeqCst));
    let client = Alipay::new(platform.config().clock(now)).unwrap();
    let link = platform.link(&client, &address("https", HOST)).await;
    passed.store(29, Ordering::SeqCst);
    client.download_bill(&link).await.unwrap();
    assert_eq!(platform.fetched().len(), 1);
    passed.store(30, Ordering::SeqCst);
    let error = client.download_bill(&link).await.unwrap_err();
    assert!(matches!(error, BillDownloadError::Expired), "{error}");
    assert!(platform.fetched().is_empty());
}

#[tokio::test]
async fn what_is_no_bill_gives_no_row() {
    let platform = WithFiles::new(Vec::new());
    let client = platform.client();
    let link = platform.link(&client, &address("https", HOST)).await;
    for body in [
        &b""[..],
        b"<html>\xC1\xB4\xBD\xD3\xD2\xD1\xCA\xA7\xD0\xA7</html>",
        &FILE[..FILE.len() - 1],
    ] {
        platform.answers(Ok((200, body.to_vec())));
        let error = client.download_bill(&link).await.unwrap_err();
        assert!(
            matches!(error, BillDownloadError::File(BillError::Zip(_))),
            "{error:?}"
        );
    }
    platform.answers(Ok((200, FILE.to_vec())));
    let limits = BillLimits {
        downloaded_bytes: 1000,
        ..BillLimits::default()
    };
    let error = client
        .download_bill_within(&link, limits)
        .await
        .unwrap_err();
    assert!(
        matches!(error, BillDownloadError::File(BillError::TooLarge { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_not_given_out_is_an_error_and_not_asked_for_again() {
    let platform = WithFiles::new(Vec::new());
    let client = platform.client();
    let link = platform.link(&client, &address("https", HOST)).await;
    for (answer, kind, advice) in [
        (Ok((403, b"no".to_vec())), "unknown", Advice::RetrySame),
        (Ok((302, Vec::new())), "unknown", Advice::RetrySame),
        (Ok((206, FILE.to_vec())), "unknown", Advice::RetrySame),
        (Ok((500, FILE.to_vec())), "unknown", Advice::RetrySame),
        (
            Ok((429, Vec::new())),
            "unknown",
            Advice::RetryAfter(Duration::from_mins(1)),
        ),
        (
            Err(TransportError::Timeout("late".to_owned())),
            "timeout",
            Advice::QueryFirst,
        ),
        (
            Err(TransportError::NotSent("no route".to_owned())),
            "rejected",
            Advice::RetrySame,
        ),
    ] {
        platform.answers(answer.clone());
        let error = failed(&client, &link).await;
        assert_eq!((error.kind(), error.advice()), (kind, advice), "{answer:?}");
        assert_eq!(platform.fetched().len(), 1, "{answer:?}");
        let printed = format!("{error:?}");
        assert!(
            !printed.contains("20880") && !printed.contains("token"),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_is_no_bill() {
    let platform = WithFiles::new(Vec::new());
    let client = platform.client();
    let link = platform.link(&client, &address("https", HOST)).await;
    let pieces = vec![
        Ok(FILE.to_vec()),
        Err(TransportError::NotSent("reset".to_owned())),
    ];
    *platform.answer.lock().unwrap() = Ok((200, pieces));
    let error = failed(&client, &link).await;
    assert_eq!(error.kind(), "unknown");
}
