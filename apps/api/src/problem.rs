//! The one place where an error becomes a status and a public code.

use std::error::Error;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use cashier::{Interrupted, PlaceError, StatusError};
use kernel::StoreError;
use paydesk_provider::ProviderError;
use serde::Serialize;

/// An answer of RFC 9457, without the request's id, which is added on the way out.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Content>);

#[derive(Clone, Debug, Serialize)]
struct Content {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_no: Option<String>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
    #[serde(skip)]
    allowed: Option<&'static str>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize)]
struct FieldError {
    field: String,
    message: String,
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Content {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            order_no: None,
            retry_after_s: None,
            allowed: None,
        }))
    }

    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let detail = format!("{field}: {message}");
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Invalid request",
            detail,
        );
        problem.0.errors.push(FieldError { field, message });
        problem
    }

    pub(crate) fn unauthenticated(why: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Not authenticated",
            why,
        )
    }

    pub(crate) fn forbidden(why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", why)
    }

    pub(crate) fn order_not_found() -> Self {
        let detail = "There is no order of yours with this number.";
        Self::new(
            StatusCode::NOT_FOUND,
            "order_not_found",
            "Order not found",
            detail,
        )
    }

    pub(crate) fn code_not_found() -> Self {
        let detail = "There is no code to pay with: the order is paid, over, or has none yet.";
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail)
    }

    pub(crate) fn not_found(request: &HttpRequest) -> Self {
        let detail = format!("There is nothing at {}.", request.path());
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail)
    }

    pub(crate) fn method_not_allowed(request: &HttpRequest, allowed: &'static str) -> Self {
        let detail = format!("{} does not take {}.", request.path(), request.method());
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let title = "Method not allowed";
        let mut problem = Self::new(status, "method_not_allowed", title, detail);
        problem.0.allowed = Some(allowed);
        problem
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!("The body is larger than {limit} bytes.");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(status, "payload_too_large", "Payload too large", detail)
    }

    pub(crate) fn too_slow() -> Self {
        let detail = "The body did not come in time.";
        let status = StatusCode::REQUEST_TIMEOUT;
        Self::new(status, "request_timeout", "Request timeout", detail)
    }

    pub(crate) fn unsupported_media_type() -> Self {
        let detail = "The body must be application/json.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(
            status,
            "unsupported_media_type",
            "Unsupported media type",
            detail,
        )
    }

    pub(crate) fn too_many(detail: &str) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut problem = Self::new(status, "rate_limited", "Too many", detail);
        problem.0.retry_after_s = Some(5);
        problem
    }

    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "answered 500");
        let detail = "Something went wrong on our side.";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            detail,
        )
    }

    fn unavailable() -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let detail = "The service cannot do this right now; please try again.";
        let mut problem = Self::new(status, "service_unavailable", "Service unavailable", detail);
        problem.0.retry_after_s = Some(2);
        problem
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
            let status = StatusCode::GATEWAY_TIMEOUT;
            return Self::new(
                status,
                "provider_timeout",
                "Payment platform timeout",
                detail,
            );
        }
        let detail = if error.did_not_happen() {
            "The payment platform did not accept the order."
        } else {
            "The payment platform gave no usable answer. The code may come later."
        };
        let status = StatusCode::BAD_GATEWAY;
        Self::new(
            status,
            "provider_unavailable",
            "Payment platform unavailable",
            detail,
        )
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
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

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::UnknownItem { .. } => Self::invalid("item.code", "not for sale"),
            PlaceError::UpgradeNeeded => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "upgrade_needed",
                "Upgrade needed",
                error.to_string(),
            ),
            PlaceError::NotAnUpgrade(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not_an_upgrade",
                "Not an upgrade",
                error.to_string(),
            ),
            PlaceError::Unsupported { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unsupported_channel",
                "Unsupported channel",
                error.to_string(),
            ),
            PlaceError::Provider { order_no, source } => {
                let error: &dyn Error = &source;
                tracing::warn!(order.no = %order_no, error, "no code for order {order_no}");
                let mut problem = Self::of_provider(&source);
                problem.0.order_no = Some(order_no.to_string());
                problem
            }
            PlaceError::Store(error) => error.into(),
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

impl Problem {
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
