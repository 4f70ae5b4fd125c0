//! Sending notices: one try, and the log of what came back.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use serde::Serialize;
use time::OffsetDateTime;

use crate::channel::Channel;

/// A merchant that takes longer has not answered.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an answer is kept.
const KEPT_ANSWER: usize = 2048;

/// A request to a merchant, ready to be sent.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parcel {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What became of one try.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Receipt {
    /// The merchant's status, if it answered in time.
    pub(crate) status: Option<u16>,
    /// Beginning of the merchant's answer.
    pub(crate) answer: String,
    /// What went wrong instead of an answer.
    pub(crate) error: Option<String>,
    pub(crate) took_ms: u64,
}

impl Receipt {
    pub(crate) fn failure(error: impl Into<String>) -> Self {
        Self {
            status: None,
            answer: String::new(),
            error: Some(error.into()),
            took_ms: 0,
        }
    }

    /// As if the merchant had answered so.
    pub(crate) fn pretended(status: u16, answer: &str) -> Self {
        let error = Some("pretended by a fault; nothing was sent".to_owned());
        Self {
            status: Some(status),
            answer: answer.to_owned(),
            error,
            took_ms: 0,
        }
    }
}

/// Sends one parcel. Every outcome is a receipt: a merchant's failure is not ours.
pub(crate) async fn send(client: &reqwest::Client, url: &str, parcel: &Parcel) -> Receipt {
    let begun = Instant::now();
    let mut request = client.post(url).timeout(PATIENCE).body(parcel.body.clone());
    for (name, value) in &parcel.headers {
        request = request.header(name, value);
    }
    let mut receipt = match request.send().await {
        Err(error) => Receipt::failure(describe(&error)),
        Ok(mut response) => {
            let mut answer = Vec::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                answer.extend_from_slice(&chunk);
                if answer.len() >= KEPT_ANSWER {
                    answer.truncate(KEPT_ANSWER);
                    break;
                }
            }
            Receipt {
                status: Some(response.status().as_u16()),
                answer: String::from_utf8_lossy(&answer).into_owned(),
                error: None,
                took_ms: 0,
            }
        }
    };
    receipt.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    receipt
}

fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within 5 seconds".to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// One line of the log.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) channel: Channel,
    pub(crate) notice_id: String,
    pub(crate) out_trade_no: String,
    pub(crate) event_type: String,
    pub(crate) url: String,
    /// 0 for the first try, up to the length of the plan; `None` when somebody sent it by hand.
    pub(crate) attempt: Option<usize>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) sent_at: OffsetDateTime,
    pub(crate) accepted: bool,
    /// What was sent, so that a test can send it again; `None` when a fault kept it back.
    pub(crate) request: Option<Parcel>,
    #[serde(flatten)]
    pub(crate) receipt: Receipt,
}

/// The newest deliveries, up to a limit.
#[derive(Debug)]
pub(crate) struct Log {
    lines: VecDeque<Delivery>,
    limit: usize,
    next: u64,
}

impl Log {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            limit,
            next: 1,
        }
    }

    /// Numbers and keeps the delivery, and forgets the oldest when the log is full.
    pub(crate) fn keep(&mut self, mut delivery: Delivery) -> Delivery {
        delivery.number = self.next;
        self.next += 1;
        self.lines.push_back(delivery.clone());
        while self.lines.len() > self.limit {
            self.lines.pop_front();
        }
        delivery
    }

    /// Oldest first.
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.lines.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_forgets_the_oldest() {
        let mut log = Log::new(2);
        for _ in 0..3 {
            log.keep(Delivery {
                number: 0,
                channel: Channel::Wechat,
                notice_id: String::new(),
                out_trade_no: String::new(),
                event_type: String::new(),
                url: String::new(),
                attempt: None,
                sent_at: OffsetDateTime::UNIX_EPOCH,
                accepted: false,
                request: None,
                receipt: Receipt::failure("refused"),
            });
        }
        let numbers: Vec<u64> = log.lines().map(|line| line.number).collect();
        assert_eq!(numbers, [2, 3]);
    }
}
