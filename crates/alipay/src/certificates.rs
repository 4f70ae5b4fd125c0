//! Certificate mode: which certificates are held, and which may be added.

mod chain;
mod error;
mod schedule;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use futures_util::lock::Mutex as AsyncMutex;
use paydesk_provider::ProviderError;
use paydesk_provider::keys::{PublicKey, from_file};
use time::OffsetDateTime;

use crate::certificate::{Certificate, CertificateError};
use chain::{Span, path};
pub(crate) use error::LearnError;
pub use error::{CertificatesError, FileError, Unfit};
use schedule::Schedule;
pub(crate) use schedule::Why;

/// The three files of certificate mode (公钥证书模式), and the certificates that were fetched since:
/// Alipay changes the one it signs with every few years, and names in each message the one it used.
///
/// Clones share what is fetched.
#[derive(Clone)]
pub struct AlipayCertificates(Arc<Inner>);

struct Inner {
    app: Certificate,
    roots: Vec<Certificate>,
    root_sn: String,
    authorities: Vec<Certificate>,
    configured: Vec<Held>,
    fetched: RwLock<Vec<Held>>,
    /// Whether anything but what is configured may be believed, and dates count.
    is_checked: bool,
    schedule: Mutex<Schedule>,
    /// Held by the one who downloads.
    flight: AsyncMutex<()>,
}

#[derive(Clone)]
struct Held {
    certificate: Arc<Certificate>,
    span: Span,
}

impl AlipayCertificates {
    /// With the content of the three files that the console gives: the app's certificate, Alipay's
    /// roots, and Alipay's certificate. The last may hold the authority behind it, as it mostly does, and
    /// more than one certificate while it is being changed.
    ///
    /// What is configured is believed because it is configured, but if its authority is in the file, it
    /// must lead up to a root. Dates are looked at when a message is: one that has ended is as good as
    /// absent, and its successor is fetched.
    ///
    /// # Errors
    /// [`CertificatesError`] names the file, and what was found in it instead.
    pub fn new(app: &str, roots: &str, alipay: &str) -> Result<Self, CertificatesError> {
        Self::read(app, roots, alipay, true)
    }

    /// The same with the files themselves.
    ///
    /// # Errors
    /// As [`AlipayCertificates::new`], and [`FileError::Unreadable`].
    pub fn from_files(
        app: impl AsRef<Path>,
        roots: impl AsRef<Path>,
        alipay: impl AsRef<Path>,
    ) -> Result<Self, CertificatesError> {
        let app = from_file(app).map_err(|error| CertificatesError::App(error.into()))?;
        let roots = from_file(roots).map_err(|error| CertificatesError::Roots(error.into()))?;
        let alipay = from_file(alipay).map_err(|error| CertificatesError::Alipay(error.into()))?;
        Self::new(&app, &roots, &alipay)
    }

    /// For the sandbox, whose authorities are in no file of roots and have ended: neither dates nor
    /// authorities are looked at. Whoever can change the file is believed, for ever, and when Alipay
    /// takes another certificate every answer is refused until the file is replaced by hand.
    ///
    /// # Errors
    /// As [`AlipayCertificates::new`].
    pub fn unchecked_and_never_renewed(
        app: &str,
        roots: &str,
        alipay: &str,
    ) -> Result<Self, CertificatesError> {
        Self::read(app, roots, alipay, false)
    }

