//! The binary `parlor`: reads the configuration, builds, connects, starts, waits, stops.

mod cli;
mod config;
mod exit;
mod logs;
mod sources;

use clap::Parser as _;
use cli::{Cli, Command};
use config::default_config;
use exit::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match asked().and_then(|cli| run(&cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("parlor: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// The arguments. Help and version print themselves and end the process.
fn asked() -> Result<Cli, Failure> {
    Cli::try_parse().map_err(|error| {
        if !error.use_stderr() {
            error.exit();
        }
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        Failure::Usage(format!(
            "{} (see --help)",
            line.trim_start_matches("error: ")
        ))
    })
}

fn run(cli: &Cli) -> Result<(), Failure> {
    if matches!(cli.command, Some(Command::DefaultConfig)) {
        print!("{}", default_config());
        return Ok(());
    }
    let config = config::load(&sources::read(cli)?)?;
    match &cli.command {
        Some(Command::CheckConfig) => println!("the settings are right"),
        _ => logs::start(&config),
    }
    Ok(())
}
