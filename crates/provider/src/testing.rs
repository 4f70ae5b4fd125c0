//! The conformance suite: what every provider must do, whatever its platform's protocol.
//!
//! A provider's tests implement [`Bench`] over a double of its platform and call [`conforms`]. Each
//! check names the behaviour that it found missing.

use async_trait::async_trait;

use crate::{CreatePayment, Found, NoticeError, PaymentProvider, RawNotice, TradeState, Untrusted};

/// A double of the platform together with the provider under test.
#[async_trait]
pub trait Bench: Send + Sync {
    /// The provider under test.
    fn provider(&self) -> &dyn PaymentProvider;
    /// A request that the platform accepts, under a number not used before.
    fn request(&self) -> CreatePayment;
    /// Makes the payer pay; gives the notice as the platform would send it now.
    async fn pay(&self, payment_no: &str) -> RawNotice;
    /// From now on every call is answered in this way, until the next call of this method.
    async fn misbehave(&self, how: Option<Misbehaviour>);
}

/// Ways of answering badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The connection ends without an answer.
    HangUp,
    /// A status of 500 without anything said about the outcome.
    ServerError,
    /// A good answer under a signature that does not match.
    BadSignature,
    /// A good answer with no signature at all.
    Unsigned,
    /// An authentic answer that is not what was asked for.
    Gibberish,
}

/// Runs every check.
///
/// # Errors
/// Names the first behaviour found missing.
pub async fn conforms(bench: &dyn Bench) -> Result<(), String> {
    a_payment_goes_through(bench).await?;
    what_is_closed_or_unknown_is_told_apart(bench).await?;
    nothing_unverified_is_believed(bench).await?;
    capabilities_are_checked_before_sending(bench).await?;
    notices_are_bound_to_their_bytes(bench).await
}

async fn a_payment_goes_through(bench: &dyn Bench) -> Result<(), String> {
    let provider = bench.provider();
    let request = bench.request();
    let created = provider
        .create(&request)
        .await
        .map_err(said("create"))?
        .value;
    ensure(!created.code_url.is_empty(), "create gives a code")?;
    let again = provider
        .create(&request)
        .await
        .map_err(said("the same create again"))?;
    ensure(
        !again.value.code_url.is_empty(),
        "a repeated create gives a code",
    )?;
    let unpaid = found(provider, &request).await?;
    ensure(
        unpaid.state == TradeState::Unpaid,
        "an unpaid payment is unpaid",
    )?;

    let notice = bench.pay(&request.payment_no).await;
    let told = provider
        .verify(&notice)
        .map_err(|error| format!("verify: {error}"))?;
    let told = told
        .payment()
        .map_err(|_| "the notice is about a payment".to_owned())?;
    let paid = found(provider, &request).await?;
    for statement in [&*told, &paid] {
        ensure(
            statement.state == TradeState::Paid,
            "a paid payment is paid",
        )?;
        ensure(
            statement.amount == Some(request.amount),
            "the amount is the one asked for",
        )?;
        ensure(statement.currency == "CNY", "the currency is named")?;
        ensure(
            statement.payment_no == request.payment_no,
            "the number is ours",
        )?;
        ensure(
            statement.merchant_id == provider.identity().merchant_id,
            "the merchant is ours",
        )?;
        ensure(
            statement.app_id == provider.identity().app_id,
            "the app is ours",
        )?;
        ensure(
            statement.transaction_id.is_some(),
            "the platform's number is given",
        )?;
    }
    ensure(
        told.transaction_id == paid.transaction_id,
        "notice and query agree",
    )?;
    Ok(())
}

async fn what_is_closed_or_unknown_is_told_apart(bench: &dyn Bench) -> Result<(), String> {
    let provider = bench.provider();
    let unknown = bench.request().payment_no;
    let none = provider
        .query(&unknown)
        .await
        .map_err(said("query of an unknown number"))?
        .value;
    ensure(
        none == Found::NoSuchPayment,
        "an unknown number is unknown, not closed",
    )?;
    let open = bench.request();
    provider.create(&open).await.map_err(said("create"))?;
    provider
        .close(&open.payment_no)
        .await
        .map_err(said("close"))?;
    ensure(
        found(provider, &open).await?.state == TradeState::Closed,
        "a closed payment is closed",
    )
}

