//! The demo's stand-in for the product's own login: a token for a new visitor.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use jsonwebtoken::{EncodingKey, Header};
use kernel::Clock;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// A visitor's token lives so long; the page gets a new one when it ends.
const LIFE: time::Duration = time::Duration::hours(12);

pub(crate) struct Sessions {
    key: EncodingKey,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Claims {
    sub: String,
    exp: i64,
}

impl Sessions {
    pub(crate) fn new(secret: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            key: EncodingKey::from_secret(secret.as_bytes()),
            clock,
        }
    }
}

/// A secret that nobody else has: 64 hexadecimal digits.
pub(crate) fn new_secret() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("no random numbers"))?;
    Ok(hex::encode(bytes))
}

pub(crate) fn configure(config: &mut ServiceConfig) {
    config.route("/demo/session", web::post().to(open));
}

/// A page that has a visitor already may ask for a new token for the same one; there is nothing to
/// protect here but play money.
#[derive(serde::Deserialize)]
struct Returning {
    user_id: Option<String>,
}

async fn open(sessions: Data<Sessions>, returning: web::Query<Returning>) -> impl Responder {
    let known = returning.user_id.as_deref().filter(|id| {
        id.len() == 41
            && id
                .strip_prefix("demo-")
                .is_some_and(|id| Uuid::try_parse(id).is_ok())
    });
    let user_id = known.map_or_else(|| format!("demo-{}", Uuid::new_v4()), str::to_owned);
    let until = sessions.clock.now() + LIFE;
    let claims = Claims {
        sub: user_id.clone(),
        exp: until.unix_timestamp(),
    };
    let token = jsonwebtoken::encode(&Header::default(), &claims, &sessions.key);
    match (token, until.format(&Rfc3339)) {
        (Ok(token), Ok(expires_at)) => HttpResponse::Ok().json(json!({
            "token": token,
            "user_id": user_id,
            "expires_at": expires_at,
        })),
        _ => HttpResponse::InternalServerError().finish(),
    }
}
