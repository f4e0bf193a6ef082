//! Tests of a configuration with extensions.

use super::{Config, Declared, ExtensionState, Sources, declared, load};
use crate::standard;
use settings::{AnyTable, Contradiction, Setting, Table, number, value};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Karma {
    top_max: u32,
    page: u32,
    token: Option<String>,
}

impl Default for Karma {
    fn default() -> Self {
        Self {
            top_max: 100,
            page: 10,
            token: None,
        }
    }
}

impl Table for Karma {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            number("top_max", "people", 1..=1_000, |c: &mut Self| {
                &mut c.top_max
            }),
            number("page", "people", 1..=1_000, |c: &mut Self| &mut c.page),
            value("token", "a token", |c: &mut Self| &mut c.token).secret(),
        ]
    }

    fn check(&self) -> Result<(), Contradiction> {
        if self.page <= self.top_max {
            return Ok(());
        }
        let expected = format!("at most karma.top_max, which is {}", self.top_max);
        Err(Contradiction::new("page", self.page.to_string(), expected))
    }
}

/// Of those that come with the server analytics, which is off by default; karma with settings and a database; greeter with neither.
fn extensions() -> Vec<Declared> {
    let mut all = declared(&standard::extensions()).unwrap();
    all.retain(|extension| extension.name == "analytics");
    let karma = Declared {
        name: "karma",
        settings: Some(AnyTable::of::<Karma>()),
        on_by_default: true,
        ..all[0].clone()
    };
    let greeter = Declared {
        name: "greeter",
        settings: None,
        migrations: None,
        ..karma.clone()
    };
    all.extend([karma, greeter]);
    all
}

fn sources(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    let own = |text: &str| text.to_owned();
    Sources {
        file: Some(("parlor.toml".into(), own(file))),
        environment: environment.iter().map(|(n, t)| (own(n), own(t))).collect(),
        flags: flags
            .iter()
            .map(|(key, text)| (format!("--set {key}"), own(key), own(text)))
            .collect(),
    }
}

