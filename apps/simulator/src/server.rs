//! Starting and stopping.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{App, HttpServer, dev::ServerHandle, web};

use crate::{
    alipay, control,
    keys::{AlipayKeys, Keys, Material},
    options::Options,
    overview, page,
    simulator::Simulator,
    wechat,
};

/// Largest request that is read, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// A simulator that is serving. Dropping it stops it, too, without waiting.
pub struct Running {
    url: String,
    handle: ServerHandle,
    simulator: Arc<Simulator>,
}

/// Starts a simulator on the current tokio runtime and returns once it listens.
///
/// Fails when the address cannot be bound or the keys cannot be used. Needs a tokio runtime with
/// time and I/O: a plain one or actix's.
pub async fn start(options: Options) -> io::Result<Running> {
    let material = Material::parse(options.keys.clone())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let listener = TcpListener::bind(options.listen)?;
    let url = format!("http://{}", reachable(listener.local_addr()?));
    let simulator = Arc::new(Simulator::new(options, material, url.clone())?);
    let data = web::Data::from(Arc::clone(&simulator));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(LARGEST_BODY))
            .configure(wechat::routes::configure)
            .configure(alipay::routes::configure)
            .configure(control::configure)
            .configure(page::configure)
            .configure(overview::configure)
    })
    .workers(2)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Running {
        url,
        handle,
        simulator,
    })
}

/// Where this machine reaches `address`: "every address" is none that can be connected to.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

impl Running {
    /// Where the API listens, without a trailing slash: a merchant's `base_url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The keys in use.
    pub fn keys(&self) -> &Keys {
        &self.simulator.material.keys
    }

    /// What a merchant has to be told, as TOML settings: a table `[accounts.simulator]` for
    /// `WeChat` Pay and a table `[accounts.alipay-simulator]` for Alipay.
    pub fn settings_toml(&self) -> String {
        let keys = self.keys();
        let Keys {
            merchant_id,
            app_id,
            certificate_serial,
            private_key,
            ..
        } = keys;
        let Keys {
            api_v3_key,
            platform_public_key_id,
            platform_public_key,
            ..
        } = keys;
        let (private_key, public_key) = (private_key.trim(), platform_public_key.trim());
        let base_url = &self.url;
        let wechat = format!(
            "[accounts.simulator]\n\
             channel = \"wechat\"\n\
             merchant_id = \"{merchant_id}\"\n\
             app_id = \"{app_id}\"\n\
             certificate_serial = \"{certificate_serial}\"\n\
             private_key = '''\n{private_key}\n'''\n\
             api_v3_key = \"{api_v3_key}\"\n\
             platform_public_key_id = \"{platform_public_key_id}\"\n\
             platform_public_key = '''\n{public_key}\n'''\n\
             base_url = \"{base_url}\"\n"
        );
        let AlipayKeys {
            app_id,
            merchant_id,
            private_key,
            platform_public_key,
            platform_private_key: _,
        } = &keys.alipay;
        let (private_key, public_key) = (private_key.trim(), platform_public_key.trim());
        let gateway_url = self.simulator.gateway_url();
        format!(
            "{wechat}\n\
             [accounts.alipay-simulator]\n\
             channel = \"alipay\"\n\
             merchant_id = \"{merchant_id}\"\n\
             app_id = \"{app_id}\"\n\
             private_key = '''\n{private_key}\n'''\n\
             platform_public_key = '''\n{public_key}\n'''\n\
             base_url = \"{gateway_url}\"\n"
        )
    }

    /// What a merchant of both platforms has to be told, as environment variables and their values. The
    /// names are those that the examples of `paydesk-wechatpay` and `paydesk-alipay` read.
    pub fn environment(&self) -> [(&'static str, String); 13] {
        let Keys {
            merchant_id,
            app_id,
            certificate_serial,
            private_key,
            api_v3_key,
            platform_public_key_id,
            platform_public_key,
            alipay,
            ..
        } = self.keys();
        let (url, gateway) = (self.url(), format!("{}/gateway.do", self.url()));
        [
            ("WECHATPAY_MERCHANT_ID", merchant_id.as_str()),
            ("WECHATPAY_APP_ID", app_id),
            ("WECHATPAY_CERTIFICATE_SERIAL", certificate_serial),
            ("WECHATPAY_MERCHANT_KEY", private_key),
            ("WECHATPAY_API_V3_KEY", api_v3_key),
            ("WECHATPAY_PUBLIC_KEY_ID", platform_public_key_id),
            ("WECHATPAY_PUBLIC_KEY", platform_public_key),
            ("WECHATPAY_BASE_URL", url),
            ("ALIPAY_APP_ID", &alipay.app_id),
            ("ALIPAY_SELLER_ID", &alipay.merchant_id),
            ("ALIPAY_APP_KEY", &alipay.private_key),
            ("ALIPAY_PUBLIC_KEY", &alipay.platform_public_key),
            ("ALIPAY_BASE_URL", &gateway),
        ]
        .map(|(name, value)| (name, value.trim().to_owned()))
    }

    /// Stops serving and sending, and waits for both.
    pub async fn stop(self) {
        self.simulator.stopping.cancel();
        self.simulator.tasks.close();
        self.handle.stop(false).await;
        self.simulator.tasks.wait().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.simulator.stopping.cancel();
        // The command is sent at once; only waiting for its end would need the future.
        drop(self.handle.stop(false));
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_reached_through_the_local_one() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:9180"), "127.0.0.1:9180");
        assert_eq!(reached("[::]:9180"), "[::1]:9180");
        assert_eq!(reached("192.168.1.20:9180"), "192.168.1.20:9180");
    }
}
