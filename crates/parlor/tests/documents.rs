//! The pages for operators tell the truth: their commands, settings, metrics, alerts and the texts of
//! the log exist.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The pages with commands for operators.
const PAGES: [&str; 6] = [
    "README.md",
    "deploy/README.md",
    "docs/configuration.md",
    "docs/first-day.md",
    "docs/operating.md",
    "docs/symptoms.md",
];

const UNITS: [&str; 2] = ["deploy/parlor.service", "deploy/parlor-backup.service"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Runs the binary such that it stops when it reads the settings, after it has parsed its arguments:
/// there is no such file, though this machine may have a server of its own.
fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let arguments = arguments
        .iter()
        .map(|argument| argument.replace("/etc/parlor/", "/nowhere/"));
    Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(arguments)
        .env_clear()
        .env("PARLOR_CONFIG", "/nowhere/parlor.toml")
        .current_dir(folder.path())
        .output()
        .unwrap()
}

/// Fails if the command line refuses these arguments.
fn is_accepted(place: &str, arguments: &[&str]) {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !stderr.contains("(see parlor --help)"),
        "{place}: parlor {}: {stderr}",
        arguments.join(" ")
    );
}

/// Returns the lines of the shell in a page.
fn shell(page: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => lines.push(line),
            _ => {}
        }
    }
    lines
}

/// Returns the arguments of the server's binary in a line of the shell, if it is called there.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let mut words = line.split_whitespace();
    words.find(|word| *word == "parlor" || *word == "/usr/local/bin/parlor")?;
    let own = words.take_while(|word| !matches!(*word, "|" | ">" | "#"));
    Some(own.map(|word| word.trim_matches(['"', '\''])).collect())
}

#[test]
fn every_command_in_the_shell_of_a_page_is_accepted() {
    let mut found = 0;
    for page in PAGES {
        for line in shell(&read(page)) {
            // `sudo -u parlor parlor …`, `useradd … parlor`, `systemctl … parlor`
            let called = line.strip_prefix("sudo -u parlor ").unwrap_or(line);
            if called.starts_with("parlor ") {
                is_accepted(page, &arguments(called).unwrap());
                found += 1;
            }
        }
    }
    for unit in UNITS {
        let text = read(unit);
        let line = text.lines().find(|line| line.starts_with("ExecStart="));
        let line = line.unwrap().trim_start_matches("ExecStart=");
        let line = line.split_once("exec ").map_or(line, |(_, line)| line);
        // The date in the name of a backup.
        let line = line.split("$(").next().unwrap();
        is_accepted(unit, &arguments(line).unwrap());
    }
    assert!(found > 10, "the pages show commands: {found}");
}

#[test]
fn every_command_that_a_page_names_exists() {
    let mut found = 0;
    for page in PAGES {
        let text = read(page);
        for code in codes(&text) {
            let Some(rest) = code.strip_prefix("parlor ") else {
                continue;
            };
            let is_command = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let mut words: Vec<&str> = rest.split(' ').take_while(is_command).collect();
            words.push("--help");
            let output = run(&words);
            assert!(output.status.success(), "{page}: there is no `{code}`");
            found += 1;
        }
    }
    assert!(found > 10, "the pages name commands: {found}");
}

/// Returns the texts between single backticks, outside the blocks of code.
fn codes(page: &str) -> Vec<&str> {
    let outside = page.split("```").step_by(2);
    outside
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .collect()
}

/// Returns all sources of the server as one text, with the parts of a broken literal put together.
fn sources() -> String {
    let mut folders = vec![root().join("crates")];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let lines = all.split("\\\n").map(str::trim_start);
    lines.collect()
}

/// Texts that come from the database, not from the server's sources.
const OF_DATABASES: [&str; 1] = ["permission denied for schema"];

/// Returns the first cell of each row of the tables in a section.
fn first_cells<'p>(page: &'p str, section: &str) -> Vec<&'p str> {
    let (_, rest) = page.split_once(section).unwrap();
    let text = rest.split("\n## ").next().unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

#[test]
fn every_line_of_the_log_among_the_symptoms_is_one_of_the_server() {
    let (page, sources) = (read("docs/symptoms.md"), sources());
    for section in ["## It does not start", "## Lines in the log"] {
        let texts = first_cells(&page, section);
        assert!(texts.len() > 10, "{section}: {texts:?}");
        for text in texts {
            // `database core is unavailable` has a name where the source has a field.
            let pattern = text.replace("database core", "database {database}");
            let known = sources.contains(&pattern) || OF_DATABASES.contains(&text);
            assert!(known, "{section}: the server never says {text:?}");
        }
    }
}

#[test]
fn every_setting_and_metric_among_the_symptoms_exists() {
    let operating = read("docs/operating.md");
    let defaults = run(&["default-config"]);
    let settings = String::from_utf8(defaults.stdout).unwrap();
    let mut found = 0;
    for page in ["docs/symptoms.md", "docs/first-day.md"] {
        let text = read(page);
        for code in codes(&text) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = code.split(" = ").next().unwrap();
            if !name.chars().all(is_name) || !name.contains('_') {
                continue;
            }
            let key = name.trim_start_matches("CORE_DB_").to_lowercase();
            let known = operating.contains(&format!("`{name}`"))
                || settings.contains(&format!("#{key} = "))
                || OTHERS.contains(&name);
            assert!(known, "{page}: there is no setting or metric {name}");
            found += 1;
        }
    }
    assert!(found > 20, "the pages name settings and metrics: {found}");
}

/// Names that belong to others: PostgreSQL's, an error of the protocol, a field of a health page.
const OTHERS: [&str; 5] = [
    "last_error",
    "max_connections",
    "pg_dump",
    "pg_restore",
    "storage_unavailable",
];

#[test]
fn every_alert_has_a_section_that_it_names() {
    let alerts = read("deploy/prometheus/alerts.yaml");
    let page = read("docs/symptoms.md");
    let named: BTreeSet<&str> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let sections: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert!(named.len() > 10);
    assert_eq!(named, sections);
    for alert in named {
        let (_, rule) = alerts.split_once(&format!("- alert: {alert}\n")).unwrap();
        let rule = rule.split("- alert: ").next().unwrap();
        let runbook = format!("runbook: \"docs/symptoms.md#{}\"", alert.to_lowercase());
        assert!(rule.contains(&runbook), "{alert} does not name {runbook}");
    }
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    for page in PAGES {
        let text = read(page);
        let folder = root().join(page);
        let folder = folder.parent().unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() {
                root().join(page)
            } else {
                folder.join(file)
            };
            assert!(path.exists(), "{page}: {target}");
            let is_page = path.extension().is_some_and(|ending| ending == "md");
            if !anchor.is_empty() && is_page {
                let linked = std::fs::read_to_string(&path).unwrap();
                assert!(anchors(&linked).contains(anchor), "{page}: {target}");
            }
        }
    }
}

/// Returns the anchors of a page's headings; of two equal headings the second ends with `-1`.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with('#')) {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor = kept.collect::<String>().replace(' ', "-");
        if !anchors.insert(anchor.clone()) {
            anchors.insert(format!("{anchor}-1"));
        }
    }
    anchors
}
