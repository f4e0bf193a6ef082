//! What people write: messages and reactions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rooms::fuzz::texts(data);
    messaging::fuzz::emojis(data);
});
