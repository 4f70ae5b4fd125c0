use paydesk_provider::{Channel, Notice, NoticeBody, NoticeError, RawNotice, Untrusted, Verified};
use payments::{AccountKey, Fact, Mismatch, Record, RecordKind, Source};
use tracing::instrument;

use crate::conflict::retried;
use crate::{Fulfilment, Merchant, Ports, Rejections, SettleError, Settled, Settlement, failpoint};

/// Receiving what the platforms call about.
#[derive(Clone, Debug)]
pub struct Notices {
    ports: Ports,
    settlement: Settlement,
    fulfilment: Fulfilment,
    rejections: Rejections,
}

/// A notice was accepted: what it says is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It settled, or repeated what had settled.
    Settled(Settled),
    /// It is about something that changes nothing here; it is in the journal.
    Noted,
}

/// A notice was not accepted; the platform is to be told so, and will send it again.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No account is configured on this channel.
    #[error("no account on this channel")]
    NoAccount,
    /// It proves nothing, or cannot be read.
    #[error(transparent)]
    NotBelieved(#[from] NoticeError),
    /// It is authentic, but settled nothing, or could not be stored.
    #[error(transparent)]
    NotSettled(#[from] SettleError),
}

impl Refusal {
    /// A stable name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoAccount | Self::NotSettled(SettleError::NoAccount(_)) => "no_account",
            Self::NotBelieved(error) => error.reason(),
            Self::NotSettled(
                SettleError::Foreign(mismatch) | SettleError::Unexpected(mismatch),
            ) => mismatch.reason(),
            Self::NotSettled(SettleError::Incomplete(_)) => "incomplete",
            Self::NotSettled(SettleError::Store(_)) => "store",
        }
    }

    /// Whether our own store is what failed.
    pub const fn is_store(&self) -> bool {
        matches!(self, Self::NotSettled(SettleError::Store(_)))
    }
}

impl Notices {
    /// Receives through these ports.
    pub const fn new(
        ports: Ports,
        settlement: Settlement,
        fulfilment: Fulfilment,
        rejections: Rejections,
    ) -> Self {
        Self {
            ports,
            settlement,
            fulfilment,
            rejections,
        }
    }

    /// Checks a notice's signature over its raw bytes, opens it, and settles what it says. `Ok`
    /// means that it is durable.
    #[instrument(skip_all, fields(channel = %channel))]
    pub async fn receive(
        &self,
        channel: Channel,
        raw: &RawNotice,
        request_id: &str,
    ) -> Result<Received, Refusal> {
        failpoint::hit("callback.received").await;
        let outcome = self.take(channel, raw, request_id).await;
        if let Err(refusal) = &outcome {
            let now = self.ports.clock.now();
            let reason = refusal.reason();
            let first = self.rejections.count(channel, reason, raw.body.len(), now);
            // A probe is the platform checking on us, and a flood must not fill the disk.
            if first && reason != Untrusted::Probe.reason() {
                tracing::warn!(reason, error = %refusal, "callback refused");
            }
        }
        outcome
    }

    async fn take(
        &self,
        channel: Channel,
        raw: &RawNotice,
        request_id: &str,
    ) -> Result<Received, Refusal> {
        let (account, notice) = self.verify(channel, raw).await?;
        match notice.payment() {
            Ok(statement) => {
                let learnt_at = self.ports.clock.now();
                let fact = Fact {
                    statement,
                    channel,
                    account,
                    source: Source::Callback,
                    learnt_at,
                };
                let settled = self.settlement.settle(&fact, Some(request_id)).await?;
                if let Settled::Order { order_no, paid } = &settled
                    && self.settlement.leads_to_goods(*paid)
                {
                    self.fulfilment.start(order_no.clone());
                }
                Ok(Received::Settled(settled))
            }
            Err(other) => self.note(channel, account, &other, request_id).await,
        }
    }

    /// Finds the account whose keys open the notice. Keys that are not known are fetched once.
    async fn verify(
        &self,
        channel: Channel,
        raw: &RawNotice,
    ) -> Result<(AccountKey, Verified<Notice>), Refusal> {
        let merchants = self.ports.merchants.on(channel);
        match Self::first_match(&merchants, raw) {
            Err(Refusal::NotBelieved(NoticeError::Untrusted(Untrusted::UnknownKey(id)))) => {
                for merchant in &merchants {
                    if let Err(error) = merchant.provider.learn_key(&id).await {
                        tracing::warn!(account = %merchant.key, %error, "cannot fetch platform keys");
                    }
                }
                Self::first_match(&merchants, raw)
            }
            outcome => outcome,
        }
    }

    /// The first account that believes it; otherwise the most telling refusal: one account knowing
    /// the key says more than another not knowing it.
    fn first_match(
        merchants: &[&Merchant],
        raw: &RawNotice,
    ) -> Result<(AccountKey, Verified<Notice>), Refusal> {
        let mut refusal = None;
        for merchant in merchants {
            match merchant.provider.verify(raw) {
                Ok(notice) if Self::is_about(merchant, &notice) || merchants.len() == 1 => {
                    return Ok((merchant.key.clone(), notice));
                }
                Ok(_) => {
                    refusal = Some(SettleError::Foreign(Mismatch::Merchant).into());
                }
                Err(NoticeError::Untrusted(Untrusted::UnknownKey(_))) if refusal.is_some() => {}
                Err(error) => refusal = Some(error.into()),
            }
        }
        Err(refusal.unwrap_or(Refusal::NoAccount))
    }

    /// Accounts may share a platform key; the content then tells whose notice it is.
    fn is_about(merchant: &Merchant, notice: &Notice) -> bool {
        match &notice.body {
            NoticeBody::Payment(said) => {
                let identity = merchant.provider.identity();
                said.merchant_id == identity.merchant_id && said.app_id == identity.app_id
            }
            _ => true,
        }
    }

    /// Notes what changes nothing, so that the platform stops repeating it.
    async fn note(
        &self,
        channel: Channel,
        account: AccountKey,
        notice: &Notice,
        request_id: &str,
    ) -> Result<Received, Refusal> {
        let NoticeBody::Other { event, payment_no } = &notice.body else {
            return Ok(Received::Noted);
        };
        let mut record = Record::new(self.ports.clock.now(), RecordKind::Callback, "noted");
        record.payment_no.clone_from(payment_no);
        record.channel = Some(channel);
        record.account = Some(account);
        record.request_id = Some(request_id.to_owned());
        record.detail = serde_json::json!({ "event": event });
        // Should the id change when it is sent again, the platform's few repeats are lines of their own.
        record.once = Some(format!("callback:{channel}:notice:{}", notice.id));
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            tx.append_record(&record).await?;
            tx.commit().await
        })
        .await
        .map_err(SettleError::Store)?;
        Ok(Received::Noted)
    }
}
