use cashier::testing::{a_fact, a_plan, statement};
use cashier::{Catalogue, FulfilError, GoodsError, OfferError, PlaceError, PlaceOrder, Placed};
use catalog::{Goods, ItemKind, Listing, Plan};
use membership::{MembershipError, NotAnUpgrade, Segment, SegmentState, current};
use orders::{CloseReason, Fulfilment, Granted, LateMoney, OrderState, Purchase};
use paydesk_money::Cny;
use paydesk_provider::Channel;
use payments::RefundReason;
use time::Duration;

use crate::{Bench, wish};

/// A month of `basic` for 19.90, of `pro` and of `max` for 49.90 yuan.
async fn a_club() -> Bench {
    let bench = Bench::new().await;
    let plans = ["basic", "pro", "max"].map(a_plan);
    publish(&bench, &plans).await;
    bench
}

async fn publish(bench: &Bench, plans: &[Plan]) {
    let listing = Listing {
        plans: plans.to_vec(),
        ..Listing::default()
    };
    bench.shop.catalogue().publish(&listing).await.unwrap();
}

fn a_month(kind: ItemKind, tier: &str) -> PlaceOrder {
    PlaceOrder {
        kind,
        code: a_plan(tier).code,
        ..wish()
    }
}

fn plain(tier: &str) -> PlaceOrder {
    a_month(ItemKind::Membership, tier)
}

fn upgrade(tier: &str) -> PlaceOrder {
    a_month(ItemKind::MembershipUpgrade, tier)
}

async fn placed(bench: &Bench, wish: &PlaceOrder) -> Purchase {
    match bench.checkout().place(wish).await.unwrap() {
        Placed::New(purchase) => purchase,
        Placed::Waiting(_) => unreachable!("nothing was waiting"),
    }
}

/// The money arrives, a minute after the order by the platform's clock, and is granted.
async fn pay(bench: &Bench, purchase: &Purchase) -> Result<Granted, FulfilError> {
    let attempt = &purchase.attempt;
    let said = statement(attempt, &format!("T{}", attempt.payment_no));
    let fact = a_fact(&attempt.account, said);
    bench.shop.settlement().settle(&fact, None).await.unwrap();
    bench
        .shop
        .fulfilment()
        .fulfil(&purchase.order.order_no)
        .await
}

async fn buy(bench: &Bench, wish: &PlaceOrder) -> Purchase {
    let purchase = placed(bench, wish).await;
    bench.shop.clock.advance(Duration::minutes(2));
    assert_eq!(pay(bench, &purchase).await.unwrap(), Granted::Now);
    purchase
}

async fn segments(bench: &Bench) -> Vec<Segment> {
    let user = wish().user_id;
    let mut snapshot = bench.database().read().await.unwrap();
    snapshot.find_segments(&user).await.unwrap()
}

fn is_changed(outcome: &Result<Granted, FulfilError>) -> bool {
    match outcome {
        Err(FulfilError::Goods(error)) => {
            error.is_refusal() && matches!(error, GoodsError::Membership(MembershipError::Changed))
        }
        _ => false,
    }
}

#[tokio::test]
async fn a_membership_is_bought_and_renewed() {
    let bench = a_club().await;
    let first = buy(&bench, &plain("basic")).await;
    let granted_at = bench.shop.ports.clock.now();
    assert_eq!(first.order.amount, Cny::from_fen(1990));
    buy(&bench, &plain("basic")).await;
    let held = segments(&bench).await;
    assert_eq!(held.len(), 2);
    assert_eq!(held[0].from, granted_at, "the buyer loses no minute");
    assert_eq!(held[0].order_no, first.order.order_no);
    assert_eq!(held[0].value, first.order.amount);
    assert_eq!(held[1].from, held[0].until);
    let now = current(&held, granted_at).unwrap();
    assert_eq!(
        (now.tier.code.as_str(), now.until),
        ("basic", held[1].until)
    );
}

#[tokio::test]
async fn granting_a_membership_twice_grants_once() {
    let bench = a_club().await;
    buy(&bench, &plain("basic")).await;
    let purchase = buy(&bench, &upgrade("pro")).await;
    let once = segments(&bench).await;
    assert_eq!(pay(&bench, &purchase).await.unwrap(), Granted::Already);
    assert_eq!(segments(&bench).await, once);
    assert_eq!(
        bench.now(&purchase).await.order.fulfilment,
        Fulfilment::Granted
    );
}

