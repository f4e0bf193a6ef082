//! The global allocator, which SQLite uses too: jemalloc in what is shipped (the feature `jemalloc`), the
//! system's in a quick build.
//!
//! glibc's allocator does not return the memory of a burst of connections: ten thousand idle ones
//! held 5.4 to 8.7 KiB each, depending on how they arrived. jemalloc's background threads return
//! memory that was unused for a second, as `.cargo/config.toml` configures it; a build that does
//! not read that file needs `MALLOC_CONF` in the server's environment. With other C libraries the
//! binary keeps their allocator, which was not measured.

#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
