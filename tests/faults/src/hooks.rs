//! The functions of the C library that are replaced.

use libc::{c_char, c_int, c_long, c_uint, c_void, iovec, mode_t, off_t, size_t, ssize_t};

use crate::plan::{Verdict, kill, of_file, of_path};

/// Does `call` as the verdict says; where half is to be done, `half` does it.
fn done(verdict: Verdict, call: impl FnOnce() -> c_long, half: impl FnOnce() -> c_long) -> c_long {
    match verdict {
        Verdict::Pass => call(),
        Verdict::Fail(code) => {
            // SAFETY: the place of `errno` is this thread's own.
            unsafe { *libc::__errno_location() = code };
            -1
        }
        Verdict::Half => half(),
        Verdict::HalfThenKill => {
            half();
            kill()
        }
        Verdict::DoneThenKill => {
            call();
            kill()
        }
    }
}

fn whole(verdict: Verdict, call: impl Fn() -> c_long) -> c_long {
    done(verdict, &call, &call)
}

/// Defines functions of the C library; callers keep the library's contract, and so do the system calls.
macro_rules! hooks {
    ($($(#[$note:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty $body:block)*) => {
        $($(#[$note])*
        /// # Safety
        /// As in the C library.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name($($arg: $type),*) -> $out $body)*
    };
}

/// # Safety
/// As in the C library.
unsafe fn open_at(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let name = match flags & libc::O_ACCMODE {
        libc::O_RDONLY => "look",
        _ => "open",
    };
    // SAFETY: the caller's promise.
    let verdict = unsafe { of_path(name, path) };
    // SAFETY: the caller's promise.
    whole(verdict, || unsafe { libc::syscall(libc::SYS_openat, dir, path, flags, mode) }) as c_int
}

// `mode` is variadic in C; where it was not given it is not looked at. On the architectures of Linux that Rust's standard library
// supports variadic integers come where others do.
hooks! {
    fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
    }
    fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
    }
    fn openat(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { open_at(dir, path, flags, mode) }
    }
    fn openat64(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { open_at(dir, path, flags, mode) }
    }
    fn write(file: c_int, bytes: *const c_void, length: size_t) -> ssize_t {
        let some = |length: size_t| {
            // SAFETY: the caller's promise, and no more than they said.
            move || unsafe { libc::syscall(libc::SYS_write, file, bytes, length) }
        };
        done(of_file("write", file), some(length), some(length.div_ceil(2))) as ssize_t
    }
    fn writev(file: c_int, parts: *const iovec, count: c_int) -> ssize_t {
        // SAFETY: the caller's promise.
        let all = || unsafe { libc::syscall(libc::SYS_writev, file, parts, count) };
        // SAFETY: the caller's promise, and no more than they said.
        let half = || unsafe { libc::syscall(libc::SYS_writev, file, parts, count.min(1)) };
        done(of_file("write", file), all, half) as ssize_t
    }
    fn read(file: c_int, bytes: *mut c_void, length: size_t) -> ssize_t {
        // SAFETY: the caller's promise.
        whole(of_file("read", file), || unsafe { libc::syscall(libc::SYS_read, file, bytes, length) }) as ssize_t
    }
    fn fsync(file: c_int) -> c_int {
        // SAFETY: a number.
        whole(of_file("fsync", file), || unsafe { libc::syscall(libc::SYS_fsync, file) }) as c_int
    }
    fn fdatasync(file: c_int) -> c_int {
        // SAFETY: a number.
        whole(of_file("fsync", file), || unsafe { libc::syscall(libc::SYS_fdatasync, file) }) as c_int
    }
    fn ftruncate(file: c_int, length: off_t) -> c_int {
        // SAFETY: numbers.
        whole(of_file("truncate", file), || unsafe { libc::syscall(libc::SYS_ftruncate, file, length) }) as c_int
    }
    fn ftruncate64(file: c_int, length: off_t) -> c_int {
        // SAFETY: numbers.
        whole(of_file("truncate", file), || unsafe { libc::syscall(libc::SYS_ftruncate, file, length) }) as c_int
    }
    fn rename(from: *const c_char, to: *const c_char) -> c_int {
        // SAFETY: the caller's promise.
        let verdict = unsafe { of_path("rename", to) };
        let here = libc::AT_FDCWD;
        // SAFETY: the caller's promise.
        whole(verdict, || unsafe { libc::syscall(libc::SYS_renameat2, here, from, here, to, 0) }) as c_int
    }
    fn renameat2(old: c_int, from: *const c_char, new: c_int, to: *const c_char, flags: c_uint) -> c_int {
        // SAFETY: the caller's promise.
        let verdict = unsafe { of_path("rename", to) };
        // SAFETY: the caller's promise.
        whole(verdict, || unsafe { libc::syscall(libc::SYS_renameat2, old, from, new, to, flags) }) as c_int
    }
    fn link(from: *const c_char, to: *const c_char) -> c_int {
        // SAFETY: the caller's promise.
        let verdict = unsafe { of_path("link", to) };
        let here = libc::AT_FDCWD;
        // SAFETY: the caller's promise.
        whole(verdict, || unsafe { libc::syscall(libc::SYS_linkat, here, from, here, to, 0) }) as c_int
    }
    fn linkat(old: c_int, from: *const c_char, new: c_int, to: *const c_char, flags: c_int) -> c_int {
        // SAFETY: the caller's promise.
        let verdict = unsafe { of_path("link", to) };
        // SAFETY: the caller's promise.
        whole(verdict, || unsafe { libc::syscall(libc::SYS_linkat, old, from, new, to, flags) }) as c_int
    }
    fn unlink(path: *const c_char) -> c_int {
        // SAFETY: the caller's promise.
        let verdict = unsafe { of_path("unlink", path) };
        // SAFETY: the caller's promise.
        whole(verdict, || unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) }) as c_int
    }
    fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
        // SAFETY: the caller's promise.
        let verdict = unsafe { of_path("mkdir", path) };
        // SAFETY: the caller's promise.
        whole(verdict, || unsafe { libc::syscall(libc::SYS_mkdirat, libc::AT_FDCWD, path, mode) }) as c_int
    }
}
