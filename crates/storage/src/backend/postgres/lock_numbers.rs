//! The numbers of PostgreSQL's advisory locks. They hold in a whole database, so each schema in it
//! has numbers of its own.

/// The first number of each lock of a store: `parl` in ASCII.
pub(crate) const FAMILY: u32 = 1_885_434_476;

/// The numbers of the locks of one store. They must never change: servers of several versions
/// respect each other by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LockNumbers {
    /// The second number of the lock that a server holds.
    pub(crate) server: u32,
    /// The second number of the lock that a migration holds.
    pub(crate) migration: u32,
    /// Combined with the locks that jobs ask for, which have one number.
    jobs: i64,
}

impl LockNumbers {
    /// Returns the numbers of a store in this schema; `None`: in whichever schema its role has.
    pub(crate) fn of(schema: Option<&str>) -> Self {
        let Some(schema) = schema else {
            return Self {
                server: 1,
                migration: 2,
                jobs: 0,
            };
        };
        let hash = fnv(schema);
        // 4, 8, … up to 2^30, so that neither number is one of the above.
        let server = u32::try_from(hash >> 36).expect("28 bits") * 4 + 4;
        Self {
            server,
            migration: server + 1,
            jobs: hash.cast_signed(),
        }
    }

    /// Returns the number of a job's lock.
    pub(crate) fn of_job(self, lock: i64) -> i64 {
        lock ^ self.jobs
    }
}

/// Fowler, Noll and Vo's hash (1a), which is the same on all machines.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::LockNumbers;
    use std::collections::BTreeSet;

    #[test]
    fn the_numbers_stay_what_they_are() {
        let numbers = LockNumbers::of(None);
        assert_eq!((numbers.server, numbers.migration), (1, 2));
        assert_eq!(numbers.of_job(-7), -7);
        let karma = LockNumbers::of(Some("karma"));
        assert_eq!(
            (karma.server, karma.migration),
            (1_052_478_068, 1_052_478_069)
        );
    }

    #[test]
    fn each_schema_has_its_own() {
        let names = (0..1_000).map(|n| format!("x{n}"));
        let numbers: Vec<_> = names.map(|name| LockNumbers::of(Some(&name))).collect();
        let second: BTreeSet<u32> = numbers
            .iter()
            .flat_map(|n| [n.server, n.migration])
            .collect();
        assert_eq!(second.len(), 2_000);
        assert!(*second.first().unwrap() > 2);
        assert!(i32::try_from(*second.last().unwrap()).is_ok());
        let jobs: BTreeSet<i64> = numbers.iter().map(|n| n.of_job(5)).collect();
        assert_eq!(jobs.len(), 1_000);
    }
}
