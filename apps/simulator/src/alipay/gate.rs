//! Who may come in: the common parameters and the signature over all of them.

use time::{OffsetDateTime, PrimitiveDateTime};

use crate::{
    alipay::{
        answer::Answer,
        parameters::{Given, canonical},
        refusal::Refusal,
    },
    clock::{CHINA, PLAIN_TIME},
    keys::Material,
};

/// How far a merchant's clock may be off, in seconds. The documents do not say; this is narrow
/// enough to find a timestamp in the wrong zone.
const WINDOW_S: u64 = 600;

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Precreate,
    Query,
    Close,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Precreate => "alipay.trade.precreate",
            Self::Query => "alipay.trade.query",
            Self::Close => "alipay.trade.close",
        }
    }
}

/// Other methods of the true gateway. They exist, but this application may not use them.
const NOT_GRANTED: &[&str] = &[
    "alipay.trade.pay",
    "alipay.trade.create",
    "alipay.trade.cancel",
    "alipay.trade.refund",
    "alipay.trade.fastpay.refund.query",
    "alipay.trade.page.pay",
    "alipay.trade.wap.pay",
    "alipay.trade.app.pay",
    "alipay.data.dataservice.bill.downloadurl.query",
    "alipay.fund.trans.uni.transfer",
    "alipay.open.app.alipaycert.download",
];

/// Checks everything that does not depend on the method. `now` is Unix seconds.
pub(crate) fn admit(
    query: &str,
    body: &[u8],
    material: &Material,
    now: i64,
) -> Result<(Method, Given), Answer> {
    let given =
        Given::gather(query, body).map_err(|_| Answer::before_routing(&Refusal::duplicate()))?;
    let name = given
        .get("method")
        .ok_or_else(|| Answer::before_routing(&Refusal::missing("method", "方法名")))?;
    let method = [Method::Precreate, Method::Query, Method::Close]
        .into_iter()
        .find(|method| method.name() == name);
    if method.is_none() && !NOT_GRANTED.contains(&name) {
        return Err(Answer::before_routing(&Refusal::unknown_method()));
    }
    let refuse = |refusal: Refusal| Answer::refusal(name, &refusal);
    check_presence(&given).map_err(refuse)?;
    check_values(&given, &material.keys.alipay.app_id, now).map_err(refuse)?;
    check_signature(&given, material).map_err(refuse)?;
    check_rights(&given).map_err(refuse)?;
    match method {
        Some(method) => Ok((method, given)),
        None => Err(refuse(Refusal::not_granted())),
    }
}

fn check_presence(given: &Given) -> Result<(), Refusal> {
    for (parameter, name, what) in [
        ("app_id", "app-id", "AppID"),
        ("sign", "signature", "签名"),
        ("sign_type", "signature-type", "签名类型"),
        ("timestamp", "timestamp", "时间戳"),
        ("version", "version", "版本"),
    ] {
        if given.get(parameter).is_none() {
            return Err(Refusal::missing(name, what));
        }
    }
    Ok(())
}

fn check_values(given: &Given, app_id: &str, now: i64) -> Result<(), Refusal> {
    let is = |name, value: &str| {
        given
            .get(name)
            .is_some_and(|it| it.eq_ignore_ascii_case(value))
    };
    if given.get("app_id") != Some(app_id) {
        return Err(Refusal::unknown_app());
    }
    if given.get("format").is_some() && !is("format", "JSON") {
        return Err(Refusal::invalid("format", "数据格式"));
    }
    if given.get("charset").is_some() && !is("charset", "utf-8") {
        return Err(Refusal::invalid("charset", "字符集"));
    }
    if given.get("sign_type") != Some("RSA2") {
        return Err(Refusal::invalid("signature-type", "签名类型"));
    }
    if given.get("version") != Some("1.0") {
        return Err(Refusal::invalid("parameter", "版本参数"));
    }
    let timestamp = given.get("timestamp").and_then(moment);
    if timestamp.is_none_or(|at| at.unix_timestamp().abs_diff(now) > WINDOW_S) {
        return Err(Refusal::invalid("timestamp", "时间戳"));
    }
    if given.get("encrypt_type").is_some() {
        return Err(Refusal::encrypted());
    }
    let certificate = ["app_cert_sn", "alipay_root_cert_sn"];
    if certificate
        .into_iter()
        .any(|name| given.get(name).is_some())
    {
        return Err(Refusal::certificate_mode());
    }
    Ok(())
}

/// A time as Alipay writes it, always of China's zone.
pub(crate) fn moment(text: &str) -> Option<OffsetDateTime> {
    let time = PrimitiveDateTime::parse(text, PLAIN_TIME).ok()?;
    Some(time.assume_offset(CHINA))
}

