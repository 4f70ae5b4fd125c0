//! Refusals: `code`, `msg`, `sub_code`, `sub_msg`, and whether the gateway can sign them.

use crate::{
    orders::{CloseError, PlaceError},
    page::escape,
};

/// What stands in the node of an answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) msg: &'static str,
    pub(crate) sub_code: String,
    pub(crate) sub_msg: String,
    /// The gateway signs once it knows whom it talks to.
    pub(crate) signed: bool,
}

impl Refusal {
    /// `sub_code` decides which of the few `code`s stands above it.
    fn new(sub_code: &str, sub_msg: impl Into<String>) -> Self {
        let (code, msg) = match sub_code {
            "isp.unknow-error" | "aop.unknow-error" => ("20000", "Service Currently Unavailable"),
            code if code.starts_with("aop.") => ("20001", "Insufficient Token Permissions"),
            code if code.starts_with("isv.missing-") => ("40001", "Missing Required Arguments"),
            code if code.starts_with("isv.insufficient-") => ("40006", "Insufficient Permissions"),
            code if code.ends_with("call-limited") => ("40005", "Call Limited"),
            code if code.starts_with("isv.") => ("40002", "Invalid Arguments"),
            _ => ("40004", "Business Failed"),
        };
        Self {
            code,
            msg,
            sub_code: sub_code.to_owned(),
            sub_msg: sub_msg.into(),
            signed: true,
        }
    }

    fn unsigned(self) -> Self {
        Self {
            signed: false,
            ..self
        }
    }

    /// What a fault asked for. The gateway's own outage is not signed.
    pub(crate) fn ordered(sub_code: Option<&str>) -> Self {
        let sub_code = sub_code.unwrap_or("isp.unknow-error");
        let refusal = Self::new(sub_code, "系统繁忙（模拟）");
        if sub_code == "aop.unknow-error" {
            return refusal.unsigned();
        }
        refusal
    }

    /// A common parameter is missing. `name` is the end of the code, `what` says it in Chinese.
    pub(crate) fn missing(name: &str, what: &str) -> Self {
        Self::new(&format!("isv.missing-{name}"), format!("缺少{what}参数")).unsigned()
    }

    pub(crate) fn duplicate() -> Self {
        Self::new("isv.suspected-attack", "请求中包含重复的参数").unsigned()
    }

    pub(crate) fn unknown_method() -> Self {
        Self::new("isv.invalid-method", "不存在的方法名").unsigned()
    }

    pub(crate) fn unknown_app() -> Self {
        Self::new("isv.invalid-app-id", "无效的AppID参数").unsigned()
    }

    /// A common parameter has a value that the gateway does not take.
    pub(crate) fn invalid(name: &str, what: &str) -> Self {
        Self::new(&format!("isv.invalid-{name}"), format!("无效{what}"))
    }

    /// Shows the string that was verified, escaped as the gateway escapes it.
    pub(crate) fn signature(message: &str) -> Self {
        let hint =
            "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：";
        Self::new(
            "isv.invalid-signature",
            format!("{hint}{}", escape(message)),
        )
    }

    pub(crate) fn charset_not_in_query(message: &str) -> Self {
        let hint = "验签出错, please put charset into the query string, 网关生成的验签字符串为：";
        Self::new(
            "isv.invalid-signature",
            format!("{hint}{}", escape(message)),
        )
    }

    pub(crate) fn certificate_mode() -> Self {
        let message = "应用使用公钥模式，请勿传入证书序列号";
        Self::new("isv.invalid-signature", message)
    }

    pub(crate) fn encrypted() -> Self {
        Self::new("isv.invalid-encrypt-type", "应用未配置接口内容加密")
    }

    pub(crate) fn app_token() -> Self {
        Self::new("aop.invalid-app-auth-token", "无效的应用授权令牌")
    }

    pub(crate) fn user_token() -> Self {
        Self::new("aop.invalid-auth-token", "无效的访问令牌")
    }

    /// An API that exists, but was not granted to this application.
    pub(crate) fn not_granted() -> Self {
        Self::new("isv.insufficient-isv-permissions", "ISV权限不足")
    }

    pub(crate) fn business_content() -> Self {
        Self::new("isv.invalid-parameter", "biz_content不是合法的JSON对象")
    }

    pub(crate) fn field(name: &str, issue: &str) -> Self {
        Self::new("ACQ.INVALID_PARAMETER", format!("参数无效：{name}{issue}"))
    }

    pub(crate) fn amount_out_of_range() -> Self {
        Self::new("ACQ.TOTAL_FEE_EXCEED", "订单金额不在允许范围内")
    }

    pub(crate) fn product_not_signed() -> Self {
        Self::new("ACQ.ACCESS_FORBIDDEN", "没有权限使用接口")
    }

    pub(crate) fn foreign_seller() -> Self {
        Self::new("ACQ.SELLER_NOT_EXIST", "卖家不存在")
    }

    pub(crate) fn deadline_passed() -> Self {
        let message = "当前时间已超过允许支付的时间";
        Self::new("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", message)
    }

    pub(crate) fn trade_unknown() -> Self {
        Self::new("ACQ.TRADE_NOT_EXIST", "交易不存在")
    }
}

impl From<PlaceError> for Refusal {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::DeadlinePassed => Self::deadline_passed(),
            PlaceError::OtherTerms | PlaceError::NumberUsed => {
                Self::new("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
            }
            PlaceError::AlreadyPaid => Self::new("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
            PlaceError::AlreadyClosed | PlaceError::Overdue => {
                Self::new("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
            }
        }
    }
}

impl From<CloseError> for Refusal {
    fn from(error: CloseError) -> Self {
        match error {
            CloseError::Unknown => Self::trade_unknown(),
            CloseError::Paid | CloseError::AlreadyClosed => {
                Self::new("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sub_code_decides_the_code() {
        for (sub_code, code) in [
            ("isp.unknow-error", "20000"),
            ("aop.invalid-auth-token", "20001"),
            ("isv.missing-app-id", "40001"),
            ("isv.invalid-signature", "40002"),
            ("ACQ.SYSTEM_ERROR", "40004"),
            ("isv.app-call-limited", "40005"),
            ("isv.insufficient-isv-permissions", "40006"),
        ] {
            assert_eq!(Refusal::ordered(Some(sub_code)).code, code, "{sub_code}");
        }
        assert!(Refusal::ordered(None).signed);
        assert!(!Refusal::ordered(Some("aop.unknow-error")).signed);
    }
}
