//! Telling browsers what happens to their orders.

mod follow;
mod frames;
mod hub;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bootstrap::Settings;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Api;
use crate::auth::bearer;
use crate::problem::Problem;
use hub::Hub;

/// The subprotocol that we speak, and the only one that we ever name.
const PROTOCOL: &str = "paydesk.v1";
/// A socket waits so long for the follower before it reads its snapshot.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(2);
const PROTOCOL_HEADER: &str = "sec-websocket-protocol";

/// The sockets of this process.
#[derive(Debug)]
pub(crate) struct Live {
    hub: Hub,
    origins: Vec<String>,
    closing: CancellationToken,
    following: watch::Sender<bool>,
}

impl Live {
    pub(crate) fn new(settings: &Settings) -> Self {
        let own = settings.http.public_url.origin().ascii_serialization();
        let mut origins = settings.http.allowed_origins.clone();
        origins.push(own);
        Self {
            hub: Hub::default(),
            origins,
            closing: CancellationToken::new(),
            following: watch::Sender::new(false),
        }
    }

    /// Closes every socket; clients come back to another process, or to this one restarted.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until the follower knows where it stands; not for ever, because a client polls anyway.
    async fn followed(&self) {
        let mut following = self.following.subscribe();
        let known = following.wait_for(|known| *known);
        drop(tokio::time::timeout(FOLLOWED_WITHIN, known).await);
    }

    /// A browser says which page opened the socket. Pages of other sites are refused; a page served
    /// from the address it calls is our own, whatever name that has from there.
    fn admits_origin(&self, request: &HttpRequest) -> bool {
        let text = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let Some(origin) = text("origin") else {
            return true;
        };
        let same_host = origin
            .split_once("://")
            .zip(text("host"))
            .is_some_and(|((_, of_page), called)| of_page.eq_ignore_ascii_case(called));
        same_host
            || self
                .origins
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

/// Opens a socket for the caller's own orders.
///
/// A browser sends its token as a subprotocol: `paydesk.v1, bearer.<JWT>`.
#[utoipa::path(get, path = "/api/v1/payment/ws", tag = "payment", security(("bearer" = [])),
    responses((status = 101, description = "A snapshot, then an event a frame")),
    extensions(("x-problems" = json!(["invalid_request", "forbidden", "rate_limited"]))))]
pub(crate) async fn connect(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let live = Arc::clone(api.live());
    if !live.admits_origin(&request) {
        return Err(Problem::forbidden("This page may not open a socket here."));
    }
    let needed = || Problem::unauthenticated("A bearer token is needed.");
    let token = token(&request).ok_or_else(needed)?;
    let caller = api.check_token(&token)?;
    let seat = live
        .hub
        .join(&caller.user_id)
        .ok_or_else(|| Problem::too_many("Too many sockets are open for this user."))?;
    // Only our own protocol is ever named in the answer, never the one that carries the token.
    let (response, session, stream) =
        actix_ws::handle_with_protocols(&request, payload, &[PROTOCOL])
            .map_err(|error| Problem::invalid("(upgrade)", error.to_string()))?;
    let api = api.into_inner();
    actix_web::rt::spawn(socket::run(api, caller, seat, session, stream));
    Ok(response)
}

/// The token from the header, or from the subprotocols, where browsers have to put it.
fn token(request: &HttpRequest) -> Option<String> {
    if let Some(token) = bearer(request) {
        return Some(token.to_owned());
    }
    let offered = request.headers().get_all(PROTOCOL_HEADER);
    let words: Vec<String> = offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|word| word.trim().to_owned())
        .collect();
    if !words.iter().any(|word| word == PROTOCOL) {
        return None;
    }
    words
        .iter()
        .find_map(|word| word.strip_prefix("bearer."))
        .map(str::to_owned)
}
