//! `just torture`: the kill -9 trial, long, on both databases.

use tests::{Kind, Plan, judge, torture};

const PLAN: Plan = Plan {
    clients: 16,
    rooms: 6,
    window: 16,
    kills: 20,
    alive_ms: 2_000,
};

fn main() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        judge(kind, "torture", async |store| {
            let figures = torture(&store, PLAN).await;
            println!("{kind:?}: {figures}");
            assert_eq!((figures.lost, figures.doubled, figures.gaps), (0, 0, 0));
            assert_eq!(
                figures.acked, figures.sent,
                "every message was acknowledged in the end"
            );
        });
    }
}
