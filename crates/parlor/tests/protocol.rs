//! What `docs/protocol.md` shows is what the server reads.

use gateway::commands::Ops;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_protocol_shows_a_frame_for_each_op_and_the_server_reads_it() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    let text = std::fs::read_to_string(page).unwrap();
    let ops = Ops::builtin();
    let mut shown = BTreeSet::new();
    for frame in text.lines().filter_map(|line| line.strip_prefix("→ ")) {
        let Ok(read) = ops.read(frame) else {
            panic!("the server does not read {frame}");
        };
        shown.insert(read.command.op().name);
    }
    let all: BTreeSet<&str> = ops.iter().map(|op| op.name).collect();
    assert_eq!(shown, all);
}
