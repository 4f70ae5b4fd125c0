use cashier::testing::{FakeProvider, a_purchase, statement};
use cashier::{Exception, ExceptionKind, Raised, Received, Refusal, SettleError, Settled, Summary};
use orders::{OrderState, Paid};
use paydesk_money::Cny;
use paydesk_provider::{Channel, PaymentStatement};
use payments::{Mismatch, Verdict};

use crate::{Bench, is_paid};

/// Says it three times; each time it is refused for this reason, and only the first time it is new.
async fn stored_once(bench: &Bench, channel: Channel, said: &PaymentStatement, why: Mismatch) {
    let heard = bench.shop.alerts.heard().len();
    for _ in 0..3 {
        let refused = bench.call(channel, &FakeProvider::notice(said)).await;
        let Err(Refusal::NotSettled(SettleError::Unexpected(reason))) = refused else {
            unreachable!("{refused:?}")
        };
        assert_eq!(reason, why);
    }
    let raised = bench.shop.alerts.heard();
    assert_eq!(raised.len(), heard + 1, "{why}: told once");
    assert_eq!(raised[heard].kind, ExceptionKind::UnexpectedPayment);
    assert_eq!(raised[heard].amount, said.amount);
    assert_eq!(raised[heard].detail["mismatch"], why.reason());
    let number = said.transaction_id.as_deref().unwrap();
    let mut snapshot = bench.database().read().await.unwrap();
    let verdict = snapshot
        .find_verdict(channel, &said.merchant_id, number)
        .await;
    assert_eq!(verdict.unwrap(), Some((Verdict::Unexpected, None)), "{why}");
}

/// Whether an exception waits for a person, found out by raising it again and looking away.
async fn state_of(bench: &Bench, exception: &Exception) -> Raised {
    let mut tx = bench.database().begin().await.unwrap();
    tx.raise_exception(exception).await.unwrap()
}

#[tokio::test]
async fn r25_a_wrong_amount_is_kept_once_and_changes_no_order() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    for (fen, number) in [(989, "T1"), (991, "T2"), (99_000, "T3")] {
        let mut said = statement(&purchase.attempt, number);
        said.amount = Some(Cny::from_fen(fen));
        stored_once(&bench, Channel::Wechat, &said, Mismatch::Amount).await;
    }
    assert_eq!(bench.now(&purchase).await, purchase);
    assert_eq!(bench.events().await, []);
}

#[tokio::test]
async fn r25_another_currency_is_kept_once() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut said = statement(&purchase.attempt, "T1");
    said.currency = "USD".to_owned();
    stored_once(&bench, Channel::Wechat, &said, Mismatch::Currency).await;
    assert_eq!(bench.now(&purchase).await, purchase);
}

#[tokio::test]
async fn r25_money_through_another_channel_is_kept_once() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut said = statement(&purchase.attempt, "T1");
    let alipay = paydesk_provider::PaymentProvider::identity(&*bench.shop.alipay);
    said.merchant_id.clone_from(&alipay.merchant_id);
    said.app_id.clone_from(&alipay.app_id);
    stored_once(&bench, Channel::Alipay, &said, Mismatch::Channel).await;
    assert_eq!(bench.now(&purchase).await, purchase);
}

#[tokio::test]
async fn r16_money_under_a_foreign_tag_is_kept_once() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut said = statement(&purchase.attempt, "T1");
    said.payment_no = said.payment_no.replacen("dev", "prod", 1);
    stored_once(&bench, Channel::Wechat, &said, Mismatch::Tag).await;
    said.transaction_id = Some("T2".to_owned());
    said.payment_no = "no number at all".to_owned();
    stored_once(&bench, Channel::Wechat, &said, Mismatch::Tag).await;
    assert_eq!(bench.now(&purchase).await, purchase);
}

#[tokio::test]
async fn r25_money_before_its_attempt_converges_when_the_attempt_appears() {
    let bench = Bench::new().await;
    let purchase = a_purchase(1);
    let said = statement(&purchase.attempt, "T1");
    stored_once(&bench, Channel::Wechat, &said, Mismatch::UnknownPayment).await;
    let raised = bench.shop.alerts.heard().remove(0);
    assert_eq!(state_of(&bench, &raised).await, Raised::Open);

    let mut tx = bench.database().begin().await.unwrap();
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    tx.commit().await.unwrap();
    let received = bench.told(&said).await.unwrap();
    let order_no = purchase.order.order_no.clone();
    let paid = Paid::Now;
    assert_eq!(
        received,
        Received::Settled(Settled::Order { order_no, paid })
    );
    bench.settle_down().await;
    assert!(is_paid(&bench.now(&purchase).await));
    assert_eq!(bench.points().await, 1000);
    assert_eq!(state_of(&bench, &raised).await, Raised::Settled);
    let mut snapshot = bench.database().read().await.unwrap();
    let merchant = &purchase.attempt.merchant_id;
    let verdict = snapshot.find_verdict(Channel::Wechat, merchant, "T1").await;
    let order_no = purchase.order.order_no.clone();
    assert_eq!(verdict.unwrap(), Some((Verdict::Settled, Some(order_no))));
}

