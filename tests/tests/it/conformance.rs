//! The WeChat Pay client against the simulator, over real HTTP: two implementations of one protocol
//! that share no code have to agree.

use std::sync::atomic::{AtomicU32, Ordering};

use e2e::Client;
use paydesk_money::Cny;
use paydesk_provider::testing::{Bench, Misbehaviour, conforms};
use paydesk_provider::{CreatePayment, PaymentProvider, RawNotice, Scene};
use paydesk_simulator::{Options, Running};
use paydesk_wechatpay::{ApiV3Key, Config, Credentials, MerchantKey, PlatformKeys, WechatPay};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

struct Simulated {
    client: WechatPay,
    platform: Client,
    next: AtomicU32,
    _running: Running,
}

impl Simulated {
    async fn new() -> Self {
        let running = paydesk_simulator::start(Options::default()).await.unwrap();
        let keys = running.keys();
        let credentials = Credentials {
            merchant_id: keys.merchant_id.clone(),
            app_id: keys.app_id.clone(),
            certificate_serial: keys.certificate_serial.clone(),
            merchant_key: MerchantKey::parse(&keys.private_key).unwrap(),
            api_v3_key: ApiV3Key::parse(&keys.api_v3_key).unwrap(),
            platform_keys: PlatformKeys::new(
                &keys.platform_public_key_id,
                &keys.platform_public_key,
            )
            .unwrap(),
        };
        let client = WechatPay::new(Config::new(credentials).base_url(running.url())).unwrap();
        Self {
            client,
            platform: Client::new(running.url()),
            next: AtomicU32::new(1),
            _running: running,
        }
    }
}

#[async_trait::async_trait]
impl Bench for Simulated {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.client
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator lives in real time"
    )]
    fn request(&self) -> CreatePayment {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        CreatePayment {
            payment_no: format!("conf{number:026}"),
            scene: Scene::Qr,
            amount: Cny::from_fen(990),
            description: "1,000 点".to_owned(),
            notify_url: "http://127.0.0.1:9/notify".to_owned(),
            expire_at: OffsetDateTime::now_utc() + Duration::minutes(30),
        }
    }

    async fn pay(&self, payment_no: &str) -> RawNotice {
        let path = format!("/sim/orders/{payment_no}/pay");
        let paid = self.platform.post(&path, &json!({ "notify": false })).await;
        assert_eq!(paid.status, 200, "{paid:?}");
        let made = json!({ "out_trade_no": payment_no, "deliver": false });
        let notice = self.platform.post("/sim/notices", &made).await.json();
        let request = notice.get("request").unwrap_or(&notice);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = request["headers"].as_object().unwrap().iter();
        RawNotice {
            headers: headers
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            body: text(&request["body"]).into(),
        }
    }

    async fn misbehave(&self, how: Option<Misbehaviour>) {
        let cleared = self
            .platform
            .raw("DELETE", "/sim/faults", &[], Vec::new())
            .await;
        assert!((200..300).contains(&cleared.status), "{cleared:?}");
        let fault = match how {
            None => return,
            // The simulator never signs nonsense; the client's own tests have a platform that does.
            Some(Misbehaviour::HangUp | Misbehaviour::Gibberish) => {
                json!({ "kind": "act_then_drop" })
            }
            Some(Misbehaviour::ServerError) => {
                json!({ "kind": "status", "value": 500, "code": "SYSTEM_ERROR" })
            }
            Some(Misbehaviour::BadSignature) => json!({ "kind": "bad_signature" }),
            Some(Misbehaviour::Unsigned) => json!({ "kind": "unsigned" }),
        };
        let on = ["native", "query", "close"].map(|on| {
            let mut fault = fault.clone();
            fault["on"] = json!(on);
            fault["times"] = json!(100);
            fault
        });
        let set = self.platform.post("/sim/faults", &json!(on)).await;
        assert!((200..300).contains(&set.status), "{set:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_and_the_simulator_agree() {
    conforms(&Simulated::new().await).await.unwrap();
}
