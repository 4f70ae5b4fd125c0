use serde::Serialize;

use crate::fields::{Unsendable, check_app_id, refuse};

/// A merchant whose payments a service provider (服务商) takes: the partner's own account signs, the
/// sub-merchant gets the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubMerchant {
    /// Its number, `sub_mchid`.
    pub merchant_id: String,
    /// Its own app, `sub_appid`, if payers come through that one.
    pub app_id: Option<String>,
}

impl SubMerchant {
    /// The same, if its numbers are numbers: they become parts of addresses, and whose money it is
    /// rests on them.
    pub(crate) fn checked(&self) -> Result<&Self, Unsendable> {
        let id = &self.merchant_id;
        if !(1..=32).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            refuse("sub_mchid has 1 to 32 digits")?;
        }
        if let Some(app_id) = &self.app_id {
            check_app_id(app_id, "sub_appid")?;
        }
        Ok(self)
    }
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
    /// As the query of an address. Merchant numbers are digits, which was checked.
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