    fn read(
        app: &str,
        roots: &str,
        alipay: &str,
        is_checked: bool,
    ) -> Result<Self, CertificatesError> {
        let app = first_of(app).map_err(CertificatesError::App)?;
        for_messages(&app).map_err(|problem| CertificatesError::App(unfit(&app, problem)))?;
        let roots = Certificate::parse_all(roots)
            .map_err(|error| CertificatesError::Roots(error.into()))?;
        if let Some(other) = roots.iter().find(|root| !root.x509().is_authority()) {
            return Err(CertificatesError::Roots(unfit(other, Unfit::NotAuthority)));
        }
        let alipay = Certificate::parse_all(alipay)
            .map_err(|error| CertificatesError::Alipay(error.into()))?;
        let (authorities, leaves): (Vec<_>, Vec<_>) = alipay
            .into_iter()
            .partition(|certificate| certificate.x509().is_authority());
        if let ([], [authority, ..]) = (&*leaves, &*authorities) {
            return Err(CertificatesError::Alipay(unfit(
                authority,
                Unfit::Authority,
            )));
        }
        let configured = leaves.into_iter().map(|leaf| {
            let span = configured_span(&leaf, &app, &authorities, &roots, is_checked);
            match span {
                Ok(span) => Ok(Held {
                    certificate: Arc::new(leaf),
                    span,
                }),
                Err(problem) => Err(CertificatesError::Alipay(unfit(&leaf, problem))),
            }
        });
        let configured = configured.collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Inner {
            root_sn: root_sn(&roots),
            app,
            roots,
            authorities,
            configured,
            fetched: RwLock::default(),
            is_checked,
            schedule: Mutex::default(),
            flight: AsyncMutex::default(),
        })))
    }

    /// The app's certificate, which every request names.
    pub fn app(&self) -> &Certificate {
        &self.0.app
    }

    /// The roots that are for RSA.
    pub fn roots(&self) -> &[Certificate] {
        &self.0.roots
    }

    /// The number of the roots, which every request names (`alipay_root_cert_sn`).
    pub fn root_sn(&self) -> &str {
        &self.0.root_sn
    }

    /// Alipay's certificates that are held now, in force or not: to be told in time when they end.
    pub fn held(&self) -> Vec<Arc<Certificate>> {
        self.all()
            .into_iter()
            .map(|held| held.certificate)
            .collect()
    }

    /// The key of the certificate with this number, if it is in force.
    pub(crate) fn get(&self, sn: &str, now: OffsetDateTime) -> Option<PublicKey> {
        let all = self.all().into_iter();
        all.filter(|held| self.is_in_force(held, now))
            .find(|held| held.certificate.sn().eq_ignore_ascii_case(sn))
            .map(|held| held.certificate.public_key().clone())
    }

    /// The keys of all that are in force, the newest first.
    pub(crate) fn keys(&self, now: OffsetDateTime) -> Vec<PublicKey> {
        let all = self.all().into_iter().rev();
        all.filter(|held| self.is_in_force(held, now))
            .map(|held| held.certificate.public_key().clone())
            .collect()
    }

    /// Whether this very key is in one of Alipay's.
    pub(crate) fn holds(&self, key: &PublicKey) -> bool {
        let all = self.all();
        all.iter().any(|held| held.certificate.public_key() == key)
    }

    /// What ended while it was configured stops nobody from starting, for a successor can be fetched;
    /// but somebody should know.
    pub(crate) fn warn_of_dates(&self, now: OffsetDateTime) {
        let app = self.app();
        if Span::of(app).check(now).is_err() {
            tracing::warn!(sn = app.sn(), "the app's certificate is not in force");
        }
        if self.keys(now).is_empty() {
            tracing::warn!("no certificate of Alipay's that is configured is in force");
        }
    }

    fn all(&self) -> Vec<Held> {
        let fetched = self
            .0
            .fetched
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        [&self.0.configured[..], &fetched[..]].concat()
    }

    fn is_in_force(&self, held: &Held, now: OffsetDateTime) -> bool {
        !self.0.is_checked || held.span.check(now).is_ok()
    }

    /// Adds the certificate with this number, as `fetch` gives the text of its file, if it is time for
    /// that and nobody else is about it: then this waits for their result.
    ///
    /// It may be dropped at any point: the next one begins anew.
    pub(crate) async fn learn<F, Fut>(
        &self,
        sn: &str,
        why: Why,
        now: OffsetDateTime,
        fetch: F,
    ) -> Result<(), LearnError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<String, ProviderError>>,
    {
        if !is_sn(sn) || self.knows(sn) {
            return Ok(());
        }
        if !self.0.is_checked {
            return Err(LearnError::Unchecked);
        }
        let _flight = self.0.flight.lock().await;
        if self.knows(sn) {
            return Ok(());
        }
        if !self.schedule(|schedule| schedule.begin(sn, why, now)) {
            return Err(LearnError::TooEarly);
        }
        let fetched = match fetch().await {
            Ok(text) => self.admit(sn, &text, now).map_err(LearnError::Unusable),
            Err(error) => Err(LearnError::Call(Box::new(error))),
        };
        match &fetched {
            Ok(()) => tracing::info!(sn, "certificate of Alipay's fetched"),
            Err(error) => {
                tracing::warn!(
                    sn,
                    error = error as &dyn std::error::Error,
                    "no certificate"
                );
                self.schedule(|schedule| schedule.miss(sn, now));
            }
        }
        fetched
    }

    /// Whether it is held, in force or not.
    fn knows(&self, sn: &str) -> bool {
        self.all().iter().any(|held| held.certificate.sn() == sn)
    }

    /// The answer that brings a certificate proves nothing, so the certificate itself must.
    fn admit(&self, sn: &str, text: &str, now: OffsetDateTime) -> Result<(), FileError> {
        let Inner {
            app,
            roots,
            authorities,
            configured,
            ..
        } = &*self.0;
        let leaf = &first_of(text)?;
        let brought = Certificate::parse_all(text)?;
        let check = || {
            if leaf.sn() != sn {
                return Err(Unfit::Another);
            }
            for_messages(leaf)?;
            if leaf.public_key() == app.public_key() {
                return Err(Unfit::Own);
            }
            let names = |of: &Certificate| (of.x509().subject(), of.x509().issuer());
            if !configured
                .iter()
                .any(|held| names(&held.certificate) == names(leaf))
            {
                return Err(Unfit::Foreign);
            }
            let span = path(leaf, &[&brought[..], authorities].concat(), roots)?;
            span.check(now).map(|()| span)
        };
        let span = check().map_err(|problem| unfit(leaf, problem))?;
        let mut fetched = self
            .0
            .fetched
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        fetched.retain(|held| held.span.check(now).is_ok());
        fetched.push(Held {
            certificate: Arc::new(leaf.clone()),
            span,
        });
        Ok(())
    }

    /// Never held while anything is waited for.
    fn schedule<T>(&self, what: impl FnOnce(&mut Schedule) -> T) -> T {
        what(
            &mut self
                .0
                .schedule
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl fmt::Debug for AlipayCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlipayCertificates")
            .field("app", &self.0.app)
            .field("root_sn", &self.0.root_sn)
            .field("held", &self.held())
            .field("is_checked", &self.0.is_checked)
            .finish_non_exhaustive()
    }
}

