//! What the binary does: the command line, and what belongs to the process.

use crate::cli::{Admin, Cli, Command};
use crate::config::{Config, ConfiguredExtension, ExtensionState, declared, default_config, load};
use crate::exit::Failure;
use crate::traces::TracePipeline;
use crate::{
    admin, backup, copy, events, log_output, logging, migrate, new_epoch, restore, serve, sources,
    store_folders,
};
use anyhow::Context as _;
use clap::Parser as _;
use extension::Extension;
use rustix::fs::Mode;
use std::process::ExitCode;

/// Carries out the command line and returns the exit code. A failure is the last line on standard
/// error.
pub(crate) fn run(extensions: Vec<Extension>) -> ExitCode {
    // Whatever this process creates contains messages and hashes of passwords: for its owner alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    match parse_arguments().and_then(|cli| carry_out(cli, extensions)) {
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

fn carry_out(cli: Cli, extensions: Vec<Extension>) -> Result<(), Failure> {
    let declared = declared(&extensions)?;
    if matches!(cli.command, Some(Command::DefaultConfig)) {
        print!("{}", default_config(&declared));
        return Ok(());
    }
    let config = load(&sources::read(&cli)?, &declared)?;
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
    let result = runtime.block_on(execute(command, (config, extensions), pipeline));
    // Does not wait for a query that is stuck on a blocking thread.
    runtime.shutdown_background();
    result
}

fn report_valid(config: &Config) {
    println!("the settings are valid");
    for extension in &config.extensions {
        println!("extension {}: {}", extension.name(), state(extension));
    }
    if !config.service_links.is_empty() {
        println!(
            "ignored, as Kubernetes or Docker set them for a service: {}",
            config.service_links.join(", ")
        );
    }
}

fn state(extension: &ConfiguredExtension) -> &'static str {
    match extension.state {
        ExtensionState::On if extension.declared.reads_private => {
            "on, reads the texts of private and direct rooms"
        }
        ExtensionState::On => "on",
        ExtensionState::Off => "off",
        ExtensionState::Unlisted => "off, as DATABASES does not list its database",
    }
}

async fn execute(
    command: Command,
    (config, extensions): (Config, Vec<Extension>),
    pipeline: Option<TracePipeline>,
) -> Result<(), Failure> {
    // A backup reads the store alone, a copy has databases of its own, and a list needs none.
    let uses_store = !matches!(
        command,
        Command::Backup { .. } | Command::Copy { .. } | Command::Events
    );
    if uses_store {
        store_folders::prepare(&config)?;
    }
    match command {
        Command::Events => events::events(&config, extensions),
        Command::Migrate => migrate::migrate(&config).await,
        Command::Backup { file, database } => backup::backup(&config, &database, &file).await,
        Command::Restore { file, database } => restore::restore(&config, &database, &file).await,
        Command::Copy { from, to, database } => {
            copy::copy(&config, &database, from.as_deref(), to.as_deref()).await
        }
        Command::NewEpoch { database } => new_epoch::new_epoch(&config, &database).await,
        Command::Admin(Admin::Grant { name }) => admin::grant(&config, &name).await,
        Command::Admin(Admin::DeleteAccount { name }) => {
            admin::delete_account(&config, &name).await
        }
        _ => {
            let manager = sources::service_manager();
            Box::pin(serve::serve((config, extensions), &manager, pipeline)).await
        }
    }
}
