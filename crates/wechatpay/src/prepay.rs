//! Placing an order, in each product.

use std::fmt;

use paydesk_provider::{Answer, ProviderError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::client::WechatPay;
use crate::exchange::{Call, Reply};
use crate::fields::{Unsendable, body, optional, refuse, text};
use crate::operation::Operation;
use crate::order::{Order, SceneInfo, WireOrder};
use crate::payee::Party;
use crate::refusal::Refusal;
use crate::transaction::place;

const LONGEST_ADDRESS: usize = 512;
const LONGEST_PREPAY_ID: usize = 64;

/// A placed order of JSAPI, mini-program or App: what the payer's client is started with, for 2
/// hours. See [`WechatPay::jsapi_invocation`] and its siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepay {
    /// WeChat Pay's number of the session.
    pub prepay_id: String,
    /// The app that the payer's client is started in, which is signed then: the one the order was
    /// placed with or, for a payer under the sub-merchant's app, that one. A service provider's order
    /// that is paid from the sub-merchant's mobile app needs it set to that app (`sub_appid`).
    pub app_id: String,
}

/// Whose WeChat account pays, for JSAPI and mini-programs. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenId {
    /// Under the app that the order is placed with.
    Own(String),
    /// Of a service provider's order: under the sub-merchant's app, which must be named.
    Sub(String),
}

impl fmt::Debug for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own(_) => "Own(redacted)",
            Self::Sub(_) => "Sub(redacted)",
        })
    }
}

/// What an H5 order says about the page it is paid on.
#[derive(Clone, Debug, Serialize)]
pub struct H5Info {
    /// `iOS`, `Android` or `Wap`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The app's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// The page's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_url: Option<String>,
    /// The iOS app's bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    /// The Android app's package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
}

impl H5Info {
    /// For a web page in any browser.
    pub fn wap() -> Self {
        Self {
            kind: "Wap".to_owned(),
            app_name: None,
            app_url: None,
            bundle_id: None,
            package_name: None,
        }
    }

    fn check(&self) -> Result<(), Unsendable> {
        text(&self.kind, "h5_info.type", 32)?;
        optional(self.app_name.as_deref(), "h5_info.app_name", 64)?;
        optional(self.app_url.as_deref(), "h5_info.app_url", 128)?;
        optional(self.bundle_id.as_deref(), "h5_info.bundle_id", 128)?;
        optional(self.package_name.as_deref(), "h5_info.package_name", 128)
    }
}

