use catalog::{Goods, Upgrade};
use membership::{SegmentState, quote};
use proptest::prelude::*;

use super::*;

/// What somebody may try.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes, in seconds.
    Wait(i64),
    /// A plan is bought or renewed and paid at once, also where an upgrade should have been.
    Buy(usize),
    /// An upgrade is ordered and waits.
    Order(usize),
    /// One of the waiting upgrades is paid, unless its time is up.
    Pay(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop_oneof![0_i64..5, 0_i64..9_000, 0_i64..40 * 86_400].prop_map(Step::Wait),
        (0_usize..PLANS.len()).prop_map(Step::Buy),
        (0_usize..PLANS.len()).prop_map(Step::Order),
        (0_usize..8).prop_map(Step::Pay),
    ]
}

/// Odd prices, long plans that are cheaper by the day, and higher tiers that cost less than lower ones.
const PLANS: &[(&str, u32, i64)] = &[
    ("basic", 1, 1990),
    ("basic", 12, 19_901),
    ("pro", 1, 4990),
    ("pro", 36, 401),
    ("max", 1, 333),
    ("max", 12, 99_999),
];

struct World {
    store: FakeStore,
    now: OffsetDateTime,
    paid: i64,
    orders: u32,
    waiting: Vec<(Sold, OffsetDateTime)>,
}

/// The longest time that an order can be set to wait for its money: for so long a quote is frozen.
const PAY_WITHIN: i64 = 2 * 3600;

fn upgrade(sold: &Sold) -> Option<&Upgrade> {
    match &sold.goods {
        Goods::Upgrade { upgrade, .. } => Some(upgrade),
        _ => None,
    }
}

/// What of a segment's money has not moved into an upgrade.
fn kept(segment: &Segment) -> i64 {
    match &segment.state {
        SegmentState::Consumed { credit, .. } => segment.value.fen() - credit.fen(),
        _ => segment.value.fen(),
    }
}

fn seconds(from: OffsetDateTime, until: OffsetDateTime) -> i128 {
    i128::from((until - from).whole_seconds().max(0))
}

impl World {
    fn plan(n: usize) -> Plan {
        let (tier_code, months, price) = PLANS[n];
        plan(tier_code, months, price)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Wait(seconds) => self.now += Duration::seconds(seconds),
            Step::Buy(n) => self.pay(&Self::plan(n).sold()),
            Step::Order(n) => {
                let plan = Self::plan(n);
                if let Ok(sold) = quote(&plan, &self.store.0, self.now) {
                    self.look_at(&plan, &sold);
                    self.waiting.push((sold, self.now));
                }
            }
            Step::Pay(n) if n < self.waiting.len() => {
                let (sold, placed_at) = self.waiting.remove(n);
                if self.now - placed_at <= Duration::seconds(PAY_WITHIN) {
                    self.look_at_payment(&sold);
                    self.pay(&sold);
                }
            }
            Step::Pay(_) => {}
        }
    }

    /// Money arrives; where the goods are refused, it goes back.
    fn pay(&mut self, sold: &Sold) {
        self.orders += 1;
        let before = self.store.clone();
        match pay(&mut self.store, self.orders, sold, self.now) {
            Ok(()) => {
                self.paid += sold.price.fen();
                // Whatever the moment of payment, the goods are granted once.
                let once = self.store.clone();
                pay(&mut self.store, self.orders, sold, self.now).unwrap();
                assert_eq!(self.store, once);
            }
            Err(MembershipError::Store(error)) => unreachable!("{error}"),
            Err(refused) => {
                let changed = matches!(refused, MembershipError::Changed);
                assert!(
                    !changed || upgrade(sold).is_some(),
                    "a plain purchase fits always"
                );
                assert_eq!(self.store, before, "nothing is written");
            }
        }
    }

    /// A quote gives no more than the unused part of what was paid, and no time below its price.
    fn look_at(&self, plan: &Plan, sold: &Sold) {
        let upgrade = upgrade(sold).unwrap();
        assert!(sold.price.fen() >= 1);
        for part in &upgrade.consumed {
            let mut of_it = self.store.0.iter();
            let segment = of_it.find(|segment| segment.segment_id == part.segment_id);
            let segment = segment.unwrap();
            let total = seconds(segment.from, segment.until);
            let unused = seconds(segment.from.max(self.now), segment.until);
            let worth = i128::from(segment.value.fen()) * unused;
            assert!(i128::from(part.credit.fen()) * total <= worth);
        }
        let day = kernel::china::day(self.now).day();
        let period_end = kernel::china::add_months(self.now, plan.months, day).unwrap();
        let period = seconds(self.now, period_end);
        let moved = i128::from(sold.price.fen() + upgrade.credit.fen());
        let time = period + i128::from(upgrade.extra_seconds);
        assert!(moved * period >= i128::from(plan.price.fen()) * time);
    }

    /// What is credited was unused when the money came, or at most as long before as a quote is frozen.
    fn look_at_payment(&self, sold: &Sold) {
        for part in &upgrade(sold).unwrap().consumed {
            let mut of_it = self.store.0.iter();
            let segment = of_it.find(|segment| segment.segment_id == part.segment_id);
            let Some(segment) = segment.filter(|segment| segment.version == part.version) else {
                continue; // It has changed since: the payment will be refused.
            };
            let total = seconds(segment.from, segment.until);
            let unused = seconds(segment.from.max(self.now), segment.until);
            let worth = i128::from(segment.value.fen()) * (unused + i128::from(PAY_WITHIN));
            assert!(i128::from(part.credit.fen()) * total <= worth);
        }
    }

    fn check(&self) {
        let of_some_length = |segment: &&Segment| segment.from < segment.until;
        let mut segments: Vec<_> = self.store.0.iter().filter(of_some_length).collect();
        segments.sort_by_key(|segment| segment.from);
        for pair in segments.windows(2) {
            assert!(pair[0].until <= pair[1].from, "{pair:?}");
        }
        assert!(self.store.0.iter().all(|segment| kept(segment) >= 0));
        let kept: i64 = self.store.0.iter().map(kept).sum();
        assert_eq!(kept, self.paid, "money is neither made nor lost");
    }
}

proptest! {
    #[test]
    fn r13_no_sequence_of_buying_renewing_and_upgrading_yields_a_profit(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World {
            store: FakeStore::default(),
            now: START,
            paid: 0,
            orders: 0,
            waiting: Vec::new(),
        };
        for step in &steps {
            world.take(step);
            world.check();
        }
    }
}
