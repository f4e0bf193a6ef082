//! A client's bytes after the upgrade.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    gateway::fuzz::frames(data);
});
