//! Keys that are pressed in the terminal.

use std::io;
use std::time::Duration;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// To leave the view.
    Leave,
    /// To stop the run.
    Stop,
}

/// Waits for a key, at most the given time. Fails if the terminal is gone: crossterm's own reader would then poll for ever.
#[cfg(unix)]
pub(super) fn keys(wait: Duration) -> io::Result<Option<Key>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::{Errno, read};

    let stdin = io::stdin();
    let wait = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos().into() };
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut ready, Some(&wait)) {
        Ok(0) | Err(Errno::INTR) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let mut bytes = [0; 256];
    match read(&stdin, &mut bytes) {
        Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal is closed")),
        Ok(count) => Ok(key(&bytes[..count])),
        Err(Errno::INTR | Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the bytes of a terminal in raw mode mean.
#[cfg(unix)]
fn key(bytes: &[u8]) -> Option<Key> {
    const CTRL_C: u8 = 3;
    const ESCAPE: u8 = 0x1b;
    match bytes {
        _ if bytes.contains(&CTRL_C) => Some(Key::Stop),
        [ESCAPE] => Some(Key::Leave),
        // Arrows and the like are escape with more behind it.
        [ESCAPE, ..] => None,
        _ if bytes.contains(&b'q') => Some(Key::Leave),
        _ => None,
    }
}

#[cfg(not(unix))]
pub(super) fn keys(wait: Duration) -> io::Result<Option<Key>> {
    use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

    if !event::poll(wait)? {
        return Ok(None);
    }
    let Event::Key(key) = event::read()? else { return Ok(None) };
    Ok(match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        _ if key.kind != KeyEventKind::Press => None,
        (KeyCode::Char('c'), true) => Some(Key::Stop),
        (KeyCode::Char('q') | KeyCode::Esc, _) => Some(Key::Leave),
        _ => None,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_terminal_are_keys() {
        assert_eq!([&b"q"[..], b"\x1b", b"xq"].map(key), [Some(Key::Leave); 3]);
        assert_eq!([&b"\x03"[..], b"q\x03"].map(key), [Some(Key::Stop); 2]);
        assert_eq!([&b"\x1b[A"[..], b"\x1b[201~q", b"Q", b"x", b""].map(key), [None; 5]);
    }
}