#[tokio::test]
async fn r13_an_upgrade_costs_less_by_what_is_left() {
    let bench = a_club().await;
    buy(&bench, &plain("basic")).await;
    let month = segments(&bench).await[0].clone();
    bench.shop.clock.advance((month.until - month.from) / 2);
    let catalogue = bench.shop.catalogue();
    let user = wish().user_id;
    let quoted = catalogue.quote(&user, ItemKind::MembershipUpgrade, "pro-month");
    let quoted = quoted.await.unwrap();
    let purchase = buy(&bench, &upgrade("pro")).await;
    assert_eq!(
        quoted.sold, purchase.order.item,
        "what was quoted is what is sold"
    );
    assert_eq!(purchase.order.amount, Cny::from_fen(4990 - 995));
    let paid_at = purchase.order.created_at + Duration::minutes(1);
    let held = segments(&bench).await;
    assert_eq!(held[0].until, paid_at, "by the platform's clock");
    assert_eq!(held[1].from, paid_at);
    assert_eq!(held[1].value, Cny::from_fen(4990));
    let ended = SegmentState::Consumed {
        by: purchase.order.order_no,
        was_until: month.until,
        credit: Cny::from_fen(995),
    };
    assert_eq!(held[0].state, ended);
}

#[tokio::test]
async fn r7_a_platform_whose_clock_is_off_moves_no_boundary_past_another() {
    for minutes in [-4, 4] {
        let bench = a_club().await;
        buy(&bench, &plain("basic")).await;
        let purchase = placed(&bench, &upgrade("pro")).await;
        let mut said = statement(&purchase.attempt, "T1");
        let now = bench.shop.ports.clock.now();
        said.paid_at = Some(now + Duration::minutes(minutes));
        let fact = a_fact(&purchase.attempt.account, said);
        bench.shop.settlement().settle(&fact, None).await.unwrap();
        let fulfilment = bench.shop.fulfilment();
        let granted = fulfilment.fulfil(&purchase.order.order_no).await;
        assert_eq!(granted.unwrap(), Granted::Now);
        let held = segments(&bench).await;
        assert_eq!(held.len(), 2);
        assert!(held.iter().all(|segment| segment.from <= segment.until));
        let upgraded = held.iter().find(|segment| segment.tier.code == "pro");
        assert_eq!(upgraded.unwrap().from, now, "{minutes}");
    }
}

#[tokio::test]
async fn r13_what_is_no_upgrade_places_nothing() {
    let bench = a_club().await;
    let refused = |wish: PlaceOrder| {
        let checkout = bench.checkout();
        async move { checkout.place(&wish).await.unwrap_err() }
    };
    let nothing = refused(upgrade("pro")).await;
    assert!(matches!(
        nothing,
        PlaceError::Offer(OfferError::NotAnUpgrade(NotAnUpgrade::NothingHeld))
    ));
    buy(&bench, &plain("pro")).await;
    for tier in ["pro", "basic"] {
        let lower = refused(upgrade(tier)).await;
        assert!(
            matches!(
                lower,
                PlaceError::Offer(OfferError::NotAnUpgrade(NotAnUpgrade::NotHigher(_)))
            ),
            "{lower}"
        );
    }
    // A higher tier is not sold to wait for the end of a lower one; a lower one may wait.
    let higher = refused(plain("max")).await;
    assert!(matches!(
        higher,
        PlaceError::Offer(OfferError::UpgradeNeeded)
    ));
    for kind in [ItemKind::Membership, ItemKind::MembershipUpgrade] {
        let code = "points-1000".to_owned();
        let unknown = refused(PlaceOrder {
            kind,
            code,
            ..wish()
        })
        .await;
        assert!(matches!(
            unknown,
            PlaceError::Offer(OfferError::UnknownItem { .. })
        ));
    }
    buy(&bench, &plain("basic")).await;
    assert_eq!(segments(&bench).await.len(), 2);
}

