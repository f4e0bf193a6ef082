//! Permissions: every op, by every role, in every kind of room.

use crate::rights_cast::{Cast, How, Role};
use std::collections::BTreeSet;
use tests::{Store, contract, on_both};

/// The result of each op, by kind of room: `ok`, or the error's name. `|` separates answers that
/// the protocol leaves open, `-` marks impossible cases. In direct rooms nobody outranks anybody; a
/// person who has declined or left is `declined`, the one who stays is `alone`.
const TABLE: &str = "
op             kind    owner moderator member    muted     mutedmod  banned stranger     invited      guest     nobody          declined     alone
hello          any     ok    ok        ok        ok        ok        ok     ok           ok           ok        ok              ok           ok
ping           any     ok    ok        ok        ok        ok        ok     ok           ok           ok        ok              ok           ok
rooms          any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok
sessions       any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok
link.info      any     ok    ok        ok        ok        ok        ok     ok           ok           ok        ok              ok           ok
profile.set    any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok
profiles       any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok
session.revoke any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok
logout         any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok
room.create    any     ok    ok        ok        ok        ok        ok     ok           ok           ACCOUNT   unauthenticated ok           ok
dm             any     ok    ok        ok        ok        ok        ok     ok           ok           ok        unauthenticated ok           ok

join           public  ok    ok        ok        ok        ok        banned ok           ok           ok        unauthenticated -            -
join           private ok    ok        ok        ok        ok        HIDDEN no_such_room ok           ok        unauthenticated -            -
join           direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
leave          public  ok    ok        ok        ok        ok        OUT    not_member   ok           ok        unauthenticated -            -
leave          private ok    ok        ok        ok        ok        HIDDEN no_such_room ok           ok        unauthenticated -            -
leave          direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated ok           ok

send           public  ok    ok        ok        muted     muted     OUT    not_member   not_member   ok        unauthenticated -            -
send           private ok    ok        ok        muted     muted     HIDDEN no_such_room no_such_room ok        unauthenticated -            -
send           direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room forbidden
edit           public  ok    ok        ok        muted     muted     OUT    not_member   not_member   ok        unauthenticated -            -
edit           private ok    ok        ok        muted     muted     HIDDEN no_such_room no_such_room ok        unauthenticated -            -
edit           direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room forbidden
delete         public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
delete         private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
delete         direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
react          public  ok    ok        ok        muted     muted     OUT    not_member   not_member   ok        unauthenticated -            -
react          private ok    ok        ok        muted     muted     HIDDEN no_such_room no_such_room ok        unauthenticated -            -
react          direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room forbidden

log            public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
log            private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
log            direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
history        public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
history        private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
history        direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
read           public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
read           private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
read           direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
typing         public  ok    ok        ok        muted     muted     OUT    not_member   not_member   ok        unauthenticated -            -
typing         private ok    ok        ok        muted     muted     HIDDEN no_such_room no_such_room ok        unauthenticated -            -
typing         direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
members        public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
members        private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
members        direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
presence       public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
presence       private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
presence       direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok

room.prefs     public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
room.prefs     private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
room.prefs     direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok
links          public  ok    ok        ok        ok        ok        OUT    not_member   not_member   ok        unauthenticated -            -
links          private ok    ok        ok        ok        ok        HIDDEN no_such_room no_such_room ok        unauthenticated -            -
links          direct  -     -         ok        -         -         -      no_such_room -            ok        unauthenticated no_such_room ok

