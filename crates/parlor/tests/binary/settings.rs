//! Wrong settings: exit code 2 and one line with the key, the value and what is expected.

use crate::process::{Ended, Server, parlor, run};
use tempfile::TempDir;

fn check(file: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let folder = TempDir::new().unwrap();
    if !file.is_empty() {
        std::fs::write(folder.path().join("parlor.toml"), file).unwrap();
    }
    let mut command = parlor(folder.path());
    run(command
        .envs(environment.iter().copied())
        .args(arguments)
        .arg("check-config"))
}

/// Fails unless the settings are refused in one line that contains all of `said`.
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(
        ended.stderr.trim_end().lines().count(),
        1,
        "{}",
        ended.stderr
    );
    for word in words {
        assert!(
            ended.stderr.contains(word),
            "{word:?} is missing: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_wrong_variable_is_named_with_what_was_given_and_what_is_expected() {
    for (name, given, expected) in [
        ("PARLOR_LISTEN", "8080", "address:port"),
        ("PARLOR_LISTEN", "localhost:8080", "address:port"),
        ("PARLOR_OPERATOR_LISTEN", "127.0.0.1:99999", "address:port"),
        ("PARLOR_DRAIN_MS", "-1", "from 100 to 600000"),
        ("PARLOR_DRAIN_MS", "10s", "a whole number of milliseconds"),
        ("PARLOR_LIMITS", "maybe", "on or off"),
        ("PARLOR_LOG", "infoo", "error, warn, info"),
        ("PARLOR_LOG_FORMAT", "xml", "auto, human or json"),
        ("PARLOR_REGISTRATION", "closed", "open, invite or off"),
        ("PARLOR_TRUSTED_PROXIES", "10.0.0.0/33", "networks such as"),
        ("CORE_DB_POOL_MAX", "0", "from 1 to 1000"),
        ("CORE_DB_PORT", "70000", "from 1 to 65535"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "http://"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "https://a:4318",
            "plain HTTP",
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "milliseconds"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "key=value"),
        ("OTEL_TRACES_SAMPLER", "some", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5", "from 0 to 1"),
        ("DATABASES", "core,Analytics", "names of a-z"),
        ("DATABASES", "core,analytic", "core or analytics"),
    ] {
        let given_quoted = if name == "DATABASES" {
            "nalytics".to_owned()
        } else {
            format!("{given:?}")
        };
        refused(
            &check("", &[(name, given)], &[]),
            &[name, &given_quoted, expected],
        );
    }
}

#[test]
fn a_host_name_is_neither_an_origin_nor_a_pattern() {
    for (name, given) in [
        ("PARLOR_PUBLIC_NAMES", "https://chat.example.org"),
        ("PARLOR_PUBLIC_NAMES", "chat.example.org:443"),
        ("PARLOR_OPERATOR_NAMES", "*.example.org"),
    ] {
        let key = name.trim_start_matches("PARLOR_").to_lowercase();
        let ended = check("", &[(name, given)], &[]);
        refused(&ended, &[&key, given, "names such as chat.example.org"]);
    }
}

#[test]
fn an_origin_that_no_browser_sends_is_refused_with_what_to_write() {
    let name = "PARLOR_ALLOWED_ORIGINS";
    for (given, expected) in [
        ("example.org", "https://example.org"),
        ("*", "by its own name"),
        ("https://*.example.org", "by its own name"),
        ("null", "null"),
        ("https://chat.example.org/app", "https://chat.example.org"),
        ("wss://chat.example.org", "https://chat.example.org"),
    ] {
        let ended = check("", &[(name, given)], &[]);
        refused(&ended, &[name, given, expected]);
        let list = format!("https://first.example, {given}");
        refused(&check("", &[(name, &list)], &[]), &[name, given, expected]);
        let file = format!("allowed_origins = [\"{given}\"]\n");
        refused(
            &check(&file, &[], &[]),
            &["allowed_origins", given, expected],
        );
    }
    let fine = "HTTPS://Chat.Example.org:443/, http://localhost:3000, capacitor://localhost";
    let ended = check("", &[(name, fine)], &[]);
    assert_eq!(ended.code, Some(0), "{fine}: {}", ended.stderr);
}

#[test]
fn a_mistyped_variable_is_told_the_one_that_was_meant() {
    for (name, meant) in [
        ("PARLOR_LISTNE", "PARLOR_LISTEN"),
        ("CORE_DB_POOLMAX", "CORE_DB_POOL_MAX"),
        ("PARLOR_LOG_LEVEL", "PARLOR_LOG"),
        ("PARLOR_POOL_MAX", "CORE_DB_POOL_MAX"),
    ] {
        refused(&check("", &[(name, "x")], &[]), &[name, "\"x\"", meant]);
    }
    refused(
        &check("", &[("PARLOR_WEATHER", "fine")], &[]),
        &["PARLOR_WEATHER", "default-config"],
    );
}

#[test]
fn the_standards_variables_for_traces_are_taken_as_it_has_them() {
    let right = check(
        "",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
            ("OTEL_SERVICE_NAME", ""),
            ("OTEL_METRICS_EXPORTER", "none"),
        ],
        &[],
    );
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "secret");
    let wrong = check("", &[headers], &[]);
    refused(&wrong, &["OTEL_EXPORTER_OTLP_HEADERS", "key=value"]);
    assert!(!wrong.stderr.contains("got \"secret"), "{}", wrong.stderr);
    let both = [
        ("OTEL_TRACES_SAMPLER", "always_on"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
    ];
    refused(
        &check("", &both, &[]),
        &["OTEL_TRACES_SAMPLER_ARG", "traceidratio"],
    );
    refused(
        &check("", &[("PARLOR_OTEL_SERVICE_NAME", "chat")], &[]),
        &["PARLOR_OTEL_SERVICE_NAME"],
    );
}

#[test]
fn a_second_database_has_its_own_settings_and_its_own_place() {
    let named = ("DATABASES", "core,analytics");
    let right = check("", &[named, ("ANALYTICS_DB_POOL_MAX", "3")], &[]);
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    let file = "[databases.analytics]\npool_max = 3\ncritical = true";
    assert_eq!(check(file, &[], &[]).code, Some(0));
    let mistyped = [named, ("ANALYTICS_DB_POOLMAX", "3")];
    refused(
        &check("", &mistyped, &[]),
        &["ANALYTICS_DB_POOLMAX", "\"3\"", "ANALYTICS_DB_POOL_MAX"],
    );
    let unnamed = check("", &[("ANALYTICS_DB_POOLMAX", "3")], &[]);
    assert_eq!(unnamed.code, Some(0), "someone else's variable");
    let apart = [
        named,
        ("CORE_DB_URL", "postgres://parlor@localhost/parlor"),
        ("ANALYTICS_DB_URL", "postgres://parlor@localhost/analytics"),
    ];
    assert_eq!(check("", &apart, &[]).code, Some(0), "one server, two");
    let same = [
        named,
        ("CORE_DB_URL", "postgres://parlor@localhost/parlor"),
        ("ANALYTICS_DB_URL", "postgres://parlor@localhost/parlor"),
    ];
    refused(
        &check("", &same, &[]),
        &["ANALYTICS_DB_URL", "no other name uses"],
    );
}

#[test]
fn replicas_that_cannot_be_are_refused_and_never_shown() {
    const KEY: &str = "CORE_DB_REPLICA_URLS";
    const CORE: (&str, &str) = ("CORE_DB_URL", "postgres://parlor:secret@db/parlor");
    const OTHER: &str = "postgres://parlor:secret@standby/parlor";
    let right = check("", &[CORE, (KEY, OTHER)], &[]);
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    let twice = format!("{OTHER},{OTHER}");
    let beside = ("DATABASES", "core,analytics");
    for (environment, words) in [
        (
            vec![(KEY, OTHER)],
            [KEY, "an embedded database has no replicas"],
        ),
        (vec![CORE, (KEY, CORE.1)], [KEY, "none that is CORE_DB_URL"]),
        (vec![CORE, (KEY, &twice)], [KEY, "each URL once"]),
        (
            vec![CORE, (KEY, "sqlite:secret.db")],
            [KEY, "separated by commas"],
        ),
        (
            vec![CORE, beside, ("ANALYTICS_DB_REPLICA_URLS", OTHER)],
            ["ANALYTICS_DB_REPLICA_URLS", "only core is read on replicas"],
        ),
        (
            vec![CORE, (KEY, OTHER), ("CORE_DB_REPLICA_TIMEOUT_MS", "600")],
            ["CORE_DB_REPLICA_TIMEOUT_MS", "less than ask_timeout_ms"],
        ),
        (
            vec![CORE, ("CORE_DB_REPLICA_URL", "x")],
            ["CORE_DB_REPLICA_URL:", KEY],
        ),
    ] {
        let ended = check("", &environment, &[]);
        refused(&ended, &words);
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    }
}

#[test]
fn a_wrong_key_in_the_file_is_named_with_the_file() {
    for (file, words) in [
        ("drain = 5", ["drain in parlor.toml", "\"5\"", "drain_ms"]),
        (
            "drain_ms = 1.5",
            ["drain_ms in parlor.toml", "1.5", "a number"],
        ),
        (
            "listen = 8080",
            ["listen in parlor.toml", "8080", "address:port"],
        ),
        (
            "drain_ms =",
            ["parlor.toml, line 1, column 11", "drain_ms", "TOML"],
        ),
        (
            "databases = 3",
            ["databases in parlor.toml", "3", "[databases.core]"],
        ),
        (
            "[databases.core]\npoolmax = 1",
            ["databases.core.poolmax", "\"1\"", "pool_max"],
        ),
    ] {
        refused(&check(file, &[], &[]), &words);
    }
}

#[test]
fn a_wrong_flag_is_named() {
    refused(
        &check("", &[], &["--listen", "here"]),
        &["--listen", "\"here\"", "address:port"],
    );
    refused(
        &check("", &[], &["--set", "drain_ms"]),
        &["--set", "\"drain_ms\"", "KEY=VALUE"],
    );
    refused(
        &check("", &[], &["--set", "dran_ms=5"]),
        &["dran_ms", "\"5\"", "drain_ms"],
    );
    refused(
        &check("", &[], &["--config", "nowhere.toml"]),
        &["--config", "nowhere.toml", "read"],
    );
    refused(
        &check("", &[], &["--lissten", "x"]),
        &["--lissten", "--help"],
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let url = ("CORE_DB_URL", "postgres://user:topsecret@db/parlor");
    refused(
        &check("", &[url, ("CORE_DB_HOST", "db")], &[]),
        &["CORE_DB_HOST", "CORE_DB_URL"],
    );
    refused(
        &check("", &[("CORE_DB_USER", "x")], &[]),
        &["CORE_DB_USER", "CORE_DB_HOST"],
    );
    let pool = [("CORE_DB_POOL_MAX", "2"), ("CORE_DB_POOL_MIN", "3")];
    refused(
        &check("", &pool, &[]),
        &["CORE_DB_POOL_MIN", "\"3\"", "at most CORE_DB_POOL_MAX"],
    );
    refused(
        &check("", &[("PARLOR_ASK_TIMEOUT_MS", "5000")], &[]),
        &["ask_timeout_ms", "\"5000\""],
    );
    let slow = ("CORE_DB_STATEMENT_TIMEOUT_MS", "3000");
    refused(
        &check("", &[slow], &[]),
        &["CORE_DB_STATEMENT_TIMEOUT_MS", "ask_timeout_ms"],
    );
    let invite = ("PARLOR_REGISTRATION", "invite");
    refused(
        &check("", &[invite], &[]),
        &["registration", "\"invite\"", "invite_code"],
    );
    refused(
        &check("", &[("PARLOR_INVITE_CODE", "x")], &[]),
        &["invite_code", "registration"],
    );
    refused(
        &check("", &[("PARLOR_JWT_ISSUER", "me")], &[]),
        &["jwt_issuer", "jwt_secret"],
    );
    let same = [
        ("PARLOR_LISTEN", "127.0.0.1:1"),
        ("PARLOR_OPERATOR_LISTEN", "127.0.0.1:1"),
    ];
    refused(
        &check("", &same, &[]),
        &["operator_listen", "127.0.0.1:1", "listen"],
    );
}

#[test]
fn a_secret_is_never_shown() {
    for (name, given) in [
        ("CORE_DB_URL", "mysql://user:topsecret@db"),
        ("PARLOR_JWT_SECRET", "topsecret"),
        // Mistyped, they are secrets all the same.
        ("CORE_DB_UR", "postgres://user:topsecret@db/parlor"),
        ("CORE_DB_PASWORD", "topsecret"),
        ("PARLOR_JWTSECRET", "topsecret"),
    ] {
        let ended = check("", &[(name, given)], &[]);
        refused(&ended, &["expected"]);
        assert!(!ended.stderr.contains("topsecret"), "{}", ended.stderr);
    }
}

#[test]
fn what_is_right_is_said_to_be() {
    let file =
        "drain_ms = 5_000\ntrusted_proxies = [\"10.0.0.0/8\"]\n[databases.core]\npool_max = 1";
    let ended = check(
        file,
        &[("PARLOR_LOG", "info,bus=debug"), ("OTHER", "x")],
        &[],
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.out.contains("valid"), "{}", ended.out);
}

#[test]
fn flags_overrule_the_environment_and_that_the_file() {
    let folder = TempDir::new().unwrap();
    let file = "listen = \"127.0.0.3:0\"\noperator_listen = \"127.0.0.3:0\"\ndrain_ms = 200";
    std::fs::write(folder.path().join("parlor.toml"), file).unwrap();
    let mut command = parlor(folder.path());
    command
        .env("PARLOR_LISTEN", "127.0.0.2:0")
        .env_remove("PARLOR_OPERATOR_LISTEN")
        .args(["--listen", "127.0.0.1:0"]);
    let server = Server::launch(&mut command);
    assert_eq!(server.address.ip().to_string(), "127.0.0.1");
    assert_eq!(server.operator.ip().to_string(), "127.0.0.3");
}

#[test]
fn help_version_and_defaults_are_printed() {
    let folder = TempDir::new().unwrap();
    let printed = |argument: &str| run(parlor(folder.path()).arg(argument));
    assert!(printed("--help").out.contains("Exit codes"));
    assert!(printed("--version").out.starts_with("parlor "));
    let defaults = printed("default-config");
    assert_eq!(defaults.code, Some(0));
    assert!(defaults.out.contains("#listen = \"127.0.0.1:8080\""));
    std::fs::write(folder.path().join("parlor.toml"), defaults.out).unwrap();
    assert_eq!(
        printed("check-config").code,
        Some(0),
        "it is a file that can be used as it is"
    );
}

#[test]
fn a_url_of_postgresql_is_checked_word_by_word() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let empty = format!("sslrootcert={}", empty.display());
    for (parameters, expected) in [
        ("sslmode=verify", "verify-full, not \"verify\""),
        (
            "sslmode=",
            "disable, allow, prefer, require, verify-ca, verify-full",
        ),
        ("sslmode=verify-ca", "sslrootcert"),
        ("sslmode=require&sslrootcert=system", "sslmode=verify-full"),
        (
            "sslmode=require&sslrootcert=/nowhere/root.pem",
            "/nowhere/root.pem: No such file",
        ),
        (
            &format!("sslmode=verify-full&{empty}"),
            "contains no certificate",
        ),
        ("sslcert=/nowhere/client.pem", "sslcert and sslkey together"),
        ("sslcrl=/etc/crl.pem", "no parameter sslcrl"),
        ("passfile=/etc/parlor/pgpass", "no parameter passfile"),
        ("sslmod=require", "no parameter sslmod"),
        ("channel_binding=always", "channel_binding"),
        ("target_session_attrs=primary", "target_session_attrs"),
        ("gssencmode=require", "gssencmode"),
        ("client_encoding=LATIN1", "client_encoding=UTF8"),
        ("ssl_max_protocol_version=TLSv1.1", "TLSv1.2"),
        ("connect_timeout", "key=value"),
    ] {
        let url = format!("postgres://parlor:topsecret@db/parlor?{parameters}");
        for (name, value) in [
            ("CORE_DB_URL", url.clone()),
            ("CORE_DB_REPLICA_URLS", url.clone()),
        ] {
            let primary = ("CORE_DB_URL", "postgres://parlor@primary/parlor".to_owned());
            let environment = [primary, (name, value)];
            let environment: Vec<_> = environment.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let ended = check("", &environment, &[]);
            refused(&ended, &[name, expected]);
            assert!(!ended.stderr.contains("topsecret"), "{}", ended.stderr);
        }
    }
}

#[test]
fn what_libpq_knows_is_accepted() {
    for parameters in [
        "sslmode=disable&sslrootcert=/nowhere/root.pem",
        "sslrootcert=system",
        "sslmode=verify-full&channel_binding=require&application_name=chat",
        "ssl=true&sslsni=0&sslcompression=0&gssencmode=disable",
        "keepalives_idle=60&keepalives_count=5&tcp_user_timeout=30000&connect_timeout=3",
        "client_encoding=utf8&fallback_application_name=x&options=-c%20work_mem%3D8MB",
        "target_session_attrs=read-write&load_balance_hosts=disable",
    ] {
        let url = format!("postgresql://parlor@a,b:5433/parlor?{parameters}");
        let ended = check("", &[("CORE_DB_URL", &url)], &[]);
        assert_eq!(ended.code, Some(0), "{parameters}: {}", ended.stderr);
    }
}

#[test]
fn the_parts_of_an_address_may_ask_for_tls() {
    let host = ("CORE_DB_HOST", "db");
    let ended = check("", &[host, ("CORE_DB_SSLMODE", "verify-full")], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    refused(
        &check("", &[host, ("CORE_DB_SSLMODE", "strict")], &[]),
        &["CORE_DB_SSLMODE", "\"strict\"", "verify-full"],
    );
    let file = ("CORE_DB_SSLROOTCERT", "/nowhere/root.pem");
    refused(
        &check("", &[host, ("CORE_DB_SSLMODE", "verify-ca"), file], &[]),
        &["CORE_DB_SSLROOTCERT", "/nowhere/root.pem", "No such file"],
    );
    refused(
        &check("", &[("CORE_DB_SSLMODE", "require")], &[]),
        &["CORE_DB_SSLMODE", "CORE_DB_HOST"],
    );
}

#[test]
fn core_is_always_critical() {
    refused(
        &check("", &[("CORE_DB_CRITICAL", "off")], &[]),
        &["CORE_DB_CRITICAL", "\"off\"", "without core"],
    );
    let beside = [
        ("DATABASES", "core,analytics"),
        ("ANALYTICS_DB_CRITICAL", "off"),
    ];
    assert_eq!(check("", &beside, &[]).code, Some(0));
}

#[test]
fn the_events_of_the_server_are_listed_without_a_store() {
    let folder = TempDir::new().unwrap();
    let listed = |analytics: &str| {
        let mut command = parlor(folder.path());
        run(command.env("PARLOR_ANALYTICS", analytics).arg("events"))
    };
    let line = |ended: &Ended, name: &str| {
        let mut lines = ended.out.lines();
        let found = lines.find(|line| line.starts_with(&format!("{name} ")));
        found
            .unwrap_or_else(|| panic!("{name} is missing: {}", ended.out))
            .to_owned()
    };
    let alone = listed("off");
    assert_eq!((alone.code, &*alone.stderr), (Some(0), ""));
    let sent = line(&alone, "messaging.send");
    assert!(
        sent.contains("ordered") && sent.ends_with("messaging"),
        "{sent}"
    );
    let appended = line(&alone, "rooms.entries_appended");
    assert!(
        appended.contains("fact") && !appended.contains("isolated"),
        "{appended}"
    );
    let followed = line(&listed("on"), "rooms.entries_appended");
    assert!(followed.contains("(isolated)"), "{followed}");
    assert!(!folder.path().join("data").exists(), "nothing is created");
}

#[test]
fn the_extensions_are_listed_with_whether_they_are_on() {
    for (environment, state) in [
        (vec![], "analytics: off"),
        (vec![("PARLOR_ANALYTICS", "on")], "analytics: on"),
        (vec![("DATABASES", "core,analytics")], "analytics: on"),
        (vec![("DATABASES", "core")], "analytics: off"),
    ] {
        let ended = check("", &environment, &[]);
        assert!(ended.out.contains(state), "{environment:?}: {}", ended.out);
    }
    let votes = [("PARLOR_VOTES_SEATS", "3")];
    refused(
        &check("", &votes, &[]),
        &["PARLOR_VOTES_SEATS", "this server has no extension votes"],
    );
}
