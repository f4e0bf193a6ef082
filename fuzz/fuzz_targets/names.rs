//! The names and passwords that people choose.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sessions::fuzz::names(data);
});
