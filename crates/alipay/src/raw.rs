//! Calls that have no method of their own here.

use std::fmt;

use paydesk_provider::{Answer, ProviderError, Verified};

use crate::checks::{Unsendable, check_notify_url, refuse};
use crate::client::Alipay;
use crate::exchange::{Asked, Call};
use crate::fields::Fields;
use crate::members::Members;
use crate::operation::Operation;
use crate::refusal::Refusal;

const LONGEST_METHOD: usize = 128;

/// A call of any other method of the gateway: signed, verified and classified as every call is.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawCall {
    /// The platform's name for it, `alipay.trade.order.settle` for example.
    pub method: String,
    /// The business parameters: a JSON object, sent and signed as it stands here.
    pub biz_content: String,
    /// Where notices go, for methods that cause some.
    pub notify_url: Option<String>,
    /// Whether it changes nothing and may be repeated. Nothing in the protocol tells.
    pub is_read: bool,
}

impl RawCall {
    /// A call that changes nothing. It is repeated where that may help.
    pub fn read(method: impl Into<String>, biz_content: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            biz_content: biz_content.into(),
            notify_url: None,
            is_read: true,
        }
    }

    /// A call that changes something. It is sent once.
    pub fn write(method: impl Into<String>, biz_content: impl Into<String>) -> Self {
        Self {
            is_read: false,
            ..Self::read(method, biz_content)
        }
    }

    /// The call, if the gateway can take it.
    fn call(&self) -> Result<Call, Unsendable> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._".contains(&byte);
        if !(1..=LONGEST_METHOD).contains(&self.method.len()) || !self.method.bytes().all(plain) {
            refuse("method has 1 to 128 letters, digits, _ or dots")?;
        }
        if let Some(url) = &self.notify_url {
            check_notify_url(url)?;
        }
        Ok(Call {
            operation: if self.is_read {
                Operation::RawRead
            } else {
                Operation::RawWrite
            },
            method: self.method.clone().into(),
            notify_url: self.notify_url.clone(),
            biz_content: self.biz_content.clone(),
            asked: self.asked()?,
        })
    }

    /// The numbers of a trade, if it is about one: an answer that repeats others is none to this call.
    fn asked(&self) -> Result<Asked, Unsendable> {
        let members = Members::read(self.biz_content.as_bytes())
            .map_err(|why| Unsendable::because(format!("biz_content: {why}")))?;
        let number = |name: &str| members.text(name).ok().flatten();
        Ok(Asked {
            out_trade_no: number("out_trade_no"),
            trade_no: number("trade_no"),
            out_request_no: number("out_request_no"),
            repeats: false,
        })
    }
}

impl fmt::Debug for RawCall {
    /// Without the business parameters, which may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall")
            .field("method", &self.method)
            .field("is_read", &self.is_read)
            .finish_non_exhaustive()
    }
}

impl Alipay {
    /// Makes a call and gives the text of its answer's node, a JSON object, once its signature was
    /// checked. Only code `10000` is a success here. Refusals mean what they mean everywhere (wrong
    /// parameter, wrong signature, too fast); any other leaves open what happened, and its code is in
    /// [`ProviderError::details`].
    ///
    /// # Errors
    /// [`ProviderError`]; a request that no gateway could take is not sent.
    pub async fn raw(&self, call: &RawCall) -> Result<Answer<Verified<String>>, ProviderError> {
        let call = call.call()?;
        let reply = self.account.call(&call).await;
        Ok(reply.map_err(Refusal::into_error)?.text())
    }
}
