//! Requests that never leave, and answers that do not end well.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use paydesk_provider::{Advice, ProviderError};
use paydesk_wechatpay::{
    Body, Config, Credentials, MerchantKey, RawCall, Request, Response, SignError, Signer,
    Transport, TransportError, WechatPay,
};

use crate::platform::{FakePlatform, NOW, Script, at, credentials};
use crate::repeating::{READS, WRITES, call};

/// A key management service that is out of order.
#[derive(Debug)]
struct OutOfOrder;

#[async_trait]
impl Signer for OutOfOrder {
    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError::new("token 4711 has expired"))
    }
}

/// Nothing is wrong with settings or request, so the same again may work.
#[tokio::test]
async fn what_cannot_be_signed_is_not_sent_and_can_be_repeated() {
    let platform = FakePlatform::new();
    let config = Config::new(Credentials {
        merchant_key: MerchantKey::external(Arc::new(OutOfOrder)),
        ..credentials()
    });
    let config = config.clock(|| at(NOW)).transport(platform.clone());
    let client = WechatPay::new(config).unwrap();
    for way in WRITES.into_iter().chain(READS) {
        let error = call(&client, way).await.unwrap_err();
        assert!(error.did_not_happen(), "{way:?}: {error}");
        assert_eq!(error.advice(), Advice::RetrySame, "{way:?}");
        assert!(error.to_string().contains("signed"), "{error}");
        assert!(!error.to_string().contains("4711"), "{error}");
    }
    let prepay = paydesk_wechatpay::Prepay {
        prepay_id: "wx2014".to_owned(),
        app_id: "wx1".to_owned(),
    };
    let error = client.jsapi_invocation(&prepay).await.unwrap_err();
    assert_eq!(error.advice(), Advice::RetrySame);
    let error = client.app_invocation(&prepay).await.unwrap_err();
    assert_eq!(error.advice(), Advice::RetrySame);
    assert!(platform.sent().is_empty());
}

/// Answers everything with a body that arrives in pieces.
struct Pieces {
    platform: Arc<FakePlatform>,
    sent: AtomicUsize,
    given: Arc<AtomicUsize>,
    /// How many pieces of 64 KiB, and how the body ends after them.
    count: usize,
    end: Option<TransportError>,
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pieces")
    }
}

const PIECE: usize = 64 * 1024;

#[async_trait]
impl Transport for Pieces {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let whole = vec![b' '; PIECE * self.count];
        let given = Arc::clone(&self.given);
        let piece = Bytes::from(vec![b' '; PIECE]);
        let pieces = (0..self.count).map(move |_| {
            given.fetch_add(1, Ordering::SeqCst);
            Ok(piece.clone())
        });
        let end = self.end.clone().map(Err);
        Ok(Response {
            status: 200,
            headers: self.platform.headers(NOW, &whole),
            body: Body::from_stream(stream::iter(pieces.chain(end))),
        })
    }
}

fn pieces(count: usize, end: Option<TransportError>) -> (WechatPay, Arc<Pieces>) {
    let transport = Arc::new(Pieces {
        platform: FakePlatform::new(),
        sent: AtomicUsize::new(0),
        given: Arc::default(),
        count,
        end,
    });
    let config = Config::new(credentials())
        .clock(|| at(NOW))
        .pause(|_| std::future::ready(()))
        .transport(transport.clone());
    (WechatPay::new(config).unwrap(), transport)
}

#[tokio::test]
async fn a_mebibyte_is_read_and_no_byte_more() {
    let get = RawCall::get("/v3/x");
    let (client, transport) = pieces(16, None);
    let answer = client.raw(&get).await.unwrap();
    assert_eq!(answer.value.len(), 1024 * 1024);
    assert_eq!(transport.sent.load(Ordering::SeqCst), 1);
    let (client, transport) = pieces(1000, None);
    for way in WRITES {
        let error = call(&client, way).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{way:?}: {error}"
        );
        assert!(error.to_string().contains("1048576"), "{error}");
    }
    assert_eq!(transport.sent.load(Ordering::SeqCst), WRITES.len());
    let given = transport.given.load(Ordering::SeqCst);
    assert_eq!(given, WRITES.len() * 17, "the rest is not waited for");
}

/// Once an answer has begun the request was sent, whatever a transport calls the end of it.
#[tokio::test]
async fn r5_an_answer_that_breaks_off_leaves_it_open() {
    let why = || "why".to_owned();
    for (end, kind) in [
        (TransportError::Broken(why()), "unknown"),
        (TransportError::Timeout(why()), "timeout"),
        (TransportError::NotSent(why()), "unknown"),
    ] {
        for way in WRITES {
            let (client, transport) = pieces(2, Some(end.clone()));
            let error = call(&client, way).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{way:?} {end:?}: {error}");
            assert_eq!(error.advice(), Advice::QueryFirst);
            assert_eq!(transport.sent.load(Ordering::SeqCst), 1, "{way:?} {end:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_none() {
    let platform = FakePlatform::new();
    let client = platform.client();
    // The double gives whole bodies; half a refusal is as good as none.
    for body in ["{\"code\":\"PARAM_ER", "{\"code\":\"PARAM_ERROR\"", ""] {
        platform.script(Script::unsigned(400, body));
        for way in WRITES {
            let error = call(&client, way).await.unwrap_err();
            assert!(!error.did_not_happen(), "{way:?}: {error}");
        }
    }
}
