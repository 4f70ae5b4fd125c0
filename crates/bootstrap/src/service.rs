use std::sync::Arc;

use cashier::{
    Alarm, Catalogue, Checkout, Closing, Database, Expiry, Fulfilment, Idempotency, Inquiry,
    LateMoney, LocalWakeUp, LogAlerts, Merchants, Notices, Policy, PollPlan, Polling, Ports,
    Rejections, Settlement, Tasks, Terms, Ungrantable,
};
use kernel::{Clock, UuidNumbers};
use paydesk_provider::http::ReqwestTransport;
use persistence::{CheckError, MigrateError, Migrated, Store};
use secrecy::ExposeSecret;
use time::Duration;
use tokio::runtime::Handle;

use crate::accounts::Surroundings;
use crate::test_switches::TestSwitches;
use crate::{FailedGrant, LatePayment, OrderSettings, Settings, SettingsError, accounts};

/// Where the database is.
const URL: &str = "database.url";
/// Whose database it is.
const TAG: &str = "orders.payment_tag";

/// The use cases, ready to be served.
#[derive(Clone, Debug)]
pub struct Service {
    /// What is for sale.
    pub catalogue: Catalogue,
    /// Placing and showing orders.
    pub checkout: Checkout,
    /// Ending orders whose time ran out.
    pub expiry: Expiry,
    /// Asking platforms about what is not over.
    pub polling: Polling,
    /// Requests that may be sent again.
    pub idempotency: Idempotency,
    /// Receiving callbacks.
    pub notices: Notices,
    /// Granting goods.
    pub fulfilment: Fulfilment,
    /// Telling people of exceptions.
    pub alarm: Alarm,
    /// Counts of refused callbacks, to be flushed by whoever serves.
    pub rejections: Rejections,
    /// What the use cases reach the world by.
    pub ports: Ports,
    store: Store,
}

impl Service {
    /// Waits for what was started, stores what was counted, closes the database. Call it last.
    pub async fn stop(self) {
        self.ports.tasks.finish().await;
        if let Err(error) = self.rejections.flush(&*self.ports.database).await {
            tracing::warn!(%error, "counts of refused callbacks were lost");
        }
        if let Err(error) = self.store.close().await {
            tracing::warn!(%error, "the database was not closed in order");
        }
    }
}

/// Builds the service on the current runtime.
///
/// # Errors
/// A setting or the database stands in the way; one line says which and how.
pub async fn assemble(
    settings: &Settings,
    switches: TestSwitches,
) -> Result<Service, SettingsError> {
    let store = store(settings, false).await?;
    assemble_on(store, settings, switches).await
}

/// The same for a process that only runs jobs: where it shares a database file, it gives way to those
/// whose callers wait.
///
/// # Errors
/// As [`assemble`].
pub async fn assemble_jobs(
    settings: &Settings,
    switches: TestSwitches,
) -> Result<Service, SettingsError> {
    let store = store(settings, false).await?.deferring();
    assemble_on(store, settings, switches).await
}

async fn assemble_on(
    store: Store,
    settings: &Settings,
    switches: TestSwitches,
) -> Result<Service, SettingsError> {
    let clock: Arc<dyn Clock> = Arc::new(switches.clock());
    let merchants = merchants(settings, &clock)?;
    let tag = &settings.orders.payment_tag;
    store.check(tag).await.map_err(|error| {
        let setting = match error {
            CheckError::OtherTag { .. } => TAG,
            _ => URL,
        };
        SettingsError::caused(setting, &error)
    })?;
    let database: Arc<dyn Database> = Arc::new(store.clone());
    let ports = Ports {
        database: Arc::clone(&database),
        clock,
        numbers: Arc::new(UuidNumbers::new(settings.orders.payment_tag.clone())),
        wake: Arc::new(LocalWakeUp::default()),
        alerts: Arc::new(LogAlerts),
        merchants: Arc::new(merchants),
        tasks: Tasks::on(Handle::current()),
    };
    let rejections = Rejections::default();
    let policy = policy(&settings.orders);
    let settlement = Settlement::new(ports.clone(), settings.orders.payment_tag.clone(), policy);
    let fulfilment = Fulfilment::new(ports.clone(), policy);
    let inquiry = Inquiry::new(ports.clone(), settlement.clone(), fulfilment.clone());
    let closing = Closing::new(ports.clone(), inquiry.clone());
    let plan = plan(&settings.orders);
    Ok(Service {
        catalogue: Catalogue::new(database, Arc::clone(&ports.clock)),
        expiry: Expiry::new(ports.clone(), closing.clone()),
        polling: Polling::new(ports.clone(), inquiry.clone(), closing.clone(), plan),
        checkout: Checkout::new(
            ports.clone(),
            inquiry,
            closing,
            terms(&settings.orders, switches),
        ),
        idempotency: Idempotency::new(ports.clone()),
        notices: Notices::new(
            ports.clone(),
            settlement,
            fulfilment.clone(),
            rejections.clone(),
        ),
        fulfilment,
        alarm: Alarm::new(ports.clone()),
        rejections,
        ports,
        store,
    })
}

