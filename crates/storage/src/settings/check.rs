//! Contradictions in the settings of one database.

use super::DatabaseSettings;
use crate::Url;
use settings::Contradiction;

pub(super) fn check(database: &DatabaseSettings) -> Result<(), Contradiction> {
    location(database)?;
    pool(database)?;
    critical(database)?;
    replicas(database)
}

fn location(database: &DatabaseSettings) -> Result<(), Contradiction> {
    let parts = [
        ("HOST", database.host.is_some()),
        ("PORT", database.port.is_some()),
        ("NAME", database.database.is_some()),
        ("USER", database.user.is_some()),
        ("PASSWORD", database.password.is_some()),
        ("SSLMODE", database.sslmode.is_some()),
        ("SSLROOTCERT", database.sslrootcert.is_some()),
    ];
    let present = parts.iter().find(|(_, is_set)| *is_set);
    let prefix = database.prefix();
    let problem =
        |part: &str, expected: String| Contradiction::hidden(format!("{prefix}{part}"), expected);
    match present {
        Some((part, _)) if database.url.is_some() => Err(problem(
            part,
            format!(
                "either {prefix}URL or {prefix}HOST, _PORT, _NAME, _USER, _PASSWORD, _SSLMODE and \
                 _SSLROOTCERT, not both"
            ),
        )),
        Some((part, _)) if database.host.is_none() => {
            Err(problem(part, format!("{prefix}HOST to be set too")))
        }
        _ => database.location().map(drop),
    }
}

fn pool(database: &DatabaseSettings) -> Result<(), Contradiction> {
    if database.pool_min() <= database.pool_max {
        return Ok(());
    }
    let prefix = database.prefix();
    Err(Contradiction::new(
        format!("{prefix}POOL_MIN"),
        database.pool_min().to_string(),
        format!("at most {prefix}POOL_MAX, which is {}", database.pool_max),
    ))
}

/// Requires that the server counts as unavailable without `core`: it can do nothing then.
fn critical(database: &DatabaseSettings) -> Result<(), Contradiction> {
    if database.critical || !database.is_core() {
        return Ok(());
    }
    Err(Contradiction::new(
        format!("{}CRITICAL", database.prefix()),
        "off",
        "on, as the server can do nothing without core",
    ))
}

/// Requires that replicas are PostgreSQL, belong to `core`, and differ from each other and from their
/// primary.
fn replicas(database: &DatabaseSettings) -> Result<(), Contradiction> {
    let prefix = database.prefix();
    let problem = |expected: String| {
        let key = format!("{prefix}REPLICA_URLS");
        Err(Contradiction::hidden(key, expected))
    };
    let replicas = database.replica_locations()?;
    if replicas.is_empty() {
        return Ok(());
    }
    if !database.is_core() {
        return problem("no value: only core is read on replicas".to_owned());
    }
    let Some(primary @ Url::Postgres(_)) = database.location()? else {
        return problem(format!(
            "{prefix}URL to be PostgreSQL: an embedded database has no replicas"
        ));
    };
    let mut taken = vec![primary];
    for location in replicas.into_iter().map(Url::Postgres) {
        if taken.contains(&location) {
            return problem(format!("each URL once, and none that is {prefix}URL"));
        }
        taken.push(location);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::Table as _;

    #[test]
    fn a_replica_is_on_postgres_and_another_server_than_its_primary() {
        let (primary, replica) = ("postgres://one/parlor", "postgres://two/parlor");
        for (url, replicas, wrong) in [
            (Some(primary), vec![replica], None),
            (Some(primary), vec![primary], Some("each URL once")),
            (Some(primary), vec![replica, replica], Some("each URL once")),
            (None, vec![replica], Some("to be PostgreSQL")),
            (
                Some("sqlite:core.db"),
                vec![replica],
                Some("to be PostgreSQL"),
            ),
        ] {
            let mut core = DatabaseSettings::new("core");
            core.url = url.map(str::to_owned);
            core.replica_urls = replicas.into_iter().map(str::to_owned).collect();
            match (core.check(), wrong) {
                (Ok(()), None) => {}
                (Err(error), Some(wrong)) => {
                    assert!(error.expected.contains(wrong), "{error}");
                }
                (checked, _) => panic!("{url:?}: {checked:?}"),
            }
        }
    }

    #[test]
    fn core_is_critical_and_others_may_be() {
        let mut core = DatabaseSettings::new("core");
        core.critical = false;
        assert_eq!(core.check().unwrap_err().key, "CORE_DB_CRITICAL");
        let mut other = DatabaseSettings::new("karma");
        other.critical = true;
        assert_eq!(other.check(), Ok(()));
    }
}
