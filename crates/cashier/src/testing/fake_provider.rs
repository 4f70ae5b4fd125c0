use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use paydesk_money::Cny;
use paydesk_provider::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Found, Identity, Notice,
    NoticeBody, NoticeError, PaymentProvider, PaymentStatement, ProviderError, RawNotice, Scene,
    Untrusted, Verified,
};
use serde::{Deserialize, Serialize};

use super::NOW;
use super::builders::attested;

const SIGNATURE: &str = "fake-signature";
const GOOD: &str = "good";
const NEW_KEY: &str = "by a new key";

type Hook = Box<dyn FnOnce(CreatePayment) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A platform that says what a test tells it to. Left alone, it opens every payment and knows none
/// when it is asked.
pub struct FakeProvider {
    identity: Identity,
    capabilities: Capabilities,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    creates: VecDeque<Result<Answer<Created>, ProviderError>>,
    queries: VecDeque<Result<Answer<Found>, ProviderError>>,
    closes: VecDeque<Result<Answer<Closed>, ProviderError>>,
    before_create_answer: Option<Hook>,
    created: Vec<CreatePayment>,
    queried: Vec<String>,
    closed: Vec<String>,
    knows_new_key: bool,
}

/// What a fake notice's body holds.
#[derive(Serialize, Deserialize)]
enum Body {
    Payment(PaymentStatement),
    Other {
        event: String,
        payment_no: Option<String>,
    },
}

impl FakeProvider {
    /// A fake WeChat Pay.
    pub fn wechat() -> Self {
        Self::of(Channel::Wechat, "1900000001", "wx0000000000000001")
    }

    /// A fake Alipay.
    pub fn alipay() -> Self {
        Self::of(Channel::Alipay, "2088000000000001", "2021000000000001")
    }

    fn of(channel: Channel, merchant_id: &str, app_id: &str) -> Self {
        Self {
            identity: Identity {
                channel,
                merchant_id: merchant_id.to_owned(),
                app_id: app_id.to_owned(),
            },
            capabilities: Capabilities {
                scenes: &[Scene::Qr],
                amount: Cny::from_fen(1)..=Cny::from_fen(100_000_000),
                payment_no_len: 6..=32,
                description_bytes: 127,
            },
            script: Mutex::default(),
        }
    }

    /// Answers the next create that has no answer yet with this error.
    pub fn fail_create(&self, error: ProviderError) {
        self.script().creates.push_back(Err(error));
    }

    /// Answers the next query that has no answer yet with this.
    pub fn answer_query(&self, answer: Result<Found, ProviderError>) {
        let answer = answer.map(with_request_id);
        self.script().queries.push_back(answer);
    }

    /// The platform's signed statement, as the answer to the next query.
    pub fn answer_query_with(&self, statement: PaymentStatement) {
        self.answer_query(Ok(Found::Payment(Box::new(attested(statement)))));
    }

    /// Answers the next request to close that has no answer yet with this.
    pub fn answer_close(&self, answer: Result<Closed, ProviderError>) {
        self.script().closes.push_back(answer.map(with_request_id));
    }

    /// Every number that was to be closed so far.
    pub fn closed(&self) -> Vec<String> {
        self.script().closed.clone()
    }

    /// Runs this after the next create has arrived and before it is answered.
    pub fn before_create_answer<F, Fut>(&self, hook: F)
    where
        F: FnOnce(CreatePayment) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let hook: Hook = Box::new(|request| Box::pin(hook(request)));
        self.script().before_create_answer = Some(hook);
    }

    /// Every request for a code so far.
    pub fn created(&self) -> Vec<CreatePayment> {
        self.script().created.clone()
    }

    /// Every number that was asked about so far.
    pub fn queried(&self) -> Vec<String> {
        self.script().queried.clone()
    }

    /// A notice as this platform would send it.
    pub fn notice(statement: &PaymentStatement) -> RawNotice {
        signed(&Body::Payment(statement.clone()), GOOD)
    }

    /// The same, signed by a key that is known only after the keys were fetched.
    pub fn notice_by_new_key(statement: &PaymentStatement) -> RawNotice {
        signed(&Body::Payment(statement.clone()), NEW_KEY)
    }

    /// The same, under a signature that does not match.
    pub fn forged(statement: &PaymentStatement) -> RawNotice {
        signed(&Body::Payment(statement.clone()), "forged")
    }

    /// A notice about something other than a payment.
    pub fn other_notice(event: &str) -> RawNotice {
        let body = Body::Other {
            event: event.to_owned(),
            payment_no: None,
        };
        signed(&body, GOOD)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signed(body: &Body, signature: &str) -> RawNotice {
    RawNotice {
        headers: vec![(SIGNATURE.to_owned(), signature.to_owned())],
        body: serde_json::to_vec(body).unwrap_or_default().into(),
    }
}

fn with_request_id<T>(value: T) -> Answer<T> {
    Answer {
        value,
        request_id: Some("fake-request".to_owned()),
    }
}

impl fmt::Debug for FakeProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeProvider")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PaymentProvider for FakeProvider {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn create(&self, request: &CreatePayment) -> Result<Answer<Created>, ProviderError> {
        let (scripted, hook) = {
            let mut script = self.script();
            script.created.push(request.clone());
            (
                script.creates.pop_front(),
                script.before_create_answer.take(),
            )
        };
        if let Some(hook) = hook {
            hook(request.clone()).await;
        }
        if let Some(answer) = scripted {
            return answer;
        }
        Ok(with_request_id(Created {
            code_url: format!("fake://pay/{}", request.payment_no),
            code_expires_at: request.expire_at,
        }))
    }

    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError> {
        let mut script = self.script();
        script.queried.push(payment_no.to_owned());
        if let Some(answer) = script.queries.pop_front() {
            return answer;
        }
        Ok(with_request_id(Found::NoSuchPayment))
    }

    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError> {
        let mut script = self.script();
        script.closed.push(payment_no.to_owned());
        if let Some(answer) = script.closes.pop_front() {
            return answer;
        }
        Ok(with_request_id(Closed::Accepted))
    }

    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError> {
        match notice.header(SIGNATURE).next() {
            None => return Err(Untrusted::MissingHeader(SIGNATURE).into()),
            Some(GOOD) => {}
            Some(NEW_KEY) if self.script().knows_new_key => {}
            Some(NEW_KEY) => return Err(Untrusted::UnknownKey(NEW_KEY.to_owned()).into()),
            Some(_) => return Err(Untrusted::BadSignature.into()),
        }
        let body = serde_json::from_slice(&notice.body)
            .map_err(|error| NoticeError::Malformed(error.to_string()))?;
        Ok(attested(Notice {
            id: "fake-notice".to_owned(),
            created_at: NOW,
            body: match body {
                Body::Payment(statement) => NoticeBody::Payment(statement),
                Body::Other { event, payment_no } => NoticeBody::Other { event, payment_no },
            },
        }))
    }

    async fn refresh_trust(&self) -> Result<(), ProviderError> {
        self.script().knows_new_key = true;
        Ok(())
    }

    /// By its name alone, as platforms do that publish keys one by one.
    async fn learn_key(&self, id: &str) -> Result<(), ProviderError> {
        if id == NEW_KEY {
            self.script().knows_new_key = true;
        }
        Ok(())
    }
}
