//! The one place where an error becomes a status and a public code.

mod kinds;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use cashier::{CancelError, Interrupted, OfferError, PlaceError, StatusError, SwitchError};
use kernel::{OrderNo, StoreError};
use paydesk_provider::ProviderError;
use serde::{Deserialize, Serialize};

pub use kinds::{PROBLEMS, ProblemKind};

use crate::idempotent::REPLAYED;

/// An answer of RFC 9457, without the request's id, which is added on the way out.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Content>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Content {
    #[serde(rename = "type")]
    kind: Cow<'static, str>,
    title: Cow<'static, str>,
    status: u16,
    detail: String,
    code: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_no: Option<String>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
    #[serde(skip)]
    allowed: Option<&'static str>,
    #[serde(skip)]
    replayed: bool,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FieldError {
    field: String,
    message: String,
}

impl Problem {
    fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Content {
            kind: "about:blank".into(),
            title: kind.title.into(),
            status: kind.status,
            detail: detail.into(),
            code: kind.code.into(),
            errors: Vec::new(),
            order_no: None,
            retry_after_s: None,
            allowed: None,
            replayed: false,
        }))
    }

    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let mut problem = Self::new(kinds::INVALID_REQUEST, format!("{field}: {message}"));
        problem.0.errors.push(FieldError { field, message });
        problem
    }

    pub(crate) fn unauthenticated(why: &str) -> Self {
        Self::new(kinds::UNAUTHENTICATED, why)
    }

    pub(crate) fn forbidden(why: &str) -> Self {
        Self::new(kinds::FORBIDDEN, why)
    }

    pub(crate) fn order_not_found() -> Self {
        let detail = "There is no order of yours with this number.";
        Self::new(kinds::ORDER_NOT_FOUND, detail)
    }

    pub(crate) fn code_not_found() -> Self {
        let detail = "There is no code to pay with: the order is paid, over, or has none yet.";
        Self::new(kinds::NOT_FOUND, detail)
    }

    pub(crate) fn not_found(request: &HttpRequest) -> Self {
        let detail = format!("There is nothing at {}.", request.path());
        Self::new(kinds::NOT_FOUND, detail)
    }

    pub(crate) fn method_not_allowed(request: &HttpRequest, allowed: &'static str) -> Self {
        let detail = format!("{} does not take {}.", request.path(), request.method());
        let mut problem = Self::new(kinds::METHOD_NOT_ALLOWED, detail);
        problem.0.allowed = Some(allowed);
        problem
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!("The body is larger than {limit} bytes.");
        Self::new(kinds::PAYLOAD_TOO_LARGE, detail)
    }

    pub(crate) fn too_slow() -> Self {
        Self::new(kinds::REQUEST_TIMEOUT, "The body did not come in time.")
    }

    pub(crate) fn unsupported_media_type() -> Self {
        let detail = "The body must be application/json.";
        Self::new(kinds::UNSUPPORTED_MEDIA_TYPE, detail)
    }

    pub(crate) fn key_reused() -> Self {
        let detail = "Something else was asked under this Idempotency-Key.";
        Self::new(kinds::KEY_REUSED, detail)
    }

    pub(crate) fn in_progress() -> Self {
        let detail = "A request under this Idempotency-Key is being worked on.";
        Self::new(kinds::IN_PROGRESS, detail)
    }

    pub(crate) fn too_many(detail: &str) -> Self {
        let mut problem = Self::new(kinds::RATE_LIMITED, detail);
        problem.0.retry_after_s = Some(5);
        problem
    }

    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "answered 500");
        Self::new(kinds::INTERNAL, "Something went wrong on our side.")
    }

    fn unavailable() -> Self {
        let detail = "The service cannot do this right now; please try again.";
        let mut problem = Self::new(kinds::SERVICE_UNAVAILABLE, detail);
        problem.0.retry_after_s = Some(2);
        problem
    }

    fn order_paid(order_no: &OrderNo) -> Self {
        Self::new(kinds::ORDER_PAID, "The order is paid.").about(order_no)
    }

    pub(crate) fn order_closed(order_no: &OrderNo) -> Self {
        let detail = "The order can no longer be paid.";
        Self::new(kinds::ORDER_CLOSED, detail).about(order_no)
    }

    /// The order stands, but its platform gave no code.
    fn no_code(order_no: &OrderNo, error: &ProviderError) -> Self {
        let cause: &dyn Error = error;
        tracing::warn!(order.no = %order_no, error = cause, "no code for order {order_no}");
        Self::of_provider(error).about(order_no)
    }

    fn about(mut self, order_no: &OrderNo) -> Self {
        self.0.order_no = Some(order_no.to_string());
        self
    }

    fn of_provider(error: &ProviderError) -> Self {
        let timed_out = matches!(
            error,
            ProviderError::Unknown {
                timed_out: true,
                ..
            }
        );
        if timed_out {
            let detail = "The payment platform did not answer in time. The code may come later.";
            return Self::new(kinds::PROVIDER_TIMEOUT, detail);
        }
        let detail = if error.did_not_happen() {
            "The payment platform did not accept the order."
        } else {
            "The payment platform gave no usable answer. The code may come later."
        };
        Self::new(kinds::PROVIDER_UNAVAILABLE, detail)
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The form in which it is kept to be given again.
    pub(crate) fn kept(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }

    /// A problem that was kept; only the request that it is told to is another one.
    pub(crate) fn replayed(kept: &str) -> Result<Self, serde_json::Error> {
        let mut content: Box<Content> = serde_json::from_str(kept)?;
        content.replayed = true;
        Ok(Self(content))
    }

    /// The body with the request's id in it.
    pub(crate) fn body(&self, request_id: &str) -> String {
        #[derive(Serialize)]
        struct Named<'a> {
            #[serde(flatten)]
            problem: &'a Content,
            request_id: &'a str,
        }
        serde_json::to_string(&Named {
            problem: &self.0,
            request_id,
        })
        .unwrap_or_default()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let error: &dyn Error = &error;
        tracing::error!(error, "answered 503");
        Self::unavailable()
    }
}

