//! Payments that begin in the payer's browser or app. Nothing is sent from here: what is made is a
//! signed request for somebody else to send.

use std::fmt;

use paydesk_provider::ProviderError;
use serde::Serialize;

use crate::checks::{LONGEST_URL, Unsendable, refuse, web_address};
use crate::client::Alipay;
use crate::order::Order;
use crate::signing::{Parameters, Signed, Unsigned};

const LONGEST_QUIT_URL: usize = 400;
/// A number of four digits.
const WIDEST: u16 = 9999;

/// How the payer's browser shows Alipay's cashier (电脑网站支付).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PagePay {
    /// Where the browser goes afterwards: at most 256 bytes. What it brings is checked with
    /// [`NoticeVerifier::verify_return`](crate::NoticeVerifier::verify_return), and proves no payment.
    pub return_url: Option<String>,
    /// A QR code within the merchant's own page instead of Alipay's.
    pub qr_pay_mode: Option<QrPayMode>,
    /// Whether the goods are things. Virtual ones cannot be bought on credit.
    pub goods_type: Option<GoodsType>,
}

/// How a QR code stands in the merchant's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QrPayMode {
    /// `0`: in a frame of 600 by 300 at least.
    Simple,
    /// `1`: in a frame of 300 by 600 at least.
    Front,
    /// `2`: Alipay's own page.
    Redirect,
    /// `3`: in a frame of 75 by 75 at least.
    Mini,
    /// `4`: of this width, in pixels.
    Embedded {
        /// The width: 1 to 9999.
        width: u16,
    },
}

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoodsType {
    /// `0`
    Virtual,
    /// `1`
    Physical,
}

/// How a phone's browser shows Alipay's cashier (手机网站支付).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WapPay {
    /// Where the browser goes when the payer gives up: at most 400 bytes.
    pub quit_url: String,
    /// Where the browser goes afterwards, as for [`PagePay::return_url`].
    pub return_url: Option<String>,
}

impl WapPay {
    /// With what is needed.
    pub fn new(quit_url: impl Into<String>) -> Self {
        Self {
            quit_url: quit_url.into(),
            return_url: None,
        }
    }
}

/// A signed request for the payer's browser to send: as an address, or as a form. Whoever has it can
/// begin to pay the order, so it belongs to the payer alone.
pub struct PaymentPage(Signed);

impl PaymentPage {
    /// The address to send the browser to. It holds the order, so it stands in the logs on its way.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// A form that sends itself, as a piece of HTML for a page in UTF-8. What is ordered travels in the
    /// request's body. A page that allows no inline script submits `#alipay-payment` by its own.
    pub fn form(&self) -> String {
        let action = escape_html(&self.0.common_url());
        let content = escape_html(self.0.content());
        format!(
            "<form id=\"alipay-payment\" method=\"post\" accept-charset=\"utf-8\" \
             action=\"{action}\"><input type=\"hidden\" name=\"biz_content\" value=\"{content}\">\
             </form><script>document.getElementById(\"alipay-payment\").submit();</script>"
        )
    }
}

impl fmt::Debug for PaymentPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentPage(redacted)")
    }
}

#[derive(Serialize)]
struct PageFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_pay_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qrcode_width: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goods_type: Option<&'static str>,
}

impl PagePay {
    fn check(&self) -> Result<(), Unsendable> {
        match self.qr_pay_mode {
            Some(QrPayMode::Embedded { width }) if !(1..=WIDEST).contains(&width) => {
                refuse("qrcode_width is 1 to 9999")
            }
            _ => Ok(()),
        }
    }

    fn fields(&self) -> PageFields {
        let (qr_pay_mode, qrcode_width) = match self.qr_pay_mode {
            None => (None, None),
            Some(QrPayMode::Simple) => (Some("0"), None),
            Some(QrPayMode::Front) => (Some("1"), None),
            Some(QrPayMode::Redirect) => (Some("2"), None),
            Some(QrPayMode::Mini) => (Some("3"), None),
            Some(QrPayMode::Embedded { width }) => (Some("4"), Some(width)),
        };
        PageFields {
            qr_pay_mode,
            qrcode_width,
            goods_type: self.goods_type.map(|goods| match goods {
                GoodsType::Virtual => "0",
                GoodsType::Physical => "1",
            }),
        }
    }
}

impl Alipay {
    /// A request for a desktop browser to pay an order with (`alipay.trade.page.pay`). Nothing is sent.
    /// A trade begins when the payer logs in or scans there. Not to be made into a QR code.
    ///
    /// # Errors
    /// [`ProviderError`] for an order that the platform would refuse, or when the signer fails.
    pub async fn page_pay(
        &self,
        order: &Order,
        page: &PagePay,
    ) -> Result<PaymentPage, ProviderError> {
        order.check(self.now())?;
        page.check()?;
        let content = order.content("FAST_INSTANT_TRADE_PAY", page.fields())?;
        self.sign_page(
            "alipay.trade.page.pay",
            order,
            &content,
            page.return_url.as_deref(),
        )
        .await
    }

    /// A request for a phone's browser to pay an order with (`alipay.trade.wap.pay`). Nothing is sent.
    ///
    /// # Errors
    /// As [`Alipay::page_pay`].
    pub async fn wap_pay(
        &self,
        order: &Order,
        page: &WapPay,
    ) -> Result<PaymentPage, ProviderError> {
        #[derive(Serialize)]
        struct Fields<'a> {
            quit_url: &'a str,
        }
        order.check(self.now())?;
        web_address(&page.quit_url, "quit_url", LONGEST_QUIT_URL)?;
        let content = order.content(
            "QUICK_WAP_WAY",
            Fields {
                quit_url: &page.quit_url,
            },
        )?;
        self.sign_page(
            "alipay.trade.wap.pay",
            order,
            &content,
            page.return_url.as_deref(),
        )
        .await
    }

    /// The order string that a mobile app gives to Alipay's SDK (`alipay.trade.app.pay`). Nothing is
    /// sent. What the SDK answers in the app is a hint: only a notice or a query proves a payment.
    ///
    /// # Errors
    /// As [`Alipay::page_pay`].
    pub async fn app_pay(&self, order: &Order) -> Result<String, ProviderError> {
        order.check(self.now())?;
        let content = order.content("QUICK_MSECURITY_PAY", ())?;
        let signed = self
            .sign_payment("alipay.trade.app.pay", order, &content, None)
            .await?;
        Ok(signed.order_string())
    }

    async fn sign_page(
        &self,
        method: &'static str,
        order: &Order,
        biz_content: &str,
        return_url: Option<&str>,
    ) -> Result<PaymentPage, ProviderError> {
        if let Some(url) = return_url {
            web_address(url, "return_url", LONGEST_URL)?;
        }
        let signed = self.sign_payment(method, order, biz_content, return_url);
        Ok(PaymentPage(signed.await?))
    }

    async fn sign_payment(
        &self,
        method: &'static str,
        order: &Order,
        biz_content: &str,
        return_url: Option<&str>,
    ) -> Result<Signed, Unsigned> {
        let parameters = Parameters {
            method,
            notify_url: order.notify_url.as_deref(),
            return_url,
            biz_content,
        };
        self.account.app.sign(parameters, self.now()).await
    }
}

/// For the value of an attribute, in quotes of either kind.
fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
