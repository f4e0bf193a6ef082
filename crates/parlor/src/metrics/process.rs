//! Metrics of the process, from Linux's `/proc/self`; absent on other systems.

use gateway::{MetricsSource, MetricsWriter};
use std::fmt;
use std::time::{Duration, SystemTime};

/// `/proc` counts processor time in hundredths of a second on every architecture.
const TICKS_PER_S: f64 = 100.0;

/// Metrics of this process.
pub(crate) struct ProcessMetrics {
    /// Start time since the Unix epoch.
    started: Duration,
}

impl ProcessMetrics {
    /// Notes the start time; to be called first.
    pub(crate) fn starting() -> Self {
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            started: started.unwrap_or_default(),
        }
    }
}

impl MetricsSource for ProcessMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        writer.gauges(
            "build_info",
            "1, labelled with the version of this build",
            [(version, 1_u32)],
        )?;
        let started = self.started.as_secs_f64();
        let help = "Start time of the process, in seconds since 1970";
        writer.gauge("process_start_time_seconds", help, started)?;
        if let Some(seconds) = cpu_seconds(&read("stat")) {
            let help = "Processor time used, user and system";
            writer.counter("process_cpu_seconds", help, seconds)?;
        }
        if let Some(bytes) = resident_bytes(&read("status")) {
            let help = "Resident memory";
            writer.gauge("process_resident_memory_bytes", help, bytes)?;
        }
        if let Some(open) = open_fds() {
            writer.gauge("process_open_fds", "Open file descriptors", open)?;
        }
        if let Some(max) = fds_max(&read("limits")) {
            let help = "Limit of open file descriptors";
            writer.gauge("process_max_fds", help, max)?;
        }
        Ok(())
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default()
}

/// Sums `utime` and `stime`, the 14th and 15th field; the second field, a name, may contain
/// anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_S)
}

fn resident_bytes(status: &str) -> Option<u64> {
    let kib: u64 = after(status, "VmRSS:")?.parse().ok()?;
    Some(kib * 1024)
}

fn fds_max(limits: &str) -> Option<u64> {
    after(limits, "Max open files")?.parse().ok()
}

fn open_fds() -> Option<u64> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    // The directory itself is open while it is read.
    u64::try_from(open).ok()?.checked_sub(1)
}

/// Returns the first word after a prefix of a line.
fn after<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read_by_their_fields() {
        let stat = "7 (par) lor) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 9000 1 2 3";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(
            resident_bytes("VmSize:\t  900 kB\nVmRSS:\t    12 kB\n"),
            Some(12_288)
        );
        let limits =
            "Limit   Soft Limit   Hard Limit   Units\nMax open files   1024   4096   files\n";
        assert_eq!(fds_max(limits), Some(1024));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn this_very_process_can_be_read() {
        assert!(cpu_seconds(&read("stat")).is_some());
        assert!(resident_bytes(&read("status")) > Some(100_000));
        assert!(open_fds() > Some(2) && fds_max(&read("limits")) > open_fds());
    }
}
