//! What the pieces took when somebody last looked: `baseline.toml`.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const HEAD: &str = "\
# Instructions that one unit of each piece takes, as callgrind counts them.
# `just bench-check` compares with these, `just bench-check --write` renews them.

";

/// Instructions per unit, by the pieces' names.
#[derive(Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// Another compiler makes other instructions.
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
            .with_context(|| format!("no baseline at {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no baseline", path.display()))
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
