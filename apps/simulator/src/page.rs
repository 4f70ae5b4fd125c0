//! The page that a customer's phone opens: what is sold, for how much, and two buttons.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, Form, Path, Query},
};
use serde::Deserialize;

use crate::{
    channel::Channel,
    orders::Standing,
    simulator::{Manner, Simulator},
};

const TEMPLATE: &str = include_str!("page/page.html");

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/pay/{code}")
            .route(web::get().to(show))
            .route(web::post().to(press)),
    );
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    En,
    /// Also for a language that we do not speak.
    #[default]
    #[serde(other)]
    Zh,
}

impl Language {
    fn pick<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Zh => chinese,
            Self::En => english,
        }
    }
}

#[derive(Debug, Deserialize)]
struct View {
    #[serde(default)]
    lang: Language,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Pay,
    Fail,
}

#[derive(Debug, Deserialize)]
struct Press {
    action: Action,
}

/// What is shown instead of, or above, the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    Unknown,
    Order(Standing),
    Failed,
}

/// Opening the page is scanning the code.
async fn show(sim: Data<Simulator>, code: Path<String>, view: Query<View>) -> HttpResponse {
    sim.scan(&code);
    render(&sim, &code, view.lang, false)
}

async fn press(
    sim: Data<Simulator>,
    code: Path<String>,
    view: Query<View>,
    press: Form<Press>,
) -> HttpResponse {
    let now = sim.clock.now();
    sim.scan(&code);
    let scanned = sim.world().look(&code, now).map(|(order, standing)| {
        let number = order.terms.out_trade_no.clone();
        (order.terms.channel, number, standing)
    });
    let Some((channel, number, Standing::Payable)) = scanned else {
        return render(&sim, &code, view.lang, false);
    };
    match press.action {
        Action::Fail => {
            let failed = sim.world().fail(channel, &number, now).is_ok();
            render(&sim, &code, view.lang, failed)
        }
        Action::Pay => {
            // If somebody else paid in this moment, the page says "paid" all the same.
            if let Err(error) = sim
                .clone()
                .into_inner()
                .pay(channel, &number, &Manner::default())
            {
                tracing::info!(%error, order.no = number, "payment refused");
            }
            render(&sim, &code, view.lang, false)
        }
    }
}

fn render(sim: &Simulator, code: &str, language: Language, failed: bool) -> HttpResponse {
    let now = sim.clock.now();
    let (scene, channel, description, amount) = match sim.world().look(code, now) {
        None => (Scene::Unknown, None, String::new(), String::new()),
        Some((order, standing)) => {
            let scene = if failed && standing == Standing::Payable {
                Scene::Failed
            } else {
                Scene::Order(standing)
            };
            (
                scene,
                Some(order.terms.channel),
                order.terms.description.clone(),
                yuan(order.terms.total_fen),
            )
        }
    };
    let status = if scene == Scene::Unknown {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::OK
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ))
        .body(page(
            (scene, channel),
            language,
            &sim.options.shop_name,
            &description,
            &amount,
        ))
}

/// `channel` is unknown when the code is.
fn page(
    (scene, channel): (Scene, Option<Channel>),
    language: Language,
    shop: &str,
    description: &str,
    amount: &str,
) -> String {
    let (mark, title, note) = words(scene, language);
    let state = match scene {
        Scene::Unknown => "unknown",
        Scene::Failed => "failed",
        Scene::Order(Standing::Payable) => "payable",
        Scene::Order(Standing::Paid) => "paid",
        Scene::Order(Standing::Closed) => "closed",
        Scene::Order(Standing::Overdue | Standing::CodeExpired) => "expired",
    };
    let heading = if mark.is_empty() {
        format!("<h1>{title}</h1>")
    } else {
        format!(
            "<div class=\"result\" role=\"status\"><span class=\"mark\" aria-hidden=\"true\">\
             {mark}</span><h1>{title}</h1><p>{note}</p></div>"
        )
    };
    let order = if scene == Scene::Unknown {
        String::new()
    } else {
        format!(
            "<p class=\"amount\" id=\"amount\">{}</p><dl><div><dt>{}</dt><dd>{}</dd></div>\
             <div><dt>{}</dt><dd id=\"description\">{}</dd></div></dl>",
            amount,
            language.pick("商户", "Merchant"),
            escape(shop),
            language.pick("商品", "Goods"),
            escape(description),
        )
    };
    let payable = matches!(scene, Scene::Failed | Scene::Order(Standing::Payable));
    let buttons = if payable {
        buttons(language)
    } else {
        String::new()
    };
    let (skin, foot) = skin(channel, language);
    let values = [
        ("{{lang}}", language.pick("zh-CN", "en")),
        ("{{title}}", title),
        ("{{state}}", state),
        (
            "{{badge}}",
            language.pick("模拟支付 · 不会扣款", "Simulated · no money moves"),
        ),
        ("{{toggle_href}}", language.pick("?lang=en", "?lang=zh")),
        ("{{toggle_lang}}", language.pick("en", "zh-CN")),
        ("{{toggle}}", language.pick("English", "中文")),
        ("{{heading}}", &heading),
        ("{{order}}", &order),
        ("{{buttons}}", &buttons),
        ("{{channel}}", skin),
        ("{{foot}}", foot),
    ];
    fill(TEMPLATE, &values)
}