#[derive(Serialize)]
struct Placed<'a, P, S> {
    #[serde(flatten)]
    party: Party<'a>,
    #[serde(flatten)]
    order: WireOrder<'a, P, S>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum WirePayer<'a> {
    Openid(&'a str),
    SpOpenid(&'a str),
    SubOpenid(&'a str),
}

#[derive(Serialize)]
struct H5Scene<'a> {
    #[serde(flatten)]
    scene: &'a SceneInfo,
    h5_info: &'a H5Info,
}

/// An order without a payer.
type NoPayer = Option<&'static ()>;

impl WechatPay {
    /// Places a Native order: the answer is the content of a QR code, to be shown unchanged and
    /// scanned within 2 hours, by camera only.
    ///
    /// # Errors
    /// [`ProviderError`]; a request that the platform would refuse is not sent.
    pub async fn native(&self, order: &Order) -> Result<Answer<String>, ProviderError> {
        order.check(self.now())?;
        let wire = order.wire(NoPayer::None, order.scene.as_ref())?;
        let reply = self.place("native", order, wire).await?;
        address(reply, "code_url", |code: Code| code.code_url)
    }

    /// Places an order that is paid inside WeChat: on a page of an official account (JSAPI) or in a
    /// mini-program. The app must be the one that issued the payer's openid.
    ///
    /// # Errors
    /// As [`WechatPay::native`].
    pub async fn jsapi(
        &self,
        order: &Order,
        payer: &OpenId,
    ) -> Result<Answer<Prepay>, ProviderError> {
        order.check(self.now())?;
        let wire_payer = self.payer(payer)?;
        let wire = order.wire(Some(&wire_payer), order.scene.as_ref())?;
        let reply = self.place("jsapi", order, wire).await?;
        let of_payer = match payer {
            OpenId::Own(_) => None,
            OpenId::Sub(_) => self.sub_merchant()?.and_then(|sub| sub.app_id.as_deref()),
        };
        prepay(reply, of_payer.unwrap_or_else(|| self.app_of(order)))
    }

    /// Places an order that is paid from a mobile app.
    ///
    /// # Errors
    /// As [`WechatPay::native`].
    pub async fn app(&self, order: &Order) -> Result<Answer<Prepay>, ProviderError> {
        order.check(self.now())?;
        let wire = order.wire(NoPayer::None, order.scene.as_ref())?;
        let reply = self.place("app", order, wire).await?;
        prepay(reply, self.app_of(order))
    }

    /// Places an order that is paid from a browser outside WeChat: the answer is an address to open
    /// within 5 minutes, from a page of a registered domain. `&redirect_url=` and an escaped address
    /// may be appended. The order's scene is needed, with the payer's true address.
    ///
    /// # Errors
    /// As [`WechatPay::native`].
    pub async fn h5(&self, order: &Order, page: &H5Info) -> Result<Answer<String>, ProviderError> {
        order.check(self.now())?;
        page.check()?;
        let Some(scene) = &order.scene else {
            return Err(ProviderError::not_sent(
                "scene_info.payer_client_ip is needed for H5",
            ));
        };
        let scene = H5Scene {
            scene,
            h5_info: page,
        };
        let wire = order.wire(NoPayer::None, Some(scene))?;
        let reply = self.place("h5", order, wire).await?;
        address(reply, "h5_url", |page: Page| page.h5_url)
    }

    fn payer<'a>(&self, payer: &'a OpenId) -> Result<WirePayer<'a>, Unsendable> {
        let (OpenId::Own(openid) | OpenId::Sub(openid)) = payer;
        text(openid, "payer.openid", 128)?;
        match (payer, self.sub_merchant()?) {
            (OpenId::Own(openid), None) => Ok(WirePayer::Openid(openid)),
            (OpenId::Own(openid), Some(_)) => Ok(WirePayer::SpOpenid(openid)),
            (OpenId::Sub(openid), Some(sub)) if sub.app_id.is_some() => {
                Ok(WirePayer::SubOpenid(openid))
            }
            (OpenId::Sub(_), _) => {
                refuse("payer.sub_openid needs a sub-merchant with an app (sub_appid)")?;
                Ok(WirePayer::Openid(openid))
            }
        }
    }

    async fn place<P: Serialize, S: Serialize>(
        &self,
        product: &str,
        order: &Order,
        wire: WireOrder<'_, P, S>,
    ) -> Result<Reply, ProviderError> {
        let body = body(&Placed {
            party: self.party(self.app_of(order))?,
            order: wire,
        })?;
        let target = format!("{}/{product}", self.orders_path());
        self.account
            .call(&Call::post(Operation::Prepay, target, body))
            .await
            .map_err(Refusal::into_error)
    }

    fn app_of<'a>(&'a self, order: &'a Order) -> &'a str {
        order.app_id.as_deref().unwrap_or(&self.account.app_id)
    }
}

fn prepay(reply: Reply, app_id: &str) -> Result<Answer<Prepay>, ProviderError> {
    #[derive(Deserialize)]
    struct Wire {
        prepay_id: String,
    }
    reply.value(|json| {
        let Wire { prepay_id } = serde_json::from_slice(json)
            .map_err(|error| format!("no prepay_id: {}", place(&error)))?;
        // It becomes a line of what is signed next.
        let sound = !prepay_id.is_empty()
            && prepay_id.len() <= LONGEST_PREPAY_ID
            && prepay_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !sound {
            return Err("prepay_id is empty, too long or no plain text".to_owned());
        }
        Ok(Prepay {
            prepay_id,
            app_id: app_id.to_owned(),
        })
    })
}

/// What each product answers with; no other product's answer will do.
#[derive(Deserialize)]
struct Code {
    code_url: String,
}

#[derive(Deserialize)]
struct Page {
    h5_url: String,
}

fn address<T: DeserializeOwned>(
    reply: Reply,
    field: &'static str,
    of: fn(T) -> String,
) -> Result<Answer<String>, ProviderError> {
    reply.value(|json| {
        let address = serde_json::from_slice(json)
            .map(of)
            .map_err(|error| format!("no {field}: {}", place(&error)))?;
        if address.is_empty() || address.len() > LONGEST_ADDRESS {
            return Err(format!("{field} is empty or too long"));
        }
        Ok(address)
    })
}