fn policy(orders: &OrderSettings) -> Policy {
    Policy {
        late: match orders.late_payment {
            LatePayment::Refund => LateMoney::Refund,
            LatePayment::Grant => LateMoney::Grant,
        },
        ungrantable: match orders.failed_grant {
            FailedGrant::Refund => Ungrantable::Refund,
            FailedGrant::Hold => Ungrantable::Hold,
        },
        grant_tries: orders.grant_tries.into(),
    }
}

fn terms(orders: &OrderSettings, switches: TestSwitches) -> Terms {
    let within = |minutes: Option<u16>| {
        let minutes = minutes.unwrap_or(orders.pay_within_minutes);
        let set = Duration::minutes(i64::from(minutes));
        switches.pay_within.unwrap_or(set)
    };
    Terms {
        points_within: within(orders.points_pay_within_minutes),
        membership_within: within(orders.membership_pay_within_minutes),
        upgrade_within: within(orders.upgrade_pay_within_minutes),
        first_poll_after: Duration::seconds(i64::from(orders.query_every_seconds)),
    }
}

fn plan(orders: &OrderSettings) -> PollPlan {
    PollPlan {
        waiting: Duration::seconds(i64::from(orders.query_every_seconds)),
        create_retries: orders.create_retries.into(),
        ..PollPlan::default()
    }
}

fn merchants(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Merchants, SettingsError> {
    let transport =
        ReqwestTransport::new().map_err(|error| SettingsError::caused("accounts", &error))?;
    let around = Surroundings {
        settings,
        clock,
        transport: Arc::new(transport),
    };
    let mut merchants = Merchants::default();
    for (name, account) in &settings.accounts {
        let merchant = accounts::merchant(name, account, &around)?;
        merchants.add(merchant, account.active);
    }
    Ok(merchants)
}

/// Opens the database named in the settings; with `create`, makes the file when it is missing.
///
/// # Errors
/// It cannot be opened.
pub async fn store(settings: &Settings, create: bool) -> Result<Store, SettingsError> {
    let options = persistence::Options {
        url: settings.database.url.expose_secret().to_owned(),
        readers: settings.database.readers,
        create,
    };
    Store::connect(&options)
        .await
        .map_err(|error| SettingsError::caused(URL, &error))
}

/// Brings the schema up to date and stores the environment's tag.
///
/// # Errors
/// The database cannot be opened or changed, or belongs to another environment.
pub async fn migrate(
    settings: &Settings,
    switches: TestSwitches,
) -> Result<Migrated, SettingsError> {
    let store = store(settings, true).await?;
    let tag = &settings.orders.payment_tag;
    let migrated = store
        .migrate(tag, switches.clock().now())
        .await
        .map_err(|error| {
            let setting = match error {
                MigrateError::OtherTag { .. } => TAG,
                _ => URL,
            };
            SettingsError::caused(setting, &error)
        })?;
    store
        .close()
        .await
        .map_err(|error| SettingsError::caused(URL, &error))?;
    Ok(migrated)
}
