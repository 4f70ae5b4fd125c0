//! Notices in an `actix-web` service. Needs the feature `actix`.
//!
//! The extractors read the body themselves, so nothing between the socket and the signature parses it
//! (the form extractor of actix-web refuses the content type that Alipay sends); the handler gets what
//! the platform signed, or is not called.
//!
//! ```no_run
//! use actix_web::web::{Data, post};
//! use actix_web::{App, HttpServer};
//! use paydesk_alipay::actix::VerifiedNotice;
//! use paydesk_alipay::{Acknowledgement, Alipay, NoticeContent};
//!
//! async fn notify(notice: VerifiedNotice) -> Acknowledgement {
//!     if let NoticeContent::Payment(trade) | NoticeContent::Finished(trade) = &notice.content {
//!         // Compare it with the order (`match_paid`) and store it, and only then:
//!         tracing::info!(order = trade.out_trade_no, "paid");
//!     }
//!     Acknowledgement::accepted()
//! }
//!
//! # async fn serve(client: Alipay) -> std::io::Result<()> {
//! let client = Data::new(client);
//! HttpServer::new(move || App::new().app_data(client.clone()).route("/notify", post().to(notify)))
//!     .bind(("127.0.0.1", 8080))?
//!     .run()
//!     .await
//! # }
//! ```

use std::future::Future;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, ResponseError};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use paydesk_provider::{NoticeError, RawNotice, Verified};

use crate::client::Alipay;
use crate::notice::{Acknowledgement, AlipayNotice, GatewayMessage, NoticeVerifier};

const LONGEST_BODY: usize = AlipayNotice::LONGEST;
/// A notice has a few KiB: whoever takes longer to send it is not the platform.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// A payment notice whose signature was checked over the bytes of the request.
///
/// What checks it is taken from the app's data: `Data<NoticeVerifier>`, or else `Data<Alipay>`; a
/// service with several apps gives each a scope with its own.
///
/// That it is about an order of yours is for the handler to see:
/// [`TradeNotice::match_paid`](crate::TradeNotice::match_paid). A handler that counts refusals takes
/// a `Result<VerifiedNotice, NoticeRejected>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedNotice(pub Verified<AlipayNotice>);

/// A message to the application gateway (应用网关), checked like a notice and by a rule of its own:
/// neither passes for the other, so each needs a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedMessage(pub Verified<GatewayMessage>);

impl Deref for VerifiedNotice {
    type Target = AlipayNotice;

    fn deref(&self) -> &AlipayNotice {
        &self.0
    }
}

impl Deref for VerifiedMessage {
    type Target = GatewayMessage;

    fn deref(&self) -> &GatewayMessage {
        &self.0
    }
}

/// Why a request is not a notice to believe. The reason is logged, and the caller is not told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeRejected {
    /// It proves nothing, or cannot be read.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// More than 64 KiB.
    #[error("the body is longer than {LONGEST_BODY} bytes")]
    TooLong,
    /// The body did not end within five seconds.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The body broke off.
    #[error("the body broke off")]
    BrokenOff(#[source] PayloadError),
    /// The service was put together without what checks notices.
    #[error(
        "there is neither Data<NoticeVerifier> nor Data<Alipay> in the app's data: add \
         .app_data(Data::new(client)) to the App or the scope of the notice's route"
    )]
    NoClient,
}

impl NoticeRejected {
    /// A stable name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Notice(error) => error.reason(),
            Self::TooLong => "too_long",
            Self::TooSlow => "too_slow",
            Self::BrokenOff(_) => "broken_off",
            Self::NoClient => "no_client",
        }
    }

    /// What the caller is told: anything but `success`, after which a true notice comes again.
    pub fn acknowledgement(&self) -> Acknowledgement {
        match self {
            Self::Notice(error) => error.into(),
            Self::BrokenOff(_) => Acknowledgement::failed(400),
            Self::TooLong => Acknowledgement::failed(413),
            Self::TooSlow => Acknowledgement::failed(408),
            Self::NoClient => Acknowledgement::failed(500),
        }
    }

    fn log(&self, body_bytes: usize) {
        let reason = self.reason();
        match self {
            Self::NoClient => tracing::error!(reason, "notice refused: {self}"),
            // Anybody can send these as fast as he likes: they are for counters, and must not fill a log.
            Self::Notice(NoticeError::Untrusted(_)) | Self::TooLong | Self::TooSlow => {
                tracing::debug!(reason, body_bytes, "notice refused: {self}");
            }
            _ => tracing::warn!(reason, body_bytes, "notice refused: {self}"),
        }
    }
}

impl ResponseError for NoticeRejected {
    fn status_code(&self) -> StatusCode {
        status(self.acknowledgement())
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::from(self.acknowledgement());
        if matches!(self, Self::TooLong | Self::TooSlow) {
            // What was not read must not keep the connection open.
            response
                .head_mut()
                .set_connection_type(actix_web::http::ConnectionType::Close);
        }
        response
    }
}

type Taken<T> = Pin<Box<dyn Future<Output = Result<T, NoticeRejected>>>>;

impl FromRequest for VerifiedNotice {
    type Error = NoticeRejected;
    type Future = Taken<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        take(request, payload, |verifier, notice| {
            verifier.verify(notice).map(Self)
        })
    }
}

