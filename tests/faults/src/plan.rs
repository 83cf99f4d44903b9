//! Which operation is next, and what is to happen at it.

use std::ffi::CStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use libc::{c_char, c_int};

/// What happens at the chosen operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    KillBefore,
    KillAfter,
    Torn,
    Short,
    Error(c_int),
    Half(c_int),
    Full(c_int),
}

/// What a hook has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The operation as it was meant.
    Pass,
    /// It fails with this `errno`.
    Fail(c_int),
    /// Half of the bytes are written.
    Half,
    /// Half of the bytes are written, then the process ends.
    HalfThenKill,
    /// The operation is done, then the process ends.
    DoneThenKill,
}

struct Plan {
    dir: Vec<u8>,
    log: Option<c_int>,
    reads: bool,
    at: u64,
    action: Option<Action>,
}

static COUNT: AtomicU64 = AtomicU64::new(0);
static FULL: AtomicBool = AtomicBool::new(false);

fn plan() -> Option<&'static Plan> {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    PLAN.get_or_init(|| {
        let dir = std::env::var_os("SORN_FAULTS_DIR")?.as_bytes().to_vec();
        let log = std::env::var_os("SORN_FAULTS_LOG").map(|path| {
            let mut path = path.as_bytes().to_vec();
            path.push(0);
            let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
            // SAFETY: the path ends in 0, the other arguments are numbers.
            unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o600) as c_int }
        });
        let text = std::env::var("SORN_FAULTS").unwrap_or_default();
        let mut words = text.split(' ');
        let at = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let name = words.next().unwrap_or_default();
        let code = words.next().and_then(|word| word.parse().ok()).unwrap_or(libc::EIO);
        let action = match name {
            "kill-before" => Some(Action::KillBefore),
            "kill-after" => Some(Action::KillAfter),
            "torn" => Some(Action::Torn),
            "short" => Some(Action::Short),
            "error" => Some(Action::Error(code)),
            "half" => Some(Action::Half(code)),
            "full" => Some(Action::Full(code)),
            _ => None,
        };
        let reads = std::env::var_os("SORN_FAULTS_READS").is_some();
        Some(Plan { dir, log, reads, at, action })
    })
    .as_ref()
}

/// Ends the process, as nothing can prevent.
pub(crate) fn kill() -> ! {
    // SAFETY: a process may end itself.
    unsafe {
        libc::syscall(libc::SYS_kill, libc::getpid(), libc::SIGKILL);
    }
    loop {
        std::hint::spin_loop();
    }
}

/// The verdict on an operation on the file of this name.
///
/// # Safety
/// `path` must point to a string that ends in 0.
pub(crate) unsafe fn of_path(name: &str, path: *const c_char) -> Verdict {
    let Some(plan) = plan() else { return Verdict::Pass };
    // SAFETY: promised.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    if path.starts_with(b"/") {
        return verdict(plan, name, path);
    }
    let mut whole = link("/proc/self/cwd");
    whole.push(b'/');
    whole.extend(path);
    verdict(plan, name, &whole)
}

/// The verdict on an operation on an open file.
pub(crate) fn of_file(name: &str, file: c_int) -> Verdict {
    let Some(plan) = plan() else { return Verdict::Pass };
    if file <= 2 || Some(file) == plan.log {
        return Verdict::Pass;
    }
    verdict(plan, name, &link(&format!("/proc/self/fd/{file}")))
}

fn link(path: &str) -> Vec<u8> {
    let mut name = path.as_bytes().to_vec();
    name.push(0);
    let mut target = vec![0_u8; 4096];
    // SAFETY: the name ends in 0, and the buffer has the length told.
    let length = unsafe {
        libc::syscall(libc::SYS_readlinkat, libc::AT_FDCWD, name.as_ptr(), target.as_mut_ptr(), target.len())
    };
    target.truncate(usize::try_from(length).unwrap_or(0));
    target
}

fn verdict(plan: &Plan, name: &str, path: &[u8]) -> Verdict {
    if !path.starts_with(&plan.dir) || (matches!(name, "read" | "look") && !plan.reads) {
        return Verdict::Pass;
    }
    let number = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(log) = plan.log {
        let line = format!("{number} {name} {}\n", String::from_utf8_lossy(path));
        // SAFETY: the buffer has the length told.
        unsafe { libc::syscall(libc::SYS_write, log, line.as_ptr(), line.len()) };
    }
    let space = matches!(name, "write" | "open" | "mkdir" | "link" | "fsync");
    match plan.action {
        Some(Action::Half(code) | Action::Full(code)) if space && FULL.load(Ordering::SeqCst) => {
            Verdict::Fail(code)
        }
        Some(action) if number == plan.at => at(action, name == "write"),
        _ => Verdict::Pass,
    }
}

fn at(action: Action, write: bool) -> Verdict {
    match action {
        Action::KillBefore => kill(),
        Action::KillAfter => Verdict::DoneThenKill,
        Action::Torn if write => Verdict::HalfThenKill,
        Action::Torn => Verdict::DoneThenKill,
        Action::Short if write => Verdict::Half,
        Action::Short => Verdict::Pass,
        Action::Error(code) => Verdict::Fail(code),
        Action::Half(code) => {
            FULL.store(true, Ordering::SeqCst);
            if write { Verdict::Half } else { Verdict::Fail(code) }
        }
        Action::Full(code) => {
            FULL.store(true, Ordering::SeqCst);
            Verdict::Fail(code)
        }
    }
}
