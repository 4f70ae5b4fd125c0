//! What can be chosen when a simulator is started.

use std::net::{Ipv4Addr, SocketAddr};

use crate::keys::Keys;

/// What an order's `code_url`, or `qr_code`, contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CodeUrl {
    /// As the real platforms answer: `weixin://wxpay/bizpayurl?pr=…` and
    /// `https://qr.alipay.com/…`. No phone can open these here.
    #[default]
    Weixin,
    /// The address of the simulator's own payment page, so that any phone's camera opens it.
    Page,
}

/// How a simulator is started. The default suits tests: a free port of 127.0.0.1, throw-away keys,
/// true code addresses, and time at its natural pace.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The merchant's and the platform's keys.
    pub keys: Keys,
    /// The address under which phones reach this simulator, without a trailing slash. Without it,
    /// the address it listens on.
    pub public_url: Option<String>,
    /// What `code_url` contains.
    pub code_url: CodeUrl,
    /// How many times faster than the wall clock the retry plan of notices runs.
    pub speed: u32,
    /// Whether WeChat's `notify_url` may be plain `http`, which the real platform refuses. On by
    /// default, because merchants on the same machine seldom have a certificate.
    pub plain_http: bool,
    /// How many deliveries the log keeps.
    pub deliveries_kept: usize,
    /// The shop's name on the payment page.
    pub shop_name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            keys: Keys::throw_away(),
            public_url: None,
            code_url: CodeUrl::default(),
            speed: 1,
            plain_http: true,
            deliveries_kept: 1000,
            shop_name: "Paydesk".to_owned(),
        }
    }
}

impl Options {
    /// Listens at `listen`.
    #[must_use]
    pub fn listen(mut self, listen: SocketAddr) -> Self {
        self.listen = listen;
        self
    }

    /// Uses these keys.
    #[must_use]
    pub fn keys(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// Puts `url` in front of the addresses given to phones.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Chooses what `code_url` contains.
    #[must_use]
    pub fn code_url(mut self, code_url: CodeUrl) -> Self {
        self.code_url = code_url;
        self
    }

    /// Runs the retry plan `speed` times as fast as the wall clock.
    #[must_use]
    pub fn speed(mut self, speed: u32) -> Self {
        self.speed = speed;
        self
    }

    /// Accepts or refuses `http` in `notify_url`.
    #[must_use]
    pub fn plain_http(mut self, allowed: bool) -> Self {
        self.plain_http = allowed;
        self
    }
}
