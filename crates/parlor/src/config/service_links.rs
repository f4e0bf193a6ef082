//! Recognises variables that Kubernetes and Docker set in every container to describe the services
//! beside it.
//!
//! A service named `parlor` sets `PARLOR_SERVICE_HOST`, one named `core-db` sets
//! `CORE_DB_PORT=tcp://…`, and so on: their names begin like Parlor's settings. They describe a
//! service and set nothing, so they are left out before any prefix is looked at. Where a name of a
//! setting has the same shape (`CORE_DB_PORT`, `CORE_DB_NAME`, `OTEL_SERVICE_NAME`), the value
//! decides.

/// Protocols that a port of a service can have.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// What follows `<NAME>_PORT_<number>_<PROTOCOL>`. Docker sets the last four for a range of ports.
const PARTS: [&str; 8] = [
    "",
    "_PROTO",
    "_PORT",
    "_ADDR",
    "_START",
    "_END",
    "_PORT_START",
    "_PORT_END",
];

/// Whether a variable describes a service. `variables` is the whole environment.
pub(super) fn is_service_link(name: &str, value: &str, variables: &[(String, String)]) -> bool {
    is_service(name)
        || (name.ends_with("_PORT") && is_port_url(value))
        || is_port(name)
        || (name.ends_with("_NAME") && is_link_name(value))
        || is_copied(name, variables)
}

/// `<NAME>_SERVICE_HOST`, `<NAME>_SERVICE_PORT`, and `<NAME>_SERVICE_PORT_<PORT'S NAME>`.
fn is_service(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
}

/// Whether this is the URL of a port, such as `tcp://10.0.0.1:8080`.
fn is_port_url(value: &str) -> bool {
    let Some((protocol, _)) = value.split_once("://") else {
        return false;
    };
    PROTOCOLS.contains(&protocol.to_uppercase().as_str())
}

/// `<NAME>_PORT_8080_TCP`, alone or followed by one of [`PARTS`].
fn is_port(name: &str) -> bool {
    name.match_indices("_PORT_").any(|(at, separator)| {
        let number_and_protocol = name[at + separator.len()..].split_once('_');
        number_and_protocol.is_some_and(|(number, rest)| {
            number.parse::<u16>().is_ok() && is_protocol_and_part(rest)
        })
    })
}

fn is_protocol_and_part(text: &str) -> bool {
    PROTOCOLS.iter().any(|protocol| {
        text.strip_prefix(protocol)
            .is_some_and(|part| PARTS.contains(&part))
    })
}

/// `/container/alias`, as Docker names a link.
fn is_link_name(value: &str) -> bool {
    value
        .strip_prefix('/')
        .and_then(|names| names.split_once('/'))
        .is_some_and(|(container, alias)| !container.is_empty() && !alias.is_empty())
}

/// `<NAME>_ENV_<VARIABLE>`: a variable of the linked container, which Docker sets beside the others of
/// the link.
fn is_copied(name: &str, variables: &[(String, String)]) -> bool {
    name.match_indices("_ENV_")
        .any(|(at, _)| variables.iter().any(|other| is_of_link(&name[..at], other)))
}

fn is_of_link(link: &str, (name, value): &(String, String)) -> bool {
    match name.strip_prefix(link) {
        Some("_NAME") => is_link_name(value),
        Some("_PORT") => is_port_url(value),
        Some(rest) => is_port(rest),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_link(name: &str, value: &str) -> bool {
        is_service_link(name, value, &[])
    }

    #[test]
    fn settings_are_no_links_even_if_their_names_have_the_shape_of_one() {
        for (name, value) in [
            ("CORE_DB_PORT", "5432"),
            ("CORE_DB_NAME", "parlor"),
            ("CORE_DB_NAME", "/parlor"),
            ("CORE_DB_URL", "tcp://10.0.0.1:5432"),
            ("OTEL_SERVICE_NAME", "chat"),
            ("PARLOR_PORT", "8080"),
            ("PARLOR_PORT_8080", "x"),
            ("PARLOR_PORT_HTTP_TCP", "x"),
            ("PARLOR_PORT_8080_TCP_X", "x"),
            ("PARLOR_SERVICE_HOSTS", "x"),
            ("PARLOR_ENV_LISTEN", "x"),
        ] {
            assert!(!is_link(name, value), "{name}={value}");
        }
    }

    #[test]
    fn values_decide_where_a_link_has_the_name_of_a_setting() {
        assert!(is_link("CORE_DB_PORT", "tcp://10.0.0.1:5432"));
        assert!(is_link("CORE_DB_PORT", "udp://[fd00::1]:5432"));
        assert!(is_link("CORE_DB_NAME", "/parlor/core_db"));
        assert!(is_link("OTEL_SERVICE_NAME", "/parlor/otel_service"));
    }

    #[test]
    fn a_linked_containers_own_variables_count_only_beside_its_others() {
        for (name, value) in [
            ("PARLOR_NAME", "/web/parlor"),
            ("PARLOR_PORT", "tcp://10.0.0.1:80"),
            ("PARLOR_PORT_80_TCP_ADDR", "10.0.0.1"),
        ] {
            let beside = [(name.to_owned(), value.to_owned())];
            assert!(is_service_link("PARLOR_ENV_LISTEN", "x", &beside), "{name}");
            assert!(
                !is_service_link("CORE_DB_ENV_LISTEN", "x", &beside),
                "{name}"
            );
        }
    }
}
