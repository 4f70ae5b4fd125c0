//! A buyer who changes channel or mind while an order waits, and one who is too slow.

use e2e::{Browser, until};
use serde_json::json;

use super::{
    PANEL, WHILE, cashier, choose, keep, panel_is, pay_and_go_on, pay_at, platform, shows_balance,
    visitor, visitor_with,
};

const RESULT: &str = "[data-testid=result]";

/// Lets the page see the answers of a server whose clock is 20 minutes further.
const LATER: &str = "window.realFetch = window.fetch; window.fetch = async (...call) => {\
    const answer = await window.realFetch(...call); const headers = new Headers(answer.headers);\
    const date = Date.parse(headers.get('Date')) + 20 * 60 * 1000;\
    headers.set('Date', new Date(date).toUTCString());\
    return new Response(answer.body, { status: answer.status, headers }); };";

/// Loses the first answer to an order, and keeps the keys of all of them.
const LOSE: &str = "window.keys = []; const real = window.fetch; window.fetch = async (...call) => {\
    const answer = await real(...call); if (!String(call[0]).endsWith('/create-order')) return answer;\
    window.keys.push(call[1].headers['Idempotency-Key']);\
    if (window.keys.length === 1) throw new TypeError('lost'); return answer; };";

/// Keeps the times at which the platform was to be asked about an order.
const WATCH: &str = "window.asked = []; const plain = window.fetch; window.fetch = (...call) => {\
    if (String(call[0]).includes('refresh=true')) window.asked.push(performance.now());\
    return plain(...call); };";

async fn waits_for(browser: &Browser, code: &str, channel: &str) {
    choose(browser, channel).await;
    browser.click(&format!("[data-testid=buy-{code}]")).await;
    panel_is(browser, "waiting").await;
    browser.shows(PANEL, "data-channel", channel, WHILE).await;
}

async fn switch_to(browser: &Browser, channel: &str) -> String {
    browser
        .click(&format!("[data-testid=switch-{channel}]"))
        .await;
    browser.shows(PANEL, "data-channel", channel, WHILE).await;
    panel_is(browser, "waiting").await;
    cashier(browser).await
}

async fn leave(browser: &Browser) {
    browser.click("[data-testid=back]").await;
    until("the shop is back", WHILE, || async {
        !browser.has(PANEL).await
    })
    .await;
}

