//! What the payer's client is started with (调起支付), signed by the merchant.
//!
//! Whatever the client reports afterwards proves nothing: a notice or a query does.

use paydesk_provider::ProviderError;
use paydesk_provider::keys::SignError;
use serde::Serialize;

use crate::client::WechatPay;
use crate::prepay::Prepay;
use crate::refusal::Refusal;

/// For `getBrandWCPayRequest` on a page inside WeChat; serialises to the names it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsapiInvocation {
    /// The app.
    pub app_id: String,
    /// Unix seconds.
    pub time_stamp: String,
    /// A fresh random text.
    pub nonce_str: String,
    /// `prepay_id=…`
    pub package: String,
    /// `RSA`
    pub sign_type: &'static str,
    /// The signature over app, time, nonce and package.
    pub pay_sign: String,
}

/// For `wx.requestPayment` in a mini-program: the same without the app, which is signed all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MiniProgramInvocation {
    /// Unix seconds.
    pub time_stamp: String,
    /// A fresh random text.
    pub nonce_str: String,
    /// `prepay_id=…`
    pub package: String,
    /// `RSA`
    pub sign_type: &'static str,
    /// The signature over app, time, nonce and package.
    pub pay_sign: String,
}

/// For `PayReq` in a mobile app; serialises to the names of Android and Harmony. On iOS
/// `packageValue` is called `package`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppInvocation {
    /// The app.
    pub app_id: String,
    /// The merchant; of a service provider its own number.
    pub partner_id: String,
    /// The session, without a prefix.
    pub prepay_id: String,
    /// `Sign=WXPay`
    pub package_value: &'static str,
    /// A fresh random text.
    pub nonce_str: String,
    /// Unix seconds.
    pub time_stamp: String,
    /// The signature over app, time, nonce and session.
    pub sign: String,
}

/// What all of them share.
struct Signed {
    time_stamp: String,
    nonce_str: String,
    signature: String,
}

impl WechatPay {
    /// What a page inside WeChat starts the payment with.
    ///
    /// # Errors
    /// [`ProviderError`] when the signer fails.
    pub async fn jsapi_invocation(
        &self,
        prepay: &Prepay,
    ) -> Result<JsapiInvocation, ProviderError> {
        let package = format!("prepay_id={}", prepay.prepay_id);
        let signed = self.sign_invocation(&prepay.app_id, &package).await?;
        Ok(JsapiInvocation {
            app_id: prepay.app_id.clone(),
            time_stamp: signed.time_stamp,
            nonce_str: signed.nonce_str,
            package,
            sign_type: "RSA",
            pay_sign: signed.signature,
        })
    }

    /// What a mini-program starts the payment with.
    ///
    /// # Errors
    /// As [`WechatPay::jsapi_invocation`].
    pub async fn mini_program_invocation(
        &self,
        prepay: &Prepay,
    ) -> Result<MiniProgramInvocation, ProviderError> {
        let JsapiInvocation {
            app_id: _,
            time_stamp,
            nonce_str,
            package,
            sign_type,
            pay_sign,
        } = self.jsapi_invocation(prepay).await?;
        Ok(MiniProgramInvocation {
            time_stamp,
            nonce_str,
            package,
            sign_type,
            pay_sign,
        })
    }

    /// What a mobile app starts the payment with.
    ///
    /// # Errors
    /// As [`WechatPay::jsapi_invocation`].
    pub async fn app_invocation(&self, prepay: &Prepay) -> Result<AppInvocation, ProviderError> {
        let signed = self
            .sign_invocation(&prepay.app_id, &prepay.prepay_id)
            .await?;
        Ok(AppInvocation {
            app_id: prepay.app_id.clone(),
            partner_id: self.account.merchant.id.clone(),
            prepay_id: prepay.prepay_id.clone(),
            package_value: "Sign=WXPay",
            nonce_str: signed.nonce_str,
            time_stamp: signed.time_stamp,
            sign: signed.signature,
        })
    }

    /// Four lines, each with its end.
    async fn sign_invocation(&self, app_id: &str, last: &str) -> Result<Signed, ProviderError> {
        let unsigned = |error: SignError| Refusal::unsigned(&error).into_error();
        let time_stamp = self.now().unix_timestamp().to_string();
        let nonce_str = (self.account.nonce)().map_err(unsigned)?;
        let message = format!("{app_id}\n{time_stamp}\n{nonce_str}\n{last}\n");
        let signature = self.account.merchant.sign(message.as_bytes()).await;
        Ok(Signed {
            time_stamp,
            nonce_str,
            signature: signature.map_err(unsigned)?,
        })
    }
}
