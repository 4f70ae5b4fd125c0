//! Platform certificates: which are held, and when to ask for new ones.

mod answer;
mod schedule;
mod set;

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use futures_util::lock::Mutex as AsyncMutex;
use paydesk_provider::ProviderError;
use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::keys::ApiV3Key;

pub use answer::CertificatesError;
use schedule::Schedule;
pub(crate) use schedule::Why;
pub use set::Certificates;
use set::{Held, is_serial};

/// The platform's certificates, shared by everything that verifies or encrypts, and renewed while
/// it is in use.
///
/// This is the older of two ways: a merchant who has WeChat Pay's public key needs none of it.
#[derive(Default)]
pub struct PlatformCertificates {
    pinned: Vec<Certificate>,
    root: Option<Certificate>,
    current: RwLock<Arc<Certificates>>,
    schedule: Mutex<Schedule>,
    /// Held by the one who downloads.
    flight: AsyncMutex<()>,
}

/// Why there is no certificate to go on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The platform makes none for this merchant, and asking again changes nothing.
    #[error(
        "the platform has no certificates for this merchant: configure WeChat Pay's public key \
         (pub_key.pem and its id, PUB_KEY_ID_ and digits) instead, which the merchant platform \
         shows under API security"
    )]
    NoneIssued,
    /// They could not be fetched.
    #[error("the platform certificates could not be fetched")]
    Call(#[source] Box<ProviderError>),
    /// They were fetched and cannot be used.
    #[error("the platform certificates that were fetched cannot be used")]
    Unusable(#[from] CertificatesError),
    /// They were fetched a moment ago and there is none among them for now.
    #[error("there is no platform certificate in force, and it is too early to ask for them again")]
    TooEarly,
}

impl From<ProviderError> for RefreshError {
    fn from(error: ProviderError) -> Self {
        let details = error.details();
        if details.status == Some(404) && details.code.as_deref() == Some("RESOURCE_NOT_EXISTS") {
            Self::NoneIssued
        } else {
            Self::Call(Box::new(error))
        }
    }
}

impl PlatformCertificates {
    /// None at first: they are fetched when they are needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a certificate that is known already. It is held until it ends, whatever is fetched.
    ///
    /// # Errors
    /// [`CertificatesError::Twice`] when another one has its serial.
    pub fn pinned(mut self, certificate: Certificate) -> Result<Self, CertificatesError> {
        let mut current = Certificates::clone(&self.snapshot());
        current.add(Held::new(certificate.clone()))?;
        self.replace(current);
        self.pinned.push(certificate);
        Ok(self)
    }

    /// Takes only certificates that this root issued. Without one, their proof is that they were
    /// encrypted with the `APIv3` key.
    #[must_use]
    pub fn issued_by(mut self, root: Certificate) -> Self {
        self.root = Some(root);
        self
    }

    /// What is held now. It does not change any more, so ask again for the next message.
    pub fn snapshot(&self) -> Arc<Certificates> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Reads the body of an answer to `GET /v3/certificates`, and adds what is pinned.
    ///
    /// What is read is not used until [`refresh`](Self::refresh) takes it, so that the answer's own
    /// signature can be checked before, with a key out of the answer itself if need be.
    pub(crate) fn read(
        &self,
        body: &[u8],
        key: &ApiV3Key,
        now: OffsetDateTime,
    ) -> Result<Certificates, CertificatesError> {
        let mut certificates = answer::read(body, key, self.root.as_ref(), now)?;
        for certificate in &self.pinned {
            let held = Held::new(certificate.clone());
            if !held.has_ended(now) {
                certificates.add(held)?;
            }
        }
        Ok(certificates)
    }

    /// Renews the certificates with what `fetch` gives, if it is time, and if nobody else is about
    /// it: then this waits for their result, or not even that when there is a certificate to go on
    /// with. Look at a fresh [`snapshot`](Self::snapshot) afterwards.
    ///
    /// It may be dropped at any point: the next one begins anew.
    ///
    /// # Errors
    /// [`RefreshError`] only if a certificate could have helped and there is none in force.
    pub(crate) async fn refresh<F, Fut>(
        &self,
        why: Why<'_>,
        now: OffsetDateTime,
        fetch: F,
    ) -> Result<(), RefreshError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Certificates, RefreshError>>,
    {
        // The count is read before the certificates: a download that ends in between is noticed.
        let finished = self.schedule().finished();
        if !self.schedule().wants(why, &self.snapshot(), now) {
            return self.outcome(why, now);
        }
        let _flight = match self.flight.try_lock() {
            Some(flight) => flight,
            None if why == Why::Due => return Ok(()),
            None => self.flight.lock().await,
        };
        if self.schedule().finished() == finished {
            if !self.schedule().begin(why, now) {
                return self.outcome(why, now);
            }
            let fetched = fetch().await;
            self.land(fetched, now);
        }
        if let Why::Unknown(serial) = why
            && self.snapshot().get(serial, now).is_none()
        {
            self.schedule().miss(serial, now);
        }
        self.outcome(why, now)
    }

    fn land(&self, fetched: Result<Certificates, RefreshError>, now: OffsetDateTime) {
        match fetched {
            Ok(certificates) => {
                tracing::debug!(?certificates, "platform certificates fetched");
                self.replace(certificates);
                self.schedule().succeed();
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn Error,
                    in_force = self.snapshot().preferred(now).is_some(),
                    "platform certificates not renewed"
                );
                self.schedule().fail(error);
            }
        }
    }

    fn outcome(&self, why: Why<'_>, now: OffsetDateTime) -> Result<(), RefreshError> {
        let needed = match why {
            Why::Due => false,
            Why::Needed | Why::Asked => true,
            Why::Unknown(serial) => is_serial(serial),
        };
        if !needed || self.snapshot().preferred(now).is_some() {
            return Ok(());
        }
        let schedule = self.schedule();
        Err(schedule.error().cloned().unwrap_or(RefreshError::TooEarly))
    }

    fn replace(&self, certificates: Certificates) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(certificates);
    }

    /// Never held while anything is waited for.
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for PlatformCertificates {
    /// Another store with the same root and the same pinned certificates. What was fetched was fetched
    /// for one merchant, and stays there.
    fn clone(&self) -> Self {
        let mut pinned = Certificates::default();
        for certificate in &self.pinned {
            // They stood side by side before.
            pinned.add(Held::new(certificate.clone())).ok();
        }
        Self {
            pinned: self.pinned.clone(),
            root: self.root.clone(),
            current: RwLock::new(Arc::new(pinned)),
            ..Self::default()
        }
    }
}

impl fmt::Debug for PlatformCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

#[cfg(test)]
mod tests;
