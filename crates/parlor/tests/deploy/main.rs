//! `deploy/` fits this server: its settings, ports, times, exit codes and metrics.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

mod monitoring;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns all files of `deploy/` with their texts.
fn deployed() -> Vec<(String, String)> {
    let (mut folders, mut files) = (vec![root().join("deploy")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            files.push((name, std::fs::read_to_string(path).unwrap()));
        }
    }
    files
}

/// Returns the words of a text that consist of these characters.
fn words(text: &str, of: fn(char) -> bool) -> impl Iterator<Item = &str> {
    text.split(move |c| !of(c)).filter(|word| !word.is_empty())
}

fn is_variable(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

fn is_key(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

/// Returns every setting by its environment variable, from the page that another test checks.
fn variables() -> BTreeSet<String> {
    let page = read("docs/configuration.md");
    let names = words(&page, is_variable);
    let own = names.filter(|name| name.starts_with("PARLOR_") || name.starts_with("CORE_DB_"));
    own.map(str::to_owned).collect()
}

/// Returns the defaults of the numbers, by key.
fn defaults() -> BTreeMap<String, u64> {
    let output = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .arg("default-config")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix('#'));
    let numbers = lines.filter_map(|line| {
        let (key, value) = line.split_once(" = ")?;
        Some((key.to_owned(), value.parse().ok()?))
    });
    numbers.collect()
}

fn seconds(key: &str) -> u64 {
    defaults()[key].div_ceil(1000)
}

/// Returns the number that follows this text in a file.
fn number_after(file: &str, text: &str) -> u64 {
    let content = read(file);
    let (_, rest) = content
        .split_once(text)
        .unwrap_or_else(|| panic!("{file} does not contain {text:?}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Variables with our prefix that belong to Caddy, and one that Kubernetes sets.
const NOT_SETTINGS: [&str; 3] = ["PARLOR_HOST", "PARLOR_UPSTREAM", "PARLOR_SERVICE_HOST"];

#[test]
fn every_variable_named_there_is_a_setting() {
    let known = variables();
    assert!(known.contains("PARLOR_LISTEN") && known.contains("CORE_DB_HOST"));
    for (file, text) in deployed() {
        let ours = words(&text, is_variable)
            .filter(|name| name.starts_with("PARLOR_") || name.starts_with("CORE_DB_"))
            .filter(|name| !NOT_SETTINGS.contains(name));
        for name in ours {
            assert!(known.contains(name), "{file}: there is no setting {name}");
        }
    }
}

#[test]
fn every_key_that_the_guide_and_the_examples_explain_is_a_setting() {
    let page = read("docs/configuration.md");
    let keys: BTreeSet<&str> = words(&page, is_key).collect();
    let endings = [
        "_ms",
        "_max",
        "_proxies",
        "_origins",
        "_per_address",
        "_listen",
        "_names",
    ];
    let mut found = 0;
    for (file, text) in deployed() {
        let named = words(&text, is_key)
            .filter(|word| endings.iter().any(|ending| word.ends_with(ending)))
            .filter(|word| !word.starts_with("parlor_"));
        for key in named {
            assert!(keys.contains(key), "{file}: there is no setting {key}");
            found += 1;
        }
    }
    assert!(found > 10, "the guide explains settings");
}

#[test]
fn the_names_that_people_type_are_set_wherever_a_proxy_stands_in_front() {
    for (file, text) in [
        ("deploy/Caddyfile", "public_names = [\"chat.example.org\"]"),
        ("deploy/nginx.conf", "public_names = [\"chat.example.org\"]"),
        ("deploy/README.md", "public_names = [\"chat.example.org\"]"),
        (
            "deploy/compose.yaml",
            "PARLOR_PUBLIC_NAMES: ${PARLOR_HOST:?",
        ),
        (
            "deploy/kubernetes/parlor.yaml",
            "PARLOR_PUBLIC_NAMES: chat.example.org",
        ),
        ("deploy/kubernetes/parlor.yaml", "- host: chat.example.org"),
    ] {
        assert!(read(file).contains(text), "{file}: {text}");
    }
}

#[test]
fn both_proxies_ask_for_tls_for_a_year_and_limit_what_is_sent() {
    for (file, wanted) in [
        (
            "deploy/Caddyfile",
            [
                "header Strict-Transport-Security \"max-age=31536000\"",
                "max_size 1MB",
                "read_header 10s",
                "read_body 5m",
            ],
        ),
        (
            "deploy/nginx.conf",
            [
                "add_header Strict-Transport-Security \"max-age=31536000\" always;",
                "client_max_body_size 1m;",
                "client_body_timeout 10s;",
                "proxy_request_buffering on;",
            ],
        ),
    ] {
        let text = read(file);
        for line in wanted {
            assert!(
                text.lines().any(|found| found.trim() == line),
                "{file}: {line}"
            );
        }
    }
    let body = defaults()["body_bytes_max"];
    assert!(
        body < 1_000_000,
        "the server's own limit answers first: {body}"
    );
}

#[test]
fn few_are_trusted_and_nobody_reaches_a_port_of_kubernetes_unasked() {
    let trusted: Vec<String> = deployed()
        .iter()
        .flat_map(|(_, text)| environment(text))
        .filter(|(name, _)| name == "PARLOR_TRUSTED_PROXIES")
        .map(|(_, networks)| networks)
        .collect();
    assert_eq!(trusted.len(), 2, "{trusted:?}");
    for network in trusted.iter().flat_map(|networks| networks.split(',')) {
        let (_, bits) = network.split_once('/').unwrap();
        assert!(bits.parse::<u8>().unwrap() >= 24, "{network} is wide");
    }
    let text = read("deploy/kubernetes/parlor.yaml");
    let (_, policy) = text.split_once("kind: NetworkPolicy").unwrap();
    let (policy, _) = policy.split_once("\n---").unwrap();
    let rules: Vec<&str> = policy.split("- ports:").skip(1).collect();
    assert_eq!(rules.len(), 2, "{policy}");
    for rule in rules {
        assert!(
            rule.contains("from:") && rule.contains("matchLabels:"),
            "{rule}"
        );
    }
}

#[test]
fn kubernetes_sets_no_variables_for_services() {
    let text = read("deploy/kubernetes/parlor.yaml");
    assert!(
        text.lines()
            .any(|line| line.trim() == "enableServiceLinks: false")
    );
}

/// The slowest line that the server waits for, bytes per second; and its time on top.
const SLOWEST_LINE: u64 = 250;
const BODY_WITHIN_S: u64 = 5;

#[test]
fn caddy_waits_for_a_slow_body_at_least_as_long_as_the_server() {
    let minutes = number_after("deploy/Caddyfile", "read_body ");
    let body = defaults()["body_bytes_max"];
    assert!(
        minutes * 60 > body / SLOWEST_LINE + BODY_WITHIN_S,
        "{minutes}"
    );
}

/// Returns what a proxy answers by itself: the status, and the body as JSON.
fn answers(file: &str) -> Vec<(u64, serde_json::Value)> {
    let text = read(file);
    let lines = text.lines().filter(|line| line.contains("{\"err\":"));
    let answers = lines.map(|line| {
        let (begin, end) = (line.find('{').unwrap(), line.rfind('}').unwrap());
        let around = format!("{} {}", &line[..begin], &line[end + 1..]);
        let status = words(&around, |c| c.is_ascii_digit()).next().unwrap();
        let body = serde_json::from_str(&line[begin..=end]).unwrap();
        (status.parse().unwrap(), body)
    });
    answers.collect()
}

#[test]
fn what_a_proxy_answers_by_itself_is_an_error_of_the_protocol() {
    let protocol = read("docs/protocol.md");
    for (file, names) in [
        ("deploy/nginx.conf", vec!["outcome_unknown"]),
        ("deploy/Caddyfile", vec!["too_large", "outcome_unknown"]),
    ] {
        let answers = answers(file);
        assert_eq!(answers.len(), names.len(), "{file}: {answers:?}");
        for ((status, answer), name) in answers.iter().zip(names) {
            let error = &answer["err"];
            assert_eq!(error["name"], name, "{file}");
            assert_eq!(error["code"], *status, "{file}: {name}");
            assert!(protocol.contains(&format!("{status} `{name}`")));
            assert_eq!(error["retryable"], *status == 504, "{file}: {name}");
        }
    }
}

/// An hour: Envoy's time for idle connections to servers, the longest of the usual proxies.
const ENVOY_S: u64 = 3_600;

#[test]
fn idle_connections_outlast_those_of_every_proxy() {
    assert!(seconds("keep_alive_ms") > ENVOY_S);
    assert!(read("deploy/README.md").contains("keep_alive_ms"));
}

/// Returns the services of compose, each with its lines.
fn services() -> Vec<String> {
    let text = read("deploy/compose.yaml");
    let (_, rest) = text.split_once("\nservices:\n").unwrap();
    let (services, _) = rest.split_once("\nnetworks:").unwrap();
    let mut found: Vec<String> = Vec::new();
    for line in services.lines() {
        let begins = line.starts_with("  ") && !line.starts_with("   ");
        if begins && line.ends_with(':') {
            found.push(String::new());
        }
        found.last_mut().unwrap().extend([line, "\n"]);
    }
    found
}

#[test]
fn no_container_has_more_rights_than_it_needs() {
    let services = services();
    assert_eq!(services.len(), 3, "parlor, postgres and caddy");
    for service in services {
        for wanted in [
            "    cap_drop: [ALL]\n",
            "    security_opt: [\"no-new-privileges:true\"]\n",
            "    pids_limit: ",
        ] {
            assert!(service.contains(wanted), "{wanted:?} is missing: {service}");
        }
    }
    let pod = read("deploy/kubernetes/parlor.yaml");
    for wanted in [
        "runAsNonRoot: true",
        "seccompProfile: { type: RuntimeDefault }",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        "capabilities: { drop: [ALL] }",
        "automountServiceAccountToken: false",
    ] {
        assert!(pod.contains(wanted), "{wanted}");
    }
    assert!(read("deploy/Dockerfile").contains("\nUSER 10001\n"));
    let unit = read("deploy/parlor.service");
    for wanted in [
        "CapabilityBoundingSet=\n",
        "NoNewPrivileges=yes\n",
        "ProtectSystem=strict\n",
    ] {
        assert!(unit.contains(wanted), "{wanted}");
    }
}

/// RSA has an open advisory (RUSTSEC-2023-0071), and no algorithm of the server needs it.
#[test]
fn nothing_brings_rsa_into_the_build() {
    let lock = read("Cargo.lock");
    assert!(lock.contains("name = \"hmac\""), "the lock file is read");
    assert!(!lock.contains("name = \"rsa\""));
}

/// Returns the variables in a file, from `NAME=value` and `NAME: value`.
fn environment(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim);
    let pairs = lines.filter_map(|line| {
        let line = line
            .trim_start_matches("Environment=")
            .trim_start_matches("ENV ");
        let line = line.trim_end_matches('\\').trim();
        let (name, value) = line.split_once(": ").or_else(|| line.split_once('='))?;
        let own = name.starts_with("PARLOR_") || name.starts_with("CORE_DB_");
        let given = !value.starts_with("${") && own && !NOT_SETTINGS.contains(&name);
        given.then(|| (name.to_owned(), value.trim_matches('"').to_owned()))
    });
    pairs.collect()
}

#[test]
fn every_value_given_there_is_accepted() {
    for file in [
        "deploy/parlor.service",
        "deploy/Dockerfile",
        "deploy/compose.yaml",
        "deploy/kubernetes/parlor.yaml",
    ] {
        let given = environment(&read(file));
        assert!(!given.is_empty(), "{file} gives settings");
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_parlor"))
            .arg("check-config")
            .env_clear()
            .envs(given)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{file}: {stderr}");
    }
}

#[test]
fn the_commands_of_the_guide_exist() {
    let help = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let known = |command: &str| {
        help.lines()
            .any(|line| line.trim_start().split(' ').next() == Some(command))
    };
    let guide = read("deploy/README.md");
    for command in [
        "backup",
        "restore",
        "new-epoch",
        "copy",
        "check-config",
        "default-config",
    ] {
        assert!(guide.contains(command), "the guide explains {command}");
        assert!(known(command), "there is no command {command}");
    }
    for file in ["deploy/parlor.service", "deploy/parlor-backup.service"] {
        assert!(read(file).contains("/usr/local/bin/parlor --config /etc/parlor/parlor.toml"));
    }
}

#[test]
fn everyone_knocks_at_the_port_that_is_listened_on() {
    let config = read("docs/configuration.md");
    assert!(config.contains("`\"127.0.0.1:8080\"`") && config.contains("`\"127.0.0.1:9090\"`"));
    for (file, before) in [
        ("deploy/Caddyfile", "PARLOR_UPSTREAM:127.0.0.1:"),
        ("deploy/nginx.conf", "server 127.0.0.1:"),
        ("deploy/Dockerfile", "EXPOSE "),
        ("deploy/Dockerfile", "/dev/tcp/127.0.0.1/"),
        ("deploy/Dockerfile", "PARLOR_LISTEN=0.0.0.0:"),
        ("deploy/compose.yaml", "PARLOR_UPSTREAM: parlor:"),
        ("deploy/kubernetes/parlor.yaml", "PARLOR_LISTEN: 0.0.0.0:"),
        (
            "deploy/kubernetes/parlor.yaml",
            "name: http, containerPort: ",
        ),
        ("deploy/kubernetes/parlor.yaml", "protocol: TCP, port: "),
    ] {
        assert_eq!(number_after(file, before), 8080, "{file}: {before}");
    }
    for (file, before) in [
        ("deploy/README.md", "targets: [\"127.0.0.1:"),
        (
            "deploy/kubernetes/parlor.yaml",
            "PARLOR_OPERATOR_LISTEN: 0.0.0.0:",
        ),
        (
            "deploy/kubernetes/parlor.yaml",
            "name: operator, containerPort: ",
        ),
        ("deploy/kubernetes/parlor.yaml", "prometheus.io/port: \""),
    ] {
        assert_eq!(number_after(file, before), 9090, "{file}: {before}");
    }
}

/// Longest stop: its budget, and the second after which the watchdog ends the process.
fn stop_s() -> u64 {
    seconds("drain_ms") + 1
}

#[test]
fn nobody_is_killed_before_a_graceful_stop_is_over() {
    let unit = number_after("deploy/parlor.service", "TimeoutStopSec=");
    assert!(unit > stop_s(), "systemd gives {unit} s");
    let compose = number_after("deploy/compose.yaml", "\n    stop_grace_period: ");
    assert!(compose > stop_s(), "compose gives {compose} s");
    let file = "deploy/kubernetes/parlor.yaml";
    let pod = number_after(file, "terminationGracePeriodSeconds: ");
    let before = number_after(file, "command: [sleep, \"");
    let drain = number_after(file, "PARLOR_DRAIN_MS: \"") / 1000;
    assert!(pod > before + drain + 1, "Kubernetes gives {pod} s");
}

#[test]
fn proxies_wait_longer_than_the_server_does_for_a_silent_client() {
    let silence = seconds("ping_every_ms") + seconds("pong_timeout_ms");
    for (file, before) in [
        ("deploy/nginx.conf", "proxy_read_timeout "),
        ("deploy/kubernetes/parlor.yaml", "proxy-read-timeout: \""),
    ] {
        let waits = number_after(file, before);
        assert!(
            waits > silence,
            "{file}: {waits} s, silence may be {silence} s"
        );
    }
}

#[test]
fn the_backup_reads_the_settings_that_the_server_reads() {
    let settings = |unit: &str| -> Vec<String> {
        let text = read(unit);
        let lines = text.lines().filter(|line| {
            line.starts_with("EnvironmentFile=") || line.contains("PARLOR_DATA_DIR")
        });
        lines.map(str::to_owned).collect()
    };
    let server = settings("deploy/parlor.service");
    assert!(server.len() > 1, "{server:?}");
    assert_eq!(settings("deploy/parlor-backup.service"), server);
}

#[test]
fn what_a_restart_cannot_mend_is_not_restarted() {
    let help = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(
        help.contains("2  a setting or an argument is wrong"),
        "{help}"
    );
    assert!(
        help.contains("3  another server is using the store"),
        "{help}"
    );
    let unit = read("deploy/parlor.service");
    assert!(unit.contains("RestartPreventExitStatus=2 3"));
    assert!(unit.contains("Type=notify") && unit.contains("WatchdogSec="));
}

#[test]
fn the_unit_lets_the_allocator_see_how_memory_is_promised() {
    let unit = read("deploy/parlor.service");
    assert!(!unit.lines().any(|line| line.starts_with("ProcSubset")));
}
