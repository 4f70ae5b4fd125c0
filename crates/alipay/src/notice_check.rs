use paydesk_provider::{Answer, Details, ProviderError, Verified};
use url::Url;

use crate::client::Alipay;
use crate::exchange::answered;
use crate::notice::AlipayNotice;
use crate::operation::Operation;
use crate::refusal::{Refusal, details};

/// Only the platform that real payments are made on has this.
const GATEWAY: &str = "openapi.alipay.com";
const ADDRESS: &str = "https://mapi.alipay.com/gateway.do";
/// The answer is a word.
const LONGEST_ANSWER: usize = 1024;

/// What the platform says about the id of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeCheck {
    /// `true`: it sent a notice with this id a moment ago.
    Known,
    /// `false`: it did not, or it was more than about a minute ago, or the notice was acknowledged
    /// already. So this is no sign of a forgery.
    NotKnown,
    /// `invalid`: it does not take the question. The merchant's number may be wrong.
    Invalid,
}

impl Alipay {
    /// Asks whether the platform sent this notice (`notify_verify`), an old and optional check that
    /// adds little: the answer is not signed, says nothing about what is in the notice, and is `false`
    /// for most true notices after a minute. It never proves anything by itself. What a notice says is
    /// proven by its signature, and asked again by [`Alipay::query_trade`].
    ///
    /// # Errors
    /// [`ProviderError::Rejected`] for a client of another gateway than the public one, where there is
    /// no such check, and for a request that could not be sent; [`ProviderError::Unknown`] for
    /// whatever is not one of the three answers. It is asked once: an answer that comes late is of no
    /// use.
    pub async fn check_notice(
        &self,
        notice: &Verified<AlipayNotice>,
    ) -> Result<Answer<NoticeCheck>, ProviderError> {
        let account = &self.account;
        if account.app.gateway.host_str() != Some(GATEWAY) {
            return Err(ProviderError::not_sent(
                "only the public gateway can be asked about a notice's id",
            ));
        }
        let parameters = [
            ("service", "notify_verify"),
            ("partner", &account.seller_id),
            ("notify_id", &notice.notify_id),
        ];
        let address = Url::parse_with_params(ADDRESS, parameters)
            .map_err(|error| ProviderError::not_sent(error.to_string()))?;
        let response = account
            .fetch(Operation::NoticeCheck, &address)
            .await
            .map_err(Refusal::into_error)?;
        let details = details(&response);
        let response = response
            .collect(LONGEST_ANSWER)
            .await
            .map_err(|error| Refusal::cut_short(&error, details.clone()).into_error())?;
        let check = match response.body.trim_ascii() {
            b"true" => NoticeCheck::Known,
            b"false" => NoticeCheck::NotKnown,
            b"invalid" => NoticeCheck::Invalid,
            _ => {
                let refusal = Refusal::unknown(Details {
                    message: "neither true nor false".to_owned(),
                    ..details
                });
                return Err(refusal.into_error());
            }
        };
        Ok(answered(check, details))
    }
}
