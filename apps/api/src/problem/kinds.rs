//! Every kind of problem. `docs/HTTP.md` and the OpenAPI document list the same ones.

/// What a problem is, to people and to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// The status it is answered with.
    pub status: u16,
    /// Its stable name.
    pub code: &'static str,
    /// What it is called.
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident: $status:literal $code:literal $title:literal),+ $(,)?) => {
        $(pub(crate) const $name: ProblemKind = ProblemKind {
            status: $status,
            code: $code,
            title: $title,
        };)+

        /// Every kind of problem, by status.
        pub const PROBLEMS: &[ProblemKind] = &[$($name),+];
    };
}

kinds! {
    INVALID_REQUEST: 400 "invalid_request" "Invalid request",
    UNAUTHENTICATED: 401 "unauthenticated" "Not authenticated",
    FORBIDDEN: 403 "forbidden" "Forbidden",
    NOT_FOUND: 404 "not_found" "Not found",
    ORDER_NOT_FOUND: 404 "order_not_found" "Order not found",
    METHOD_NOT_ALLOWED: 405 "method_not_allowed" "Method not allowed",
    REQUEST_TIMEOUT: 408 "request_timeout" "Request timeout",
    ORDER_PAID: 409 "order_paid" "Order paid",
    ORDER_CLOSED: 409 "order_closed" "Order closed",
    KEY_REUSED: 409 "idempotency_key_reused" "Idempotency key reused",
    IN_PROGRESS: 409 "request_in_progress" "Request in progress",
    PAYLOAD_TOO_LARGE: 413 "payload_too_large" "Payload too large",
    UNSUPPORTED_MEDIA_TYPE: 415 "unsupported_media_type" "Unsupported media type",
    UNSUPPORTED_CHANNEL: 422 "unsupported_channel" "Unsupported channel",
    NOT_AN_UPGRADE: 422 "not_an_upgrade" "Not an upgrade",
    UPGRADE_NEEDED: 422 "upgrade_needed" "Upgrade needed",
    RATE_LIMITED: 429 "rate_limited" "Too many",
    INTERNAL: 500 "internal" "Internal error",
    PROVIDER_UNAVAILABLE: 502 "provider_unavailable" "Payment platform unavailable",
    SERVICE_UNAVAILABLE: 503 "service_unavailable" "Service unavailable",
    PROVIDER_TIMEOUT: 504 "provider_timeout" "Payment platform timeout",
}
