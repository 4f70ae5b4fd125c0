use catalog::Tier;
use kernel::{OrderNo, UserId};
use paydesk_money::Cny;
use time::OffsetDateTime;

/// A stretch of membership from one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Names the segment.
    pub segment_id: String,
    /// Whose membership.
    pub user_id: UserId,
    /// The order it was bought with; an order grants one segment.
    pub order_no: OrderNo,
    /// Of which tier, as it was sold.
    pub tier: Tier,
    /// The first instant of it.
    pub from: OffsetDateTime,
    /// The first instant after it: moved forward when an upgrade ends it.
    pub until: OffsetDateTime,
    /// The day of the month, in China, from which months are counted on.
    pub anchor_day: u8,
    /// The money behind it: what was paid, and for an upgrade the credit that moved into it.
    pub value: Cny,
    /// Counts the changes, from 1.
    pub version: i64,
    /// Whether it still counts.
    pub state: SegmentState,
}

/// Whether a segment still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentState {
    /// It runs, ran, or will run as it was granted.
    Live,
    /// An upgrade took the rest of it.
    Consumed {
        /// The order of the upgrade.
        by: OrderNo,
        /// Until when it would have run.
        was_until: OffsetDateTime,
        /// How much of its value moved into the upgrade.
        credit: Cny,
    },
}

impl SegmentState {
    /// The name used in the database and in the HTTP API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Consumed { .. } => "consumed",
        }
    }
}

impl Segment {
    /// Whether some of it is left at that instant, now or later.
    pub fn is_unfinished(&self, at: OffsetDateTime) -> bool {
        self.state == SegmentState::Live && at < self.until
    }

    /// Whether it runs at that instant.
    pub fn is_present(&self, at: OffsetDateTime) -> bool {
        self.from <= at && at < self.until
    }

    /// How much of it is left at that instant, in whole seconds.
    pub fn unused_seconds(&self, at: OffsetDateTime) -> i64 {
        (self.until - at.max(self.from)).whole_seconds().max(0)
    }

    /// What the part after that instant is worth, by whole seconds, rounded down.
    pub(crate) fn credit(&self, at: OffsetDateTime) -> Cny {
        let total = i128::from(self.unused_seconds(self.from));
        let unused = i128::from(self.unused_seconds(at));
        // The unused part is no longer than the whole, so the outcome is no more than the value.
        let fen = (i128::from(self.value.fen()) * unused).checked_div(total);
        Cny::from_fen(fen.and_then(|fen| i64::try_from(fen).ok()).unwrap_or(0))
    }

    /// The same segment, ended by an upgrade: at that instant where it runs then, from its beginning
    /// where it lies ahead, and unmoved where it had come to its end by itself.
    pub(crate) fn consumed(&self, by: &OrderNo, at: OffsetDateTime, credit: Cny) -> Self {
        Self {
            until: at.max(self.from).min(self.until),
            version: self.version + 1,
            state: SegmentState::Consumed {
                by: by.clone(),
                was_until: self.until,
                credit,
            },
            ..self.clone()
        }
    }
}

/// What a user holds at some instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The tier.
    pub tier: Tier,
    /// Until when without a break.
    pub until: OffsetDateTime,
}

/// What a user with these segments, given by beginning, holds at that instant.
pub fn current(segments: &[Segment], now: OffsetDateTime) -> Option<Current> {
    let present = segments.iter().find(|segment| segment.is_present(now))?;
    let mut held = Current {
        tier: present.tier.clone(),
        until: present.until,
    };
    // A queued segment that an upgrade consumed has no length, and would break the row.
    let later = segments
        .iter()
        .filter(|segment| segment.from >= present.until && segment.from < segment.until);
    for next in later {
        if next.from != held.until || next.tier.code != held.tier.code {
            break;
        }
        held.until = next.until;
    }
    Some(held)
}
