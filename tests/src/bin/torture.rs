//! `just torture`: the long cases, each on both databases; `just torture NAME…` runs those alone,
//! `just torture floods` the floods, and `just torture extensions` chat beside extensions that misbehave.

use std::time::{Duration, Instant};
use tests::{
    COMPANIES, FLOODS, Flood, FloodReport, Footprint, HostileReport, Kind, Plan, Report, Scale,
    Settings, Store, TRIALS, Trial, churn, companion, drained, judge_within, kills_followed,
    kills_of_socketio, parlor, torture,
};

/// Time limit of a case.
const LIMIT: Duration = Duration::from_secs(1800);

/// A long-running case.
struct Case {
    name: &'static str,
    run: fn(Kind, &str),
}

/// All cases, in the order in which they run.
const CASES: &[Case] = &[
    Case {
        name: "kills",
        run: |kind, name| judge_within(LIMIT, kind, name, kills),
    },
    Case {
        name: "socketio",
        run: |kind, name| judge_within(LIMIT, kind, name, socketio),
    },
    Case {
        name: "followers",
        run: |kind, name| judge_within(LIMIT, kind, name, followers),
    },
    Case {
        name: "leaks",
        run: |kind, name| judge_within(LIMIT, kind, name, leaks),
    },
    Case {
        name: "drain",
        run: |kind, name| judge_within(LIMIT, kind, name, drain),
    },
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let cases = CASES.iter().map(|case| case.name);
    let trials = TRIALS.iter().map(|trial| trial.name);
    let strangers = FLOODS
        .iter()
        .map(|flood| flood.name)
        .chain([FLOODS_NAME, EXTENSIONS]);
    let names: Vec<_> = cases.chain(trials).chain(strangers).collect();
    let unknown: Vec<_> = wanted
        .iter()
        .filter(|name| !names.contains(&name.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "no case {unknown:?}; there are {names:?}"
    );
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    for case in CASES.iter().filter(|case| is_wanted(case.name)) {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let began = Instant::now();
            (case.run)(kind, case.name);
            println!(
                "{} {kind:?}: passed in {:.1} s",
                case.name,
                began.elapsed().as_secs_f64()
            );
        }
    }
    faults(TRIALS.iter().filter(|trial| is_wanted(trial.name)));
    let all = is_wanted(FLOODS_NAME);
    floods(FLOODS.iter().filter(|flood| all || is_wanted(flood.name)));
    if is_wanted(EXTENSIONS) {
        extensions();
    }
}

/// The name that runs chat beside extensions that misbehave.
const EXTENSIONS: &str = "extensions";
/// Interleaved rounds of all companies, the people in each, and how long they chat.
const ROUNDS: usize = 5;
const PEOPLE: usize = 100;
const CHAT: Duration = Duration::from_secs(15);
/// How many times as long people may wait for an acknowledgement, at the 99th percentile.
const RATIO_MAX: f64 = 1.5;

/// Measures chat beside misbehaving extensions and without, and prints the table of `docs/faults.md`.
fn extensions() {
    let mut worst = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut report = HostileReport::default();
        for number in 0..ROUNDS {
            let mut round: Vec<_> = COMPANIES.iter().enumerate().collect();
            // So that no company always follows the same one.
            if number % 2 == 1 {
                round.reverse();
            }
            let mut felt: Vec<_> = round
                .into_iter()
                .map(|(place, company)| {
                    let run = async |store: Store| company.beside(&store, PEOPLE, CHAT).await;
                    (place, judge_within(LIMIT, kind, company.name, run))
                })
                .collect();
            felt.sort_by_key(|(place, _)| *place);
            report.add(felt.into_iter().map(|(_, felt)| felt).collect());
        }
        println!("chat beside extensions on {kind:?}:\n{report}");
        let companies = COMPANIES.iter().enumerate();
        let slow = companies.filter(|(place, _)| report.ratio(*place) > RATIO_MAX);
        worst.extend(slow.map(|(_, company)| format!("{}, {kind:?}", company.name)));
    }
    assert!(worst.is_empty(), "people wait longer beside {worst:?}");
}

/// The name that runs all floods.
const FLOODS_NAME: &str = "floods";
/// Longest p99 of a user's send during a flood.
const SEND_MAX: Duration = Duration::from_millis(100);
/// Longest p99 of the operator's health checks during a flood.
const HEALTH_MAX: Duration = Duration::from_millis(500);
/// Longest stop during a flood: the budget is 10 s.
const STOP_MAX: Duration = Duration::from_secs(10);

