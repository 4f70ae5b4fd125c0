use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpServer};
use bootstrap::{Service, Settings, SettingsError};
use kernel::StoreError;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::auth::{Caller, Tokens};
use crate::links::Links;
use crate::live::Live;
use crate::problem::Problem;
use crate::{requests, routes};

/// Refused callbacks are counted in memory and stored this often.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Idempotency keys that are over are forgotten this often, so many at once.
const FORGET_EVERY: Duration = Duration::from_mins(1);
const FORGET_AT_ONCE: u64 = 200;
/// How long a graceful stop waits for requests in flight.
const STOP_WITHIN_S: u64 = 10;

/// What every handler needs.
#[derive(Debug)]
pub struct Api {
    service: Service,
    tokens: Tokens,
    links: Links,
    live: Arc<Live>,
    docs: bool,
}

impl Api {
    /// The API over this service.
    ///
    /// # Errors
    /// A key in the settings cannot be used.
    pub fn new(settings: &Settings, service: Service) -> Result<Self, SettingsError> {
        Ok(Self {
            tokens: Tokens::new(&settings.auth)?,
            links: Links::new(settings.http.link_secret.expose_secret()),
            live: Arc::new(Live::new(settings)),
            docs: settings.http.docs,
            service,
        })
    }

    pub(crate) const fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) const fn links(&self) -> &Links {
        &self.links
    }

    pub(crate) const fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Whether it describes itself.
    pub(crate) const fn describes_itself(&self) -> bool {
        self.docs
    }

    pub(crate) fn check_token(&self, token: &str) -> Result<Caller, Problem> {
        self.tokens.check(token, self.service.ports.clock.now())
    }
}

/// Serves the API on a listener until `stop` is cancelled, then stops in order: no new connections,
/// sockets closed with a code that makes clients come back, requests in flight finished.
///
/// `more` adds what else the process serves at the same address; the demo adds its page.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    api: Arc<Api>,
    listener: TcpListener,
    stop: CancellationToken,
    more: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<()> {
    let live = Arc::clone(api.live());
    let data = Data::from(Arc::clone(&api));
    let follower = tokio::spawn(
        live.clone()
            .follow(api.service().ports.clone(), stop.clone()),
    );
    let done = stop.child_token();
    let flusher = tokio::spawn(flush(Arc::clone(&api), done.clone()));
    let forgetter = tokio::spawn(forget(Arc::clone(&api)));
    let http = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(requests::follow))
            .app_data(data.clone())
            .configure(routes::configure)
            .configure(more.clone())
            .default_service(web::to(routes::nothing_here))
    })
    .listen(listener)?
    .shutdown_timeout(STOP_WITHIN_S)
    .disable_signals()
    .run();
    let handle = http.handle();
    let stopper = tokio::spawn(async move {
        stop.cancelled().await;
        live.close();
        handle.stop(true).await;
    });
    let outcome = http.await;
    stopper.abort();
    done.cancel();
    if flusher.await.is_err() {
        tracing::warn!("counts of refused callbacks may be lost");
    }
    follower.abort();
    forgetter.abort();
    outcome
}

async fn flush(api: Arc<Api>, stop: CancellationToken) {
    let service = api.service();
    while !stop.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(FLUSH_EVERY) => {}
            () = stop.cancelled() => {}
        }
        if let Err(error) = service.rejections.flush(&*service.ports.database).await {
            tracing::warn!(%error, "counts of refused callbacks are kept for the next time");
        }
    }
}

/// Each process does it, for no other needs to: a key that is forgotten twice is forgotten.
async fn forget(api: Arc<Api>) {
    let keys = &api.service().idempotency;
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        if let Err(error) = while_full(|| keys.forget(FORGET_AT_ONCE)).await {
            tracing::warn!(%error, "old idempotency keys are kept for the next time");
        }
    }
}

/// Goes on until there is less left than is forgotten at once: more may become due in a minute.
async fn while_full<F>(mut forget: impl FnMut() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    while forget().await? >= FORGET_AT_ONCE {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_keys_that_are_over_are_forgotten_in_one_round() {
        let mut due = 3 * FORGET_AT_ONCE + 7;
        let forgotten = while_full(|| {
            let now = due.min(FORGET_AT_ONCE);
            due -= now;
            async move { Ok(now) }
        });
        forgotten.await.unwrap();
        assert_eq!(due, 0);
    }

    #[tokio::test]
    async fn a_failing_store_is_not_asked_again_at_once() {
        let mut asked = 0;
        let forgotten = while_full(|| {
            asked += 1;
            async { Err(StoreError::lost_update("away")) }
        });
        assert!(forgotten.await.is_err());
        assert_eq!(asked, 1);
    }
}
