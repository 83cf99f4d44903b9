//! Detects forks: a forked child has none of its parent's threads.

#[cfg(target_os = "linux")]
use std::sync::Once;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicU64, Ordering};

/// How many forks lie between this process and the one that first called [`process`].
#[cfg(target_os = "linux")]
static FORKS: AtomicU64 = AtomicU64::new(0);

/// A number that differs between a process and a child that it forks.
///
/// This is a load, not a system call, because a step calls it several times.
#[cfg(target_os = "linux")]
pub(crate) fn process() -> u64 {
    static WATCH: Once = Once::new();
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    WATCH.call_once(|| {
        // SAFETY: the handler only changes an atomic number, which a handler is allowed to do.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    FORKS.load(Ordering::Relaxed)
}

/// A number that differs between a process and a child that it forks.
#[cfg(not(target_os = "linux"))]
pub(crate) fn process() -> u64 {
    std::process::id().into()
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn a_forked_child_is_another_process() {
        let here = super::process();
        assert_eq!(here, super::process());
        // SAFETY: the child only calls `process` and `_exit`.
        let status = unsafe {
            match libc::fork() {
                0 => libc::_exit(i32::from(super::process() == here)),
                child => {
                    let mut status = -1;
                    libc::waitpid(child, &mut status, 0);
                    status
                }
            }
        };
        assert_eq!(status, 0);
    }
}
