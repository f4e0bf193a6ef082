//! Extensions that misbehave, beside people who chat: how long the people wait for acknowledgements, beside
//! each of them and without.

mod report;

pub use report::HostileReport;

use crate::floods::People;
use crate::jwt::SECRET;
use crate::settings::Settings;
use crate::store::Store;
use std::time::Duration;

/// The extensions that are switched on, and the name of that company.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    /// Its name in the table.
    pub name: &'static str,
    extensions: &'static [&'static str],
}

/// All companies; the first is nobody, whom the others are compared with.
pub const COMPANIES: [Company; 6] = [
    Company {
        name: "nobody",
        extensions: &[],
    },
    Company {
        name: "one that loops",
        extensions: &["loops"],
    },
    Company {
        name: "one that blocks",
        extensions: &["blocks"],
    },
    Company {
        name: "one that panics",
        extensions: &["panics"],
    },
    Company {
        name: "one that floods",
        extensions: &["floods"],
    },
    Company {
        name: "all four",
        extensions: &["loops", "blocks", "panics", "floods"],
    },
];

/// What one server's people felt.
#[derive(Debug, Clone, Copy)]
pub struct Felt {
    /// 99 of 100 acknowledgements took at most this long.
    pub p99: Duration,
    /// From SIGTERM to the end of the process.
    pub stop: Duration,
}

impl Company {
    /// Serves these people for this long, in this company, and stops the server.
    pub async fn beside(&self, store: &Store, people: usize, lasts: Duration) -> Felt {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_JWT_SECRET", SECRET)
            .extended(self.extensions);
        let server = store.serve(settings).await;
        server.expect_trouble();
        server.expect_panics();
        let people = People::gather(server.address(), people).await;
        tokio::time::sleep(lasts).await;
        let mut sends = people.finish().await;
        let began = tokio::time::Instant::now();
        let exit = server.stop().await;
        assert_eq!(exit.code, Some(0), "{}", exit.lines.join("\n"));
        sends.sort();
        let place = (sends.len() * 99).div_ceil(100).saturating_sub(1);
        Felt {
            p99: sends[place],
            stop: began.elapsed(),
        }
    }
}
