//! Refusals: status, `code`, Chinese message, and the internal number at the end of `Request-ID`.

use serde_json::{Value, json};

use crate::orders::{CloseError, PlaceError};

/// An answer that is not a success. The platform does not sign these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) detail: Option<Value>,
    /// The platform's internal error number.
    pub(crate) number: u32,
}

const PARAMETER: u32 = 268_435_461;
const SIGNATURE: u32 = 268_443_699;
const EXTRA_PARAMETER: u32 = 270_924_358;
const ORDER_UNKNOWN: u32 = 268_512_771;
const ORDER_PAID: u32 = 268_449_538;
const ORDER_INVALID: u32 = 268_447_914;
const OTHER_PARAMETERS: u32 = 268_498_688;
const APP_MISMATCH: u32 = 268_445_527;
const MERCHANT_UNUSABLE: u32 = 268_443_715;

impl Refusal {
    fn new(status: u16, code: &str, message: &str, number: u32) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        Self {
            status,
            code,
            message,
            detail: None,
            number,
        }
    }

    /// A status that a fault asked for.
    pub(crate) fn ordered(status: u16, code: Option<String>) -> Self {
        let usual = match status {
            200..300 => "USER_PAYING",
            401 => "SIGN_ERROR",
            403 => "RULE_LIMIT",
            404 => "ORDER_NOT_EXIST",
            429 => "FREQUENCY_LIMITED",
            502 | 503 => "SERVICE_UNAVAILABLE",
            500.. => "SYSTEM_ERROR",
            _ => "PARAM_ERROR",
        };
        let code = code.unwrap_or_else(|| usual.to_owned());
        let message = match code.as_str() {
            "SYSTEM_ERROR" => "系统异常，请稍后重试",
            "FREQUENCY_LIMITED" => "频率超限，请降低请求接口频率",
            _ => "模拟的错误",
        };
        Self::new(status, &code, message, PARAMETER)
    }

    pub(crate) fn missing_header() -> Self {
        Self::new(
            400,
            "INVALID_REQUEST",
            "Http头缺少Accept或User-Agent",
            PARAMETER,
        )
    }

    pub(crate) fn wrong_accept() -> Self {
        Self::new(
            400,
            "INVALID_REQUEST",
            "Http头Accept必须包含application/json",
            PARAMETER,
        )
    }

    pub(crate) fn wrong_content_type() -> Self {
        Self::new(
            400,
            "INVALID_REQUEST",
            "Http头Content-Type必须为application/json",
            PARAMETER,
        )
    }

    pub(crate) fn authorization_format() -> Self {
        let message = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》";
        Self::new(401, "SIGN_ERROR", message, SIGNATURE)
    }

    pub(crate) fn authorization_scheme() -> Self {
        Self::new(
            401,
            "SIGN_ERROR",
            "Http头Authorization认证类型不正确",
            SIGNATURE,
        )
    }

    pub(crate) fn stale() -> Self {
        let message = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟";
        Self::new(401, "SIGN_ERROR", message, SIGNATURE)
    }

    pub(crate) fn unknown_merchant() -> Self {
        Self::new(400, "MCH_NOT_EXISTS", "商户号不存在", MERCHANT_UNUSABLE)
    }

    pub(crate) fn certificate_serial() -> Self {
        Self::new(401, "SIGN_ERROR", "商户证书序列号有误", SIGNATURE)
    }

    /// Shows the merchant the message that the platform verified.
    pub(crate) fn wrong_signature(method: &str, url: &str, message: &str) -> Self {
        let shown: String = message.chars().take(160).collect();
        let detail = json!({
            "location": "authorization",
            "issue": "sign not match",
            "field": "signature",
            "sign_information": {
                "method": method,
                "url": url,
                "truncated_sign_message": shown,
                "sign_message_length": message.len(),
            },
        });
        let refusal = Self::new(401, "SIGN_ERROR", "签名错误，请检查后再试", SIGNATURE);
        Self {
            detail: Some(detail),
            ..refusal
        }
    }

    pub(crate) fn platform_serial_missing() -> Self {
        let message = "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)";
        Self::new(400, "PARAM_ERROR", message, PARAMETER)
    }

    pub(crate) fn platform_serial_wrong() -> Self {
        Self::new(
            400,
            "PARAM_ERROR",
            "平台证书序列号Wechatpay-Serial错误",
            PARAMETER,
        )
    }

    pub(crate) fn not_json() -> Self {
        Self::new(400, "PARAM_ERROR", "请求报文不是合法的JSON格式", PARAMETER)
    }

    /// A field that is wrong. `pointer` is a JSON pointer, or a name when `location` is not
    /// `body`.
    pub(crate) fn field(location: &str, pointer: &str, value: Option<&Value>, issue: &str) -> Self {
        let source = if location == "body" {
            pointer.to_owned()
        } else {
            format!("/{pointer}")
        };
        let message = format!("输入源“/{location}{source}”映射到字段校验失败，{issue}");
        let mut detail = json!({"location": location, "field": pointer, "issue": issue});
        if let (Some(value), Some(detail)) = (value, detail.as_object_mut()) {
            detail.insert("value".to_owned(), value.clone());
        }
        let refusal = Self::new(400, "PARAM_ERROR", &message, PARAMETER);
        Self {
            detail: Some(detail),
            ..refusal
        }
    }

    pub(crate) fn extra_field(location: &str, pointer: &str) -> Self {
        let refusal = Self::field(location, pointer, None, "请求中包含文档未定义的参数");
        Self {
            number: EXTRA_PARAMETER,
            ..refusal
        }
    }

    pub(crate) fn foreign_merchant(location: &str, pointer: &str) -> Self {
        let issue = "商户号与Http头Authorization中的mchid不一致";
        Self::field(location, pointer, None, issue)
    }

    pub(crate) fn app_not_bound() -> Self {
        let message = "appid和mchid不匹配，请检查后再试";
        Self::new(400, "APPID_MCHID_NOT_MATCH", message, APP_MISMATCH)
    }

    pub(crate) fn order_unknown() -> Self {
        Self::new(404, "ORDER_NOT_EXIST", "订单不存在", ORDER_UNKNOWN)
    }
}

impl From<PlaceError> for Refusal {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::DeadlinePassed => {
                Self::field("body", "/time_expire", None, "订单失效时间早于当前时间")
            }
            PlaceError::OtherTerms => {
                let message = "请求重入时，参数与首次请求时不一致";
                Self::new(400, "INVALID_REQUEST", message, OTHER_PARAMETERS)
            }
            PlaceError::NumberUsed => {
                Self::new(403, "OUT_TRADE_NO_USED", "商户订单号重复", OTHER_PARAMETERS)
            }
            PlaceError::AlreadyPaid => Self::new(400, "ORDERPAID", "该订单已支付", ORDER_PAID),
            PlaceError::AlreadyClosed => {
                Self::new(400, "ORDER_CLOSED", "该订单已关闭", ORDER_INVALID)
            }
            PlaceError::Overdue => {
                let message = "该订单已过期，请更换商户订单号";
                Self::new(400, "INVALID_REQUEST", message, ORDER_INVALID)
            }
        }
    }
}

impl From<CloseError> for Refusal {
    fn from(error: CloseError) -> Self {
        match error {
            CloseError::Unknown => Self::order_unknown(),
            CloseError::AlreadyClosed => {
                Self::new(400, "ORDER_CLOSED", "该订单已关闭", ORDER_INVALID)
            }
            CloseError::Paid => Self::new(400, "ORDER_PAID", "该订单已支付", ORDER_PAID),
        }
    }
}
