//! Where memory comes from, SQLite's too.
//!
//! jemalloc rather than glibc, which keeps what a rush of connections leaves behind: ten thousand
//! idle ones held 5.4 to 8.7 KiB each, depending on how they came. jemalloc gives back what nobody
//! has used for a second, from threads of its own, as `.cargo/config.toml` has it built; a build that
//! does not read that file wants `MALLOC_CONF` in the server's environment. Other C libraries keep
//! their own allocator, with which this was not tried.

#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
