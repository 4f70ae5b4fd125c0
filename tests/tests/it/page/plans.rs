//! Memberships: buying one, and moving up with the unused part taken off.

use e2e::{Browser, until};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::{PANEL, WHILE, choose, keep, panel_is, pay_and_go_on, shows_balance, visitor};

const TIER: &str = "[data-testid=tier]";
const QUOTE: &str = "[data-testid=quote]";

async fn holds(browser: &Browser, tier: &str) {
    browser.shows(TIER, "data-code", tier, WHILE).await;
    let until = browser
        .read("[data-testid=tier-until]", "data-until")
        .await
        .expect("an end");
    assert!(until.ends_with('Z'), "{until}");
}

async fn orders(browser: &Browser) -> Vec<String> {
    let read = "return [...document.querySelectorAll('[data-testid=orders] button')]\
                .map((line) => line.dataset.fulfilment).join(',');";
    let read = browser.eval(read).await;
    let read = read.as_str().unwrap_or_default();
    read.split(',').map(str::to_owned).collect()
}

async fn buy_and_upgrade(channel: &str) {
    let (_demo, browser) = visitor().await;
    choose(&browser, channel).await;
    browser.shows(TIER, "data-code", "", WHILE).await;
    browser.click("[data-testid=buy-basic-month]").await;
    browser.shows(PANEL, "data-channel", channel, WHILE).await;
    pay_and_go_on(&browser).await;
    holds(&browser, "basic").await;
    // The held tier is renewed under the same name; a higher one is not simply bought.
    assert!(browser.has("[data-testid=buy-basic-year]").await);
    assert!(!browser.has("[data-testid=buy-pro-month]").await);
    keep(&browser, &format!("11-held-{channel}.png")).await;

    browser.click("[data-testid=upgrade-pro-month]").await;
    browser.shows(QUOTE, "data-state", "ready", WHILE).await;
    let amount = browser.read(QUOTE, "data-amount-fen").await.unwrap();
    let amount: i64 = amount.parse().unwrap();
    // Nearly all of the month is unused, and what was paid for it counts.
    assert!((4990 - 1990..4990).contains(&amount), "{amount}");
    let told = browser.read(QUOTE, "text").await.unwrap();
    assert!(told.contains("49.90") && told.contains("基础版"), "{told}");
    assert!(!browser.has(PANEL).await, "nothing was ordered yet");
    keep(&browser, &format!("12-quote-{channel}.png")).await;

    browser.click("[data-testid=confirm-upgrade]").await;
    panel_is(&browser, "waiting").await;
    let shown = browser.read("[data-testid=amount]", "text").await.unwrap();
    let shown: String = shown.chars().filter(char::is_ascii_digit).collect();
    // Seconds have passed since the quote: at most a fen.
    let shown: i64 = shown.parse().unwrap();
    assert!((amount..=amount + 1).contains(&shown), "{shown}, {amount}");
    pay_and_go_on(&browser).await;
    holds(&browser, "pro").await;
    assert!(browser.has("[data-testid=buy-pro-month]").await);
    assert!(!browser.has("[data-testid=upgrade-pro-month]").await);
    until("both orders are listed", WHILE, || async {
        orders(&browser).await == ["granted", "granted"]
    })
    .await;
    keep(&browser, &format!("13-upgraded-{channel}.png")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_visitor_upgrades_with_the_price_explained_through_wechat() {
    buy_and_upgrade("wechat").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_visitor_upgrades_with_the_price_explained_through_alipay() {
    buy_and_upgrade("alipay").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chosen_channel_stays_chosen_after_a_look_at_an_upgrade() {
    let (_demo, browser) = visitor().await;
    browser.click("[data-testid=buy-basic-month]").await;
    pay_and_go_on(&browser).await;
    holds(&browser, "basic").await;
    let chosen = "#shop input[type=radio]:checked";
    for channel in ["wechat", "alipay"] {
        browser.click("[data-testid=upgrade-pro-month]").await;
        browser.shows(QUOTE, "data-state", "ready", WHILE).await;
        let choose = format!("document.querySelector('{QUOTE} input[value={channel}]').click()");
        browser.eval(&choose).await;
        browser.click("[data-testid=back]").await;
        until("the shop is back", WHILE, || async {
            !browser.has(QUOTE).await
        })
        .await;
        browser.shows(chosen, "value", channel, WHILE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_those_of_china_wherever_they_are_read() {
    let (_demo, browser) = visitor().await;
    browser.click("[data-testid=buy-basic-month]").await;
    pay_and_go_on(&browser).await;
    holds(&browser, "basic").await;
    // At every hour, one of these two has another day than China.
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        browser.travel(zone).await;
        let here = browser.eval("return window.location.href").await;
        browser.open(here.as_str().unwrap()).await;
        let end = "[data-testid=tier-until][data-until]";
        until("the membership is read", WHILE, || browser.has(end)).await;
        let at = browser.read(end, "data-until").await.unwrap();
        let at = OffsetDateTime::parse(&at, &Rfc3339).unwrap();
        let at = at.to_offset(UtcOffset::from_hms(8, 0, 0).unwrap());
        let day = format!("至 {}年{}月{}日", at.year(), u8::from(at.month()), at.day());
        assert_eq!(browser.read(end, "text").await.unwrap(), day, "{zone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_added_and_a_lower_tier_waits_for_the_end() {
    let (_demo, browser) = visitor().await;
    browser.click("[data-testid=buy-pro-month]").await;
    pay_and_go_on(&browser).await;
    holds(&browser, "pro").await;
    let end = "[data-testid=tier-until]";
    let first = browser.read(end, "data-until").await.unwrap();
    browser.click("[data-testid=buy-pro-month]").await;
    pay_and_go_on(&browser).await;
    until("the membership ends later", WHILE, || async {
        browser.read(end, "data-until").await.unwrap() > first
    })
    .await;

    browser.click("[data-testid=buy-basic-month]").await;
    pay_and_go_on(&browser).await;
    let last = "return [...document.querySelectorAll('[data-testid=segment]')]\
                .map((line) => line.dataset.tier).join(',');";
    until("the lower tier comes last", WHILE, || async {
        browser.eval(last).await == "pro,pro,basic"
    })
    .await;
    holds(&browser, "pro").await;
    shows_balance(&browser, "0").await;
}