#[tokio::test]
async fn r25_what_an_operator_dealt_with_is_acknowledged() {
    let bench = Bench::new().await;
    let said = statement(&a_purchase(1).attempt, "T1");
    stored_once(&bench, Channel::Wechat, &said, Mismatch::UnknownPayment).await;
    let raised = bench.shop.alerts.heard().remove(0);
    let mut tx = bench.database().begin().await.unwrap();
    tx.resolve_exception(&raised.key, "refunded by hand", raised.at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let received = bench.told(&said).await.unwrap();
    assert_eq!(received, Received::Settled(Settled::DealtWith));
    assert_eq!(bench.shop.alerts.heard().len(), 1);
}

#[tokio::test]
async fn r25_what_an_operator_gave_back_is_not_granted_when_its_attempt_appears() {
    let bench = Bench::new().await;
    let purchase = a_purchase(1);
    let said = statement(&purchase.attempt, "T1");
    stored_once(&bench, Channel::Wechat, &said, Mismatch::UnknownPayment).await;
    let raised = bench.shop.alerts.heard().remove(0);
    let mut tx = bench.database().begin().await.unwrap();
    let resolved = tx.resolve_exception(&raised.key, "refunded by hand", raised.at);
    assert!(resolved.await.unwrap());
    tx.insert_order(&purchase.order).await.unwrap();
    tx.insert_attempt(&purchase.attempt).await.unwrap();
    tx.commit().await.unwrap();
    let received = bench.told(&said).await.unwrap();
    assert_eq!(received, Received::Settled(Settled::DealtWith));
    bench.settle_down().await;
    assert!(!is_paid(&bench.now(&purchase).await));
    assert_eq!(bench.points().await, 0);
}

#[tokio::test]
async fn r25_money_without_the_platforms_number_is_raised() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    let mut said = statement(&purchase.attempt, "T1");
    said.transaction_id = None;
    for _ in 0..2 {
        let refused = bench.told(&said).await.unwrap_err();
        assert_eq!(refused.reason(), Mismatch::NoTransaction.reason());
    }
    assert_eq!(bench.shop.alerts.heard().len(), 1);
    assert_eq!(bench.now(&purchase).await, purchase);
}

#[tokio::test]
async fn r25_an_alert_is_not_lost_with_its_process() {
    let bench = Bench::new().await;
    let said = statement(&a_purchase(1).attempt, "T1");
    stored_once(&bench, Channel::Wechat, &said, Mismatch::UnknownPayment).await;
    bench.settle_down().await;
    bench.shop.clock.advance(time::Duration::minutes(1));
    let alarm = bench.shop.alarm();
    assert_eq!(
        alarm.run(10).await.unwrap(),
        Summary::default(),
        "told at once"
    );
    // As another process left it that died between its commit and telling.
    let raised = bench.shop.alerts.heard().remove(0);
    let untold = Exception {
        key: "left".to_owned(),
        ..raised
    };
    let mut tx = bench.database().begin().await.unwrap();
    tx.raise_exception(&untold).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(alarm.run(10).await.unwrap().done, 1);
    assert_eq!(alarm.run(10).await.unwrap(), Summary::default());
    assert_eq!(bench.shop.alerts.heard().last(), Some(&untold));
}

#[tokio::test]
async fn what_speaks_of_no_money_is_refused_and_raises_nothing() {
    let bench = Bench::new().await;
    let purchase = bench.placed().await;
    for state in ["unpaid", "closed"] {
        let mut said = statement(&purchase.attempt, "T1");
        said.state = serde_json::from_value(state.into()).unwrap();
        let refused = bench.told(&said).await.unwrap_err();
        assert_eq!(refused.reason(), Mismatch::NotPaid.reason());
    }
    assert_eq!(bench.shop.alerts.heard(), []);
    let now = bench.now(&purchase).await;
    assert_eq!(now.order.state, OrderState::Pending);
}
