//! [`watch`]: environments that end the process, or fork it and return in both, are caught in a program's own process.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::c_int;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

/// The process that is watched; 0 if none is.
static OWNER: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The environment whose code this thread runs, and which of its functions. Without a destructor, so that it can be read
    /// while the process exits.
    static CALLING: Cell<Option<(&'static str, &'static str)>> = const { Cell::new(None) };
}

unsafe extern "C" {
    /// Ends the process without the functions of `atexit`.
    fn _exit(code: c_int) -> !;
    fn atexit(function: extern "C" fn()) -> c_int;
}

/// From now on an environment that ends this process ends it with exit code 1 and a message that names the environment, and a
/// child that an environment forks ends instead of returning from the call.
///
/// For a program that runs environments and whose exit code says whether that succeeded, such as `sorn`. It replaces
/// `os._exit` in this process. What ends a process without Python's or C's `exit` is not noticed.
///
/// # Errors
/// What Python raises if `os._exit` cannot be replaced.
pub fn watch(py: Python<'_>) -> PyResult<()> {
    static WATCH: Once = Once::new();
    let mut replaced = Ok(());
    WATCH.call_once(|| {
        OWNER.store(process::id(), Ordering::SeqCst);
        // SAFETY: the function lives as long as the program and takes nothing. If there is no room for it, `exit` stays unseen.
        unsafe { atexit(exiting) };
        replaced = replace_exit(py);
    });
    replaced
}

fn replace_exit(py: Python<'_>) -> PyResult<()> {
    let os = py.import("os")?;
    let real = os.getattr("_exit")?.unbind();
    let replacement = PyCFunction::new_closure(py, Some(c"_exit"), None, move |arguments, keywords| {
        if is_owner() {
            let code = arguments.get_item(0).and_then(|code| code.repr());
            end(&format!("os._exit({})", code.map_or_else(|_| String::new(), |code| code.to_string())));
        }
        real.call(arguments.py(), arguments, keywords)
    })?;
    os.setattr("_exit", replacement)
}

fn is_owner() -> bool {
    OWNER.load(Ordering::SeqCst) == process::id()
}

extern "C" fn exiting() {
    if CALLING.get().is_some() && is_owner() {
        end("exit()");
    }
}

/// Ends the process with code 1, and says whose doing it was.
fn end(how: &str) -> ! {
    match CALLING.get() {
        Some((env, during)) => say(&format!("error: {env}: {during} ended the process: {how}\n")),
        None => say(&format!("error: Python code ended the process: {how}\n")),
    }
    // SAFETY: may be called at any time.
    unsafe { _exit(1) }
}

/// Writes to the standard error past its lock, which another thread may hold for ever in a forked child.
#[cfg(unix)]
fn say(text: &str) {
    use std::io::Write;
    use std::os::fd::FromRawFd;
    // SAFETY: the descriptor is never closed here, and it is open as long as the process, or writing fails.
    let mut stderr = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(2) });
    let _ = stderr.write_all(text.as_bytes());
}

#[cfg(not(unix))]
fn say(text: &str) {
    eprint!("{text}");
}

/// A call of an environment's code on this thread, until it is dropped.
pub(super) struct Call {
    before: Option<(&'static str, &'static str)>,
}

impl Call {
    #[inline]
    pub(super) fn enter(env: &'static str, during: &'static str) -> Self {
        Call { before: CALLING.replace(Some((env, during))) }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let owner = OWNER.load(Ordering::Relaxed);
        if owner != 0 && owner != process::id() {
            if let Some((env, during)) = CALLING.get() {
                say(&format!(
                    "warning: {env}: {during} forked this process and returned in the child too, which ends here\n"
                ));
            }
            // Files that are open in the parent too must not be written twice, nor what is buffered for them.
            // SAFETY: may be called at any time.
            unsafe { _exit(1) }
        }
        CALLING.set(self.before);
    }
}

/// `id` for as long as the program runs; each id is kept once.
pub(super) fn name(id: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(id) {
        Some(name) => name,
        None => {
            let name: &'static str = Box::leak(id.into());
            names.insert(name);
            name
        }
    }
}
