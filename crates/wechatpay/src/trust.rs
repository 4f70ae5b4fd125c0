//! The one place where a message becomes one to be believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use paydesk_provider::keys::PublicKey;
use paydesk_provider::{Untrusted, Verified};
use time::OffsetDateTime;

use crate::platform_keys::PlatformKeys;

const SERIAL: &str = "Wechatpay-Serial";
const SIGNATURE: &str = "Wechatpay-Signature";
const TIMESTAMP: &str = "Wechatpay-Timestamp";
const NONCE: &str = "Wechatpay-Nonce";
const SIGNATURE_TYPE: &str = "Wechatpay-Signature-Type";
const RSA: &str = "WECHATPAY2-SHA256-RSA2048";
/// The platform now and then signs wrongly on purpose, to see whether merchants look.
const PROBE: &str = "WECHATPAY/SIGNTEST/";
/// From this many seconds on, in either direction, a message is too far from now.
const WINDOW_S: u64 = 300;

/// Bytes whose signature was checked. Only [`authenticate`] makes one.
pub(crate) struct Authentic(Bytes);

impl Authentic {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What `read` makes of these bytes, or of what was encrypted in them, as something the platform really said.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the verifier: the bytes given to `read` are authentic"
    )]
    pub(crate) fn attest<T, E>(
        &self,
        read: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Verified<T>, E> {
        read(&self.0).map(Verified::attest)
    }
}

impl PlatformKeys {
    /// Checks the signature over a body as it came, of an answer or of a notice.
    pub(crate) fn authenticate(
        &self,
        headers: &[(String, String)],
        body: &Bytes,
        now: OffsetDateTime,
    ) -> Result<Authentic, Untrusted> {
        authenticate(headers, body, now, |id| self.get(id, now))
    }
}

/// Checks the signature with the key that the message names.
///
/// Everything signed is read before anything is computed, and the window comes before the key: an old
/// message cannot make anyone look for new keys.
pub(crate) fn authenticate(
    headers: &[(String, String)],
    body: &Bytes,
    now: OffsetDateTime,
    key: impl FnOnce(&str) -> Option<PublicKey>,
) -> Result<Authentic, Untrusted> {
    let id = required(headers, SERIAL)?;
    let signature = required(headers, SIGNATURE)?;
    let timestamp = required(headers, TIMESTAMP)?;
    let nonce = required(headers, NONCE)?;
    if optional(headers, SIGNATURE_TYPE)?.is_some_and(|kind| kind != RSA) {
        return Err(Untrusted::BadHeader(SIGNATURE_TYPE));
    }
    let age_s = now
        .unix_timestamp()
        .checked_sub(seconds(timestamp)?)
        .ok_or(Untrusted::BadHeader(TIMESTAMP))?;
    if age_s.unsigned_abs() >= WINDOW_S {
        return Err(Untrusted::Stale { age_s });
    }
    let key = key(id).ok_or_else(|| Untrusted::UnknownKey(id.chars().take(64).collect()))?;

    let mut message = Vec::with_capacity(timestamp.len() + nonce.len() + body.len() + 3);
    for line in [timestamp.as_bytes(), nonce.as_bytes(), body] {
        message.extend_from_slice(line);
        message.push(b'\n');
    }
    // A probe takes the same way as any wrong signature and only bears another name at its end.
    let valid = STANDARD
        .decode(signature)
        .is_ok_and(|signature| key.verifies(&message, &signature));
    if valid {
        Ok(Authentic(body.clone()))
    } else if signature.starts_with(PROBE) {
        Err(Untrusted::Probe)
    } else {
        Err(Untrusted::BadSignature)
    }
}

fn required<'a>(headers: &'a [(String, String)], name: &'static str) -> Result<&'a str, Untrusted> {
    optional(headers, name)?.ok_or(Untrusted::MissingHeader(name))
}

/// A header's only value. A control character in it could shift the border between the signed
/// lines, so there is none in a readable one.
fn optional<'a>(
    headers: &'a [(String, String)],
    name: &'static str,
) -> Result<Option<&'a str>, Untrusted> {
    let mut values = headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str());
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Untrusted::DoubledHeader(name));
    }
    // Without a way out early, many bytes are looked at at once: signatures are long.
    let is_readable = value
        .bytes()
        .fold(true, |all, byte| all & byte.is_ascii_graphic());
    if value.is_empty() || !is_readable {
        return Err(Untrusted::BadHeader(name));
    }
    Ok(Some(value))
}

/// Plain digits: `parse` alone would take a sign, and the text itself is what was signed.
fn seconds(timestamp: &str) -> Result<i64, Untrusted> {
    if timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        timestamp
            .parse()
            .map_err(|_| Untrusted::BadHeader(TIMESTAMP))
    } else {
        Err(Untrusted::BadHeader(TIMESTAMP))
    }
}
