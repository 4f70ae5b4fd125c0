use std::sync::{Arc, Mutex, PoisonError};

use kernel::{FixedClock, Tag, UuidNumbers};
use paydesk_provider::PaymentProvider;
use payments::AccountKey;
use time::Duration;
use tokio::runtime::Handle;

use super::{FakeProvider, NOW};
use crate::{
    Alarm, Alerts, Catalogue, Checkout, Database, Exception, Fulfilment, Inquiry, LocalWakeUp,
    Merchant, Merchants, Notices, Ports, Rejections, Settlement, Tasks, Terms,
};

/// The environment's tag in tests.
pub const TAG: &str = "dev";

/// Every use case on one database, with a clock that stands still and fake platforms.
#[derive(Debug)]
pub struct Shop {
    /// What the use cases reach the world by.
    pub ports: Ports,
    /// The clock; it shows [`NOW`] until it is moved.
    pub clock: Arc<FixedClock>,
    /// The account `wechat`, active.
    pub wechat: Arc<FakeProvider>,
    /// The account `alipay`, active.
    pub alipay: Arc<FakeProvider>,
    /// What was raised.
    pub alerts: Arc<HeardAlerts>,
    /// Counts of refused callbacks.
    pub rejections: Rejections,
}

impl Shop {
    /// A shop on this database. Its tasks run where this is called: in a runtime, that is.
    pub fn on(database: Arc<dyn Database>) -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let wechat = Arc::new(FakeProvider::wechat());
        let alipay = Arc::new(FakeProvider::alipay());
        let alerts = Arc::new(HeardAlerts::default());
        let mut merchants = Merchants::default();
        merchants.add(merchant("wechat", wechat.clone()), true);
        merchants.add(merchant("alipay", alipay.clone()), true);
        let ports = Ports {
            database,
            clock: clock.clone(),
            numbers: Arc::new(UuidNumbers::new(tag())),
            wake: Arc::new(LocalWakeUp::default()),
            alerts: alerts.clone(),
            merchants: Arc::new(merchants),
            tasks: Tasks::on(Handle::current()),
        };
        Self {
            ports,
            clock,
            wechat,
            alipay,
            alerts,
            rejections: Rejections::default(),
        }
    }

    /// Settling.
    pub fn settlement(&self) -> Settlement {
        Settlement::new(self.ports.clone(), tag())
    }

    /// Granting.
    pub fn fulfilment(&self) -> Fulfilment {
        Fulfilment::new(self.ports.clone())
    }

    /// Telling people.
    pub fn alarm(&self) -> Alarm {
        Alarm::new(self.ports.clone())
    }

    /// Asking.
    pub fn inquiry(&self) -> Inquiry {
        Inquiry::new(self.ports.clone(), self.settlement(), self.fulfilment())
    }

    /// Placing orders that can be paid for half an hour.
    pub fn checkout(&self) -> Checkout {
        let pay_within = Duration::minutes(30);
        Checkout::new(self.ports.clone(), self.inquiry(), Terms { pay_within })
    }

    /// Receiving.
    pub fn notices(&self) -> Notices {
        Notices::new(
            self.ports.clone(),
            self.settlement(),
            self.fulfilment(),
            self.rejections.clone(),
        )
    }

    /// What is for sale.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.ports.database.clone(), self.ports.clock.clone())
    }
}

fn tag() -> Tag {
    TAG.parse().expect("the tag of tests is a tag")
}

fn merchant(name: &str, provider: Arc<dyn PaymentProvider>) -> Merchant {
    let channel = provider.identity().channel;
    Merchant {
        key: AccountKey::new(name),
        provider,
        notify_url: format!("https://pay.example.com/api/v1/payment/{channel}/callback"),
    }
}

/// Remembers what was raised.
#[derive(Debug, Default)]
pub struct HeardAlerts(Mutex<Vec<Exception>>);

impl HeardAlerts {
    /// Everything so far.
    pub fn heard(&self) -> Vec<Exception> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Alerts for HeardAlerts {
    fn raise(&self, exception: &Exception) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exception.clone());
    }
}
