//! Who is connected here, and how to reach them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cashier::Event;
use kernel::UserId;
use tokio::sync::{Notify, mpsc};

/// A socket further behind than this is closed: its client reads the state again on coming back.
const FRAMES_BEHIND: usize = 32;
/// Open sockets of one user on one process.
const SOCKETS_PER_USER: usize = 5;

/// Every open socket of this process by user.
#[derive(Debug, Default)]
pub(super) struct Hub {
    shared: Arc<Shared>,
    next_number: AtomicU64,
}

#[derive(Debug, Default)]
struct Shared {
    seats: Mutex<HashMap<UserId, Vec<Place>>>,
    joined: Notify,
}

#[derive(Debug)]
struct Place {
    number: u64,
    events: mpsc::Sender<Arc<Event>>,
}

/// One socket's place; leaving it is dropping it.
#[derive(Debug)]
pub(super) struct Seat {
    shared: Arc<Shared>,
    user_id: UserId,
    number: u64,
    /// Ends when the socket fell too far behind.
    pub(super) events: mpsc::Receiver<Arc<Event>>,
}

impl Hub {
    /// A place for one more socket of this user; none when there are too many.
    pub(super) fn join(&self, user_id: &UserId) -> Option<Seat> {
        let (sender, events) = mpsc::channel(FRAMES_BEHIND);
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let mut seats = self.shared.lock();
        let places = seats.entry(user_id.clone()).or_default();
        if places.len() >= SOCKETS_PER_USER {
            return None;
        }
        places.push(Place {
            number,
            events: sender,
        });
        drop(seats);
        self.shared.joined.notify_one();
        let shared = Arc::clone(&self.shared);
        Some(Seat {
            shared,
            user_id: user_id.clone(),
            number,
            events,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shared.lock().is_empty()
    }

    /// Waits until somebody is connected.
    pub(super) async fn somebody(&self) {
        while self.is_empty() {
            self.shared.joined.notified().await;
        }
    }

    pub(super) fn has(&self, user_id: &UserId) -> bool {
        self.shared.lock().contains_key(user_id)
    }

    /// Hands an event to every socket of its user. One that has no room is dropped.
    pub(super) fn send(&self, event: &Arc<Event>) {
        let mut seats = self.shared.lock();
        if let Some(places) = seats.get_mut(&event.purchase.order.user_id) {
            places.retain(|place| place.events.try_send(Arc::clone(event)).is_ok());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Place>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.shared.lock();
        if let Some(places) = seats.get_mut(&self.user_id) {
            places.retain(|place| place.number != self.number);
            if places.is_empty() {
                seats.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn a_user_has_five_places_and_gets_one_back_by_leaving() {
        let hub = Hub::default();
        let mut seats: Vec<_> = (0..5).map(|_| hub.join(&user("a")).unwrap()).collect();
        assert!(hub.join(&user("a")).is_none());
        assert!(hub.join(&user("b")).is_some(), "others are not affected");
        seats.pop();
        assert!(hub.join(&user("a")).is_some());
        drop(seats);
        assert!(hub.is_empty());
    }
}