impl From<Interrupted> for Problem {
    fn from(_: Interrupted) -> Self {
        Self::unavailable()
    }
}

impl From<StatusError> for Problem {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::NotFound => Self::order_not_found(),
            StatusError::Store(error) => error.into(),
        }
    }
}

impl From<OfferError> for Problem {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::UnknownItem { .. } => Self::invalid("item.code", "not for sale"),
            OfferError::UpgradeNeeded => Self::new(kinds::UPGRADE_NEEDED, error.to_string()),
            OfferError::NotAnUpgrade(_) => Self::new(kinds::NOT_AN_UPGRADE, error.to_string()),
            OfferError::Store(error) => error.into(),
        }
    }
}

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Offer(error) => error.into(),
            PlaceError::Unsupported { .. } => {
                Self::new(kinds::UNSUPPORTED_CHANNEL, error.to_string())
            }
            PlaceError::Provider { order_no, source } => Self::no_code(&order_no, &source),
            PlaceError::Store(error) => error.into(),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::order_not_found(),
            CancelError::Paid(order_no) => Self::order_paid(&order_no),
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<SwitchError> for Problem {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::NotFound => Self::order_not_found(),
            SwitchError::Paid(order_no) => Self::order_paid(&order_no),
            SwitchError::Ended(order_no) => Self::order_closed(&order_no),
            SwitchError::Unsupported(_) => Self::new(kinds::UNSUPPORTED_CHANNEL, error.to_string()),
            SwitchError::Provider { order_no, source } => Self::no_code(&order_no, &source),
            SwitchError::Store(error) => error.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status, self.0.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.0.replayed {
            response.insert_header((REPLAYED, "true"));
        }
        if let Some(allowed) = self.0.allowed {
            response.insert_header((header::ALLOW, allowed));
        }
        if matches!(self.0.status, 408 | 413) {
            // What was not read must not keep the connection open.
            response.force_close();
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        // `json` would set its own content type; the request's id is filled in by the middleware.
        response.content_type("application/problem+json");
        response.extensions_mut().insert(self.clone());
        response.body(serde_json::to_string(&self.0).unwrap_or_default())
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}
