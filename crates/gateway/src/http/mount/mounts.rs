//! The mounts by path.

use super::{HttpMount, Mounted, WITHIN_MAX};
use crate::commands::is_name_part;
use std::sync::Arc;

/// Longest path of a mount, bytes.
const PATH_MAX: usize = 128;
/// The mount of everything that nothing else has, such as a page for people.
const ROOT: &str = "/";
/// First segments of the gateway's own paths.
const OWN: [&str; 3] = ["ws", "health", "api"];

/// All mounts of the public listener. A cheap handle once it is complete.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Mounts(Vec<Arc<Mounted>>);

/// A mount that cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MountError {
    /// The path is none.
    #[error(
        "cannot mount {0:?}: expected / or a path such as /socket.io/, which begins and ends with a slash \
         and has only letters, digits and . _ ~ - between"
    )]
    Malformed(&'static str),
    /// The path belongs to the gateway.
    #[error(
        "cannot mount {0}: the path is the server's own; /api/v1/x/NAME/… is free for extensions"
    )]
    Own(&'static str),
    /// Another mount has the path.
    #[error("two mounts have the path {0}: one of them needs another one")]
    Taken(&'static str),
    /// The limits make no sense.
    #[error(
        "the mount {0} must allow at least one request at once, and at most 60 s for a response"
    )]
    Limits(&'static str),
}

impl Mounts {
    /// Adds a mount.
    pub(in crate::http) fn add(&mut self, mount: HttpMount) -> Result<(), MountError> {
        let path = mount.path;
        if !is_well_formed(path) {
            return Err(MountError::Malformed(path));
        }
        if is_own(path) {
            return Err(MountError::Own(path));
        }
        if self.0.iter().any(|other| other.path() == path) {
            return Err(MountError::Taken(path));
        }
        if mount.at_once == 0 || mount.within.is_zero() || mount.within > WITHIN_MAX {
            return Err(MountError::Limits(path));
        }
        self.0.push(Arc::new(Mounted::new(mount)));
        Ok(())
    }

    /// Returns the mount that covers a path; of two the longer one. `/` covers whatever is neither another
    /// mount's nor the gateway's own.
    pub(in crate::http) fn find(&self, path: &str) -> Option<&Arc<Mounted>> {
        let covering = self.0.iter().filter(|mount| covers(mount.path(), path));
        covering.max_by_key(|mount| mount.path().len())
    }
}

fn covers(mount: &str, path: &str) -> bool {
    if mount == ROOT {
        return !begins_as_own(path);
    }
    path.starts_with(mount) || mount.strip_suffix('/') == Some(path)
}

fn is_well_formed(path: &str) -> bool {
    let Some(inner) = path.strip_prefix('/') else {
        return false;
    };
    inner.is_empty()
        || (path.len() <= PATH_MAX
            && inner
                .strip_suffix('/')
                .is_some_and(|inner| inner.split('/').all(is_segment)))
}

fn is_segment(segment: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-');
    !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(fits)
}

fn is_own(path: &str) -> bool {
    if path == ROOT {
        return false;
    }
    let segments: Vec<_> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["api", "v1", "x", extension, _, ..] => !is_name_part(extension),
        [first, ..] => first.is_empty() || OWN.contains(first),
        [] => true,
    }
}

fn begins_as_own(path: &str) -> bool {
    let first = path.split('/').nth(1);
    first.is_none_or(|first| OWN.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mount::{MountHandler, MountRequest, MountResponse};
    use futures_util::future::BoxFuture;
    use std::time::Duration;

    struct Empty;

    impl MountHandler for Empty {
        fn answer(&self, _: MountRequest) -> BoxFuture<'static, MountResponse> {
            Box::pin(std::future::ready(MountResponse::default()))
        }
    }

    fn mount(path: &'static str) -> HttpMount {
        HttpMount::new(path, Arc::new(Empty))
    }

    #[test]
    fn of_two_mounts_the_longer_one_counts() {
        let mut mounts = Mounts::default();
        for path in ["/socket.io/", "/a/", "/a/b/", "/api/v1/x/karma/"] {
            mounts.add(mount(path)).unwrap();
        }
        for (path, expected) in [
            ("/socket.io/", Some("/socket.io/")),
            ("/socket.io", Some("/socket.io/")),
            ("/socket.io/x/y", Some("/socket.io/")),
            ("/socket.iox", None),
            ("/a/c", Some("/a/")),
            ("/a/b", Some("/a/b/")),
            ("/a/b/c", Some("/a/b/")),
            ("/api/v1/x/karma/hook", Some("/api/v1/x/karma/")),
            ("/api/v1/x/karmas/hook", None),
            ("/", None),
        ] {
            let found = mounts.find(path).map(|mount| mount.path());
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn the_root_has_what_nothing_else_has() {
        let mut mounts = Mounts::default();
        for path in ["/", "/socket.io/", "/api/v1/x/karma/"] {
            mounts.add(mount(path)).unwrap();
        }
        assert_eq!(mounts.add(mount("/")), Err(MountError::Taken("/")));
        for path in [
            "/",
            "/sw.js",
            "/assets/1/app.js",
            "/healthy",
            "/wsx",
            "//",
            "/apis/",
        ] {
            assert_eq!(
                mounts.find(path).map(|mount| mount.path()),
                Some("/"),
                "{path}"
            );
        }
        for path in ["/socket.io/x", "/api/v1/x/karma/hook"] {
            assert_ne!(
                mounts.find(path).map(|mount| mount.path()),
                Some("/"),
                "{path}"
            );
        }
        for path in [
            "/ws",
            "/ws/",
            "/health",
            "/api",
            "/api/v1/rooms",
            "/api/v1/x/other",
            "*",
            "",
        ] {
            assert!(mounts.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_mounted_is_an_error_that_names_it() {
        let mut mounts = Mounts::default();
        mounts.add(mount("/a/")).unwrap();
        assert_eq!(mounts.add(mount("/a/")), Err(MountError::Taken("/a/")));
        for path in [
            "", "a/", "/a", "//", "/a//b/", "/a?b/", "/a b/", "/ä/", "/../", "/a/./", "/%61/",
        ] {
            assert_eq!(mounts.add(mount(path)), Err(MountError::Malformed(path)));
        }
        for path in [
            "/ws/",
            "/health/",
            "/api/",
            "/api/v1/rooms/",
            "/api/v1/x/",
            "/api/v1/x/Karma/",
            "/api/v2/x/karma/",
        ] {
            let error = mounts.add(mount(path)).unwrap_err();
            assert_eq!(error, MountError::Own(path));
            assert!(error.to_string().contains(path), "{error}");
        }
    }

    #[test]
    fn limits_without_sense_are_an_error() {
        let mut mounts = Mounts::default();
        let none = HttpMount {
            at_once: 0,
            ..mount("/a/")
        };
        let long = HttpMount {
            within: Duration::from_secs(61),
            ..mount("/a/")
        };
        for mount in [none, long] {
            assert_eq!(mounts.add(mount), Err(MountError::Limits("/a/")));
        }
    }
}
