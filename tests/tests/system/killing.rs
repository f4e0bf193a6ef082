//! kill -9 loses nothing that was acknowledged.

use tests::{Plan, on_both, torture};

const PLAN: Plan = Plan {
    clients: 10,
    rooms: 4,
    window: 16,
    kills: 3,
    alive_ms: 1_200,
};

on_both! {
    async fn three_kills_under_load_lose_double_and_skip_nothing(store: Store) {
        let figures = torture(&store, PLAN).await;
        println!("{:?}: {figures}", store.kind());
        assert_eq!((figures.lost, figures.doubled, figures.gaps), (0, 0, 0), "{figures}");
        assert_eq!(figures.acked, figures.sent, "{figures}");
        assert!(figures.sent > 500, "a load worth the name: {figures}");
    }
}
