//! Where memory comes from, SQLite's too.
//!
//! jemalloc rather than the system's: glibc keeps what a rush of connections leaves behind, so that
//! ten thousand idle ones held 5.0 to 8.7 KiB each, depending on how they came. jemalloc gives back
//! what nobody has used for a second, from a thread of its own (`.cargo/config.toml`).

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
