use std::sync::Arc;

use async_trait::async_trait;
use paydesk_alipay::Alipay;
use paydesk_provider::testing::{Bench, Misbehaviour, conforms};
use paydesk_provider::{CreatePayment, PaymentProvider, RawNotice};

use crate::platform::modes::{CURRENT, certified, content_key};
use crate::platform::{FakePlatform, an_order};

struct AlipayBench {
    platform: Arc<FakePlatform>,
    client: Alipay,
}

#[async_trait]
impl Bench for AlipayBench {
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

/// The suite asks about orders right after they were made, so the double's payer scans at once:
/// before the first scan this platform knows nothing of an order.
#[tokio::test]
async fn the_client_does_what_every_provider_must() {
    let platform = FakePlatform::new();
    let client = platform.client();
    conforms(&AlipayBench { platform, client }).await.unwrap();
}

#[tokio::test]
async fn so_it_does_in_certificate_mode_with_encrypted_content() {
    let platform = FakePlatform::new();
    platform.modes(|modes| {
        modes.certify(CURRENT, None);
        modes.encrypt();
    });
    let config = platform.config(certified()).content_key(content_key());
    let client = Alipay::new(config).unwrap();
    conforms(&AlipayBench { platform, client }).await.unwrap();
}