#[tokio::test]
async fn r13_an_upgrade_is_refused_when_a_segment_changed_before_the_money_came() {
    let bench = a_club().await;
    buy(&bench, &plain("basic")).await;
    let purchase = placed(&bench, &upgrade("pro")).await;
    buy(&bench, &plain("basic")).await;
    let before = segments(&bench).await;
    let refused = pay(&bench, &purchase).await;
    assert!(is_changed(&refused), "{refused:?}");
    assert_eq!(segments(&bench).await, before);
    // What cannot be granted goes back, once.
    assert!(pay(&bench, &purchase).await.is_err());
    let order = bench.now(&purchase).await.order;
    assert!(matches!(order.state, OrderState::Paid { .. }));
    assert_eq!(order.fulfilment, Fulfilment::Failed);
    let owed = bench.owed(&purchase).await;
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].amount, order.paid);
    assert_eq!(owed[0].reason, RefundReason::GrantFailed);
    assert_eq!(segments(&bench).await, before);
}

#[tokio::test]
async fn r13_an_upgrade_that_was_paid_first_is_granted_first() {
    let bench = a_club().await;
    buy(&bench, &plain("basic")).await;
    let first = placed(&bench, &upgrade("pro")).await;
    let second = placed(&bench, &plain("basic")).await;
    bench.shop.clock.advance(Duration::minutes(2));
    // The process dies between settling the first and granting it.
    for purchase in [&first, &second] {
        let said = statement(&purchase.attempt, purchase.attempt.payment_no.as_str());
        let fact = a_fact(&purchase.attempt.account, said);
        bench.shop.settlement().settle(&fact, None).await.unwrap();
    }
    let fulfilment = bench.shop.fulfilment();
    let granted = fulfilment.fulfil(&second.order.order_no).await;
    assert_eq!(granted.unwrap(), Granted::Now);
    let granted = fulfilment.fulfil(&first.order.order_no).await;
    assert_eq!(granted.unwrap(), Granted::Already);
    assert_eq!(bench.owed(&first).await, []);
    let held = segments(&bench).await;
    let tiers: Vec<_> = held
        .iter()
        .map(|segment| segment.tier.code.as_str())
        .collect();
    assert_eq!(tiers, ["basic", "pro", "basic"]);
    assert_eq!(
        held[2].from, held[1].until,
        "the renewal follows the upgrade"
    );
}

#[tokio::test]
async fn r13_a_downgrade_is_no_upgrade_after_the_tiers_were_numbered_anew() {
    let bench = a_club().await;
    buy(&bench, &plain("pro")).await;
    // Other tiers have come in below since: pro, sold on rung 1, stands on rung 3 now.
    let on_rung = |tier: &str, rank| {
        let mut plan = a_plan(tier);
        plan.tier.rank = rank;
        plan
    };
    publish(&bench, &[on_rung("plus", 2), on_rung("pro", 3)]).await;
    let refused = bench.checkout().place(&upgrade("plus")).await.unwrap_err();
    assert!(
        matches!(refused, PlaceError::Offer(OfferError::NotAnUpgrade(_))),
        "{refused}"
    );
    let placed = bench.checkout().place(&plain("plus")).await.unwrap();
    assert!(
        matches!(placed, Placed::New(_)),
        "it begins when pro has run out"
    );
}

#[tokio::test]
async fn r13_a_second_upgrade_replaces_the_waiting_one_of_whatever_plan_and_channel() {
    let mut bench = a_club().await;
    bench.shop.policy.late = LateMoney::Grant;
    buy(&bench, &plain("basic")).await;
    let first = placed(&bench, &upgrade("pro")).await;
    let by_alipay = PlaceOrder {
        channel: Channel::Alipay,
        ..upgrade("pro")
    };
    let second = placed(&bench, &by_alipay).await;
    let third = placed(&bench, &upgrade("max")).await;
    let reason = CloseReason::Cancelled;
    for replaced in [&first, &second] {
        let state = bench.now(replaced).await.order.state;
        assert_eq!(state, OrderState::Closing { reason });
    }
    // Money for two of them: one is granted, the other finds its segments gone.
    bench.shop.clock.advance(Duration::minutes(2));
    assert_eq!(pay(&bench, &third).await.unwrap(), Granted::Now);
    assert!(is_changed(&pay(&bench, &first).await));
    assert_eq!(segments(&bench).await.len(), 2);
    let owed = bench.owed(&first).await;
    assert_eq!(owed.len(), 1, "whatever the policy for late money");
    assert_eq!(owed[0].reason, RefundReason::GrantFailed);
}

