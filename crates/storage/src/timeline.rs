//! The expressions in which PostgreSQL states its timeline, as in the name of a WAL file. Epochs that
//! are joined with it are compared as texts, so there is one expression for all queries.

/// The timeline of a primary.
macro_rules! timeline_of_primary {
    () => {
        "left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    };
}

/// The timeline that a standby follows.
macro_rules! timeline_of_standby {
    () => {
        "lpad(upper(to_hex(greatest(
            (SELECT timeline_id FROM pg_control_checkpoint()),
            (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
            (SELECT received_tli FROM pg_stat_wal_receiver)))), 8, '0')"
    };
}

pub(crate) use {timeline_of_primary, timeline_of_standby};
