//! Following the events table.
//!
//! Every process does this for its own sockets. Nobody has to reach it for that: it looks twice a
//! second, and a wake-up only makes it look at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cashier::{Event, EventHead, Ports, failpoint};
use kernel::StoreError;
use tokio_util::sync::CancellationToken;

use super::Live;

/// Pause between two looks without a wake-up.
const PAUSE: Duration = Duration::from_millis(500);
/// Ids commit out of order: one that is missing below others may still turn up for so long.
const UNSETTLED: Duration = Duration::from_secs(30);
/// On waking from idleness, missing ids are looked for among so many.
const LOOK_BACK: i64 = 1_000;
/// Ids read at once; a look goes on until there are no more.
const BATCH: u64 = 1_000;
/// Events loaded at once: databases bound the values of one statement.
const BATCH_OF_IDS: usize = 200;
/// More missing ids than this are not waited for: polling clients see the state anyway.
const MISSING_AT_MOST: usize = 10_000;

/// What was seen of the table so far.
#[derive(Debug, Default)]
struct Position {
    /// The highest id seen.
    newest: i64,
    /// Ids below it that were not there, and when that was noticed: by this process's own clock, so
    /// that clocks of other machines do not matter.
    missing: BTreeMap<i64, Instant>,
}

impl Position {
    /// Starts at the end. What committed before the sockets opened is in their snapshots.
    fn at_end(newest: i64, heads: &[EventHead], now: Instant) -> Self {
        let start = (newest - LOOK_BACK).max(0);
        let mut position = Self {
            newest: start,
            missing: BTreeMap::new(),
        };
        position.advance(heads, now);
        position
    }

    /// Notes ids above the newest, ascending, and what is missing between them.
    fn advance(&mut self, heads: &[EventHead], now: Instant) {
        for head in heads {
            let room = MISSING_AT_MOST.saturating_sub(self.missing.len());
            self.missing
                .extend((self.newest + 1..head.id).take(room).map(|id| (id, now)));
            self.newest = self.newest.max(head.id);
        }
    }

    /// Notes that a missing id turned up.
    fn found(&mut self, id: i64) {
        self.missing.remove(&id);
    }

    /// Missing ids that may still turn up; those that never will are forgotten.
    fn awaited(&mut self, now: Instant) -> Vec<i64> {
        self.missing
            .retain(|_, since| now.duration_since(*since) <= UNSETTLED);
        self.missing.keys().copied().collect()
    }
}

