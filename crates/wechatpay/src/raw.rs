//! Calls that have no method of their own here.

use std::fmt;

use bytes::Bytes;
use paydesk_provider::http::Method;
use paydesk_provider::{Answer, ProviderError, Verified};

use crate::client::WechatPay;
use crate::exchange::Call;
use crate::fields::check_key_id;
use crate::operation::Operation;
use crate::refusal::Refusal;

/// A call of any other endpoint: signed, verified and classified as every call is.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawCall {
    /// The method. `GET` is taken for a call that changes nothing, and may be repeated.
    pub method: Method,
    /// Path and query, as they are signed and sent: special characters in values are escaped already,
    /// and there is no `.` or `..` among the path's parts.
    pub target: String,
    /// The body, empty or JSON.
    pub body: Bytes,
    /// The id of the key that fields of the body are encrypted to ([`WechatPay::sealer`]).
    pub encrypted_to: Option<String>,
}

impl RawCall {
    /// A `GET`.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            target: target.into(),
            body: Bytes::new(),
            encrypted_to: None,
        }
    }

    /// A `POST` of these bytes.
    pub fn post(target: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self {
            method: Method::Post,
            target: target.into(),
            body: json.into(),
            encrypted_to: None,
        }
    }
}

impl fmt::Debug for RawCall {
    /// Without query and body, which say what it is about.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall")
            .field("method", &self.method)
            .field("path", &self.target.split('?').next())
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl WechatPay {
    /// Makes a call and gives the bytes of its answer, once their signature was checked. Refusals mean
    /// what they mean everywhere (wrong parameter, wrong signature, too fast); any other leaves open
    /// what happened, and its code and status are in [`ProviderError::details`].
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn raw(&self, call: &RawCall) -> Result<Answer<Verified<Bytes>>, ProviderError> {
        if let Some(serial) = &call.encrypted_to {
            check_key_id(serial, "encrypted_to")?;
        }
        let operation = if call.method == Method::Get {
            Operation::RawRead
        } else {
            Operation::RawWrite
        };
        let call = Call {
            operation,
            method: call.method,
            target: call.target.clone(),
            body: call.body.clone(),
            encrypted_to: call.encrypted_to.clone(),
        };
        self.account
            .call(&call)
            .await
            .map_err(Refusal::into_error)?
            .read(|body| Ok(Bytes::copy_from_slice(body)))
    }
}
