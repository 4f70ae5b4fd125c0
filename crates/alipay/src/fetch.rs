//! What is asked for without a signature, and answered without one.

use bytes::Bytes;
use paydesk_provider::http::{Method, Request, Response};
use paydesk_provider::{Advice, Details, ProviderError};
use url::Url;

use crate::exchange::Account;
use crate::operation::Operation;
use crate::refusal::{Refusal, details, told};
use crate::signing::USER_AGENT;

impl Account {
    /// Gets what is at this address, once. Any other status than 200 is no answer: nothing of it is
    /// read, for it is signed by nobody.
    #[tracing::instrument(
        name = "alipay.fetch",
        level = "debug",
        skip_all,
        fields(operation = operation.name())
    )]
    pub(crate) async fn fetch(
        &self,
        operation: Operation,
        address: &Url,
    ) -> Result<Response, Refusal> {
        let request = Request {
            method: Method::Get,
            url: address.clone(),
            // Without one, hosts of the platform have been seen to refuse.
            headers: vec![("User-Agent".to_owned(), USER_AGENT.to_owned())],
            body: Bytes::new(),
            timeout: operation.timeout(),
        };
        let exchange = self.observed(operation, address, 1);
        let response = match self.transport.send(request).await {
            Ok(response) => response,
            Err(error) => {
                let refusal = Refusal::from(error);
                exchange.ended(None, Some(refusal.failure()));
                return Err(refusal);
            }
        };
        let told = Some(told(&response));
        if response.status == 200 {
            exchange.ended(told, None);
            return Ok(response);
        }
        let refusal = Refusal::Failed(ProviderError::Unknown {
            details: Details {
                message: "nothing was given out".to_owned(),
                ..details(&response)
            },
            timed_out: false,
            advice: match response.status {
                429 => Advice::RetryAfter(operation.pause_when_throttled()),
                _ => Advice::RetrySame,
            },
        });
        exchange.ended(told, Some(refusal.failure()));
        Err(refusal)
    }
}
