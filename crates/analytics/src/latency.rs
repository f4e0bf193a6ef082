//! How long sends take, as heard by an extension.
//!
//! Measured from when the server accepted a message (the `at` of its entry) to when the event of
//! its commit was heard. The acknowledgement is sent right after that event, so this covers the wait
//! for the lane and the commit, plus a little delay of our own.

/// The inclusive upper bounds of the buckets, in ms; a last bucket without a bound holds the rest.
pub(crate) const BOUNDS_MS: [i64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// Returns the bucket of a send that was accepted and heard of at these times, in ms since 1970.
pub(crate) fn bucket(accepted: i64, heard: i64) -> i64 {
    let took = heard.saturating_sub(accepted);
    let bucket = BOUNDS_MS.partition_point(|bound| *bound < took);
    i64::try_from(bucket).expect("there are few buckets")
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn a_send_counts_in_the_first_bucket_that_holds_it() {
        let took = |ms: i64| bucket(1_000_000, 1_000_000 + ms);
        assert_eq!([took(0), took(1), took(3), took(60_000)], [0, 0, 2, 12]);
        // After the clock was set back, a message may be heard of before it was sent.
        assert_eq!(took(-1_000), 0);
    }
}
