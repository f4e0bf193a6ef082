//! The process: addresses, data, logs, stop.

use super::of;
use crate::config::Config;
use crate::config::setting::{Setting, millis, value};
use crate::config::value::LogFilter;

const ADDRESS: &str = "address:port, such as 127.0.0.1:8080 or [::]:8080";

pub(super) fn rows() -> Vec<Setting<Config>> {
    vec![
        value("listen", ADDRESS, |c| &mut of(c).listen)
            .about("Where people connect. Port 0 takes a free one and the log says which.")
            .ends(
                "On loopback only this machine (or a proxy on it) gets in.",
                "On 0.0.0.0 everyone who reaches the machine gets in, without TLS.",
            ),
        value("operator_listen", ADDRESS, |c| &mut of(c).operator_listen)
            .about("Where the operator looks. It asks for no password.")
            .ends(
                "On loopback a monitor on another machine cannot look.",
                "Beyond loopback everyone who reaches it sees the server's inside.",
            ),
        value("data_dir", "a directory", |c| &mut of(c).data_dir)
            .about("Where the embedded database lives; made if it is not there."),
        value("log", LogFilter::EXPECTED, |c| &mut of(c).log)
            .about("Which log lines are written: a level, or levels per part.")
            .ends(
                "Faults leave no trace.",
                "The disk fills up, and lines cost time.",
            ),
        value("log_format", "auto, human or json", |c| {
            &mut of(c).log_format
        })
        .about("How log lines are written. Auto: for people on a terminal, else JSON."),
        value("limits", "on or off", |c| &mut of(c).limits)
            .about("Off puts rates and connection counts beyond reach: for load tests alone.")
            .ends("–", "Off, one client can take the whole server."),
        millis("drain_ms", 100..=600_000, |c| &mut of(c).drain)
            .about("Time in all for a graceful stop.")
            .ends(
                "Connections are cut before they were told when to come back.",
                "A restart waits long for a stuck client.",
            ),
    ]
}