fn loaded(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Config {
    load(&sources(file, environment, flags), &extensions()).unwrap()
}

fn refused(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> String {
    let loaded = load(&sources(file, environment, flags), &extensions());
    loaded.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

fn karma(config: &Config) -> Karma {
    let table = config.extensions[1].declared.settings.as_ref().unwrap();
    table.value().downcast_ref::<Karma>().unwrap().clone()
}

fn states(config: &Config) -> [ExtensionState; 3] {
    [0, 1, 2].map(|at: usize| config.extensions[at].state)
}

fn databases(config: &Config) -> Vec<&str> {
    let databases = config.databases.iter();
    databases.map(|database| database.name.as_str()).collect()
}

use ExtensionState::{Off, On, Unlisted};

#[test]
fn flags_overrule_the_environment_and_that_the_file_for_extensions_too() {
    let file = "[karma]\ntop_max = 1_0\npage = 5\n";
    assert_eq!(karma(&loaded(file, &[], &[])).top_max, 10);
    let variable = [("PARLOR_KARMA_TOP_MAX", "20")];
    assert_eq!(karma(&loaded(file, &variable, &[])).top_max, 20);
    for flag in ["karma.top_max", "karma_top_max"] {
        let config = loaded(file, &variable, &[(flag, "30")]);
        assert_eq!(
            (karma(&config).top_max, karma(&config).page),
            (30, 5),
            "{flag}"
        );
    }
}

#[test]
fn without_settings_what_is_on_by_default_runs_with_its_database() {
    let config = loaded("", &[], &[]);
    assert_eq!(states(&config), [Off, On, On]);
    assert_eq!(databases(&config), ["core", "karma"]);
}

#[test]
fn an_extension_is_switched_off_and_on_by_its_name() {
    let karma_off = [Off, Off, On];
    for file in [
        "karma = \"off\"",
        "karma = false",
        "[karma]\nenabled = \"off\"",
    ] {
        let config = loaded(file, &[], &[]);
        assert_eq!(
            (states(&config), databases(&config)),
            (karma_off, vec!["core"]),
            "{file}"
        );
    }
    assert_eq!(
        states(&loaded("", &[("PARLOR_KARMA", "off")], &[])),
        karma_off
    );
    assert_eq!(states(&loaded("", &[], &[("karma", "off")])), karma_off);
    let on_again = loaded("karma = \"off\"", &[("PARLOR_KARMA", "on")], &[]);
    assert_eq!(states(&on_again), [Off, On, On]);
    let analytics = loaded("analytics = \"on\"", &[], &[]);
    assert_eq!(states(&analytics), [On, On, On]);
    assert_eq!(databases(&analytics), ["core", "analytics", "karma"]);
}

#[test]
fn the_list_of_databases_decides_about_extensions_with_one() {
    let listed = |list| loaded("", &[("DATABASES", list)], &[]);
    assert_eq!(states(&listed("core")), [Off, Unlisted, On]);
    assert_eq!(states(&listed("core,karma")), [Off, On, On]);
    assert_eq!(states(&listed("core, analytics")), [On, Unlisted, On]);
    assert_eq!(databases(&listed("analytics")), ["core", "analytics"]);
    let switched_off = [("DATABASES", "core,karma"), ("PARLOR_KARMA", "off")];
    assert_eq!(states(&loaded("", &switched_off, &[])), [Off, Off, On]);
    let said = refused("", &[("DATABASES", "core"), ("PARLOR_KARMA", "on")], &[]);
    assert_eq!(
        said,
        "PARLOR_KARMA: got \"on\", expected off, or DATABASES to contain karma"
    );
}

#[test]
fn a_table_of_a_database_asks_for_its_extension() {
    let config = loaded("[databases.analytics]\npool_max = 3", &[], &[]);
    assert_eq!(states(&config), [On, On, On]);
    assert_eq!(config.databases[1].pool_max, 3);
}

#[test]
fn settings_of_what_is_off_are_checked_all_the_same() {
    for file in [
        "[karma]\nenabled = false\ntop_max = 0",
        "karma = false\n[databases.karma]\npool_max = 0",
    ] {
        let said = refused(file, &[], &[]);
        assert!(said.contains("got \"0\""), "{said}");
    }
    let fine = "[karma]\nenabled = false\ntop_max = 20\n[databases.karma]\npool_max = 3";
    assert_eq!(databases(&loaded(fine, &[], &[])), ["core"]);
    let others = [("PARLOR_KARMA", "off"), ("KARMA_DB_WHATEVER", "x")];
    assert_eq!(
        databases(&loaded("", &others, &[])),
        ["core"],
        "someone else's variable"
    );
}

#[test]
fn a_wrong_setting_is_named_with_its_place_and_its_extension() {
    let top = "a whole number of people from 1 to 1000";
    for (file, environment, flag, words) in [
        (
            "[karma]\n\ntop_max = 0",
            None,
            None,
            ["karma.top_max in parlor.toml, line 3", top],
        ),
        (
            "[karma]\ntop_max = 1.5",
            None,
            None,
            ["got \"1.5\"", "given as a string"],
        ),
        (
            "",
            Some(("PARLOR_KARMA_TOP_MAX", "many")),
            None,
            ["PARLOR_KARMA_TOP_MAX: got \"many\"", top],
        ),
        (
            "",
            None,
            Some(("karma.top_max", "-1")),
            ["--set karma.top_max", top],
        ),
        (
            "[karma]\ntop_mx = 1",
            None,
            None,
            ["karma.top_mx in parlor.toml", "such as karma.top_max"],
        ),
        (
            "",
            Some(("PARLOR_KARMA_TOPMAX", "1")),
            None,
            ["PARLOR_KARMA_TOPMAX", "such as PARLOR_KARMA_TOP_MAX"],
        ),
        (
            "[karma]\nweather = 1",
            None,
            None,
            ["karma.weather", "a setting of the extension karma"],
        ),
        (
            "[greeter]\nweather = 1",
            None,
            None,
            ["greeter.weather", "of the extension greeter"],
        ),
        (
            "karma = \"maybe\"",
            None,
            None,
            ["karma in parlor.toml", "expected on or off"],
        ),
        (
            "karma = 1.5",
            None,
            None,
            ["got \"1.5\"", "expected on or off"],
        ),
        (
            "[karma]\npage = 200",
            None,
            None,
            ["karma.page: got \"200\"", "at most karma.top_max"],
        ),
    ] {
        let (environment, flags) = (Vec::from_iter(environment), Vec::from_iter(flag));
        let said = refused(file, &environment, &flags);
        for word in words {
            assert!(said.contains(word), "{word:?} is missing: {said}");
        }
    }
}

#[test]
fn a_secret_of_an_extension_is_not_shown() {
    for (file, environment) in [
        ("[karma]\ntoken = 1979-05-27", vec![]),
        ("[karma]\ntokn = \"19790527\"", vec![]),
        ("", vec![("PARLOR_KARMA_TOKENS", "19790527")]),
    ] {
        let said = refused(file, &environment, &[]);
        assert!(
            said.contains("not shown") && !said.contains("1979"),
            "{said}"
        );
    }
}

#[test]
fn what_belongs_to_no_extension_of_this_server_is_refused_by_name() {
    for (file, environment, flag) in [
        ("[votes]", None, None),
        ("[votes]\ntop_max = 3", None, None),
        ("", Some(("PARLOR_VOTES_X", "3")), None),
        ("votes = \"off\"", None, None),
        ("", None, Some(("votes.x", "3"))),
        ("", None, Some(("databases.votes.url", "sqlite:votes.db"))),
        ("", Some(("DATABASES", "core,votes")), None),
        ("[databases.votes]", None, None),
    ] {
        let (environment, flags) = (Vec::from_iter(environment), Vec::from_iter(flag));
        let said = refused(file, &environment, &flags);
        assert!(
            said.contains("this server has no extension votes"),
            "{said}"
        );
    }
    let said = refused("", &[("DATABASES", "core,greeter")], &[]);
    assert!(
        said.contains("the extension greeter has no database"),
        "{said}"
    );
    let said = refused("[core]\npool_max = 3", &[], &[]);
    assert!(said.contains("databases.core"), "{said}");
}

#[test]
fn each_database_has_a_place_of_its_own() {
    let core = ("CORE_DB_URL", "postgres://parlor@localhost/parlor");
    let config = loaded("analytics = \"on\"", &[core], &[]);
    let schemas = config
        .databases
        .iter()
        .map(|one| config.place(one).unwrap().schema);
    let expected = [None, Some("analytics".to_owned()), Some("karma".to_owned())];
    assert_eq!(schemas.collect::<Vec<_>>(), expected);
    let said = refused("", &[core, ("KARMA_DB_URL", core.1)], &[]);
    assert!(
        said.starts_with("KARMA_DB_URL: ") && said.contains("no other name uses"),
        "{said}"
    );
}
