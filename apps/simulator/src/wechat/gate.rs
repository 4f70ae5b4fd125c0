//! Who may come in: headers, `Authorization`, and the signature over the raw request.

use crate::{keys::Material, wechat::refusal::Refusal};

const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// How far a merchant's clock may be off, in seconds.
const WINDOW_S: u64 = 300;

/// A request exactly as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) method: &'a str,
    /// Path and query as sent, percent-encoding included.
    pub(crate) target: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) authorization: Option<&'a str>,
    pub(crate) accept: Option<&'a str>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) platform_serial: Option<&'a str>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Authorization<'a> {
    mchid: &'a str,
    nonce_str: &'a str,
    signature: &'a str,
    timestamp: &'a str,
    serial_no: &'a str,
}

/// Checks everything that does not depend on the endpoint, in the platform's order. `now` is Unix
/// seconds.
pub(crate) fn admit(incoming: &Incoming<'_>, material: &Material, now: i64) -> Result<(), Refusal> {
    check_headers(incoming)?;
    let authorization = parse(incoming.authorization.unwrap_or_default())?;
    check_time(authorization.timestamp, now)?;
    if authorization.mchid != material.keys.merchant_id {
        return Err(Refusal::unknown_merchant());
    }
    if authorization.serial_no != material.keys.certificate_serial {
        return Err(Refusal::certificate_serial());
    }
    check_signature(incoming, &authorization, material)?;
    match incoming.platform_serial {
        None | Some("") => Err(Refusal::platform_serial_missing()),
        Some(serial) if serial != material.keys.platform_public_key_id => {
            Err(Refusal::platform_serial_wrong())
        }
        Some(_) => Ok(()),
    }
}

fn check_headers(incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let present = |header: Option<&str>| header.is_some_and(|value| !value.trim().is_empty());
    if !present(incoming.accept) || !present(incoming.user_agent) {
        return Err(Refusal::missing_header());
    }
    let admits_json = incoming.accept.unwrap_or_default().split(',').any(|range| {
        let range = media_type(range);
        ["application/json", "application/*", "*/*"]
            .iter()
            .any(|it| range.eq_ignore_ascii_case(it))
    });
    if !admits_json {
        return Err(Refusal::wrong_accept());
    }
    let content_type = media_type(incoming.content_type.unwrap_or_default());
    if !incoming.body.is_empty() && !content_type.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::wrong_content_type());
    }
    Ok(())
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// `scheme name="value",…`: one space after the scheme, none elsewhere, every name exactly once.
fn parse(header: &str) -> Result<Authorization<'_>, Refusal> {
    let (scheme, pairs) = header
        .split_once(' ')
        .ok_or_else(Refusal::authorization_format)?;
    if scheme != SCHEME {
        return Err(Refusal::authorization_scheme());
    }
    let mut parsed = Authorization::default();
    for pair in pairs.split(',') {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(Refusal::authorization_format)?;
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        let value = value.ok_or_else(Refusal::authorization_format)?;
        let field = match name {
            "mchid" => &mut parsed.mchid,
            "nonce_str" => &mut parsed.nonce_str,
            "signature" => &mut parsed.signature,
            "timestamp" => &mut parsed.timestamp,
            "serial_no" => &mut parsed.serial_no,
            _ => return Err(Refusal::authorization_format()),
        };
        if !field.is_empty() || value.is_empty() || value.contains('"') {
            return Err(Refusal::authorization_format());
        }
        *field = value;
    }
    let Authorization {
        mchid,
        nonce_str,
        signature,
        timestamp,
        serial_no,
    } = &parsed;
    let complete = [mchid, nonce_str, signature, timestamp, serial_no]
        .iter()
        .all(|f| !f.is_empty());
    let nonce_fits = nonce_str.len() <= 32 && nonce_str.bytes().all(|b| b.is_ascii_alphanumeric());
    let digits = timestamp.len() <= 12 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    if complete && nonce_fits && digits {
        Ok(parsed)
    } else {
        Err(Refusal::authorization_format())
    }
}

fn check_time(timestamp: &str, now: i64) -> Result<(), Refusal> {
    let at: i64 = timestamp
        .parse()
        .map_err(|_| Refusal::authorization_format())?;
    if at.abs_diff(now) > WINDOW_S {
        Err(Refusal::stale())
    } else {
        Ok(())
    }
}