#[tokio::test]
async fn r13_the_price_of_a_waiting_upgrade_is_frozen_while_nothing_changes() {
    let bench = a_club().await;
    buy(&bench, &plain("basic")).await;
    let first = placed(&bench, &upgrade("pro")).await;
    bench.shop.clock.advance(Duration::minutes(20));
    let Placed::Waiting(again) = bench.checkout().place(&upgrade("pro")).await.unwrap() else {
        unreachable!("seconds that pass are no other offer")
    };
    assert_eq!(again, first);
    buy(&bench, &plain("basic")).await;
    let other = placed(&bench, &upgrade("pro")).await;
    assert!(other.order.amount < first.order.amount, "more is credited");
    let reason = CloseReason::Cancelled;
    assert_eq!(
        bench.now(&first).await.order.state,
        OrderState::Closing { reason }
    );
}

#[tokio::test]
async fn r23_a_changed_plan_changes_no_open_order() {
    let bench = a_club().await;
    let membership = placed(&bench, &plain("basic")).await;
    let changed = Plan {
        price: Cny::from_fen(1),
        months: 36,
        ..a_plan("basic")
    };
    publish(&bench, &[changed]).await;
    assert_eq!(bench.now(&membership).await, membership);
    bench.shop.clock.advance(Duration::minutes(2));
    pay(&bench, &membership).await.unwrap();
    let held = segments(&bench).await;
    assert_eq!(held[0].value, Cny::from_fen(1990));
    assert!(
        held[0].until - held[0].from <= Duration::days(31),
        "it is the month that was sold"
    );

    let upgrade_order = placed(&bench, &upgrade("pro")).await;
    let amount = upgrade_order.order.amount;
    let unlisted = Plan {
        price: Cny::from_fen(9990),
        listed: false,
        ..a_plan("pro")
    };
    publish(&bench, &[unlisted]).await;
    bench.shop.clock.advance(Duration::minutes(2));
    pay(&bench, &upgrade_order).await.unwrap();
    let order = bench.now(&upgrade_order).await.order;
    assert_eq!((order.amount, order.paid), (amount, amount));
    let Goods::Upgrade { upgrade, .. } = order.item.goods else {
        unreachable!("it is an upgrade")
    };
    assert_eq!(upgrade.list_price, Cny::from_fen(4990));
    assert_eq!(segments(&bench).await[1].tier.code, "pro");
}

#[tokio::test]
async fn r23_a_waiting_upgrade_is_replaced_when_its_plan_was_changed() {
    let bench = a_club().await;
    buy(&bench, &plain("basic")).await;
    let first = placed(&bench, &upgrade("pro")).await;
    let dearer = Plan {
        price: Cny::from_fen(5990),
        ..a_plan("pro")
    };
    publish(&bench, &[dearer]).await;
    let second = placed(&bench, &upgrade("pro")).await;
    assert!(second.order.amount > first.order.amount);
}

#[tokio::test]
async fn what_is_listed_can_be_quoted() {
    let bench = a_club().await;
    let catalogue: Catalogue = bench.shop.catalogue();
    let user = wish().user_id;
    let listed = catalogue.listed().await.unwrap();
    assert_eq!((listed.plans.len(), listed.packages.len()), (3, 1));
    for plan in &listed.plans {
        let quoted = catalogue.quote(&user, ItemKind::Membership, &plan.code);
        assert_eq!(quoted.await.unwrap().sold, plan.sold());
    }
    let points = catalogue.quote(&user, ItemKind::Points, "points-1000");
    assert_eq!(points.await.unwrap().sold, listed.packages[0].sold());
    let unknown = catalogue.quote(&user, ItemKind::Points, "pro-month").await;
    assert!(matches!(unknown, Err(OfferError::UnknownItem { .. })));
    let nothing = catalogue.quote(&user, ItemKind::MembershipUpgrade, "pro-month");
    assert!(matches!(nothing.await, Err(OfferError::NotAnUpgrade(_))));
}
