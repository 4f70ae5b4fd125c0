use catalog::{Goods, Upgrade};
use membership::{NotAnUpgrade, Segment, SegmentState, quote};
use time::macros::datetime;

use super::*;

fn upgrade(sold: &Sold) -> Upgrade {
    match &sold.goods {
        Goods::Upgrade { upgrade, .. } => upgrade.clone(),
        _ => unreachable!("it is an upgrade"),
    }
}

fn queued(tier_code: &str) -> Segment {
    Segment {
        segment_id: "s2".to_owned(),
        order_no: order_no(2),
        tier: tier(tier_code),
        from: datetime!(2026-05-01 4:00 UTC),
        until: datetime!(2026-06-01 4:00 UTC),
        version: 4,
        ..a_segment()
    }
}

#[test]
fn r13_what_is_not_used_is_credited_by_seconds_and_rounded_down() {
    let pro = plan("pro", 1, 4990);
    for (passed, credit) in [
        (Duration::ZERO, 1990),
        // A whole second has to pass before anything is used up, and then the fen is broken.
        (Duration::microseconds(1), 1989),
        (Duration::seconds(1), 1989),
        (days(15), 995),
        (days(30) - Duration::hours(1), 2),
        (days(30) - Duration::seconds(1), 0),
    ] {
        let sold = quote(&pro, &[a_segment()], START + passed).unwrap();
        assert_eq!(upgrade(&sold).credit.fen(), credit, "{passed}");
        assert_eq!(sold.price.fen(), 4990 - credit);
        assert_eq!(upgrade(&sold).extra_seconds, 0);
    }
}

#[test]
fn r13_everything_unfinished_is_consumed_and_named_with_its_version() {
    let ended = Segment {
        segment_id: "s0".to_owned(),
        from: datetime!(2026-03-01 4:00 UTC),
        until: START,
        ..a_segment()
    };
    let spent = Segment {
        segment_id: "s3".to_owned(),
        state: SegmentState::Consumed {
            by: order_no(9),
            was_until: datetime!(2026-07-01 4:00 UTC),
            credit: Cny::from_fen(1),
        },
        ..queued("basic")
    };
    let held = [ended, a_segment(), queued("basic"), spent];
    let sold = quote(&plan("pro", 1, 4990), &held, START + days(15)).unwrap();
    let upgrade = upgrade(&sold);
    let named: Vec<_> = upgrade.segments().collect();
    assert_eq!(named, [("s1", 1), ("s2", 4)]);
    // What has not begun is credited whole.
    assert_eq!(upgrade.credit.fen(), 995 + 1990);
    assert_eq!(sold.price.fen(), 4990 - 995 - 1990);
}

#[test]
fn r13_credit_beyond_the_price_becomes_time_at_the_list_price() {
    let mut dear = a_segment();
    dear.value = Cny::from_fen(9980);
    let sold = quote(&plan("pro", 1, 4990), &[dear], START).unwrap();
    assert_eq!(sold.price.fen(), 1);
    // 49.90 yuan beyond the price, and the fen that is paid: a period of 30 days and 519 seconds.
    assert_eq!(upgrade(&sold).extra_seconds, 30 * 86_400 + 519);
}

#[test]
fn r13_only_a_higher_tier_is_an_upgrade() {
    let quoted = |code: &str, held: &[Segment], at| {
        quote(&plan(code, 1, 4990), held, at).map(|sold| sold.price.fen())
    };
    let held = [a_segment()];
    assert_eq!(quoted("pro", &[], START), Err(NotAnUpgrade::NothingHeld));
    assert_eq!(
        quoted("pro", &held, START - days(1)),
        Err(NotAnUpgrade::NothingHeld)
    );
    assert_eq!(
        quoted("pro", &held, START + days(30)),
        Err(NotAnUpgrade::NothingHeld)
    );
    let basic = NotAnUpgrade::NotHigher("basic".to_owned());
    assert_eq!(quoted("basic", &held, START), Err(basic));
    let follows = [a_segment(), queued("max")];
    let higher = NotAnUpgrade::HigherFollows("max".to_owned());
    assert_eq!(quoted("pro", &follows, START), Err(higher));
    assert_eq!(quoted("max", &follows, START), Ok(4990 - 2 * 1990));
}

#[test]
fn r13_a_credit_for_more_time_than_there_is_is_no_quote() {
    let mut dear = a_segment();
    dear.value = Cny::from_fen(i64::MAX);
    let refused = quote(&plan("pro", 1, 1), &[dear.clone()], START);
    assert_eq!(refused.map(|_| ()), Err(NotAnUpgrade::OutOfRange));
    dear.value = Cny::from_fen(120_000);
    let refused = quote(&plan("pro", 1, 1), &[dear], START);
    assert_eq!(
        refused.map(|_| ()),
        Err(NotAnUpgrade::OutOfRange),
        "after the year 9999"
    );
}
