//! The binary `parlor`: the server and its maintenance commands.

mod admin;
mod app;
mod backup;
mod cli;
mod config;
mod copy;
#[cfg(test)]
mod events_documented;
mod exit;
mod log_output;
mod log_rate_limit;
mod logging;
mod memory;
mod metrics;
mod migrate;
mod new_epoch;
mod notify;
mod progress;
mod restore;
mod schema;
mod serve;
mod signals;
mod sources;
mod starting;
mod stop;
mod store_files;
mod store_folders;
mod traces;
mod watchdog;

use anyhow::Context as _;
use clap::Parser as _;
use cli::{Admin, Cli, Command};
use config::{Config, default_config};
use exit::Failure;
use rustix::fs::Mode;
use std::process::ExitCode;
use traces::TracePipeline;

fn main() -> ExitCode {
    // Whatever this process creates contains messages and hashes of passwords: for its owner alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    match parse_arguments().and_then(run) {
        Ok(()) => {
            log_output::flush();
            ExitCode::SUCCESS
        }
        Err(failure) => {
            log_output::write_final(&format!("parlor: {failure}"));
            ExitCode::from(failure.code())
        }
    }
}

/// Parses the arguments. Prints help or version and exits if they are asked for.
fn parse_arguments() -> Result<Cli, Failure> {
    Cli::try_parse().map_err(|error| {
        if !error.use_stderr() {
            error.exit();
        }
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.trim_start_matches("error: ");
        Failure::Usage(format!("{line} (see parlor --help)"))
    })
}

fn run(cli: Cli) -> Result<(), Failure> {
    if matches!(cli.command, Some(Command::DefaultConfig)) {
        print!("{}", default_config());
        return Ok(());
    }
    let config = config::load(&sources::read(&cli)?)?;
    schema::databases(&config)?;
    let command = cli.command.unwrap_or(Command::Serve);
    if matches!(command, Command::CheckConfig) {
        report_valid(&config);
        return Ok(());
    }
    let serves = matches!(command, Command::Serve);
    let pipeline = serves.then(|| TracePipeline::new(&config.traces)).flatten();
    let (tracer, pipeline) = pipeline.unzip();
    logging::start(&config, tracer);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(execute(command, config, pipeline));
    // Does not wait for a query that is stuck on a blocking thread.
    runtime.shutdown_background();
    result
}

fn report_valid(config: &Config) {
    println!("the settings are valid");
    if !config.service_links.is_empty() {
        println!(
            "ignored, as Kubernetes or Docker set them for a service: {}",
            config.service_links.join(", ")
        );
    }
}

async fn execute(
    command: Command,
    config: Config,
    pipeline: Option<TracePipeline>,
) -> Result<(), Failure> {
    // A backup reads the store alone, and a copy has databases of its own.
    if !matches!(command, Command::Backup { .. } | Command::Copy { .. }) {
        store_folders::prepare(&config)?;
    }
    match command {
        Command::Migrate => migrate::migrate(&config).await,
        Command::Backup { file } => backup::backup(&config, &file).await,
        Command::Restore { file } => restore::restore(&config, &file).await,
        Command::Copy { from, to } => copy::copy(&config, from.as_deref(), to.as_deref()).await,
        Command::NewEpoch => new_epoch::new_epoch(&config).await,
        Command::Admin(Admin::Grant { name }) => admin::grant(&config, &name).await,
        Command::Admin(Admin::DeleteAccount { name }) => {
            admin::delete_account(&config, &name).await
        }
        _ => Box::pin(serve::serve(config, &sources::service_manager(), pipeline)).await,
    }
}