room.update    public  ok    ok        forbidden forbidden muted     OUT    not_member   not_member   forbidden unauthenticated -            -
room.update    private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
room.update    direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
invite         public  ok    ok        ok        muted     muted     OUT    not_member   not_member   ok        unauthenticated -            -
invite         private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
invite         direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
link.create    public  ok    ok        ok        muted     muted     OUT    not_member   not_member   ok        unauthenticated -            -
link.create    private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
link.create    direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
link.revoke    public  ok    ok        UNKNOWN   UNKNOWN   muted     OUT    not_member   not_member   UNKNOWN   unauthenticated -            -
link.revoke    private ok    ok        UNKNOWN   UNKNOWN   muted     HIDDEN no_such_room no_such_room UNKNOWN   unauthenticated -            -
link.revoke    direct  -     -         UNKNOWN   -         -         -      no_such_room -            UNKNOWN   unauthenticated no_such_room UNKNOWN
kick           public  ok    ok        forbidden forbidden muted     OUT    not_member   not_member   forbidden unauthenticated -            -
kick           private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
kick           direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
ban            public  ok    ok        forbidden forbidden muted     OUT    not_member   not_member   forbidden unauthenticated -            -
ban            private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
ban            direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
unban          public  ok    ok        forbidden forbidden muted     OUT    not_member   not_member   forbidden unauthenticated -            -
unban          private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
unban          direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
mute           public  ok    ok        forbidden forbidden muted     OUT    not_member   not_member   forbidden unauthenticated -            -
mute           private ok    ok        forbidden forbidden muted     HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
mute           direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
role           public  ok    forbidden forbidden forbidden forbidden OUT    not_member   not_member   forbidden unauthenticated -            -
role           private ok    forbidden forbidden forbidden forbidden HIDDEN no_such_room no_such_room forbidden unauthenticated -            -
role           direct  -     -         forbidden -         -         -      no_such_room -            forbidden unauthenticated no_such_room forbidden
";

/// Answers that the protocol leaves open, by their word in the table.
const OPEN: &[(&str, &str)] = &[
    // A public room may tell banned people that they are not members, or why.
    ("OUT", "not_member|banned"),
    // A private room may be unknown to a person who was removed from it, or may say why.
    ("HIDDEN", "no_such_room|banned"),
    // The link is the owner's, and plain members see their own alone.
    ("UNKNOWN", "no_such_link"),
    // Rooms are permanent, guests are not.
    ("ACCOUNT", "not_allowed_for_guests"),
];

const KINDS: [&str; 3] = ["public", "private", "direct"];

struct Row {
    op: &'static str,
    kind: &'static str,
    expected: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("op "));
    lines
        .map(|line| {
            let mut cells = line.split_whitespace();
            let op = cells.next().expect("a row begins with its op");
            let kind = cells.next().expect("a row has a kind of room");
            let expected: Vec<_> = cells.collect();
            assert_eq!(expected.len(), Role::ALL.len(), "a column per role: {line}");
            Row { op, kind, expected }
        })
        .collect()
}

#[test]
fn every_op_has_a_row_for_every_kind_of_room() {
    let rows = rows();
    for op in &contract().ops {
        let kinds: BTreeSet<_> = rows
            .iter()
            .filter(|row| row.op == op)
            .map(|row| row.kind)
            .collect();
        let complete = kinds == BTreeSet::from(["any"]) || kinds == KINDS.into_iter().collect();
        assert!(complete, "the rights of {op} are given for {kinds:?}");
    }
    for row in &rows {
        assert!(
            contract().ops.contains(row.op),
            "the protocol has no op {}",
            row.op
        );
    }
}

fn fits(expected: &str, answer: &str) -> bool {
    let open = OPEN.iter().find(|(word, _)| *word == expected);
    open.map_or(expected, |(_, answers)| answers)
        .split('|')
        .any(|one| one == answer)
}

async fn judge(store: &Store, kinds: &[&'static str], how: How) {
    let server = store.server().await;
    let mut cast = Cast::gather(&server).await;
    let mut wrong = Vec::new();
    for row in rows().into_iter().filter(|row| how.carries(row.op)) {
        let kinds = kinds
            .iter()
            .filter(|kind| row.kind == "any" || row.kind == **kind);
        for kind in kinds {
            if cast.is_tired() {
                cast = Cast::gather(&server).await;
            }
            for (role, expected) in Role::ALL.into_iter().zip(&row.expected) {
                if *expected == "-" || !role.can_be_in(kind) {
                    continue;
                }
                let answer = cast.play(kind, role, row.op, how).await;
                if !fits(expected, &answer) {
                    wrong.push(format!(
                        "{} {kind} {role:?}: {answer}, not {expected}",
                        row.op
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

on_both! {
    async fn in_public_rooms_everyone_may_what_the_table_says(store: Store) {
        judge(&store, &["public"], How::Socket).await;
    }

    async fn in_private_rooms_everyone_may_what_the_table_says(store: Store) {
        judge(&store, &["private"], How::Socket).await;
    }

    async fn in_direct_rooms_everyone_may_what_the_table_says(store: Store) {
        judge(&store, &["direct"], How::Socket).await;
    }

    async fn over_http_everyone_may_what_the_table_says(store: Store) {
        judge(&store, &KINDS, How::Http).await;
    }
}
