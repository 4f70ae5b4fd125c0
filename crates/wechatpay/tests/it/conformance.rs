use std::sync::Arc;

use async_trait::async_trait;
use paydesk_provider::testing::{Bench, Misbehaviour, conforms};
use paydesk_provider::{CreatePayment, PaymentProvider, RawNotice};
use paydesk_wechatpay::WechatPay;

use crate::platform::{FakePlatform, an_order};

struct WechatBench {
    platform: Arc<FakePlatform>,
    client: WechatPay,
}

#[async_trait]
impl Bench for WechatBench {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.client
    }

    fn request(&self) -> CreatePayment {
        an_order(&format!("PO{:010}", self.platform.next()))
    }

    async fn pay(&self, payment_no: &str) -> RawNotice {
        self.platform.pay(payment_no)
    }

    async fn misbehave(&self, how: Option<Misbehaviour>) {
        self.platform.misbehave(how);
    }
}

#[tokio::test]
async fn the_client_does_what_every_provider_must() {
    let platform = FakePlatform::new();
    let client = platform.client();
    conforms(&WechatBench { platform, client }).await.unwrap();
}
