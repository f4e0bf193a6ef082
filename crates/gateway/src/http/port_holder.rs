//! Finds the process that listens on a port, as far as the kernel shows it to this user.

use std::fs;
use std::path::Path;

/// The state of a listening socket in the tables of the kernel.
const LISTENING: &str = "0A";

/// Returns a description of the process that listens on this port.
pub(super) fn of(port: u16) -> String {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let tables = tables.map(|table| fs::read_to_string(table).unwrap_or_default());
    let sockets: Vec<String> = tables
        .iter()
        .flat_map(|table| listening(table, port))
        .collect();
    holder(&sockets).unwrap_or_else(|| {
        format!("another process (as root, `ss -ltnp 'sport = :{port}'` names it)")
    })
}

/// Returns the links to the sockets in a table that listen on this port, such as `socket:[42]`.
fn listening(table: &str, port: u16) -> Vec<String> {
    let own = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace());
    let sockets = rows.filter_map(|mut words| {
        let local = words.nth(1)?;
        let state = words.nth(1)?;
        let inode = words.nth(5)?;
        (local.ends_with(&own) && state == LISTENING).then(|| format!("socket:[{inode}]"))
    });
    sockets.collect()
}

fn holder(sockets: &[String]) -> Option<String> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut holders = processes.filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        holds(&entry.path(), sockets).then_some((number, entry.path()))
    });
    let (number, process) = holders.next()?;
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    Some(format!("process {number} ({})", name.trim()))
}

fn holds(process: &Path, sockets: &[String]) -> bool {
    let files = fs::read_dir(process.join("fd"));
    files.into_iter().flatten().flatten().any(|file| {
        let link = fs::read_link(file.path()).unwrap_or_default();
        sockets.iter().any(|socket| link == Path::new(socket))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_process_that_listens_on_a_port_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let said = of(listener.local_addr().unwrap().port());
        let own = format!("process {} (", std::process::id());
        assert!(said.starts_with(&own), "{said}");
    }

    #[test]
    fn a_connection_to_a_port_is_no_listener() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 42 1\n\
            1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  0  0 43 1\n";
        assert_eq!(listening(table, 8080), ["socket:[42]"]);
        assert!(listening(table, 9090).is_empty());
    }
}