/// The channel as the style sheet knows it, and the sentence that says what this is not.
fn skin(channel: Option<Channel>, language: Language) -> (&'static str, &'static str) {
    match channel {
        Some(Channel::Wechat) => (
            "wechat",
            language.pick(
                "这是本地模拟器，不是微信支付。",
                "This is a local simulator, not WeChat Pay.",
            ),
        ),
        Some(Channel::Alipay) => (
            "alipay",
            language.pick(
                "这是本地模拟器，不是支付宝。",
                "This is a local simulator, not Alipay.",
            ),
        ),
        None => (
            "none",
            language.pick("这是本地模拟器。", "This is a local simulator."),
        ),
    }
}

/// Replaces every placeholder in one pass, so that a value that looks like one stays text.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        if let Some((name, value)) = values.iter().find(|(name, _)| after.starts_with(name)) {
            out.push_str(value);
            rest = after.strip_prefix(name).unwrap_or_default();
        } else {
            out.push_str("{{");
            rest = after.strip_prefix("{{").unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn buttons(language: Language) -> String {
    format!(
        "<form method=\"post\" action=\"?lang={}\">\
         <button id=\"pay\" name=\"action\" value=\"pay\">{}</button>\
         <button id=\"fail\" class=\"quiet\" name=\"action\" value=\"fail\">{}</button></form>",
        language.pick("zh", "en"),
        language.pick("支付", "Pay"),
        language.pick("支付失败", "Let it fail"),
    )
}

/// A mark, a headline and a sentence.
fn words(scene: Scene, language: Language) -> (&'static str, &'static str, &'static str) {
    let (mark, chinese, english) = match scene {
        Scene::Order(Standing::Payable) => ("", ("确认付款", ""), ("Confirm payment", "")),
        Scene::Order(Standing::Paid) => (
            "✓",
            ("支付成功", "商户会收到支付结果通知。"),
            ("Paid", "The merchant is being told."),
        ),
        Scene::Failed => (
            "!",
            ("支付失败", "订单没有付款，您可以再试一次。"),
            (
                "Payment failed",
                "The order is not paid. You can try again.",
            ),
        ),
        Scene::Order(Standing::Closed) => (
            "×",
            ("订单已关闭", "请回到商户页面重新下单。"),
            (
                "Order closed",
                "Please place a new order with the merchant.",
            ),
        ),
        Scene::Order(Standing::Overdue) => (
            "×",
            ("订单已过期", "已超过付款时间，请重新下单。"),
            (
                "Order expired",
                "The time to pay has passed. Please place a new order.",
            ),
        ),
        Scene::Order(Standing::CodeExpired) => (
            "×",
            ("二维码已失效", "请回到商户页面刷新二维码。"),
            (
                "Code expired",
                "Please refresh the code on the merchant's page.",
            ),
        ),
        Scene::Unknown => (
            "?",
            ("无法识别的二维码", "没有找到对应的订单。"),
            ("Unknown code", "No order belongs to this code."),
        ),
    };
    let (title, note) = match language {
        Language::Zh => chinese,
        Language::En => english,
    };
    (mark, title, note)
}

/// `¥9.90` for 990 fen.
pub(crate) fn yuan(fen: i64) -> String {
    format!("¥{}.{:02}", fen / 100, fen % 100)
}

/// Text as HTML text or attribute value.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(scene: Scene, language: Language) -> String {
        let scene = (scene, Some(Channel::Wechat));
        page(scene, language, "Shop", "<b>100</b> {{order}}", &yuan(990))
    }

    #[test]
    fn a_payable_order_offers_both_buttons() {
        let html = shown(Scene::Order(Standing::Payable), Language::Zh);
        assert!(html.contains("id=\"pay\"") && html.contains("id=\"fail\""));
        assert!(html.contains("¥9.90") && html.contains("lang=\"zh-CN\""));
        assert!(html.contains("模拟"));
    }

    #[test]
    fn each_channel_has_its_colour_and_says_that_it_is_not_real() {
        let shown = |channel| {
            let scene = (Scene::Order(Standing::Payable), channel);
            page(scene, Language::Zh, "Shop", "100", &yuan(990))
        };
        let wechat = shown(Some(Channel::Wechat));
        assert!(wechat.contains("data-channel=\"wechat\"") && wechat.contains("不是微信支付"));
        let alipay = shown(Some(Channel::Alipay));
        assert!(alipay.contains("data-channel=\"alipay\"") && alipay.contains("不是支付宝"));
        assert!(alipay.contains("#1677ff") && wechat.contains("#07c160"));
    }

    #[test]
    fn a_finished_order_offers_none() {
        for standing in [
            Standing::Paid,
            Standing::Closed,
            Standing::Overdue,
            Standing::CodeExpired,
        ] {
            let html = shown(Scene::Order(standing), Language::En);
            assert!(!html.contains("<button"), "{standing:?}");
            assert!(html.contains("Simulated") && html.contains("lang=\"en\""));
        }
    }

    #[test]
    fn what_the_merchant_wrote_stays_text() {
        let html = shown(Scene::Order(Standing::Payable), Language::Zh);
        assert!(html.contains("&lt;b&gt;100&lt;/b&gt; {{order}}"));
        assert!(!html.contains("{{heading}}"));
    }

    #[test]
    fn fen_are_written_as_yuan() {
        for (fen, text) in [
            (1, "¥0.01"),
            (100, "¥1.00"),
            (990, "¥9.90"),
            (123_456, "¥1234.56"),
        ] {
            assert_eq!(yuan(fen), text);
        }
    }
}
