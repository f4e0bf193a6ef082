//! Reads the sources of the configuration, unparsed: the file, the environment and the flags.

use crate::cli::Cli;
use crate::config::{ConfigError, FileError, SettingsError, Sources};
use crate::notify::NotifyConfig;
use std::path::{Path, PathBuf};

const FILE: &str = "parlor.toml";
const FILE_VARIABLE: &str = "PARLOR_CONFIG";

/// Reads all three. Nothing else in the binary reads the environment.
pub(crate) fn read(cli: &Cli) -> Result<Sources, SettingsError> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.to_string_lossy().into())))
        .collect();
    Ok(Sources {
        file: file(cli, &environment)?,
        flags: flags(cli)?,
        environment,
    })
}

/// Reads the service manager's variables.
pub(crate) fn service_manager() -> NotifyConfig {
    NotifyConfig {
        socket: std::env::var_os("NOTIFY_SOCKET"),
        watchdog_us: std::env::var("WATCHDOG_USEC").ok(),
        watchdog_pid: std::env::var("WATCHDOG_PID").ok(),
    }
}

fn file(
    cli: &Cli,
    environment: &[(String, String)],
) -> Result<Option<(PathBuf, String)>, FileError> {
    let variable = environment.iter().find(|(name, _)| name == FILE_VARIABLE);
    let (named_by, path) = match (&cli.config, variable) {
        (Some(path), _) => ("--config", path.clone()),
        (None, Some((name, path))) => (name.as_str(), PathBuf::from(path)),
        (None, None) if Path::new(FILE).symlink_metadata().is_ok() => (FILE, PathBuf::from(FILE)),
        (None, None) => return Ok(None),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) => Err(FileError {
            file: format!("{named_by} {}", path.display()),
            problem: format!("cannot read the file: {error}"),
            remedy: "name a file in TOML that this user may read".to_owned(),
        }),
    }
}

fn flags(cli: &Cli) -> Result<Vec<(String, String, String)>, ConfigError> {
    let named = [
        ("--listen", "listen", &cli.listen),
        ("--operator-listen", "operator_listen", &cli.operator_listen),
        ("--data-dir", "data_dir", &cli.data_dir),
    ];
    let mut flags: Vec<_> = named
        .into_iter()
        .filter_map(|(flag, key, text)| Some((flag.to_owned(), key.to_owned(), text.clone()?)))
        .collect();
    for pair in &cli.set {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(ConfigError::new("--set", pair, "KEY=VALUE"));
        };
        flags.push((format!("--set {key}"), key.to_owned(), text.to_owned()));
    }
    Ok(flags)
}
