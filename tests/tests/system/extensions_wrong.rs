//! Mistakes in extensions: the start fails, and one last line names the extension and says what to do.

use tests::{Exit, Kind, Settings, Store, judge};

/// Starts a server that must not start, and returns the code and the last line.
async fn refused(store: &Store, settings: Settings) -> (i32, String) {
    let Err(Exit { code, lines }) = store.try_serve(settings).await else {
        panic!("it starts");
    };
    let last = lines.last().unwrap();
    assert!(last.starts_with("parlor: "), "{last}");
    let count = lines.iter().filter(|line| line.starts_with("parlor: "));
    assert_eq!(count.count(), 1, "one line: {lines:#?}");
    (code.unwrap(), last.clone())
}

fn on_sqlite(name: &str, mistakes: &'static [(&'static str, &'static [&'static str])]) {
    judge(Kind::Sqlite, name, async |store: Store| {
        for (mistake, words) in mistakes {
            let settings = Settings::default().mistaken(mistake);
            let (code, last) = refused(&store, settings).await;
            assert_eq!(code, 1, "{mistake}: {last}");
            for word in *words {
                assert!(
                    last.contains(word),
                    "{mistake}: {word:?} is missing: {last}"
                );
            }
        }
    });
}

#[test]
fn a_declaration_that_contradicts_itself_or_others_is_named() {
    on_sqlite(
        "declarations",
        &[
            (
                "taken name",
                &["\"tally\"", "two of this name", "leave one out"],
            ),
            ("illegal name", &["\"Wrong!\"", "a-z, 0-9 and _"]),
            ("reserved name", &["\"core\"", "reserved", "choose another"]),
            (
                "names alike",
                &["\"tally_more\"", "like that of tally", "choose another"],
            ),
            ("no migrations", &["\"wrong\"", "no migrations for SQLite"]),
            (
                "no migrations for postgres",
                &[
                    "\"wrong\"",
                    "no migrations for PostgreSQL",
                    "write them there",
                ],
            ),
            ("two followers", &["\"wrong\"", "two followers", "into one"]),
            (
                "subscriber of another",
                &["\"other\"", "\"wrong.idle\"", "other."],
            ),
            (
                "command of another",
                &["\"other\"", "\"wrong.do\"", "other."],
            ),
        ],
    );
}

#[test]
fn a_mistake_that_shows_when_it_is_made_is_named() {
    on_sqlite(
        "making",
        &[
            (
                "panics while it is made",
                &["\"wrong\"", "no ballots", "wrong.rs"],
            ),
            (
                "settings of another type",
                &["\"wrong\"", "no settings of the type", "Parts"],
            ),
            (
                "database that it has not",
                &["\"wrong\"", "declares no database"],
            ),
            ("two views", &["\"wrong\"", "two views", "leave one out"]),
            (
                "actions of another",
                &["\"wrong\"", "\"accounts\"", "POST /wrong/"],
            ),
        ],
    );
}

#[test]
fn a_mistake_in_the_wiring_is_named() {
    on_sqlite(
        "wiring",
        &[
            (
                "two subscribers",
                &["\"wrong\"", "wrong.idle", "rename one"],
            ),
            (
                "two commands of one name",
                &["\"wrong\"", "wrong.do", "rename one"],
            ),
            ("two answerers", &["\"wrong\"", "wrong.do", "leave one"]),
            (
                "command that nothing answers",
                &["\"wrong\"", "wrong.do", "answers_async"],
            ),
            (
                "request that nothing answers",
                &["\"wrong\"", "wrong.do", "switch it on"],
            ),
            ("path of the server", &["\"wrong\"", "/api/"]),
            (
                "path of another",
                &["\"wrong\"", "/api/v1/x/tally/", "/api/v1/x/wrong/"],
            ),
            ("one path twice", &["\"wrong\"", "/same/"]),
        ],
    );
}

#[test]
fn an_extension_that_would_read_private_rooms_unseen_is_refused() {
    on_sqlite(
        "private rooms",
        &[(
            "reads private rooms",
            &[
                "\"wrong\"",
                "rooms.entries_appended",
                "`follows`",
                "Sees::All",
            ],
        )],
    );
}

#[test]
fn settings_of_an_extension_that_are_wrong_or_of_none_are_named() {
    judge(Kind::Sqlite, "settings", async |store: Store| {
        for (variable, value, words) in [
            (
                "PARLOR_TALLY_MOST",
                "0",
                ["from 1 to 9", "PARLOR_TALLY_MOST"],
            ),
            (
                "PARLOR_TALLY_MUST",
                "1",
                ["such as PARLOR_TALLY_MOST", "PARLOR_TALLY_MUST"],
            ),
            ("PARLOR_TALLY", "perhaps", ["on or off", "PARLOR_TALLY"]),
            ("PARLOR_TELLY_MOST", "1", ["no extension telly", "tally"]),
            ("DATABASES", "core,telly", ["no extension telly", "tally"]),
        ] {
            let settings = Settings::default()
                .extended(&["tally"])
                .with(variable, value);
            let (code, last) = refused(&store, settings).await;
            assert_eq!(code, 2, "{variable}: {last}");
            for word in words {
                assert!(
                    last.contains(word),
                    "{variable}: {word:?} is missing: {last}"
                );
            }
        }
    });
}
