//! What people read when they reach a limit, by its name in the protocol.

/// Returns the text; `None` for a limit without its own.
pub(super) fn limit_message(limit: &str) -> Option<&'static str> {
    Some(match limit {
        "rooms_max" => "You are in as many rooms as one person may be in. Please leave one first.",
        "rooms_day_max" => {
            "You have made as many rooms as one person may in a day. Please try again tomorrow."
        }
        "reactions" => {
            "This message has as many different reactions as it may have. Please choose one of them."
        }
        "sessions_per_person" => {
            "You are signed in on as many devices as one person may be. Please sign out on one of them."
        }
        "connections_per_user" => {
            "You have too many connections open. Please close some of your windows or apps."
        }
        "tabs" => "This chat is open in too many tabs. Please close some of them.",
        "invitations_max" => {
            "This person has too many open invitations. Please try again when they have answered some."
        }
        "invitations_each_max" => {
            "This person has not yet answered your other invitations. Please wait until they have."
        }
        "direct_unanswered_max" => {
            "Too many people have not yet answered you. Please wait until some of them have."
        }
        "direct_day_max" => {
            "You have written to as many new people as one person may in a day. Please try again tomorrow."
        }
        "direct_waiting_max" => {
            "Too many people are waiting for an answer from this person. Please try again later."
        }
        "links_max" => {
            "This room has as many links as a room may have. Please end one and try again tomorrow."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::limit_message;

    #[test]
    fn every_limit_of_the_protocol_has_its_text() {
        let protocol = include_str!("../../../../docs/protocol.md");
        let names = protocol
            .split('`')
            .filter(|word| word.ends_with("_max") && !["page_max", "rooms_max"].contains(word));
        let mut found = 0;
        for name in names.chain(["rooms_max", "sessions_per_person"]) {
            let text = limit_message(name).expect(name);
            assert!(text.ends_with('.') && text.contains("Please"), "{text}");
            found += 1;
        }
        assert!(found > 6, "the protocol names limits");
        assert_eq!(limit_message("another"), None);
    }
}
