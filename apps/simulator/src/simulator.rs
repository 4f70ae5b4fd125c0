//! What every channel shares: keys, clock, the world, and the way notices leave the house.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    alipay,
    channel::Channel,
    clock::Clock,
    deliveries::{self, Delivery, Parcel, Receipt},
    faults::{Fault, Kind, Point},
    keys::Material,
    notice::{Notice, Tamper},
    options::{CodeUrl, Options},
    orders::{Order, PayError, Payment},
    wechat,
    world::World,
};

/// How a customer pays.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Manner {
    /// The part of the total that a coupon covers.
    pub(crate) coupon_fen: i64,
    /// The customer's openid, or Alipay's user id.
    pub(crate) payer: Option<String>,
    /// Whether the merchant hears of it. `false` plays a lost notice.
    pub(crate) notify: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            coupon_fen: 0,
            payer: None,
            notify: true,
        }
    }
}

pub(crate) struct Simulator {
    pub(crate) options: Options,
    pub(crate) material: Material,
    pub(crate) clock: Clock,
    /// Where the API listens.
    pub(crate) base_url: String,
    pub(crate) stopping: CancellationToken,
    pub(crate) tasks: TaskTracker,
    world: Mutex<World>,
    client: reqwest::Client,
    /// Notices are sent from the runtime that started the simulator, so that they do not depend
    /// on the worker that happened to serve the request.
    runtime: Handle,
}

impl Simulator {
    pub(crate) fn new(options: Options, material: Material, base_url: String) -> io::Result<Self> {
        Ok(Self {
            clock: Clock::new(options.speed),
            world: Mutex::new(World::new(options.deliveries_kept)),
            client: client()?,
            runtime: Handle::try_current().map_err(io::Error::other)?,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
            material,
            base_url,
        })
    }

    /// Held for a few map operations, never over an await.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of a code's payment page.
    pub(crate) fn page_url(&self, code: &str) -> String {
        let base = self.options.public_url.as_deref().unwrap_or(&self.base_url);
        format!("{}/pay/{code}", base.trim_end_matches('/'))
    }

    /// What the QR code contains.
    pub(crate) fn code_url(&self, channel: Channel, code: &str) -> String {
        match (self.options.code_url, channel) {
            (CodeUrl::Weixin, Channel::Wechat) => format!("weixin://wxpay/bizpayurl?pr={code}"),
            (CodeUrl::Weixin, Channel::Alipay) => format!("https://qr.alipay.com/{code}"),
            (CodeUrl::Page, _) => self.page_url(code),
        }
    }

    /// Alipay's one address.
    pub(crate) fn gateway_url(&self) -> String {
        format!("{}/gateway.do", self.base_url)
    }

    /// What a merchant needs to use this simulator.
    pub(crate) fn settings(&self) -> Value {
        let keys = &self.material.keys;
        json!({
            "merchant_id": keys.merchant_id,
            "app_id": keys.app_id,
            "certificate_serial": keys.certificate_serial,
            "private_key": keys.private_key,
            "api_v3_key": keys.api_v3_key,
            "platform_public_key_id": keys.platform_public_key_id,
            "platform_public_key": keys.platform_public_key,
            "base_url": self.base_url,
            "alipay": {
                "merchant_id": keys.alipay.merchant_id,
                "app_id": keys.alipay.app_id,
                "private_key": keys.alipay.private_key,
                "platform_public_key": keys.alipay.platform_public_key,
                "base_url": self.gateway_url(),
            },
        })
    }

    /// The customer pays, and the merchant is told on the plan. The receiver fires when the first
    /// try is over; there is none when nobody is told.
    pub(crate) fn pay(
        self: Arc<Self>,
        channel: Channel,
        out_trade_no: &str,
        manner: &Manner,
    ) -> Result<(Order, Option<oneshot::Receiver<()>>), PayError> {
        let now = self.clock.now();
        let customer = || channel.customer().to_owned();
        let payment = Payment {
            transaction_id: channel.transaction_id(now),
            paid_at: now,
            payer: manner.payer.clone().unwrap_or_else(customer),
            coupon_fen: manner.coupon_fen,
        };
        let order = self.world().pay(channel, out_trade_no, payment)?;
        let notice = manner.notify.then(|| self.announcement(&order)).flatten();
        let Some(notice) = notice else {
            return Ok((order, None));
        };
        let (told, first_try) = oneshot::channel();
        let (tasks, runtime) = (self.tasks.clone(), self.runtime.clone());
        tasks.spawn_on(self.notify(notice, told), &runtime);
        Ok((order, Some(first_try)))
    }

