//! Which process this is: a forked child has none of its parent's threads.

#[cfg(target_os = "linux")]
use std::sync::Once;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicU64, Ordering};

/// How many forks lie between this process and the one that first called [`process`].
#[cfg(target_os = "linux")]
static FORKS: AtomicU64 = AtomicU64::new(0);

/// A number that differs between a process and a child that it forks.
///
/// It is a load, not a system call: a step calls this several times.
#[cfg(target_os = "linux")]
pub(crate) fn process() -> u64 {
    static WATCH: Once = Once::new();
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    WATCH.call_once(|| {
        // SAFETY: the handler does nothing but change an atomic number, as a handler may.
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
        // SAFETY: the child calls nothing but `process` and `_exit`.
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