impl Live {
    /// Follows for as long as the process serves; idle while no socket is open.
    pub(crate) async fn follow(self: Arc<Self>, ports: Ports, stop: CancellationToken) {
        let signal = ports.wake.signal();
        while !stop.is_cancelled() {
            self.hub.somebody().await;
            let mut position = None;
            self.following.send_replace(false);
            while !self.hub.is_empty() && !stop.is_cancelled() {
                // Armed before looking, so that what commits meanwhile is not missed.
                let woken = signal.notified();
                let mut woken = std::pin::pin!(woken);
                woken.as_mut().enable();
                if let Err(error) = self.look(&ports, &mut position).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "cannot read events, looking again");
                }
                self.following.send_replace(position.is_some());
                tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep(PAUSE) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    async fn look(&self, ports: &Ports, place: &mut Option<Position>) -> Result<(), StoreError> {
        let mut read = ports.database.read().await?;
        let now = Instant::now();
        let Some(position) = place else {
            let newest = read.newest_event_id().await?;
            let heads = read.event_heads((newest - LOOK_BACK).max(0), BATCH).await?;
            *place = Some(Position::at_end(newest, &heads, now));
            return Ok(());
        };
        let awaited = position.awaited(now);
        for ids in awaited.chunks(BATCH_OF_IDS) {
            for event in read.load_events(ids).await? {
                position.found(event.id);
                self.push(event).await;
            }
        }
        loop {
            let heads = read.event_heads(position.newest, BATCH).await?;
            let wanted: Vec<i64> = heads
                .iter()
                .filter(|head| self.hub.has(&head.user_id))
                .map(|head| head.id)
                .collect();
            for ids in wanted.chunks(BATCH_OF_IDS) {
                for event in read.load_events(ids).await? {
                    self.push(event).await;
                }
            }
            position.advance(&heads, now);
            if heads.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn push(&self, event: Event) {
        failpoint::hit("push.before_send").await;
        self.hub.send(&Arc::new(event));
    }
}

#[cfg(test)]
mod tests {
    use cashier::testing::{NOW, Shop, TAG, a_purchase};
    use cashier::{EventKind, NewEvent};

    use super::*;

    fn head(id: i64) -> EventHead {
        EventHead {
            id,
            user_id: "u".parse().unwrap(),
        }
    }

    #[test]
    fn an_id_that_commits_late_is_still_awaited() {
        let start = Instant::now();
        let mut position = Position::at_end(7, &[head(5), head(7)], start);
        assert!(
            position.awaited(start).ends_with(&[6]),
            "6 was taken before 7"
        );
        position.found(6);
        position.advance(&[head(8), head(11)], start);
        assert_eq!(position.newest, 11);
        assert!(position.awaited(start).ends_with(&[9, 10]));
    }

    fn live() -> Live {
        Live {
            hub: super::super::hub::Hub::default(),
            origins: Vec::new(),
            closing: CancellationToken::new(),
            following: tokio::sync::watch::Sender::new(false),
        }
    }

    async fn happen(ports: &Ports, times: u32) {
        let purchase = a_purchase(1);
        let mut tx = ports.database.begin().await.unwrap();
        for _ in 0..times {
            let event = NewEvent {
                kind: EventKind::PaymentSuccess,
                purchase: &purchase,
                at: NOW,
            };
            tx.append_event(&event).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn events_arrive_however_many_there_were_before() {
        let folder = tempfile::tempdir().unwrap();
        let options = persistence::Options {
            url: format!("sqlite://{}", folder.path().join("paydesk.db").display()),
            readers: 1,
            create: true,
        };
        let store = persistence::Store::connect(&options).await.unwrap();
        store.migrate(&TAG.parse().unwrap(), NOW).await.unwrap();
        let ports = Shop::on(Arc::new(store)).ports;
        happen(&ports, 2_500).await;

        let live = live();
        let mut seat = live.hub.join(&a_purchase(1).order.user_id).unwrap();
        let mut position = None;
        live.look(&ports, &mut position).await.unwrap();
        assert!(
            seat.events.try_recv().is_err(),
            "what was before is in the snapshot"
        );
        for _ in 0..3 {
            happen(&ports, 1).await;
            live.look(&ports, &mut position).await.unwrap();
            live.look(&ports, &mut position).await.unwrap();
            assert!(seat.events.try_recv().is_ok());
            assert!(seat.events.try_recv().is_err(), "and once only");
        }
        // Others' events, more than one batch of them between two looks, hide nothing.
        happen(&ports, 1_200).await;
        live.look(&ports, &mut position).await.unwrap();
        assert_eq!(position.unwrap().newest, 2_500 + 3 + 1_200);
    }

    #[test]
    fn what_never_comes_is_forgotten() {
        let start = Instant::now();
        let mut position = Position::at_end(0, &[], start);
        position.advance(&[head(3)], start);
        assert_eq!(position.awaited(start + UNSETTLED), [1, 2]);
        let later = start + UNSETTLED + Duration::from_secs(1);
        assert!(position.awaited(later).is_empty());
        assert_eq!(position.newest, 3, "nothing is seen twice");
    }

    #[test]
    fn a_gap_beyond_all_measure_is_bounded() {
        let start = Instant::now();
        let mut position = Position::default();
        position.advance(&[head(i64::from(i32::MAX)), head(i64::MAX - 1)], start);
        assert_eq!(position.awaited(start).len(), MISSING_AT_MOST);
    }
}
