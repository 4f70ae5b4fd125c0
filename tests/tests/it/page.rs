//! The demo in a real browser.

mod changes;
mod plans;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::{Browser, Client, Process, binary, free_port};

const PANEL: &str = "[data-testid=pay-panel]";
const WHILE: Duration = Duration::from_secs(20);

async fn demo() -> (Process, String) {
    demo_with(&[]).await
}

async fn demo_with(environment: &[(&str, &str)]) -> (Process, String) {
    let port = free_port();
    let mut command = Command::new(binary("paydesk-demo"));
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    command.envs(environment.iter().copied());
    let mut demo = Process::start(command);
    let start = std::time::Instant::now();
    demo.printed("On this machine:", Duration::from_secs(5))
        .await;
    let url = format!("http://127.0.0.1:{port}");
    assert_eq!(Client::new(&url).get("/").await.status, 200);
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "first page within 5 s"
    );
    (demo, url)
}

/// Keeps a picture where whoever runs the tests asked for them.
#[expect(clippy::disallowed_methods, reason = "not a setting of the service")]
async fn keep(browser: &Browser, name: &str) {
    if let Ok(folder) = std::env::var("E2E_PICTURES") {
        browser.picture(&Path::new(&folder).join(name)).await;
    }
}

async fn shows_balance(browser: &Browser, points: &str) {
    browser
        .shows(
            "[data-testid=balance] .balance-count",
            "text",
            points,
            WHILE,
        )
        .await;
}

/// The simulated platform of a demo.
async fn platform(demo: &mut Process) -> Client {
    let line = demo.printed("The platform:", Duration::from_secs(5)).await;
    let url = line.split_whitespace().find(|word| word.contains("://"));
    Client::new(url.expect("an address").trim_end_matches('/'))
}

/// A visitor who has just come in, with a narrow window.
async fn visitor() -> (Process, Browser) {
    visitor_with(&[]).await
}

async fn visitor_with(environment: &[(&str, &str)]) -> (Process, Browser) {
    let (demo, url) = demo_with(environment).await;
    let browser = Browser::start(390, 844).await;
    browser.open(&format!("{url}/")).await;
    shows_balance(&browser, "0").await;
    (demo, browser)
}

async fn choose(browser: &Browser, channel: &str) {
    let choose = format!("document.querySelector('#shop input[value={channel}]').click()");
    browser.eval(&choose).await;
}

async fn panel_is(browser: &Browser, state: &str) {
    browser.shows(PANEL, "data-state", state, WHILE).await;
}

/// Where the code on the screen leads a phone to.
async fn cashier(browser: &Browser) -> String {
    browser
        .read("#open-cashier", "href")
        .await
        .expect("a link to the cashier")
}

/// Pays with a phone of its own, on the simulated platform's page.
async fn pay_at(cashier: &str) {
    let phone = Browser::start(390, 844).await;
    phone.open(cashier).await;
    phone.click("#pay").await;
    // The phone is put away only once its platform has heard it.
    phone.shows("body", "data-state", "paid", WHILE).await;
}

/// Pays what is on the screen, waits for the goods, and goes back to the shop.
async fn pay_and_go_on(browser: &Browser) {
    panel_is(browser, "waiting").await;
    pay_at(&cashier(browser).await).await;
    panel_is(browser, "granted").await;
    browser.click("[data-testid=main-action]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_buys_points_with_a_phone() {
    let (_demo, url) = demo().await;
    let browser = Browser::start(390, 844).await;
    browser.open(&format!("{url}/")).await;
    shows_balance(&browser, "0").await;
    browser
        .shows("[data-testid=connection]", "data-state", "online", WHILE)
        .await;
    keep(&browser, "1-shop.png").await;

    browser.click("[data-testid=buy-points-1000]").await;
    browser.shows(PANEL, "data-state", "waiting", WHILE).await;
    let amount = browser.read("[data-testid=amount]", "text").await.unwrap();
    assert!(amount.contains("9.90"), "{amount}");
    assert!(browser.has("[data-testid=qr]").await);
    let width = "return document.querySelector('[data-testid=qr]').naturalWidth";
    e2e::until("the code is drawn", WHILE, || async {
        browser.eval(width).await.as_i64().unwrap_or(0) > 0
    })
    .await;
    keep(&browser, "2-waiting.png").await;

    // The phone: the simulated platform's page, in a window of its own.
    let cashier = browser
        .read("#open-cashier", "href")
        .await
        .expect("a link to the cashier");
    let phone = Browser::start(390, 844).await;
    phone.open(&cashier).await;
    keep(&phone, "3-phone.png").await;
    phone.click("#pay").await;
    // The phone is put away only once its platform has heard it.
    phone.shows("body", "data-state", "paid", WHILE).await;

    browser.shows(PANEL, "data-state", "granted", WHILE).await;
    let result = browser.read("[data-testid=result]", "text").await.unwrap();
    assert!(result.contains("1,000"), "{result}");
    keep(&browser, "4-paid.png").await;

    // The same in English, and after a reload.
    browser.click("[data-testid=lang]").await;
    browser.shows("html", "lang", "en", WHILE).await;
    let english = browser.read("[data-testid=result]", "text").await.unwrap();
    assert!(
        english.to_lowercase().contains("paid") && english.contains("1,000"),
        "{english}"
    );
    browser.click("[data-testid=main-action]").await;
    shows_balance(&browser, "1,000").await;
    browser.open(&format!("{url}/")).await;
    shows_balance(&browser, "1,000").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_buys_points_through_alipay() {
    let (_demo, browser) = visitor().await;
    choose(&browser, "alipay").await;
    browser.click("[data-testid=buy-points-100]").await;
    browser.shows(PANEL, "data-state", "waiting", WHILE).await;
    browser.shows(PANEL, "data-channel", "alipay", WHILE).await;
    let panel = browser.read(PANEL, "text").await.unwrap();
    assert!(panel.contains("支付宝扫一扫"), "{panel}");
    keep(&browser, "6-alipay.png").await;
    let cashier = browser.read("#open-cashier", "href").await.expect("a link");
    let phone = Browser::start(390, 844).await;
    phone.open(&cashier).await;
    keep(&phone, "7-alipay-phone.png").await;
    phone.click("#pay").await;
    // The phone is put away only once its platform has heard it.
    phone.shows("body", "data-state", "paid", WHILE).await;
    browser.shows(PANEL, "data-state", "granted", WHILE).await;
    browser.click("[data-testid=main-action]").await;
    shows_balance(&browser, "100").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_loses_its_server_says_so() {
    let (mut demo, url) = demo().await;
    let browser = Browser::start(390, 844).await;
    browser.open(&format!("{url}/")).await;
    browser
        .shows("[data-testid=connection]", "data-state", "online", WHILE)
        .await;
    demo.kill();
    e2e::until("the page says that it is not connected", WHILE, || async {
        let state = browser.read("[data-testid=connection]", "data-state").await;
        state.is_some_and(|state| state != "online")
    })
    .await;
    keep(&browser, "5-offline.png").await;
}