impl FromRequest for VerifiedMessage {
    type Error = NoticeRejected;
    type Future = Taken<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        take(request, payload, |verifier, message| {
            verifier.verify_message(message).map(Self)
        })
    }
}

/// Reads the whole body, then lets it be checked: nothing is parsed before.
fn take<T: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    verify: impl FnOnce(&NoticeVerifier, &RawNotice) -> Result<T, NoticeError> + 'static,
) -> Taken<T> {
    let verifier = verifier(request);
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
    // Every header, each of its values in the order they came. The body follows.
    let mut notice = RawNotice::new(headers, Bytes::new());
    let stated = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let payload = payload.take();
    Box::pin(async move {
        let mut body_bytes = 0;
        let taken = async {
            let verifier = verifier.ok_or(NoticeRejected::NoClient)?;
            notice.body = read(payload, stated, LONGEST_BODY, READ_WITHIN).await?;
            body_bytes = notice.body.len();
            Ok(verify(&verifier, &notice)?)
        };
        let taken: Result<T, NoticeRejected> = taken.await;
        if let Err(rejected) = &taken {
            rejected.log(body_bytes);
        }
        taken
    })
}

fn verifier(request: &HttpRequest) -> Option<NoticeVerifier> {
    if let Some(verifier) = request.app_data::<Data<NoticeVerifier>>() {
        return Some(verifier.get_ref().clone());
    }
    let client = request.app_data::<Data<Alipay>>()?;
    Some(client.notices())
}

impl From<Acknowledgement> for HttpResponse {
    fn from(acknowledgement: Acknowledgement) -> Self {
        Self::build(status(acknowledgement))
            .content_type(Acknowledgement::CONTENT_TYPE)
            .body(acknowledgement.body)
    }
}

impl Responder for Acknowledgement {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.into()
    }
}

/// A number that is no status is no success either.
fn status(acknowledgement: Acknowledgement) -> StatusCode {
    StatusCode::from_u16(acknowledgement.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The body as it comes: bounded by what it states of its length, and without that by its length.
async fn read(
    pieces: impl Stream<Item = Result<Bytes, PayloadError>>,
    stated: Option<usize>,
    longest: usize,
    within: Duration,
) -> Result<Bytes, NoticeRejected> {
    if stated.is_some_and(|length| length > longest) {
        return Err(NoticeRejected::TooLong);
    }
    let body = async {
        let mut pieces = pin!(pieces);
        let mut body = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(NoticeRejected::BrokenOff)?;
            if body.len() + piece.len() > longest {
                return Err(NoticeRejected::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    let body = tokio::time::timeout(within, body).await;
    body.map_err(|_| NoticeRejected::TooSlow)?
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use paydesk_provider::Untrusted;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    fn pieces(pieces: &[&'static [u8]]) -> impl Stream<Item = Result<Bytes, PayloadError>> {
        stream::iter(pieces.to_vec()).map(|piece| Ok(Bytes::from_static(piece)))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_whatever_it_states() {
        for stated in [None, Some(0), Some(4)] {
            let body = read(pieces(&[b"ab", b"", b"cd"]), stated, 4, SOON).await;
            assert_eq!(body.unwrap(), "abcd");
            let long = read(pieces(&[b"ab", b"cd", b"e"]), stated, 4, SOON).await;
            assert!(matches!(long, Err(NoticeRejected::TooLong)), "{long:?}");
        }
        let unread = stream::poll_fn(|_| panic!("it states that it is too long"));
        let long = read(unread, Some(5), 4, SOON).await;
        assert!(matches!(long, Err(NoticeRejected::TooLong)), "{long:?}");
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_given_up() {
        let stuck = pieces(&[b"ab"]).chain(stream::pending());
        let slow = read(stuck, Some(4), 4, Duration::from_millis(1)).await;
        assert!(matches!(slow, Err(NoticeRejected::TooSlow)), "{slow:?}");
        let broken = pieces(&[b"ab"]).chain(stream::iter([Err(PayloadError::Incomplete(None))]));
        let broken = read(broken, Some(4), 4, SOON).await;
        assert!(
            matches!(broken, Err(NoticeRejected::BrokenOff(_))),
            "{broken:?}"
        );
    }

    #[test]
    fn callers_hear_a_status_and_no_reason() {
        let said: Vec<_> = [
            NoticeRejected::Notice(NoticeError::Untrusted(Untrusted::BadSignature)),
            NoticeRejected::Notice(NoticeError::Malformed("no notice".to_owned())),
            NoticeRejected::TooLong,
            NoticeRejected::TooSlow,
            NoticeRejected::BrokenOff(PayloadError::Incomplete(None)),
            NoticeRejected::NoClient,
        ]
        .iter()
        .map(|rejected| (rejected.acknowledgement(), rejected.reason()))
        .map(|(told, reason)| (told.status, told.body, reason))
        .collect();
        let expected = [
            (401, "bad_signature"),
            (400, "malformed"),
            (413, "too_long"),
            (408, "too_slow"),
            (400, "broken_off"),
            (500, "no_client"),
        ]
        .map(|(status, reason)| (status, "failure", reason));
        assert_eq!(said, expected);
    }
}
