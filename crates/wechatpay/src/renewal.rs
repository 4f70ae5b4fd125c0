//! Keeping the platform's certificates fresh, beside the calls that need them. No task runs for it.

use bytes::Bytes;
use paydesk_provider::http::Response;
use paydesk_provider::{Advice, Details, ProviderError};

use crate::certificates::{
    Certificates, CertificatesError, PlatformCertificates, RefreshError, Why,
};
use crate::exchange::{Account, Call, untrusted};
use crate::operation::Operation;
use crate::refusal::{Refusal, chain};
use crate::trust::authenticate;

const CERTIFICATES: &str = "/v3/certificates";

impl Account {
    /// Fetches certificates if it is time for it, by what [`PlatformCertificates`] decides.
    pub(crate) async fn renew(&self, why: Why<'_>) -> Result<(), ProviderError> {
        let Some(store) = self.trust.platform_keys().fetched() else {
            return Ok(());
        };
        let refreshed = store.refresh(why, self.now(), || self.fetch_certificates(store));
        refreshed.await.map_err(|error| keyless(&error))
    }

    /// Before a call: nothing could be verified without a certificate, so it is not made.
    pub(crate) async fn ensure_key(&self) -> Result<(), Refusal> {
        if !self.trust.platform_keys().need_certificates() {
            return Ok(());
        }
        self.renew(Why::Needed).await.map_err(Refusal::Failed)
    }

    async fn fetch_certificates(
        &self,
        store: &PlatformCertificates,
    ) -> Result<Certificates, RefreshError> {
        let call = Call::get(Operation::Certificates, CERTIFICATES.to_owned());
        let judge = |response: &_| self.judge_certificates(store, response);
        let (first, second) = self.hosts.in_turn(self.now());
        let fetched = self.once(&call, first, 1, judge).await;
        let (Err(Refusal::NotConnected(_)), Some(second)) = (&fetched, second) else {
            return fetched.map_err(Refusal::into_error)?;
        };
        self.hosts.unreachable(first, self.now());
        let fetched = self.once(&call, second, 2, judge).await;
        fetched.map_err(Refusal::into_error)?
    }

    /// An answer may be signed by a certificate that only it brings, the first one for sure and during
    /// a rollover perhaps. That it was encrypted for us is the proof then, and its signature shows that
    /// it came just now. Whoever fears for the `APIv3` key names the root as well.
    fn judge_certificates(
        &self,
        store: &PlatformCertificates,
        response: &Response<Bytes>,
    ) -> Result<Result<Certificates, RefreshError>, Refusal> {
        let now = self.now();
        if response.status != 200 {
            return Err(Refusal::told(Operation::Certificates, response, now));
        }
        let read = |key: &_| store.read(&response.body, key, now);
        let keys = self.trust.api_v3_keys();
        let fetched = match (read(&keys.current), &keys.previous) {
            (Err(CertificatesError::Undecryptable(_)), Some(previous)) => read(previous),
            (read, _) => read,
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return Ok(Err(error.into())),
        };
        authenticate(&response.headers, &response.body, now, |id| {
            let own = || self.trust.platform_keys().get(id, now);
            fetched.key(id, now).cloned().or_else(own)
        })
        .map_err(|reason| untrusted(reason, response))?;
        Ok(Ok(fetched))
    }
}

/// What it means for a call that there is no key: it was not made. What the platform said of the
/// download is kept: nothing else tells why.
fn keyless(error: &RefreshError) -> ProviderError {
    let (details, advice) = match error {
        RefreshError::Call(call) => {
            let told = call.details();
            let details = Details {
                message: format!("{error}: {}", told.message),
                ..told.clone()
            };
            let advice = match call.advice() {
                // Asking for certificates changes nothing, so there is nothing to query.
                Advice::QueryFirst => Advice::RetrySame,
                advice => advice,
            };
            (details, advice)
        }
        RefreshError::NoneIssued => (Details::message(chain(error)), Advice::Never),
        // A clock or a key that is wrong today is no reason to give an order up.
        RefreshError::Unusable(_) | RefreshError::TooEarly => {
            (Details::message(chain(error)), Advice::RetrySame)
        }
    };
    ProviderError::Rejected { details, advice }
}