fn check_signature(
    incoming: &Incoming<'_>,
    authorization: &Authorization<'_>,
    material: &Material,
) -> Result<(), Refusal> {
    let Incoming {
        method,
        target,
        body,
        ..
    } = *incoming;
    let Authorization {
        timestamp,
        nonce_str,
        signature,
        ..
    } = authorization;
    let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce_str}\n").into_bytes();
    message.extend_from_slice(body);
    message.push(b'\n');
    if material.merchant.verifies(&message, signature) {
        return Ok(());
    }
    Err(Refusal::wrong_signature(
        method,
        target,
        &String::from_utf8_lossy(&message),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::keys::Keys;

    /// The reference vectors' merchant.
    fn material() -> Material {
        Material::parse(Keys {
            merchant_id: "1900007291".to_owned(),
            certificate_serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB".to_owned(),
            private_key: include_str!("../../testdata/vectors_key.pem").to_owned(),
            ..Keys::throw_away()
        })
        .unwrap()
    }

    /// A vector taken apart again into the request that it signs.
    struct Sent {
        method: String,
        target: String,
        body: String,
        at: i64,
        authorization: String,
        serial: String,
    }

    impl Sent {
        fn vector(name: &str) -> Self {
            let all: Value =
                serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap();
            let vectors = all["signatures"].as_array().unwrap();
            let vector = vectors
                .iter()
                .find(|vector| vector["name"] == name)
                .unwrap();
            let message = vector["message"]
                .as_str()
                .unwrap()
                .strip_suffix('\n')
                .unwrap();
            let parts: Vec<&str> = message.splitn(5, '\n').collect();
            let [method, target, at, nonce, body] = parts[..] else {
                panic!("five lines")
            };
            let signature = vector["signature"].as_str().unwrap();
            let serial = "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB";
            Self {
                method: method.to_owned(),
                target: target.to_owned(),
                body: body.to_owned(),
                at: at.parse().unwrap(),
                authorization: format!(
                    "{SCHEME} mchid=\"1900007291\",nonce_str=\"{nonce}\",\
                     signature=\"{signature}\",timestamp=\"{at}\",serial_no=\"{serial}\""
                ),
                serial: Keys::throw_away().platform_public_key_id,
            }
        }

        fn incoming(&self) -> Incoming<'_> {
            Incoming {
                method: &self.method,
                target: &self.target,
                body: self.body.as_bytes(),
                authorization: Some(&self.authorization),
                accept: Some("application/json"),
                user_agent: Some("test"),
                content_type: Some("application/json"),
                platform_serial: Some(&self.serial),
            }
        }

        fn refused_at(&self, now: i64) -> String {
            admit(&self.incoming(), &material(), now)
                .unwrap_err()
                .message
        }
    }

    #[test]
    fn the_reference_requests_are_admitted() {
        for name in ["V1", "V2", "D1", "D2", "D3"] {
            let sent = Sent::vector(name);
            assert_eq!(
                admit(&sent.incoming(), &material(), sent.at),
                Ok(()),
                "{name}"
            );
        }
    }

    #[test]
    fn every_signed_part_is_covered() {
        let sent = || Sent::vector("D3");
        let at = sent().at;
        let changed = [
            Sent {
                method: "GET".to_owned(),
                ..sent()
            },
            Sent {
                target: format!("{}?a=b", sent().target),
                ..sent()
            },
            Sent {
                body: format!("{} ", sent().body),
                ..sent()
            },
            Sent {
                authorization: sent().authorization.replace("1767232800", "1767232801"),
                ..sent()
            },
            Sent {
                authorization: sent().authorization.replace("5K82", "6K82"),
                ..sent()
            },
        ];
        for sent in changed {
            assert_eq!(sent.refused_at(at), "签名错误，请检查后再试");
        }
    }

    #[test]
    fn the_window_is_five_minutes_both_ways() {
        let sent = Sent::vector("D1");
        for off in [-300, 0, 300] {
            assert_eq!(admit(&sent.incoming(), &material(), sent.at + off), Ok(()));
        }
        for off in [-301, 301] {
            assert!(sent.refused_at(sent.at + off).contains("5分钟"));
        }
    }

    #[test]
    fn malformed_authorization_is_named_as_such() {
        let good = Sent::vector("D1").authorization;
        let broken = [
            String::new(),
            SCHEME.to_owned(),
            good.replace(',', ", "),
            good.replace('"', ""),
            good.replace(",nonce_str=", ",nonce="),
            format!("{good},mchid=\"1900007291\""),
            format!("{good},"),
            good.replace("timestamp=\"1767232800\"", "timestamp=\"now\""),
        ];
        for authorization in broken {
            let sent = Sent {
                authorization: authorization.clone(),
                ..Sent::vector("D1")
            };
            assert!(
                sent.refused_at(sent.at).contains("格式错误"),
                "{authorization}"
            );
        }
        let scheme = good.replace(SCHEME, "WECHATPAY2-SM2-WITH-SM3");
        let sent = Sent {
            authorization: scheme,
            ..Sent::vector("D1")
        };
        assert!(sent.refused_at(sent.at).contains("认证类型"));
    }

    #[test]
    fn the_order_of_pairs_is_free() {
        let sent = Sent::vector("D1");
        let (scheme, pairs) = sent.authorization.split_once(' ').unwrap();
        let reversed: Vec<&str> = pairs.rsplit(',').collect();
        let authorization = format!("{scheme} {}", reversed.join(","));
        let sent = Sent {
            authorization,
            ..Sent::vector("D1")
        };
        assert_eq!(admit(&sent.incoming(), &material(), sent.at), Ok(()));
    }

    #[test]
    fn headers_are_required() {
        let sent = Sent::vector("D1");
        let all = sent.incoming();
        let refused = |incoming: Incoming<'_>| {
            let refusal = admit(&incoming, &material(), sent.at).unwrap_err();
            (refusal.status, refusal.code)
        };
        let invalid = (400, "INVALID_REQUEST".to_owned());
        assert_eq!(
            refused(Incoming {
                accept: None,
                ..all
            }),
            invalid
        );
        assert_eq!(
            refused(Incoming {
                accept: Some("text/html"),
                ..all
            }),
            invalid
        );
        assert_eq!(
            refused(Incoming {
                user_agent: None,
                ..all
            }),
            invalid
        );
        assert_eq!(
            refused(Incoming {
                content_type: None,
                ..all
            }),
            invalid
        );
        assert_eq!(
            refused(Incoming {
                content_type: Some("text/plain"),
                ..all
            }),
            invalid
        );
        let parameter = (400, "PARAM_ERROR".to_owned());
        assert_eq!(
            refused(Incoming {
                platform_serial: None,
                ..all
            }),
            parameter
        );
        let foreign = Some("PUB_KEY_ID_9");
        assert_eq!(
            refused(Incoming {
                platform_serial: foreign,
                ..all
            }),
            parameter
        );
    }
}
