use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kernel::{StoreError, china};
use paydesk_provider::Channel;
use payments::{Record, RecordKind};
use serde_json::json;
use time::{Date, OffsetDateTime};

use crate::Database;
use crate::conflict::retried;

/// Of each reason, so many refused callbacks a day are journalled by each process.
const SAMPLES: u64 = 20;

/// How many callbacks were refused, on a day, for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectionCount {
    /// The day in China.
    pub day: Date,
    /// The platform that the callback claimed to come from.
    pub channel: Channel,
    /// A stable word.
    pub reason: &'static str,
    /// How many more.
    pub count: u64,
    /// The last one.
    pub last_at: OffsetDateTime,
}

/// Storing the counts.
#[async_trait]
pub trait RejectionStore: Send {
    /// Adds to the stored count.
    async fn add_rejections(&mut self, count: &RejectionCount) -> Result<(), StoreError>;
}

/// Counts refused callbacks.
///
/// Anybody can call the callback address, so a refusal must cost next to nothing: it is counted in
/// memory, written in batches by [`Rejections::flush`], and journalled only as a few samples a day.
/// Every count is bounded by channels × reasons, both fixed.
#[derive(Clone, Debug, Default)]
pub struct Rejections(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Not yet stored.
    counts: BTreeMap<(Date, Channel, &'static str), (u64, OffsetDateTime)>,
    samples: Vec<Record>,
    sampled: BTreeMap<(Channel, &'static str), u64>,
    sampled_on: Option<Date>,
}

impl Rejections {
    /// Counts one. Whether it is among the first of its kind today, worth a line in the log.
    pub fn count(
        &self,
        channel: Channel,
        reason: &'static str,
        body_len: usize,
        now: OffsetDateTime,
    ) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let day = china::day(now);
        let count = state
            .counts
            .entry((day, channel, reason))
            .or_insert((0, now));
        count.0 += 1;
        count.1 = now;
        if state.sampled_on != Some(day) {
            state.sampled_on = Some(day);
            state.sampled.clear();
        }
        let sampled = state.sampled.entry((channel, reason)).or_insert(0);
        let among_first = *sampled < SAMPLES;
        if among_first {
            *sampled += 1;
            // Redacted: what was refused may be anything, so nothing of its content is kept.
            let mut record = Record::new(now, RecordKind::CallbackRefused, reason);
            record.channel = Some(channel);
            record.detail = json!({ "body_bytes": body_len });
            state.samples.push(record);
        }
        among_first
    }

    /// Stores what was counted since the last time. On failure it is kept for the next time.
    pub async fn flush(&self, database: &dyn Database) -> Result<(), StoreError> {
        let (counts, samples) = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (
                std::mem::take(&mut state.counts),
                std::mem::take(&mut state.samples),
            )
        };
        if counts.is_empty() {
            return Ok(());
        }
        let stored = retried(|| async {
            let mut tx = database.begin().await?;
            for (&(day, channel, reason), &(count, last_at)) in &counts {
                let count = RejectionCount {
                    day,
                    channel,
                    reason,
                    count,
                    last_at,
                };
                tx.add_rejections(&count).await?;
            }
            for sample in &samples {
                tx.append_record(sample).await?;
            }
            tx.commit().await
        })
        .await;
        if stored.is_err() {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, (count, last_at)) in counts {
                let kept = state.counts.entry(key).or_insert((0, last_at));
                kept.0 += count;
                kept.1 = kept.1.max(last_at);
            }
            state.samples.extend(samples);
        }
        stored
    }
}
