//! Who calls: a bearer token, checked with the algorithm of the settings and never that of the
//! token.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use bootstrap::{AuthSettings, SettingsError};
use jsonwebtoken::{DecodingKey, Validation};
use kernel::UserId;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::Api;
use crate::problem::Problem;

/// Clocks of issuer and service may differ by so much.
const LEEWAY_S: i64 = 60;

/// Checks tokens.
pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

/// A user whose token was checked.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user_id: UserId,
    /// When the token ends.
    pub(crate) until: OffsetDateTime,
    scopes: Vec<String>,
}

/// For a service that places orders for the users whom it names.
pub(crate) const ORDERS_CREATE: &str = "orders:create";

impl Caller {
    /// Refuses a caller whose token does not have this scope.
    pub(crate) fn needs(&self, scope: &str) -> Result<(), Problem> {
        if self.scopes.iter().any(|own| own == scope) {
            return Ok(());
        }
        Err(Problem::forbidden(&format!(
            "This needs a token with the scope {scope}."
        )))
    }
}

/// Unknown claims are ignored: they are the issuer's business.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    scope: Value,
    #[serde(default)]
    scopes: Value,
}

/// Issuers write scopes as one text or as a list. Whatever else stands there gives no right, and is
/// no reason to refuse the token.
fn scopes(claim: &Value) -> Vec<String> {
    let texts = match claim {
        Value::String(text) => vec![text.as_str()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let words = texts.into_iter().flat_map(str::split_ascii_whitespace);
    words.map(str::to_owned).collect()
}

impl Tokens {
    pub(crate) fn new(settings: &AuthSettings) -> Result<Self, SettingsError> {
        use bootstrap::Algorithm::{EdDSA, HS256, RS256};

        let pem = settings
            .public_key
            .as_deref()
            .unwrap_or_default()
            .as_bytes();
        let secret = settings
            .secret
            .as_ref()
            .map_or("", |secret| secret.expose_secret());
        let (algorithm, key) = match settings.algorithm {
            HS256 => (
                jsonwebtoken::Algorithm::HS256,
                Ok(DecodingKey::from_secret(secret.as_bytes())),
            ),
            RS256 => (
                jsonwebtoken::Algorithm::RS256,
                DecodingKey::from_rsa_pem(pem),
            ),
            EdDSA => (
                jsonwebtoken::Algorithm::EdDSA,
                DecodingKey::from_ed_pem(pem),
            ),
        };
        let key = key.map_err(|_| SettingsError {
            setting: "auth.public_key".to_owned(),
            problem: format!("no public key in PEM for {:?}", settings.algorithm),
        })?;
        let mut validation = Validation::new(algorithm);
        // Times are compared below, with the service's own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        validation.validate_aud = settings.audience.is_some();
        if let Some(audience) = &settings.audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        if let Some(issuer) = &settings.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        Ok(Self { key, validation })
    }

    /// The caller, if the token is good at that instant.
    pub(crate) fn check(&self, token: &str, now: OffsetDateTime) -> Result<Caller, Problem> {
        let refused = |why| Problem::unauthenticated(why);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| refused("The token is not valid."))?
            .claims;
        let seconds = now.unix_timestamp();
        if claims.exp.saturating_add(LEEWAY_S) <= seconds {
            return Err(refused("The token has expired."));
        }
        if claims
            .nbf
            .is_some_and(|nbf| nbf.saturating_sub(LEEWAY_S) > seconds)
        {
            return Err(refused("The token is not valid yet."));
        }
        let user_id = claims
            .sub
            .parse()
            .map_err(|_| refused("The token's sub is no user id."))?;
        let end = claims.exp.saturating_add(LEEWAY_S);
        let until = OffsetDateTime::from_unix_timestamp(end)
            .unwrap_or_else(|_| now + time::Duration::days(3650));
        let mut own = scopes(&claims.scope);
        own.extend(scopes(&claims.scopes));
        Ok(Caller {
            user_id,
            until,
            scopes: own,
        })
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("algorithms", &self.validation.algorithms)
            .finish_non_exhaustive()
    }
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(api) = request.app_data::<Data<Api>>() else {
            return ready(Err(Problem::unauthenticated("No way to check tokens.")));
        };
        let missing = || Problem::unauthenticated("A bearer token is needed.");
        ready(
            bearer(request)
                .ok_or_else(missing)
                .and_then(|token| api.check_token(token)),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scopes_are_read_as_issuers_write_them() {
        for (claim, expected) in [
            (json!("a b:c  d"), vec!["a", "b:c", "d"]),
            (json!(["a", "b:c d"]), vec!["a", "b:c", "d"]),
            (json!(["a", 1, null]), vec!["a"]),
            (json!(""), vec![]),
            (json!(null), vec![]),
            (json!(7), vec![]),
            (json!({ "a": true }), vec![]),
        ] {
            assert_eq!(scopes(&claim), expected, "{claim}");
        }
    }
}
