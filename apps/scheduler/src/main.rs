//! `paydesk-scheduler run | once JOB`.

use std::path::PathBuf;
use std::process::ExitCode;

use bootstrap::{Service, Settings, test_switches};
use clap::{Parser, Subcommand};
use paydesk_scheduler::Job;
use tokio_util::sync::CancellationToken;

/// Runs the jobs that nobody waits for.
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
    /// Run every job on its cadence.
    Run,
    /// Run one job, once.
    Once {
        /// Which: fulfil, expire, poll, alert.
        job: Job,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    bootstrap::install_tls();
    // What holds a whole service is large, and is kept off the stack.
    match Box::pin(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("paydesk-scheduler: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let environment = bootstrap::environment()?;
    let switches = test_switches::read(&environment)?;
    let settings = Settings::load(arguments.config.as_deref(), &environment)?;
    bootstrap::init_logs(&settings.log)?;
    let service = bootstrap::assemble_jobs(&settings, switches).await?;
    let outcome = match arguments.command {
        Command::Once { job } => once(job, &service).await,
        Command::Run => {
            let stop = CancellationToken::new();
            tokio::spawn(bootstrap::cancel_on_signal(stop.clone()));
            tracing::info!("scheduler started");
            paydesk_scheduler::run(&service, &settings.scheduler, stop).await;
            Ok(())
        }
    };
    service.stop().await;
    outcome
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
async fn once(job: Job, service: &Service) -> anyhow::Result<()> {
    let summary = job.run(service).await?;
    println!(
        "{}: {} due, {} done, {} put off",
        job.as_str(),
        summary.claimed,
        summary.done,
        summary.failed
    );
    Ok(())
}
