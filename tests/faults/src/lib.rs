//! Loaded by `LD_PRELOAD`, it counts the file operations below one directory and lets one of them fail.
//!
//! - `SORN_FAULTS_DIR`: only operations on files below it count; without it nothing happens.
//! - `SORN_FAULTS_LOG`: a file to which every counted operation is appended as `NUMBER NAME PATH`.
//! - `SORN_FAULTS`: `NUMBER ACTION`: what happens at the operation of this number, from 1. Actions:
//!   `kill-before` and `kill-after` end the process by SIGKILL; `torn` writes half of the bytes and then ends the process;
//!   `short` writes half of the bytes and says so, which is no error; `error CODE` fails with this `errno`;
//!   `half CODE` writes half of the bytes, and everything afterwards that takes space fails with `CODE`;
//!   `full CODE` lets this and everything afterwards that takes space fail.
//!
//! Counted are opening for writing (`open`), `write`, `fsync`, `rename`, `link`, `truncate`, `unlink` and `mkdir`; opening for
//! reading (`look`) and `read` count where `SORN_FAULTS_READS` is set.
//!
//! The functions call the system directly, not the library's, so that they find themselves nowhere. On systems other than Linux
//! the library is empty.

#![cfg(target_os = "linux")]

mod hooks;
mod plan;
