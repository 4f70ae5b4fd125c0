use serde::Serialize;

/// A merchant whose payments a service provider (服务商) takes: the partner's own account signs, the
/// sub-merchant gets the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubMerchant {
    /// Its number, `sub_mchid`.
    pub merchant_id: String,
    /// Its own app, `sub_appid`, if payers come through that one.
    pub app_id: Option<String>,
}

/// How a request names who is paid.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Party<'a> {
    Direct {
        appid: &'a str,
        mchid: &'a str,
    },
    Partner {
        sp_appid: &'a str,
        sp_mchid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        sub_appid: Option<&'a str>,
        sub_mchid: &'a str,
    },
}

/// The same without apps.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Merchants<'a> {
    Direct {
        mchid: &'a str,
    },
    Partner {
        sp_mchid: &'a str,
        sub_mchid: &'a str,
    },
}

impl Merchants<'_> {
    /// As the query of an address. Merchant numbers are digits.
    pub(crate) fn query(self) -> String {
        match self {
            Self::Direct { mchid } => format!("mchid={mchid}"),
            Self::Partner {
                sp_mchid,
                sub_mchid,
            } => format!("sp_mchid={sp_mchid}&sub_mchid={sub_mchid}"),
        }
    }
}
