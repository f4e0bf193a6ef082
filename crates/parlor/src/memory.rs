//! How much the allocator keeps for itself.

/// glibc makes an arena for every few threads, and each keeps what a rush of connections has left in
/// it: 13.8 KiB instead of 8.6 for each of 5,000 idle connections that came together. Call it before
/// there are other threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc can be told in no other way")]
pub(crate) fn share_arenas() {
    const ARENAS: libc::c_int = 2;
    // SAFETY: it takes two numbers, and nobody else allocates yet. A refusal changes nothing.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
}

/// Other allocators have no such habit.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_arenas() {}