fn check_signature(given: &Given, material: &Material) -> Result<(), Refusal> {
    let message = canonical(&given.all);
    if given.is_ambiguous() {
        return Err(Refusal::charset_not_in_query(&message));
    }
    let signature = given.get("sign").unwrap_or_default();
    if material.alipay.app.verifies(message.as_bytes(), signature) {
        return Ok(());
    }
    Err(Refusal::signature(&message))
}

/// Nobody has given this application rights over anybody else's account.
fn check_rights(given: &Given) -> Result<(), Refusal> {
    if given.get("app_auth_token").is_some() {
        return Err(Refusal::app_token());
    }
    if given.get("auth_token").is_some() {
        return Err(Refusal::user_token());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rsa::{RsaPrivateKey, pkcs8::DecodePrivateKey};
    use serde_json::Value;
    use url::form_urlencoded;

    use super::*;
    use crate::{keys::Keys, signature::VerifyingKey};

    /// The reference's request, one minute old, at a gateway that knows the reference's key.
    fn vector(change: impl Fn(&mut Vec<(String, String)>)) -> Result<Method, String> {
        let vectors: Value =
            serde_json::from_str(include_str!("../../testdata/alipay_vectors.json")).unwrap();
        let message = vectors["request"]["message"].as_str().unwrap();
        let signature = vectors["request"]["signature"].as_str().unwrap();
        let mut pairs: Vec<(String, String)> = message
            .split('&')
            .chain(["app_auth_token="])
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        pairs.push(("sign".to_owned(), signature.to_owned()));
        change(&mut pairs);
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&pairs)
            .finish();

        let mut keys = Keys::throw_away();
        keys.alipay.app_id = "2021000000000001".to_owned();
        let mut material = Material::parse(keys).unwrap();
        let pem = include_str!("../../testdata/alipay_vectors_key.pem");
        let key = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        material.alipay.app = VerifyingKey::new(&key.to_public_key()).unwrap();
        let now = time::macros::datetime!(2026-01-01 12:01 +8).unix_timestamp();
        match admit(&query, b"", &material, now) {
            Ok((method, _)) => Ok(method),
            Err(answer) => Err(answer.sub_code().to_owned()),
        }
    }

    fn set(name: &'static str, value: &'static str) -> impl Fn(&mut Vec<(String, String)>) {
        move |pairs| {
            pairs.retain(|(it, _)| it != name);
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }

    #[test]
    fn the_reference_request_is_admitted() {
        assert_eq!(vector(|_| {}), Ok(Method::Precreate));
        assert_eq!(vector(|pairs| pairs.reverse()), Ok(Method::Precreate));
    }

    #[test]
    fn every_wrong_parameter_has_its_code() {
        for (name, value, code) in [
            ("method", "", "isv.missing-method"),
            ("method", "alipay.trade.magic", "isv.invalid-method"),
            ("method", "alipay.trade.query", "isv.invalid-signature"),
            ("app_id", "", "isv.missing-app-id"),
            ("app_id", "2021000000000002", "isv.invalid-app-id"),
            ("sign", "", "isv.missing-signature"),
            ("sign", "AAAA", "isv.invalid-signature"),
            ("sign_type", "", "isv.missing-signature-type"),
            ("sign_type", "RSA", "isv.invalid-signature-type"),
            ("timestamp", "", "isv.missing-timestamp"),
            ("timestamp", "2026-01-01T12:00:00", "isv.invalid-timestamp"),
            ("timestamp", "2026-01-01 04:00:00", "isv.invalid-timestamp"),
            ("timestamp", "2026-01-01 12:00:01", "isv.invalid-signature"),
            ("version", "", "isv.missing-version"),
            ("version", "2.0", "isv.invalid-parameter"),
            ("format", "XML", "isv.invalid-format"),
            ("charset", "gbk", "isv.invalid-charset"),
            ("encrypt_type", "AES", "isv.invalid-encrypt-type"),
            (
                "app_cert_sn",
                "866efef280dec9137a87d047ac446315",
                "isv.invalid-signature",
            ),
            (
                "return_url",
                "https://pay.example.com",
                "isv.invalid-signature",
            ),
        ] {
            assert_eq!(
                vector(set(name, value)),
                Err(code.to_owned()),
                "{name}={value}"
            );
        }
        let twice = |pairs: &mut Vec<(String, String)>| pairs.extend_from_within(..1);
        assert_eq!(vector(twice), Err("isv.suspected-attack".to_owned()));
    }
}
