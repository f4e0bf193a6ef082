use super::{PendingCommands, QueuedCommand, RunningCommand};
use crate::commands::{Body, CommandReply, Ops, sample_ops};
use bus::TraceId;
use bytes::Bytes;
use futures_util::FutureExt as _;
use std::sync::Arc;
use tokio::time::Instant;

/// The gateway's commands, and those of two extensions.
fn ops() -> Ops {
    sample_ops(&[
        ("x.karma.give", true),
        ("x.karma.take", true),
        ("x.karma.top", false),
        ("x.polls.vote", true),
    ])
}

fn send(commands: &mut PendingCommands, id: u64, op: &str, room: &str) {
    let d = format!(
        r#"{{"room":"{room}","cid":"c","body":"b","target":1,"emoji":"e","on":true,"seq":1,"after":1,"user":"@a","guest":"g"}}"#
    );
    let frame = format!(r#"{{"id":{id},"op":"{op}","d":{d}}}"#);
    let command = ops().read(&frame).expect(&frame).command;
    commands.enqueue(QueuedCommand {
        id,
        command,
        trace: TraceId(u128::from(id)),
        span: tracing::Span::none(),
        since: Instant::now(),
    });
}

/// Starts what may start; returns the ids.
fn started(commands: &mut PendingCommands) -> Vec<u64> {
    let mut ids = Vec::new();
    for queued in commands.take_ready() {
        let (id, command) = (queued.id, queued.command);
        let answer = Ok(CommandReply::Body(Body(Bytes::from_static(b"{}"))));
        let future = std::future::ready((id, answer)).boxed();
        let running = RunningCommand {
            id,
            op: Arc::clone(command.op()),
            trace: TraceId(u128::from(id)),
            span: tracing::Span::none(),
            since: Instant::now(),
            room: command.room().cloned(),
        };
        commands.start(running, future);
        ids.push(id);
    }
    ids
}

fn complete_all(commands: &mut PendingCommands) {
    while commands.next_completed().is_some() {}
}

#[test]
fn commands_of_one_room_for_one_crate_run_together() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "send", "x");
    send(&mut commands, 2, "edit", "x");
    send(&mut commands, 3, "send", "x");
    assert_eq!(started(&mut commands), [1, 2, 3]);
}

#[test]
fn commands_for_another_crate_and_reads_wait_for_earlier_ones() {
    for other in ["kick", "log", "join", "typing"] {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "send", "x");
        send(&mut commands, 2, other, "x");
        send(&mut commands, 3, "send", "x");
        assert_eq!(started(&mut commands), [1], "{other}");
        complete_all(&mut commands);
        assert_eq!(started(&mut commands), [2], "{other}");
        complete_all(&mut commands);
        assert_eq!(started(&mut commands), [3], "{other}");
    }
}

#[test]
fn nothing_overtakes_a_waiting_command_of_its_room() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "send", "x");
    send(&mut commands, 2, "log", "x");
    assert_eq!(started(&mut commands), [1]);
    send(&mut commands, 3, "send", "x");
    assert!(started(&mut commands).is_empty());
}

#[test]
fn rooms_do_not_wait_for_each_other() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "join", "x");
    send(&mut commands, 2, "send", "x");
    send(&mut commands, 3, "log", "y");
    send(&mut commands, 4, "dm", "x");
    assert_eq!(started(&mut commands), [1, 3, 4]);
}

#[test]
fn hello_runs_alone() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "ping", "x");
    send(&mut commands, 2, "hello", "x");
    send(&mut commands, 3, "ping", "x");
    assert_eq!(started(&mut commands), [1]);
    complete_all(&mut commands);
    assert_eq!(started(&mut commands), [2]);
    assert!(started(&mut commands).is_empty());
    complete_all(&mut commands);
    assert_eq!(started(&mut commands), [3]);
}

#[test]
fn an_id_counts_until_its_reply() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "send", "x");
    send(&mut commands, 2, "log", "x");
    started(&mut commands);
    assert!(commands.contains(1) && commands.contains(2) && !commands.contains(3));
    assert_eq!(commands.len(), 2);
    complete_all(&mut commands);
    assert!(!commands.contains(1) && commands.contains(2));
}

#[test]
fn only_a_running_write_is_abandoned_with_an_unknown_outcome() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "send", "x");
    send(&mut commands, 2, "log", "x");
    send(&mut commands, 3, "log", "y");
    started(&mut commands);
    let abandoned = commands
        .abandon()
        .into_iter()
        .map(|command| (command.id, command.outcome_unknown));
    assert_eq!(
        abandoned.collect::<Vec<_>>(),
        [(1, true), (3, false), (2, false)]
    );
    assert!(commands.is_empty());
}

#[test]
fn an_overdue_command_is_taken_out() {
    let mut commands = PendingCommands::default();
    let before = Instant::now();
    send(&mut commands, 1, "send", "x");
    send(&mut commands, 2, "log", "x");
    started(&mut commands);
    let mut take_overdue = |deadline| commands.take_overdue(deadline).map(|command| command.id);
    assert_eq!(
        take_overdue(before - std::time::Duration::from_secs(1)),
        None
    );
    assert_eq!(take_overdue(Instant::now()), Some(2));
    assert_eq!(take_overdue(Instant::now()), None);
}

#[test]
fn the_writes_of_an_extension_run_one_after_another_in_all_rooms() {
    let mut commands = PendingCommands::default();
    send(&mut commands, 1, "x.karma.give", "x");
    send(&mut commands, 2, "x.karma.take", "y");
    send(&mut commands, 3, "x.karma.top", "z");
    send(&mut commands, 4, "x.polls.vote", "u");
    send(&mut commands, 5, "send", "v");
    send(&mut commands, 6, "x.karma.give", "w");
    assert_eq!(started(&mut commands), [1, 3, 4, 5]);
    complete_all(&mut commands);
    assert_eq!(started(&mut commands), [2]);
    complete_all(&mut commands);
    assert_eq!(started(&mut commands), [6]);
}

#[test]
fn a_write_of_an_extension_has_its_place_in_its_room() {
    for other in ["send", "kick", "log", "x.polls.vote", "x.karma.top"] {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, other, "x");
        send(&mut commands, 2, "x.karma.give", "x");
        send(&mut commands, 3, other, "x");
        for id in 1..=3 {
            assert_eq!(started(&mut commands), [id], "{other}");
            complete_all(&mut commands);
        }
    }
}
