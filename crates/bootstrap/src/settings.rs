use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;

use kernel::Tag;
use paydesk_provider::Channel;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::sources::{self, Source, one_line, plain};
use crate::{Environment, SettingsError};

/// Everything that can be set. `docs/SETTINGS.md` explains each; a test holds the two together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The HTTP server.
    pub http: HttpSettings,
    /// Where everything is stored.
    pub database: DatabaseSettings,
    /// Who may call.
    pub auth: AuthSettings,
    /// How orders are placed.
    pub orders: OrderSettings,
    /// Merchant accounts, by a name of your choice.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountSettings>,
    /// The scheduler's jobs.
    #[serde(default)]
    pub scheduler: SchedulerSettings,
    /// What is logged.
    #[serde(default)]
    pub log: LogSettings,
}

/// The HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port to listen on.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// The address under which buyers and platforms reach the service, without a path at its end.
    pub public_url: Url,
    /// Other sites whose pages may open a WebSocket here, as origins.
    #[serde(default, deserialize_with = "sources::list")]
    pub allowed_origins: Vec<String>,
    /// Signs the short-lived links to QR images; the same in every API process.
    pub link_secret: SecretString,
    /// Whether the API describes itself, to programs and to people.
    #[serde(default = "yes", deserialize_with = "plain")]
    pub docs: bool,
}

/// Where everything is stored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `sqlite://path/to/file`.
    pub url: SecretString,
    /// Connections for reading.
    #[serde(default = "default_readers", deserialize_with = "plain")]
    pub readers: u32,
}

/// Who may call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// How tokens are signed.
    pub algorithm: Algorithm,
    /// The shared secret, for HS256.
    pub secret: Option<SecretString>,
    /// The public key in PEM, for RS256 and `EdDSA`.
    pub public_key: Option<String>,
    /// Who must have issued a token.
    pub issuer: Option<String>,
    /// For whom a token must be meant.
    pub audience: Option<String>,
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// RSA with SHA-256.
    RS256,
    /// Ed25519.
    EdDSA,
}

/// How orders are placed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSettings {
    /// Begins every payment number; unique per environment that shares a merchant.
    pub payment_tag: Tag,
    /// How long a buyer has to pay, 5 to 120.
    #[serde(default = "default_pay_within", deserialize_with = "plain")]
    pub pay_within_minutes: u16,
    /// The same for point packages, where it differs.
    #[serde(default, deserialize_with = "plain")]
    pub points_pay_within_minutes: Option<u16>,
    /// The same for memberships.
    #[serde(default, deserialize_with = "plain")]
    pub membership_pay_within_minutes: Option<u16>,
    /// The same for upgrades; their price is frozen as long.
    #[serde(default, deserialize_with = "plain")]
    pub upgrade_pay_within_minutes: Option<u16>,
    /// What happens with money for an order that nobody should have paid any more.
    #[serde(default)]
    pub late_payment: LatePayment,
    /// What happens with the money when the goods cannot be granted.
    #[serde(default)]
    pub failed_grant: FailedGrant,
    /// After so many tries a grant that keeps failing is given up, 1 to 100.
    #[serde(default = "default_grant_tries", deserialize_with = "plain")]
    pub grant_tries: u16,
    /// Pause before and between questions about an attempt that waits for money, 5 to 300.
    #[serde(default = "default_query_every", deserialize_with = "plain")]
    pub query_every_seconds: u32,
    /// How often a request with unknown outcome is repeated at most, 0 to 1000.
    #[serde(default = "default_create_retries", deserialize_with = "plain")]
    pub create_retries: u16,
}

/// What happens with money for an order that nobody should have paid any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LatePayment {
    /// It goes back in full.
    #[default]
    Refund,
    /// Its goods are granted after all.
    Grant,
}

/// What happens with the money when the goods cannot be granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailedGrant {
    /// It goes back in full.
    #[default]
    Refund,
    /// It stays until a person has decided.
    Hold,
}

/// A merchant account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSettings {
    /// The platform.
    pub channel: Channel,
    /// Whether it takes new payments; one account per channel does.
    #[serde(default = "yes", deserialize_with = "plain")]
    pub active: bool,
    /// The platform's number of the merchant.
    pub merchant_id: String,
    /// The platform's number of the app.
    pub app_id: String,
    /// The merchant's or app's private key.
    pub private_key: SecretString,
    /// The platform's public key; it can be left out where certificates are used.
    pub platform_public_key: Option<String>,
    /// WeChat Pay: believe its platform certificates, too, and fetch them. For merchants who have not
    /// moved to the public key yet, or are moving.
    #[serde(default, deserialize_with = "plain")]
    pub platform_certificates: bool,
    /// WeChat Pay: serial number of the merchant's API certificate.
    pub certificate_serial: Option<String>,
    /// WeChat Pay: the `APIv3` key, 32 characters.
    pub api_v3_key: Option<SecretString>,
    /// WeChat Pay: the `APIv3` key before the present one, for a day after it was changed.
    pub previous_api_v3_key: Option<SecretString>,
    /// WeChat Pay: the merchant's API certificate, to find out whether serial and key belong to it.
    pub merchant_certificate: Option<String>,
    /// WeChat Pay: id of the platform's public key, `PUB_KEY_ID_…`.
    pub platform_public_key_id: Option<String>,
    /// Alipay, certificate mode: the app's certificate.
    pub app_certificate: Option<String>,
    /// Alipay, certificate mode: the roots.
    pub root_certificates: Option<String>,
    /// Alipay, certificate mode: what Alipay signs with.
    pub alipay_certificates: Option<String>,
    /// Alipay's sandbox: certificates are not checked and never renewed.
    #[serde(default, deserialize_with = "plain")]
    pub unchecked_certificates: bool,
    /// Alipay: what encrypts the content of requests and answers.
    pub content_key: Option<SecretString>,
    /// Where the platform is; the real one when absent.
    pub base_url: Option<Url>,
}

