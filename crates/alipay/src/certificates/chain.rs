//! From a certificate to a root.

use time::{Duration, OffsetDateTime};

use super::Unfit;
use crate::certificate::Certificate;

/// How far our clock may be from the platform's.
const SKEW: Duration = Duration::minutes(5);
/// Authorities between a certificate and its root; the platform has one.
const LONGEST: usize = 4;

/// When a certificate may be believed: while it and all above it are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Span {
    /// As long as the certificate itself says.
    pub(super) const fn of(certificate: &Certificate) -> Self {
        Self {
            from: certificate.not_before(),
            until: certificate.not_after(),
        }
    }

    fn within(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        }
    }

    pub(super) fn check(self, now: OffsetDateTime) -> Result<(), Unfit> {
        if now > self.until.saturating_add(SKEW) {
            Err(Unfit::Ended)
        } else if now < self.from.saturating_sub(SKEW) {
            Err(Unfit::NotYet)
        } else {
            Ok(())
        }
    }
}

/// Follows the signatures from a certificate up to one of the roots. Of several authorities that
/// could have issued it (one that was renewed under its old key), the one that lasts longest counts.
pub(super) fn path(
    certificate: &Certificate,
    authorities: &[Certificate],
    roots: &[Certificate],
) -> Result<Span, Unfit> {
    let issuer_of = |certificate: &Certificate, of: &[Certificate]| {
        of.iter()
            .filter(|issuer| certificate.x509().is_issued_by(issuer.x509()))
            .max_by_key(|issuer| issuer.not_after())
            .cloned()
    };
    let mut span = Span::of(certificate);
    let mut current = certificate.clone();
    for _ in 0..=LONGEST {
        if let Some(root) = issuer_of(&current, roots) {
            return Ok(span.within(Span::of(&root)));
        }
        current = issuer_of(&current, authorities).ok_or(Unfit::NotIssued)?;
        span = span.within(Span::of(&current));
    }
    Err(Unfit::NotIssued)
}
