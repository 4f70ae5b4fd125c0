//! Following the events table.
//!
//! Every process does this for its own sockets. Nobody has to reach it for that: it looks twice a
//! second, and a wake-up only makes it look at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cashier::{EventHead, Ports, failpoint};
use kernel::StoreError;
use tokio_util::sync::CancellationToken;

use super::Live;

/// Pause between two looks without a wake-up.
const PAUSE: Duration = Duration::from_millis(500);
/// Ids commit out of order, so a number may turn up below others for so long after they were seen.
const UNSETTLED: Duration = Duration::from_secs(30);
/// On waking from idleness, so many numbers are treated as unsettled.
const LOOK_BACK: i64 = 1_000;
/// Events handled by one look; the next one goes on.
const BATCH: u64 = 1_000;

/// What was seen of the table so far.
#[derive(Debug, Default)]
struct Position {
    /// Everything up to here is settled.
    floor: i64,
    /// Seen above the floor, and when: by this process's own clock, so that clocks of other
    /// machines do not matter.
    seen: BTreeMap<i64, Instant>,
}

impl Position {
    /// Starts at the end. What committed before the sockets opened is in their snapshots.
    fn at_end(newest: i64, heads: &[EventHead], now: Instant) -> Self {
        let seen = heads.iter().map(|head| (head.id, now)).collect();
        Self {
            floor: (newest - LOOK_BACK).max(0),
            seen,
        }
    }

    fn is_new(&self, id: i64) -> bool {
        id > self.floor && !self.seen.contains_key(&id)
    }

    fn note(&mut self, id: i64, now: Instant) {
        self.seen.insert(id, now);
    }

    /// Raises the floor over what can no longer have anything unseen below it.
    fn settle(&mut self, now: Instant) {
        while let Some((&id, &at)) = self.seen.first_key_value()
            && now.duration_since(at) > UNSETTLED
        {
            self.floor = id;
            self.seen.pop_first();
        }
    }
}

impl Live {
    /// Follows for as long as the process serves; idle while no socket is open.
    pub(crate) async fn follow(self: Arc<Self>, ports: Ports, stop: CancellationToken) {
        let signal = ports.wake.signal();
        while !stop.is_cancelled() {
            self.hub.somebody().await;
            let mut position = None;
            while !self.hub.is_empty() && !stop.is_cancelled() {
                // Armed before looking, so that what commits meanwhile is not missed.
                let woken = signal.notified();
                let mut woken = std::pin::pin!(woken);
                woken.as_mut().enable();
                if let Err(error) = self.look(&ports, &mut position).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "cannot read events, looking again");
                }
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
        let heads = read.event_heads(position.floor, BATCH).await?;
        let fresh: Vec<_> = heads
            .into_iter()
            .filter(|head| position.is_new(head.id))
            .collect();
        let wanted: Vec<i64> = fresh
            .iter()
            .filter(|head| self.hub.has(&head.user_id))
            .map(|head| head.id)
            .collect();
        if !wanted.is_empty() {
            for event in read.load_events(&wanted).await? {
                failpoint::hit("push.before_send").await;
                self.hub.send(&Arc::new(event));
            }
        }
        for head in fresh {
            position.note(head.id, now);
        }
        position.settle(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: i64) -> EventHead {
        EventHead {
            id,
            user_id: "u".parse().unwrap(),
        }
    }

    #[test]
    fn a_number_that_commits_late_is_still_seen() {
        let start = Instant::now();
        let mut position = Position::at_end(7, &[head(5), head(7)], start);
        assert!(
            position.is_new(6),
            "6 was taken before 7 and commits after it"
        );
        position.note(6, start);
        assert!(!position.is_new(6) && !position.is_new(7));
    }

    #[test]
    fn the_window_does_not_grow_for_ever() {
        let start = Instant::now();
        let mut position = Position::at_end(0, &[], start);
        position.note(1, start);
        position.note(2, start + UNSETTLED);
        position.settle(start + UNSETTLED + Duration::from_secs(1));
        assert_eq!((position.floor, position.seen.len()), (1, 1));
        assert!(!position.is_new(1));
    }
}
