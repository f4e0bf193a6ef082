//! Where the settings say that a database is.

use super::DatabaseSettings;
use crate::{PostgresUrl, Url};
use settings::Contradiction;

impl DatabaseSettings {
    /// Returns where the database is: its URL, or its parts. `None`: the settings leave it to the server.
    pub fn location(&self) -> Result<Option<Url>, Contradiction> {
        match &self.url {
            Some(url) => self.parse(url).map(Some),
            None if self.host.is_some() => self.joined_parts().map(Some),
            None => Ok(None),
        }
    }

    fn parse(&self, url: &str) -> Result<Url, Contradiction> {
        if url.starts_with("postgres") {
            return postgres(format!("{}URL", self.prefix()), url).map(Url::Postgres);
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches("//").is_empty() => {
                Ok(Url::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            _ => self.problem(
                "URL",
                "postgres://user:password@host:port/name or sqlite:path".to_owned(),
            ),
        }
    }

    /// Returns where the replicas are.
    pub fn replica_locations(&self) -> Result<Vec<PostgresUrl>, Contradiction> {
        let urls = self.replica_urls.iter();
        let parsed = urls.map(|url| postgres(format!("{}REPLICA_URLS", self.prefix()), url));
        parsed
            .collect::<Result<_, _>>()
            .map_err(|error| Contradiction {
                expected: format!("{}; URLs are separated by commas", error.expected),
                ..error
            })
    }

    fn joined_parts(&self) -> Result<Url, Contradiction> {
        let url = PostgresUrl::parse(&self.url_from_parts());
        url.map(Url::Postgres).or_else(|error| {
            let expected = error.to_string();
            let (part, value) = match (&self.sslmode, &self.sslrootcert) {
                (_, Some(file)) if expected.contains("in sslrootcert") => ("SSLROOTCERT", file),
                (Some(mode), _) if expected.contains("sslmode") => ("SSLMODE", mode),
                _ => return self.problem("HOST", expected),
            };
            let key = format!("{}{part}", self.prefix());
            Err(Contradiction::new(key, value.as_str(), expected))
        })
    }

    fn problem<T>(&self, part: &str, expected: String) -> Result<T, Contradiction> {
        let key = format!("{}{part}", self.prefix());
        Err(Contradiction::hidden(key, expected))
    }

    fn url_from_parts(&self) -> String {
        let or = |text: &Option<String>, or: &str| encoded(text.as_deref().unwrap_or(or));
        let user = or(&self.user, "parlor");
        let password = match &self.password {
            Some(password) => format!(":{}", encoded(password)),
            None => String::new(),
        };
        let host = self.host.as_deref().unwrap_or("localhost");
        let bare = host.contains(':') && !host.starts_with('[');
        let host = if bare {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let port = self.port.unwrap_or(5432);
        let database = or(&self.database, "parlor");
        let tls = [
            ("sslmode", &self.sslmode),
            ("sslrootcert", &self.sslrootcert),
        ];
        let tls = tls
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", encoded(value.as_deref()?))));
        let tls = tls.collect::<Vec<_>>().join("&");
        let mark = if tls.is_empty() { "" } else { "?" };
        format!("postgres://{user}{password}@{host}:{port}/{database}{mark}{tls}")
    }
}

/// Parses the URL that a setting has; the error does not show it.
fn postgres(key: String, url: &str) -> Result<PostgresUrl, Contradiction> {
    PostgresUrl::parse(url).map_err(|error| Contradiction::hidden(key, error.to_string()))
}

/// Percent-encodes everything that could end a part of a URL.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_may_be_left_to_the_server() {
        assert_eq!(DatabaseSettings::new("core").location().unwrap(), None);
    }

    #[test]
    fn the_parts_make_a_url_with_every_odd_character_encoded() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("db".to_owned());
        core.password = Some("p@ss/word".to_owned());
        assert_eq!(
            core.location().unwrap(),
            Some(postgres_at(
                "postgres://parlor:p%40ss%2Fword@db:5432/parlor"
            ))
        );
    }

    fn postgres_at(url: &str) -> Url {
        Url::Postgres(PostgresUrl::parse(url).unwrap())
    }

    #[test]
    fn the_parts_may_ask_for_tls() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("db".to_owned());
        core.sslmode = Some("verify-full".to_owned());
        core.sslrootcert = Some("system".to_owned());
        assert_eq!(
            core.location().unwrap(),
            Some(postgres_at(
                "postgres://parlor@db:5432/parlor?sslmode=verify-full&sslrootcert=system"
            ))
        );
    }

    #[test]
    fn a_part_that_is_wrong_is_named_with_its_value() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("db".to_owned());
        core.sslmode = Some("verify".to_owned());
        let problem = core.location().unwrap_err().to_string();
        assert!(
            problem.starts_with("CORE_DB_SSLMODE: got \"verify\""),
            "{problem}"
        );
        core.sslmode = Some("verify-ca".to_owned());
        core.sslrootcert = Some("/nowhere/root.pem".to_owned());
        let problem = core.location().unwrap_err().to_string();
        let named = problem.starts_with("CORE_DB_SSLROOTCERT: got \"/nowhere/root.pem\"");
        assert!(named && problem.contains("No such file"), "{problem}");
    }

    #[test]
    fn a_host_may_be_an_address_of_either_kind() {
        for (host, written) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8::7", "[2001:db8::7]"),
            ("[::1]", "[::1]"),
        ] {
            let mut core = DatabaseSettings::new("core");
            core.host = Some(host.to_owned());
            assert_eq!(
                core.location().unwrap(),
                Some(postgres_at(&format!(
                    "postgres://parlor@{written}:5432/parlor"
                )))
            );
        }
    }

    #[test]
    fn a_bad_host_is_not_blamed_on_another_part() {
        let mut core = DatabaseSettings::new("core");
        core.host = Some("[fd00::1".to_owned());
        core.sslmode = Some("require".to_owned());
        let problem = core.location().unwrap_err().to_string();
        assert!(problem.starts_with("CORE_DB_HOST:"), "{problem}");
    }

    #[test]
    fn a_url_of_another_kind_is_a_problem_that_does_not_show_it() {
        let mut core = DatabaseSettings::new("core");
        core.url = Some("mysql://root:secret@db".to_owned());
        let problem = core.location().unwrap_err().to_string();
        assert!(problem.starts_with("CORE_DB_URL:"), "{problem}");
        assert!(!problem.contains("secret"), "{problem}");
    }
}
