//! `paydesk-api serve | migrate | catalog FILE`.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bootstrap::{Settings, SettingsError, test_switches};
use clap::{Parser, Subcommand};
use paydesk_api::Api;
use tokio_util::sync::CancellationToken;

/// The payment API.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Settings in TOML; the environment wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API.
    Serve,
    /// Bring the database's schema up to date, and make the database when there is none.
    Migrate,
    /// Publish the plans and packages of a catalogue file; what changed becomes a new version.
    Catalog {
        /// A TOML file with `[[tiers]]`, `[[plans]]` and `[[point_packages]]`.
        file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    bootstrap::install_tls();
    // What holds a whole service is large, and is kept off the stack.
    match Box::pin(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, with its causes: whoever starts a service reads the last line first.
            eprintln!("paydesk-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let environment = bootstrap::environment()?;
    let switches = test_switches::read(&environment)?;
    let settings = Settings::load(arguments.config.as_deref(), &environment)?;
    bootstrap::init_logs(&settings.log)?;
    match arguments.command {
        Command::Migrate => {
            let migrated = bootstrap::migrate(&settings, switches).await?;
            println_out(&match migrated.applied.as_slice() {
                [] => "the schema is up to date".to_owned(),
                steps => format!("applied {}", steps.join(", ")),
            });
        }
        Command::Catalog { file } => {
            let listing = bootstrap::read_catalog(&file)?;
            let service = bootstrap::assemble(&settings, switches).await?;
            let published = service.catalogue.publish(&listing).await;
            service.stop().await;
            println_out(&format!(
                "{} of {} plans and packages changed",
                published?,
                listing.len()
            ));
        }
        Command::Serve => Box::pin(serve(settings, switches)).await?,
    }
    Ok(())
}

async fn serve(settings: Settings, switches: test_switches::TestSwitches) -> anyhow::Result<()> {
    let service = bootstrap::assemble(&settings, switches).await?;
    let listener = TcpListener::bind(settings.http.listen).map_err(|error| SettingsError {
        setting: "http.listen".to_owned(),
        problem: format!("{}: {error}", settings.http.listen),
    })?;
    let address = listener.local_addr()?;
    let api = Arc::new(Api::new(&settings, service.clone())?);
    let stop = CancellationToken::new();
    tokio::spawn(bootstrap::cancel_on_signal(stop.clone()));
    tracing::info!("listening on http://{address}");
    println_out(&format!("listening on http://{address}"));
    let served = paydesk_api::serve(api, listener, stop, |_| {}).await;
    service.stop().await;
    Ok(served?)
}

/// What a command answers goes to standard output; logs go to standard error.
#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn println_out(text: &str) {
    println!("{text}");
}