    /// The notice that tells the merchant how a paid order stands; `None` if it gave no address.
    pub(crate) fn announcement(&self, order: &Order) -> Option<Notice> {
        let now = self.clock.now();
        match order.terms.channel {
            Channel::Wechat => wechat::notice::payment(order, &self.material, now),
            Channel::Alipay => alipay::notice::payment(order, &self.material.keys.alipay, now),
        }
    }

    /// A phone scans a code, which with Alipay creates the trade.
    pub(crate) fn scan(&self, code: &str) {
        let now = self.clock.now();
        let transaction_id = Channel::Alipay.transaction_id(now);
        self.world().scan(code, &transaction_id, now);
    }

    /// Tries until the merchant accepts, the plan ends, or the simulator stops.
    async fn notify(self: Arc<Self>, notice: Notice, told: oneshot::Sender<()>) {
        let mut told = Some(told);
        let stopping = self.stopping.clone();
        let tries = async {
            let plan = notice.channel().plan();
            for attempt in 0..=plan.len() {
                let delivery = self.deliver(&notice, Some(attempt), None).await;
                if let Some(told) = told.take() {
                    told.send(()).ok();
                }
                if delivery.accepted {
                    return;
                }
                if let Some(pause) = plan.get(attempt) {
                    self.clock.wait(*pause).await;
                }
            }
            tracing::warn!(order.no = notice.out_trade_no, "notice was never accepted");
        };
        tokio::select! {
            () = tries => {}
            () = stopping.cancelled() => {}
        }
    }

    /// One try, with the fault it meets, kept in the log.
    pub(crate) async fn deliver(
        &self,
        notice: &Notice,
        attempt: Option<usize>,
        tamper: Option<Tamper>,
    ) -> Delivery {
        let point = match notice.channel() {
            Channel::Wechat => Point::Notify,
            Channel::Alipay => Point::AlipayNotify,
        };
        let fault = self.world().faults.take(point, &notice.out_trade_no);
        let sent_at = self.clock.now();
        let (request, receipt) = self.send(notice, tamper, fault).await;
        let delivery = Delivery {
            number: 0,
            channel: notice.channel(),
            notice_id: notice.id.clone(),
            out_trade_no: notice.out_trade_no.clone(),
            event_type: notice.event_type.clone(),
            url: notice.url.clone(),
            attempt,
            sent_at,
            accepted: notice.channel().accepts(&receipt),
            request,
            receipt,
        };
        self.world().deliveries.keep(delivery)
    }

    /// What was sent, if anything, and what came of it.
    async fn send(
        &self,
        notice: &Notice,
        tamper: Option<Tamper>,
        fault: Option<Fault>,
    ) -> (Option<Parcel>, Receipt) {
        let kind = fault.as_ref().map(|fault| fault.kind);
        let value = fault.and_then(|fault| fault.value).unwrap_or_default();
        let tamper = match kind {
            Some(Kind::Status) => {
                let status = u16::try_from(value).unwrap_or(500);
                let receipt = Receipt::pretended(status, notice.channel().thanks());
                return (None, receipt);
            }
            Some(Kind::DropConnection) => {
                return (None, Receipt::failure("lost on request, not sent"));
            }
            Some(Kind::DelayMs) => {
                tokio::time::sleep(Duration::from_millis(value)).await;
                tamper
            }
            Some(Kind::BadSignature) => Some(Tamper::Signature),
            Some(Kind::Unsigned) => Some(Tamper::Unsigned),
            Some(Kind::ActThenDrop | Kind::ActThenDelay | Kind::PayBeforeAnswer) | None => tamper,
        };
        let parcel = notice.parcel(&self.material, self.clock.signature_time(), tamper);
        let mut receipt = deliveries::send(&self.client, &notice.url, &parcel).await;
        if kind == Some(Kind::ActThenDrop) {
            receipt = Receipt::failure("sent; the answer was ignored on request");
        }
        (Some(parcel), receipt)
    }
}

/// A client of its own: it must not depend on a TLS provider that the process may have installed.
/// It follows no redirects, because the platform counts them as failures.
fn client() -> io::Result<reqwest::Client> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(io::Error::other)
}
