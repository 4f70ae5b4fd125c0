use std::collections::BTreeMap;
use std::fmt;

use paydesk_provider::keys::PublicKey;
use time::{Duration, OffsetDateTime};

use super::CertificatesError;
use crate::certificate::Certificate;

/// How far our clock may be from the platform's.
const SKEW: Duration = Duration::minutes(5);

/// The platform certificates held at one moment. During a rollover there are several, and the
/// platform names in each message the one that it used.
///
/// One that has expired, or is not in force yet, is as good as absent.
#[derive(Clone, Default)]
pub struct Certificates {
    by_serial: BTreeMap<String, Held>,
}

#[derive(Clone)]
pub(super) struct Held {
    certificate: Certificate,
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Certificates {
    /// The certificate with this serial, in any case, if it is in force.
    pub fn get(&self, serial: &str, now: OffsetDateTime) -> Option<&Certificate> {
        self.held(serial, now).map(|held| &held.certificate)
    }

    /// The newest one in force: what to name in `Wechatpay-Serial`, and to encrypt fields for.
    pub fn preferred(&self, now: OffsetDateTime) -> Option<&Certificate> {
        self.by_serial
            .values()
            .filter(|held| held.is_in_force(now))
            .max_by_key(|held| held.age())
            .map(|held| &held.certificate)
    }

    /// Every certificate held, in force or not.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.by_serial.values().map(|held| &held.certificate)
    }

    /// What verifies a message that names this serial.
    pub(crate) fn key(&self, serial: &str, now: OffsetDateTime) -> Option<&PublicKey> {
        self.by_serial
            .get(&serial.to_ascii_uppercase())
            .filter(|held| held.verifies_at(now))
            .map(|held| held.certificate.public_key())
    }

    /// When the newest one ends, whether or not it has begun.
    pub(super) fn newest_ends(&self) -> Option<OffsetDateTime> {
        self.by_serial
            .values()
            .max_by_key(|held| held.age())
            .map(|held| held.until)
    }

    /// Adds one. The same certificate again changes nothing, so the dates given first stay.
    pub(super) fn add(&mut self, held: Held) -> Result<(), CertificatesError> {
        let serial = held.certificate.serial();
        match self.by_serial.get(serial) {
            Some(present) if present.certificate == held.certificate => Ok(()),
            Some(_) => Err(CertificatesError::Twice(serial.to_owned())),
            None => {
                self.by_serial.insert(serial.to_owned(), held);
                Ok(())
            }
        }
    }

    fn held(&self, serial: &str, now: OffsetDateTime) -> Option<&Held> {
        self.by_serial
            .get(&serial.to_ascii_uppercase())
            .filter(|held| held.is_in_force(now))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Held {
    /// In force for as long as the certificate itself says.
    pub(super) fn new(certificate: Certificate) -> Self {
        let (from, until) = (certificate.not_before(), certificate.not_after());
        Self {
            certificate,
            from,
            until,
        }
    }

    /// In force between these times as well: the platform may end a certificate early when it
    /// replaces it.
    pub(super) fn within(mut self, from: OffsetDateTime, until: OffsetDateTime) -> Self {
        self.from = self.from.max(from);
        self.until = self.until.min(until);
        self
    }

    pub(super) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn has_ended(&self, now: OffsetDateTime) -> bool {
        now > self.until
    }

    fn is_in_force(&self, now: OffsetDateTime) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// For what was signed elsewhere: our clock may be some minutes from the platform's.
    fn verifies_at(&self, now: OffsetDateTime) -> bool {
        (self.from - SKEW..=self.until + SKEW).contains(&now)
    }

    fn age(&self) -> (OffsetDateTime, OffsetDateTime) {
        (self.from, self.until)
    }
}

/// Whether this can be a certificate's serial at all. The ids of public keys cannot.
pub(super) fn is_serial(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
