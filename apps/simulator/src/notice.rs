//! A notice of either channel: what it says, and the request that one try makes of it.

use serde::{Deserialize, Serialize};

use crate::{
    alipay::{self, notice::Parameters},
    channel::Channel,
    deliveries::Parcel,
    keys::Material,
    wechat,
};

/// How a notice is spoilt, so that a merchant can show that it notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tamper {
    /// A well-formed signature over something else.
    Signature,
    /// The body changed after signing.
    Body,
    /// No signature at all.
    Unsigned,
    /// `WeChat`: a serial that names no known key.
    Serial,
    /// `WeChat`: truly signed, ten minutes ago.
    Stale,
    /// `WeChat`: the platform's own probe, which begins with `WECHATPAY/SIGNTEST/`.
    Probe,
    /// `WeChat`: truly signed, but encrypted with another `APIv3` key.
    Key,
    /// Alipay: truly signed, but `sign_type` says `RSA`, the older algorithm.
    SignType,
    /// Alipay: one parameter comes twice, with the same value.
    Duplicate,
}

impl Tamper {
    /// Whether this channel's notices can be spoilt so.
    pub(crate) fn fits(self, channel: Channel) -> bool {
        match self {
            Self::Signature | Self::Body | Self::Unsigned => true,
            Self::Serial | Self::Stale | Self::Probe | Self::Key => channel == Channel::Wechat,
            Self::SignType | Self::Duplicate => channel == Channel::Alipay,
        }
    }
}

/// What every try repeats; each is signed anew.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// The sealed body.
    Wechat(String),
    /// The parameters to be signed, without `notify_time`.
    Alipay(Parameters),
}

#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) out_trade_no: String,
    pub(crate) event_type: String,
    pub(crate) url: String,
    pub(crate) content: Content,
}

impl Notice {
    pub(crate) fn channel(&self) -> Channel {
        match self.content {
            Content::Wechat(_) => Channel::Wechat,
            Content::Alipay(_) => Channel::Alipay,
        }
    }

    /// The request of one try. `at` is Unix seconds.
    pub(crate) fn parcel(&self, material: &Material, at: i64, tamper: Option<Tamper>) -> Parcel {
        match &self.content {
            Content::Wechat(body) => wechat::notice::parcel(body, material, at, tamper),
            Content::Alipay(parameters) => {
                alipay::notice::parcel(parameters, &material.alipay, at, tamper)
            }
        }
    }
}
