//! R4: the process is killed at any step between the callback's arrival and the browser's message.

use std::time::Duration;

use e2e::{House, Setup, Socket, token, until};
use serde_json::json;

/// Two periods of the scheduler's job as it is set by default, and the platform's next try.
const TWO_TICKS: Duration = Duration::from_secs(15);

async fn killed_at(step: &str) {
    let armed = vec![("PAYDESK_TEST__FAILPOINT".to_owned(), step.to_owned())];
    let mut house = House::set_up(Setup {
        speed: 100,
        environment: armed,
    })
    .await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let order_no = order["order_no"].as_str().unwrap();
    let socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();

    house.pay(&order).await;
    house
        .api
        .printed(&format!("failpoint {step}"), Duration::from_secs(20))
        .await;
    house.api.kill();
    drop(socket);
    let acknowledged = house
        .deliveries()
        .await
        .iter()
        .any(|delivery| delivery["status"] == 204);

    house.restart_api(&[]).await;
    let now = buyer.order_status(order_no).await;
    assert!(
        !acknowledged || now["status"] == "paid",
        "acknowledged and lost: {now}"
    );
    let _scheduler = house.start_scheduler().await;
    until("granted after the restart", TWO_TICKS, || async {
        buyer.order_status(order_no).await["fulfilment"] == "granted"
    })
    .await;
    let points = buyer.points().await;
    assert_eq!(points["balance"], 1000, "granted exactly once");
    assert_eq!(points["lots"].as_array().unwrap().len(), 1);
    assert_eq!(
        buyer.order_status(order_no).await["seq"],
        3,
        "paid once, granted once"
    );
    // The platform goes on until it is told yes; nothing more comes of it.
    until("the platform is told yes", TWO_TICKS, || async {
        house
            .deliveries()
            .await
            .iter()
            .any(|delivery| delivery["status"] == 204)
    })
    .await;
    let mut socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();
    let snapshot = socket.next(Duration::from_secs(5)).await;
    assert_eq!(snapshot["orders"][0]["fulfilment"], "granted", "{snapshot}");
    assert_eq!(buyer.points().await["balance"], 1000);
}

macro_rules! steps {
    ($($name:ident: $step:literal),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                killed_at($step).await;
            }
        )+
    };
}

steps! {
    r4_killed_when_the_callback_has_arrived: "callback.received",
    r4_killed_with_the_order_locked: "settle.locked",
    r4_killed_before_the_payment_is_committed: "settle.before_commit",
    r4_killed_before_the_platform_is_answered: "settle.committed",
    r4_killed_before_granting: "fulfil.begin",
    r4_killed_before_the_grant_is_committed: "fulfil.before_commit",
    r4_killed_before_the_browser_is_woken: "fulfil.committed",
    r4_killed_before_the_browser_is_told: "push.before_send",
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_a_platform_that_hangs_up_cancels_nothing() {
    let house = House::new().await;
    // The platform sends its notice and does not wait for our answer.
    house
        .fault(json!({ "on": "notify", "kind": "act_then_drop", "times": 1 }))
        .await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    house.pay(&order).await;
    let order_no = order["order_no"].as_str().unwrap();
    until("granted", Duration::from_secs(10), || async {
        buyer.order_status(order_no).await["fulfilment"] == "granted"
    })
    .await;
    assert_eq!(buyer.points().await["balance"], 1000);
}