/// The scheduler's jobs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerSettings {
    /// Pause between two looks for goods that were paid and not granted, 1 to 3600.
    #[serde(default = "default_fulfil_every", deserialize_with = "plain")]
    pub fulfil_every_seconds: u32,
    /// Pause between two looks for exceptions that nobody was told of, 1 to 3600.
    #[serde(default = "default_alert_every", deserialize_with = "plain")]
    pub alert_every_seconds: u32,
    /// Pause between two looks for orders whose time ran out, 1 to 3600.
    #[serde(default = "default_expire_every", deserialize_with = "plain")]
    pub expire_every_seconds: u32,
    /// Pause between two looks for attempts that are due to be asked about, 1 to 300.
    #[serde(default = "default_poll_every", deserialize_with = "plain")]
    pub poll_every_seconds: u32,
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self {
            fulfil_every_seconds: default_fulfil_every(),
            alert_every_seconds: default_alert_every(),
            expire_every_seconds: default_expire_every(),
            poll_every_seconds: default_poll_every(),
        }
    }
}

/// What is logged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Levels per part of the program, such as `info,cashier=debug`.
    #[serde(default = "default_filter")]
    pub filter: String,
    /// How a line looks.
    #[serde(default)]
    pub format: LogFormat,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            filter: default_filter(),
            format: LogFormat::default(),
        }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// Reads a file and the environment over it.
    ///
    /// # Errors
    /// Names the setting that is missing, unknown, contradictory or unreadable.
    pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, SettingsError> {
        Self::from(
            &file.map_or(Source::Nothing, Source::File),
            environment.clone(),
        )
    }

    /// Reads settings from TOML text alone.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        Self::from(&Source::Text(text), Environment::new())
    }

    fn from(source: &Source<'_>, environment: Environment) -> Result<Self, SettingsError> {
        let tree = sources::read(source, environment)?;
        let settings: Self = serde_path_to_error::deserialize(tree).map_err(|error| {
            let path = error.path().to_string();
            named(&path, &error.into_inner().to_string())
        })?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let ensure = |holds: bool, setting: &str, problem: &str| {
            if holds {
                Ok(())
            } else {
                Err(SettingsError::new(setting, problem))
            }
        };
        self.orders.check()?;
        self.scheduler.check()?;
        ensure(
            (1..=64).contains(&self.database.readers),
            "database.readers",
            "must be 1 to 64",
        )?;
        ensure(
            self.http.link_secret.expose_secret().len() >= 32,
            "http.link_secret",
            "must be at least 32 bytes",
        )?;
        let url = &self.http.public_url;
        ensure(
            matches!(url.scheme(), "http" | "https") && url.has_host(),
            "http.public_url",
            "must be an http or https address",
        )?;
        ensure(
            url.query().is_none() && url.fragment().is_none() && url.path() == "/",
            "http.public_url",
            "must have no path, no query and no fragment",
        )?;
        ensure(
            url.username().is_empty() && url.password().is_none(),
            "http.public_url",
            "must have no user and no password",
        )?;
        ensure(
            self.http
                .allowed_origins
                .iter()
                .all(|origin| is_origin(origin)),
            "http.allowed_origins",
            "must be origins such as https://shop.example.com, without a path",
        )?;
        self.auth.check()?;
        self.check_accounts()
    }

    fn check_accounts(&self) -> Result<(), SettingsError> {
        let mut active: BTreeMap<Channel, &str> = BTreeMap::new();
        for (name, account) in self.accounts.iter().filter(|(_, account)| account.active) {
            if let Some(other) = active.insert(account.channel, name) {
                let problem = format!("contradicts accounts.{other}.active: one per channel");
                return Err(SettingsError::new(
                    format!("accounts.{name}.active"),
                    problem,
                ));
            }
        }
        Ok(())
    }

    /// An address below the public one.
    pub fn public(&self, path: &str) -> String {
        format!(
            "{}{path}",
            self.http.public_url.as_str().trim_end_matches('/')
        )
    }
}

