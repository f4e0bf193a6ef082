//! Short faults around the server while people chat: the delivery contract holds. The long forms
//! run in `just torture`.

use std::time::Duration;
use tests::{
    Kind, Misbehaviour, Place, Rank, Size, beside_away, beside_hidden, beside_lost_later,
    black_hole, blocked_log, deaf, failed_sync, full_disk, half_open, hung, judge, judge_at,
    killed_connections, locked, misbehaving, no_descriptors, on_both, restarted, slow, stopped,
};

const SHORT: Size = Size::Short;

/// Long enough to be noticed, and short enough for a test.
const A_MOMENT: Duration = Duration::from_millis(1_500);

/// Starts a separate PostgreSQL server that starts, stops and recovers quickly, whatever the disk
/// does.
const IN_MEMORY: Place = Place::SmallDisk(Kind::Postgres, 256);

#[test]
fn postgres_stopped_at_once_and_started_again_loses_nothing() {
    judge_at(IN_MEMORY, "stopped", async |store| {
        let _ = stopped(store, SHORT, A_MOMENT / 3).await;
    });
}

#[test]
fn postgres_restarted_loses_nothing() {
    judge_at(IN_MEMORY, "restarted", async |store| {
        let _ = restarted(store, SHORT, 1).await;
    });
}

#[test]
fn postgres_that_hangs_for_a_moment_loses_nothing() {
    judge_at(IN_MEMORY, "hung", async |store| {
        let _ = hung(store, SHORT, A_MOMENT).await;
    });
}

#[test]
fn postgres_behind_a_black_hole_loses_nothing() {
    judge(Kind::Postgres, "black hole", async |store| {
        let _ = black_hole(store, SHORT, A_MOMENT).await;
    });
}

#[test]
fn postgres_that_is_heard_by_nobody_loses_nothing() {
    judge(Kind::Postgres, "deaf", async |store| {
        let _ = deaf(store, SHORT, A_MOMENT).await;
    });
}

#[test]
fn connections_to_postgres_killed_at_random_lose_nothing() {
    judge(Kind::Postgres, "killed connections", async |store| {
        let _ = killed_connections(store, SHORT, A_MOMENT).await;
    });
}

#[test]
fn a_file_locked_by_another_process_loses_nothing() {
    judge(Kind::Sqlite, "locked", async |store| {
        let _ = locked(store, SHORT, A_MOMENT).await;
    });
}

#[test]
fn a_disk_that_is_full_and_freed_loses_nothing() {
    let place = Place::SmallDisk(Kind::Sqlite, 32);
    judge_at(place, "full disk", async |store| {
        let _ = full_disk(store, SHORT, A_MOMENT).await;
    });
}

#[test]
fn syncs_that_fail_under_load_end_the_process_and_lose_nothing() {
    judge(Kind::Sqlite, "failed sync", async |store| {
        let _ = failed_sync(store, SHORT).await;
    });
}

on_both! {
    async fn a_pool_of_two_with_slow_queries_loses_nothing(store: Store) {
        let _ = slow(store, SHORT, A_MOMENT).await;
    }

    async fn a_second_database_that_is_down_at_the_start_disturbs_nobody(store: Store) {
        let _ = beside_hidden(store, SHORT, A_MOMENT).await;
    }

    async fn a_second_database_that_falls_silent_later_disturbs_nobody(store: Store) {
        let _ = beside_lost_later(store, SHORT, A_MOMENT).await;
    }

    async fn a_second_database_that_never_comes_disturbs_nobody(store: Store) {
        let _ = beside_away(store, SHORT, A_MOMENT).await;
    }

    async fn a_subscriber_that_panics_disturbs_nobody(store: Store) {
        let _ = misbehaving(store, SHORT, A_MOMENT, Misbehaviour::Panics, Rank::Isolated).await;
    }

    async fn a_subscriber_that_hangs_disturbs_nobody(store: Store) {
        let _ = misbehaving(store, SHORT, A_MOMENT, Misbehaviour::Hangs, Rank::Isolated).await;
    }

    async fn a_subscriber_that_ends_disturbs_nobody(store: Store) {
        let _ = misbehaving(store, SHORT, A_MOMENT, Misbehaviour::Ends, Rank::Isolated).await;
    }

    async fn an_essential_subscriber_that_panics_loses_nothing(store: Store) {
        let _ = misbehaving(store, SHORT, A_MOMENT, Misbehaviour::Panics, Rank::Essential).await;
    }

    async fn an_essential_subscriber_that_hangs_stops_the_server_and_loses_nothing(store: Store) {
        let _ = misbehaving(store, SHORT, A_MOMENT, Misbehaviour::Hangs, Rank::Essential).await;
    }

    async fn an_essential_subscriber_that_ends_stops_the_server_and_loses_nothing(store: Store) {
        let _ = misbehaving(store, SHORT, A_MOMENT, Misbehaviour::Ends, Rank::Essential).await;
    }

    async fn a_server_out_of_descriptors_keeps_everyone_who_is_in(store: Store) {
        let _ = no_descriptors(store, SHORT, A_MOMENT).await;
    }

    async fn clients_that_vanish_without_an_end_lose_nothing(store: Store) {
        let _ = half_open(store, SHORT, A_MOMENT).await;
    }

    async fn a_log_that_nobody_reads_holds_up_nobody(store: Store) {
        let _ = blocked_log(store, SHORT, A_MOMENT).await;
    }
}