fn unfit(certificate: &Certificate, problem: Unfit) -> FileError {
    FileError::Unfit {
        sn: certificate.sn().to_owned(),
        problem,
    }
}

/// The one that a file is about; what follows are the authorities behind it.
fn first_of(text: &str) -> Result<Certificate, FileError> {
    let all = Certificate::parse_all(text)?;
    let first = all.into_iter().next();
    first.ok_or(FileError::Content(CertificateError::NotEncoded))
}

/// Whether messages can be signed with it.
fn for_messages(certificate: &Certificate) -> Result<(), Unfit> {
    if certificate.x509().is_authority() {
        return Err(Unfit::Authority);
    }
    if !certificate.x509().may_sign() {
        return Err(Unfit::Purpose);
    }
    Ok(())
}

/// How long a configured one is believed. Without the authority behind it, as some consoles give it,
/// nothing but its own dates can be seen.
fn configured_span(
    leaf: &Certificate,
    app: &Certificate,
    authorities: &[Certificate],
    roots: &[Certificate],
    is_checked: bool,
) -> Result<Span, Unfit> {
    for_messages(leaf)?;
    if leaf.public_key() == app.public_key() {
        return Err(Unfit::Own);
    }
    if authorities.is_empty() || !is_checked {
        return Ok(Span::of(leaf));
    }
    path(leaf, authorities, roots)
}

/// Whether this can be a certificate's number at all.
fn is_sn(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 32 && text.bytes().all(digit)
}

/// The number of a file of roots: those of its certificates, joined. Certificates that are signed with
/// other algorithms than RSA do not count.
pub(crate) fn root_sn(roots: &[Certificate]) -> String {
    let counted = roots.iter().filter(|root| root.x509().is_signed_with_rsa());
    let numbers: Vec<_> = counted.map(Certificate::sn).collect();
    numbers.join("_")
}

#[cfg(test)]
mod tests;
