//! Ctrl-C, and the other signals that ask a process to end.
//!
//! A command with nothing to save leaves them as they are: the first ends it.

use std::sync::OnceLock;
use std::time::Instant;

use crate::output::note;

/// Exit code of work that a signal stopped: as shells count a process ended by SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// What the first signal means where every run is saved as it goes.
pub(crate) const SAVED: &str = "stopping; what was done is saved";

/// When the first signal came.
static ASKED: OnceLock<Instant> = OnceLock::new();

/// Makes the first SIGINT (Ctrl-C), SIGTERM or SIGHUP (the terminal was closed) ask the work to stop, saying `what` that means, and
/// the second end the process at once, whatever it is doing.
pub(crate) fn on_signals(what: &'static str) {
    let nohup = hangups_are_ignored();
    let handler = move || match ask() {
        true => note(&format!("{what}; once more to stop at once")),
        false => end(),
    };
    // A second command in one process keeps the first's handler.
    if ctrlc::set_handler(handler).is_ok() && nohup {
        ignore_hangups();
    }
}

/// Asks the work to stop, as the first Ctrl-C does.
#[cfg(feature = "live")]
pub(crate) fn request(what: &str) {
    ask();
    note(&format!("{what}; once more to stop at once"));
}

/// Since when the work is asked to stop, if it is.
pub(crate) fn asked() -> Option<Instant> {
    ASKED.get().copied()
}

/// Whether this is the first time.
fn ask() -> bool {
    ASKED.set(Instant::now()).is_ok()
}

/// Ends the process without what libraries do at its exit: those that Python loads may wait for a thread that is still busy.
#[cfg(unix)]
fn end() -> ! {
    // SAFETY: it takes a number, and does not return.
    unsafe { libc::_exit(i32::from(INTERRUPTED)) }
}

#[cfg(not(unix))]
fn end() -> ! {
    std::process::exit(i32::from(INTERRUPTED))
}

/// Whether the process was started to outlive the terminal, as `nohup` does.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    // SAFETY: a null action changes nothing, and what is there now is written into a place of its type.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGHUP, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(unix)]
fn ignore_hangups() {
    // SAFETY: no code of ours is called where a signal is ignored.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
}

#[cfg(not(unix))]
fn hangups_are_ignored() -> bool {
    false
}

#[cfg(not(unix))]
fn ignore_hangups() {}
