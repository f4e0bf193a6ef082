//! The recorded costs of the pieces: `baseline.toml`.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const HEAD: &str = "\
# Instructions per unit of each piece, as callgrind counts them.
# `just bench-check` compares with these, `just bench-check --write` updates them.

";

/// Instructions per unit, by name of the piece.
#[derive(Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// The compiler's version; another compiler generates other instructions.
    pub(crate) compiler: String,
    pub(crate) instructions: BTreeMap<String, u64>,
}

impl Baseline {
    pub(crate) fn of_this_compiler(instructions: BTreeMap<String, u64>) -> anyhow::Result<Self> {
        Ok(Self {
            compiler: compiler()?,
            instructions,
        })
    }

    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = path();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the baseline {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a valid baseline", path.display()))
    }

    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let text = format!("{HEAD}{}", toml::to_string(self)?);
        Ok(std::fs::write(path(), text)?)
    }
}

fn path() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.toml").into()
}

fn compiler() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
