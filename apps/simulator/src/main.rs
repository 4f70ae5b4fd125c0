//! Runs the simulator until it is interrupted.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use paydesk_simulator::{CodeUrl, Keys, Options, start};
use tracing_subscriber::EnvFilter;

/// Plays the payment platforms over HTTP with true signatures.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen. Anybody who can connect can press "pay".
    #[arg(long, default_value = "127.0.0.1:9180")]
    listen: SocketAddr,
    /// Folder in which keys are made once and kept; without it, public throw-away keys are used.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Address under which phones reach this simulator.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// What `code_url` contains: the true form, or the address of the payment page.
    #[arg(long, value_enum, default_value_t = Form::Page)]
    code_url: Form,
    /// How many times faster than the wall clock notices are retried.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    speed: u32,
    /// Refuse a plain `http` address for WeChat Pay's notices, as the real platform does.
    #[arg(long)]
    https_only: bool,
    /// Print the merchant's settings as TOML.
    #[arg(long)]
    print_settings: bool,
    /// Print the `WeChat` Pay merchant's settings as commands of a shell.
    #[arg(long, conflicts_with = "print_settings")]
    print_environment: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Weixin,
    Page,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();

    let arguments = Arguments::parse();
    let mut options = Options::default()
        .listen(arguments.listen)
        .speed(arguments.speed)
        .plain_http(!arguments.https_only)
        .code_url(match arguments.code_url {
            Form::Weixin => CodeUrl::Weixin,
            Form::Page => CodeUrl::Page,
        });
    if let Some(folder) = arguments.keys {
        let keys = tokio::task::spawn_blocking(move || Keys::load_or_create(&folder)).await?;
        options = options.keys(keys.context("cannot use the key folder")?);
    }
    if let Some(url) = arguments.public_url {
        options = options.public_url(url);
    }
    let running = start(options).await.context("cannot start")?;
    let mut out = io::stdout();
    if arguments.print_settings {
        write!(out, "{}", running.settings_toml())?;
    } else if arguments.print_environment {
        // No value has a quote in it: they are digits, base64, PEM and an address.
        for (name, value) in running.environment() {
            writeln!(out, "export {name}='{value}'")?;
        }
    } else {
        writeln!(out, "{}", running.url())?;
    }
    out.flush()?;
    tracing::info!(url = running.url(), "simulator listens");
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
