//! Settings of the process: addresses, data, logs, stop.

use super::of;
use crate::config::Config;
use crate::config::LogFilter;
use settings::{Setting, millis, value};

const ADDRESS: &str = "address:port, such as 127.0.0.1:8080 or [::]:8080";

pub(super) fn rows() -> Vec<Setting<Config>> {
    vec![
        value("listen", ADDRESS, |c| &mut of(c).listen)
            .about("Address for users. Port 0 takes a free port, which the log names.")
            .ends(
                "On loopback, only this machine (or a proxy on it) can connect.",
                "On 0.0.0.0, everyone who reaches the machine can connect, without TLS.",
            ),
        value("operator_listen", ADDRESS, |c| &mut of(c).operator_listen)
            .about("Address for the operator: health, metrics, actions. It has no password.")
            .ends(
                "On loopback, a monitor on another machine cannot connect.",
                "Beyond loopback, everyone who reaches it sees and controls the server.",
            ),
        value("data_dir", "a directory", |c| &mut of(c).data_dir)
            .about("Directory of the embedded database; created if missing."),
        value("log", LogFilter::EXPECTED, |c| &mut of(c).log)
            .about("Which log lines are written: a level, or levels per crate.")
            .ends(
                "Errors leave no trace.",
                "The disk fills up, and each line costs time.",
            ),
        value("log_format", "auto, human or json", |c| {
            &mut of(c).log_format
        })
        .about("Format of log lines. Auto: human-readable on a terminal, otherwise JSON."),
        value("limits", "on or off", |c| &mut of(c).limits)
            .about("Off lifts rate limits and connection limits; only for load tests.")
            .ends("–", "Off, one client can overload the server."),
        millis("drain_ms", 100..=600_000, |c| &mut of(c).drain)
            .about("Total time of a graceful stop.")
            .ends(
                "Connections are cut before clients learn when to reconnect.",
                "A restart waits long for a stuck client.",
            ),
    ]
}