/// Runs the floods and prints the table of `docs/faults.md`. On SQLite only: floods do not reach
/// the database.
fn floods(floods: impl Iterator<Item = &'static Flood>) {
    let mut failed = Vec::new();
    for (number, flood) in floods.enumerate() {
        if number == 0 {
            println!("{}", FloodReport::HEAD);
        }
        let scale = Scale {
            people: 100,
            strangers: 8,
            lasts: flood.gone_within + Duration::from_secs(3),
            patience: Duration::ZERO,
            pinned: true,
        };
        let run = async |store: Store| flood.run(&store, scale).await;
        let felt = judge_within(LIMIT, Kind::Sqlite, FLOODS_NAME, run);
        println!("{felt}");
        let is_harmless = felt.sends_p99 < SEND_MAX
            && felt.health_p99 < HEALTH_MAX
            && felt.longest_stay() < flood.gone_within
            && felt.stop < STOP_MAX;
        if !is_harmless {
            failed.push(flood.name);
        }
    }
    assert!(failed.is_empty(), "affected other users: {failed:?}");
}

/// Runs the fault trials and prints the table of `docs/faults.md`.
fn faults<'t>(trials: impl Iterator<Item = &'t Trial>) {
    let mut rows = Vec::new();
    let mut trials = trials.peekable();
    if trials.peek().is_some() {
        // To build them takes longer than a trial may.
        parlor();
        companion("faulty");
    }
    for report in trials.flat_map(Trial::reports) {
        println!("{report}");
        rows.push(report.row());
    }
    if !rows.is_empty() {
        println!("\n{}\n{}", Report::HEAD, rows.join("\n"));
    }
}

const KILLS: Plan = Plan {
    clients: 16,
    rooms: 6,
    window: 16,
    kills: 20,
    alive_ms: 2_000,
};

/// Checks that kill -9 loses nothing that was acknowledged.
async fn kills(store: Store) {
    let figures = torture(&store, KILLS).await;
    println!("kills {:?}: {figures}", store.kind());
    assert_eq!((figures.lost, figures.doubled, figures.gaps), (0, 0, 0));
    assert_eq!(
        figures.acked, figures.sent,
        "every message was acknowledged in the end"
    );
}

const KILLS_OF_SOCKETIO: Plan = Plan {
    clients: 30,
    rooms: 6,
    window: 1,
    kills: 10,
    alive_ms: 2_000,
};

/// Checks that Socket.IO clients miss and double nothing either, beside as many native ones.
async fn socketio(store: Store) {
    let figures = kills_of_socketio(&store, KILLS_OF_SOCKETIO).await;
    println!("socketio {:?}: {figures}", store.kind());
    figures.kept_its_word();
}

const KILLS_FOLLOWED: Plan = Plan {
    clients: 8,
    rooms: 4,
    window: 2,
    kills: 20,
    alive_ms: 2_000,
};

/// Checks that followers apply every entry once, whatever moment a kill hits.
async fn followers(store: Store) {
    let figures = kills_followed(&store, KILLS_FOLLOWED).await;
    println!("followers {:?}: {figures}", store.kind());
    assert_eq!(figures.wrong, 0, "every entry is applied once");
    assert_eq!(figures.echoed, figures.asked, "everything is said once");
}

/// Memory that the allocator may keep.
const MEMORY: f64 = 16.0 * 1024.0 * 1024.0;
/// Time limit for the server to forget guests and people without a connection, which it remembers
/// for about a minute.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// Checks that 10,000 broken connections leave nothing behind.
async fn leaks(store: Store) {
    // Counts only the tasks that clients cause.
    let server = store.serve(Settings::default().pool_of(4)).await;
    let token = server.register("alice").await;
    churn(&server, &token, 2_000).await;
    let nothing = Footprint {
        tasks: f64::INFINITY,
        descriptors: f64::INFINITY,
        busy: 0.0,
        hub: [0.0; 3],
        memory: f64::INFINITY,
    };
    let before = nothing.regained(&server, 0.0, FORGOTTEN).await;
    churn(&server, &token, 10_000).await;
    let after = before.regained(&server, MEMORY, FORGOTTEN).await;
    println!("leaks {:?}: before {before}", store.kind());
    println!("leaks {:?}: after  {after}", store.kind());
}

/// Checks that 5,000 connections drain within the budget, each with a time to reconnect.
async fn drain(store: Store) {
    let server = store.server().await;
    let drained = drained(&server, 5_000).await;
    let log = drained.exit.lines.join("\n");
    assert_eq!(drained.exit.code, Some(0), "{log}");
    assert!(
        drained.took < Duration::from_secs(10),
        "{:?}\n{log}",
        drained.took
    );
    assert_eq!(drained.delays_ms.len(), 5_000);
    assert!(drained.delays_ms.iter().all(|ms| *ms <= 5_000));
    let latest = drained.delays_ms.iter().max();
    println!(
        "drain {:?}: 5,000 connections in {:.2} s, {} different delays up to {latest:?} ms",
        store.kind(),
        drained.took.as_secs_f64(),
        drained.different()
    );
    assert!(drained.different() > 2_500);
}