async fn nothing_unverified_is_believed(bench: &dyn Bench) -> Result<(), String> {
    use Misbehaviour::{BadSignature, Gibberish, HangUp, ServerError, Unsigned};
    for how in [HangUp, ServerError, BadSignature, Unsigned, Gibberish] {
        let open = bench.request();
        bench
            .provider()
            .create(&open)
            .await
            .map_err(said("create"))?;
        bench.misbehave(Some(how)).await;
        let created = bench.provider().create(&bench.request()).await;
        let queried = bench.provider().query(&open.payment_no).await;
        let closed = bench.provider().close(&open.payment_no).await;
        bench.misbehave(None).await;
        let errors = [
            ("create", created.err()),
            ("query", queried.err()),
            ("close", closed.err()),
        ];
        for (call, error) in errors {
            // Closing is answered without a body, so there is nothing in it to be gibberish.
            if call == "close" && how == Gibberish && error.is_none() {
                continue;
            }
            let error = error.ok_or_else(|| format!("{call} believed {how:?}"))?;
            ensure(
                !error.did_not_happen(),
                &format!("{call} after {how:?} stays unknown: {error}"),
            )?;
        }
    }
    Ok(())
}

async fn capabilities_are_checked_before_sending(bench: &dyn Bench) -> Result<(), String> {
    // Were anything sent, this would come back as unknown.
    bench.misbehave(Some(Misbehaviour::HangUp)).await;
    let provider = bench.provider();
    let most = *provider.capabilities().payment_no_len.end();
    let wrong = [
        CreatePayment {
            amount: paydesk_money::Cny::ZERO,
            ..bench.request()
        },
        CreatePayment {
            amount: paydesk_money::Cny::from_fen(-1),
            ..bench.request()
        },
        CreatePayment {
            payment_no: "a".repeat(most + 1),
            ..bench.request()
        },
        CreatePayment {
            payment_no: String::new(),
            ..bench.request()
        },
        CreatePayment {
            payment_no: "with/slash?and=query".to_owned(),
            ..bench.request()
        },
    ];
    for request in &wrong {
        let error = provider
            .create(request)
            .await
            .err()
            .ok_or("a bad request was accepted")?;
        ensure(
            error.did_not_happen(),
            &format!("a bad request is refused unsent: {error}"),
        )?;
    }
    bench.misbehave(None).await;
    Ok(())
}

async fn notices_are_bound_to_their_bytes(bench: &dyn Bench) -> Result<(), String> {
    let request = bench.request();
    bench
        .provider()
        .create(&request)
        .await
        .map_err(said("create"))?;
    let notice = bench.pay(&request.payment_no).await;
    bench
        .provider()
        .verify(&notice)
        .map_err(|error| format!("verify: {error}"))?;
    for at in 0..notice.body.len() {
        let mut body = notice.body.to_vec();
        if let Some(byte) = body.get_mut(at) {
            *byte ^= 1;
        }
        let forged = RawNotice {
            headers: notice.headers.clone(),
            body: body.into(),
        };
        match bench.provider().verify(&forged) {
            Err(NoticeError::Untrusted(Untrusted::BadSignature)) => {}
            other => return Err(format!("a notice changed at byte {at} gave {other:?}")),
        }
    }
    let empty = RawNotice {
        headers: notice.headers.clone(),
        body: bytes::Bytes::new(),
    };
    ensure(
        bench.provider().verify(&empty).is_err(),
        "an empty body is refused",
    )?;
    let bare = RawNotice {
        headers: Vec::new(),
        body: notice.body,
    };
    ensure(
        bench.provider().verify(&bare).is_err(),
        "a notice without headers is refused",
    )
}

async fn found(
    provider: &dyn PaymentProvider,
    request: &CreatePayment,
) -> Result<crate::PaymentStatement, String> {
    match provider
        .query(&request.payment_no)
        .await
        .map_err(said("query"))?
        .value
    {
        Found::Payment(statement) => Ok(statement.into_inner()),
        Found::NoSuchPayment => Err("query does not find what was created".to_owned()),
    }
}

fn said(call: &'static str) -> impl Fn(crate::ProviderError) -> String {
    move |error| format!("{call}: {error}")
}

fn ensure(holds: bool, behaviour: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(behaviour.to_owned())
    }
}