async fn orders(browser: &Browser) -> i64 {
    let count = "return document.querySelectorAll('[data-testid=orders] button').length";
    browser.eval(count).await.as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_pays_another_way_than_chosen() {
    let (_demo, browser) = visitor().await;
    waits_for(&browser, "points-100", "wechat").await;
    let first = cashier(&browser).await;
    let second = switch_to(&browser, "alipay").await;
    assert_ne!(first, second);
    let told = browser.read(PANEL, "text").await.unwrap();
    assert!(told.contains("支付宝扫一扫"), "{told}");
    assert!(
        !browser
            .has("[data-testid=switch-alipay]:not([hidden])")
            .await
    );
    keep(&browser, "21-switched.png").await;
    let third = switch_to(&browser, "wechat").await;
    assert_ne!(first, third, "a new attempt, not the old code");
    pay_and_go_on(&browser).await;
    shows_balance(&browser, "100").await;
    assert_eq!(orders(&browser).await, 1, "it stayed one order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_calls_an_order_off_and_orders_again() {
    let (_demo, browser) = visitor().await;
    waits_for(&browser, "points-100", "wechat").await;
    browser.click("[data-testid=cancel-order]").await;
    panel_is(&browser, "closed").await;
    assert!(!browser.has("[data-testid=qr]").await);
    let result = browser.read(RESULT, "text").await.unwrap();
    assert!(result.contains("已取消"), "{result}");
    keep(&browser, "22-cancelled.png").await;
    browser.click("[data-testid=main-action]").await;
    pay_and_go_on(&browser).await;
    shows_balance(&browser, "100").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_again_before_it_is_paid_stays_one_order() {
    let (_demo, browser) = visitor().await;
    waits_for(&browser, "points-100", "wechat").await;
    let first = cashier(&browser).await;
    leave(&browser).await;
    waits_for(&browser, "points-100", "wechat").await;
    assert_eq!(cashier(&browser).await, first);
    leave(&browser).await;
    assert_eq!(orders(&browser).await, 1);
    // Another platform, or another thing, is another order.
    waits_for(&browser, "points-100", "alipay").await;
    leave(&browser).await;
    waits_for(&browser, "points-1000", "alipay").await;
    leave(&browser).await;
    assert_eq!(orders(&browser).await, 3);
    // What is paid does not wait any more.
    waits_for(&browser, "points-100", "wechat").await;
    assert_eq!(cashier(&browser).await, first);
    pay_and_go_on(&browser).await;
    waits_for(&browser, "points-100", "wechat").await;
    assert_ne!(cashier(&browser).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_money_that_comes_too_late_is_said_to_be_owed_back() {
    let (_demo, browser) = visitor().await;
    // A code that nobody has scanned: Alipay cannot promise yet that nobody will.
    waits_for(&browser, "points-100", "alipay").await;
    let code = cashier(&browser).await;
    browser.click("[data-testid=cancel-order]").await;
    panel_is(&browser, "closing").await;
    assert!(!browser.has("[data-testid=qr]").await);
    keep(&browser, "23-closing.png").await;
    pay_at(&code).await;
    until("the page says that it is owed back", WHILE, || async {
        let result = browser.read(RESULT, "text").await.unwrap_or_default();
        result.contains("应全额退款")
    })
    .await;
    keep(&browser, "24-late.png").await;
    browser.click("[data-testid=main-action]").await;
    shows_balance(&browser, "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_time_is_up_is_taken_away() {
    let (_demo, browser) = visitor().await;
    waits_for(&browser, "points-100", "wechat").await;
    browser.eval(LATER).await;
    browser.click("[data-testid=check]").await;
    panel_is(&browser, "expired").await;
    assert!(!browser.has("[data-testid=qr]").await);
    assert!(!browser.has("#open-cashier[href]").await);
    let told = browser.read(RESULT, "text").await.unwrap();
    assert!(told.contains("已过期"), "{told}");
    keep(&browser, "25-expired.png").await;
    browser.eval("window.fetch = window.realFetch").await;
    browser.click("[data-testid=main-action]").await;
    pay_and_go_on(&browser).await;
    shows_balance(&browser, "100").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_pays_expires_before_the_visitors_eyes() {
    let seconds = ("PAYDESK_TEST__PAY_WITHIN_SECONDS", "6");
    let (_demo, browser) = visitor_with(&[seconds]).await;
    waits_for(&browser, "points-100", "wechat").await;
    panel_is(&browser, "expired").await;
    assert!(!browser.has("[data-testid=qr]").await);
    browser.click("[data-testid=back]").await;
    // The scheduler asked the platform to close it, and the news reached the page.
    let closed = "[data-testid=orders] button[data-status=closed]";
    keep(&browser, "26-expired-for-good.png").await;
    until("the order is closed", WHILE, || browser.has(closed)).await;
    shows_balance(&browser, "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let (_demo, browser) = visitor().await;
    browser.eval(LOSE).await;
    browser.click("[data-testid=buy-points-100]").await;
    panel_is(&browser, "error").await;
    browser.click("[data-testid=main-action]").await;
    panel_is(&browser, "waiting").await;
    let keys = browser.eval("return window.keys").await;
    let keys: Vec<_> = keys.as_array().unwrap().iter().collect();
    assert_eq!(keys.len(), 2);
    assert!(keys[0].is_string(), "{keys:?}");
    assert_eq!(keys[0], keys[1]);
    leave(&browser).await;
    assert_eq!(orders(&browser).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_answer_was_lost_comes_within_seconds() {
    let (mut demo, browser) = visitor().await;
    let lost = json!([{ "on": "native", "kind": "act_then_drop", "times": 3 }]);
    let set = platform(&mut demo).await.post("/sim/faults", &lost).await;
    assert!((200..300).contains(&set.status), "{set:?}");
    browser.eval(WATCH).await;
    choose(&browser, "wechat").await;
    browser.click("[data-testid=buy-points-100]").await;
    // The first answers are lost, and those to the next questions; the scheduler would wait for 30 s.
    // On a busy machine the page may have to place the order twice: one of them is for that.
    panel_is(&browser, "waiting").await;
    let pauses = "return window.asked.slice(1).map((at, index) => at - window.asked[index])";
    let pauses = browser.eval(pauses).await;
    let pauses = pauses.as_array().unwrap();
    assert!(!pauses.is_empty(), "asked once and once more");
    assert!(
        pauses.iter().all(|pause| pause.as_f64().unwrap() > 4900.0),
        "{pauses:?}"
    );
    pay_and_go_on(&browser).await;
    shows_balance(&browser, "100").await;
}
