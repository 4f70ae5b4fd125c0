#![doc = include_str!("../README.md")]

mod page;
mod session;
mod shop;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use anyhow::Context;
use bootstrap::test_switches;
use clap::Parser;
use paydesk_api::Api;
use paydesk_simulator::{CodeUrl, Options};
use tokio_util::sync::CancellationToken;

/// Buy, scan, pay, granted: all on this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address and port of the page. The default also serves phones on the same network.
    #[arg(long, default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Port of the simulated platform; a free one when absent.
    #[arg(long, default_value_t = 0)]
    simulator_port: u16,
    /// Keep the database in this folder. Without it, it goes when the demo ends.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    bootstrap::install_tls();
    match Box::pin(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("paydesk-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let listener = TcpListener::bind(arguments.listen)
        .with_context(|| format!("cannot listen on {}; try --listen", arguments.listen))?;
    let port = listener.local_addr()?.port();
    // Phones can come only when we listen for them and have an address to be found at.
    let phone_ip = arguments
        .listen
        .ip()
        .is_unspecified()
        .then(address_on_the_network)
        .flatten();
    let host = phone_ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));

    let simulator_port = free_port(arguments.listen.ip(), arguments.simulator_port)?;
    let options = Options::default()
        .listen(SocketAddr::new(arguments.listen.ip(), simulator_port))
        .public_url(format!("http://{host}:{simulator_port}"))
        .code_url(CodeUrl::Page);
    let simulator = paydesk_simulator::start(options)
        .await
        .context("the simulator")?;

    let temporary = tempfile::tempdir()?;
    let folder = arguments
        .data
        .unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let secret = session::new_secret()?;
    let platform = format!("http://127.0.0.1:{simulator_port}");
    let settings = shop::settings(port, &folder, &secret, simulator.keys(), &platform)?;
    bootstrap::init_logs(&settings.log)?;
    let switches = test_switches::read(&bootstrap::environment()?)?;
    let service = shop::open(&settings, switches).await?;

    let stop = CancellationToken::new();
    tokio::spawn(bootstrap::cancel_on_signal(stop.clone()));
    let jobs = tokio::spawn({
        let (service, settings, stop) = (service.clone(), settings.scheduler.clone(), stop.clone());
        async move { paydesk_scheduler::run(&service, &settings, stop).await }
    });
    announce(port, phone_ip, simulator_port);

    let sessions = Data::new(session::Sessions::new(&secret, service.ports.clock.clone()));
    let more = move |config: &mut ServiceConfig| {
        config
            .app_data(sessions.clone())
            .configure(session::configure)
            .configure(page::configure);
    };
    let api = Arc::new(Api::new(&settings, service.clone())?);
    let served = paydesk_api::serve(api, listener, stop.clone(), more).await;
    stop.cancel();
    jobs.await?;
    service.stop().await;
    simulator.stop().await;
    Ok(served?)
}

/// A port for the simulator, known before it starts because its own pages name it.
fn free_port(ip: IpAddr, wanted: u16) -> anyhow::Result<u16> {
    let probe = TcpListener::bind((ip, wanted))
        .with_context(|| format!("cannot listen on port {wanted}; try --simulator-port"))?;
    Ok(probe.local_addr()?.port())
}

/// The address of this machine on its network. Choosing a route sends nothing.
fn address_on_the_network() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address reserved for documentation: no host has it.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[expect(clippy::print_stdout, reason = "what the demo is started for")]
fn announce(port: u16, phone_ip: Option<IpAddr>, simulator_port: u16) {
    println!();
    println!("  Paydesk 收银台 demo");
    println!("  On this machine:  http://127.0.0.1:{port}/");
    if let Some(ip) = phone_ip {
        println!("  On a phone:       http://{ip}:{port}/");
    }
    println!(
        "  The platform:     http://127.0.0.1:{simulator_port}/ (simulated, its keys are public)"
    );
    println!("  Ctrl-C ends it.");
    println!();
}