/// Refuses a number that is out of its range, naming the setting.
fn within<T>(
    setting: &str,
    value: impl Into<Option<T>>,
    range: RangeInclusive<T>,
) -> Result<(), SettingsError>
where
    T: PartialOrd + Display,
{
    match value.into() {
        Some(value) if !range.contains(&value) => {
            let problem = format!("must be {} to {}", range.start(), range.end());
            Err(SettingsError::new(setting, problem))
        }
        _ => Ok(()),
    }
}

impl OrderSettings {
    fn check(&self) -> Result<(), SettingsError> {
        for (setting, minutes) in [
            ("orders.pay_within_minutes", Some(self.pay_within_minutes)),
            (
                "orders.points_pay_within_minutes",
                self.points_pay_within_minutes,
            ),
            (
                "orders.membership_pay_within_minutes",
                self.membership_pay_within_minutes,
            ),
            (
                "orders.upgrade_pay_within_minutes",
                self.upgrade_pay_within_minutes,
            ),
        ] {
            within(setting, minutes, 5..=120)?;
        }
        within("orders.grant_tries", self.grant_tries, 1..=100)?;
        within(
            "orders.query_every_seconds",
            self.query_every_seconds,
            5..=300,
        )?;
        within("orders.create_retries", self.create_retries, 0..=1000)
    }
}

impl SchedulerSettings {
    fn check(&self) -> Result<(), SettingsError> {
        for (setting, seconds, most) in [
            ("fulfil_every_seconds", self.fulfil_every_seconds, 3600),
            ("alert_every_seconds", self.alert_every_seconds, 3600),
            ("expire_every_seconds", self.expire_every_seconds, 3600),
            ("poll_every_seconds", self.poll_every_seconds, 300),
        ] {
            within(&format!("scheduler.{setting}"), seconds, 1..=most)?;
        }
        Ok(())
    }
}

impl AuthSettings {
    fn check(&self) -> Result<(), SettingsError> {
        let (needed, unwanted) = match self.algorithm {
            Algorithm::HS256 => (
                ("auth.secret", self.secret.is_some()),
                ("auth.public_key", self.public_key.is_some()),
            ),
            Algorithm::RS256 | Algorithm::EdDSA => (
                ("auth.public_key", self.public_key.is_some()),
                ("auth.secret", self.secret.is_some()),
            ),
        };
        for (setting, value) in [
            ("auth.issuer", &self.issuer),
            ("auth.audience", &self.audience),
        ] {
            if value.as_ref().is_some_and(String::is_empty) {
                return Err(SettingsError::new(
                    setting,
                    "must not be empty; leave it out",
                ));
            }
        }
        if !needed.1 {
            let problem = format!("missing: auth.algorithm {:?} needs it", self.algorithm);
            return Err(SettingsError::new(needed.0, problem));
        }
        if unwanted.1 {
            let problem = format!("contradicts auth.algorithm {:?}", self.algorithm);
            return Err(SettingsError::new(unwanted.0, problem));
        }
        let short = |secret: &SecretString| secret.expose_secret().len() < 32;
        if self.secret.as_ref().is_some_and(short) {
            return Err(SettingsError::new(
                "auth.secret",
                "must be at least 32 bytes",
            ));
        }
        Ok(())
    }
}

/// Whether this is an origin as browsers write it.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}

/// Turns a parser's complaint into the name of a setting and what is wrong with it. The value is
/// left out: it may be a secret.
fn named(path: &str, complaint: &str) -> SettingsError {
    let complaint = one_line(complaint);
    let quoted = |after: &str| {
        complaint
            .split_once(after)
            .and_then(|(_, rest)| rest.split('`').next())
            .map(str::to_owned)
    };
    let within = |field: &str| {
        let section = path.trim_end_matches('.').trim_start_matches('.');
        let section = section
            .strip_suffix(field)
            .map_or(section, |cut| cut.trim_end_matches('.'));
        if section.is_empty() {
            field.to_owned()
        } else {
            format!("{section}.{field}")
        }
    };
    if let Some(field) = quoted("missing field `") {
        return SettingsError::new(within(&field), "missing");
    }
    if let Some(field) = quoted("unknown field `") {
        let expected = complaint
            .split_once(", expected")
            .map_or("", |(_, rest)| rest);
        let problem = format!("unknown setting, expected{expected}");
        return SettingsError::new(within(&field), problem);
    }
    SettingsError::new(path, without_value(&complaint))
}

/// Parsers quote what they could not read.
fn without_value(complaint: &str) -> String {
    let expected = complaint
        .rfind("expected")
        .and_then(|at| complaint.get(at..));
    match expected {
        Some(expected) => format!("not understood, {expected}"),
        None => "not understood".to_owned(),
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

const fn default_readers() -> u32 {
    4
}

const fn default_pay_within() -> u16 {
    30
}

const fn default_fulfil_every() -> u32 {
    5
}

const fn default_alert_every() -> u32 {
    10
}

const fn default_grant_tries() -> u16 {
    10
}

const fn default_query_every() -> u32 {
    60
}

const fn default_create_retries() -> u16 {
    20
}

const fn default_expire_every() -> u32 {
    60
}

const fn default_poll_every() -> u32 {
    10
}

fn default_filter() -> String {
    "info".to_owned()
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
pub(crate) mod tests;
