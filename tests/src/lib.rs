//! What the end-to-end and parity tests share.
//!
//! A parity test runs a script of `tests/peers/` in a Python interpreter that has the peers installed
//! and compares what the script answers with what the Rust code computes:
//!
//! ```no_run
//! # fn main() -> Result<(), sorn_tests::PeerError> {
//! use sorn_tests::Peer;
//!
//! let peer = Peer::from_env()?;
//! let variance: f64 = peer.json("variance.py", &[1.0, 2.0, 4.0])?;
//! # Ok(())
//! # }
//! ```
//!
//! where `variance.py` reads its whole standard input and writes the answer to its standard output:
//!
//! ```python
//! import json
//! import sys
//!
//! import numpy as np
//!
//! values = json.load(sys.stdin)
//! json.dump(float(np.var(values)), sys.stdout)
//! ```
//!
//! JSON keeps every finite `f64` to the bit in both directions but has no NaN and no infinity: let the
//! script write `null` for them. For large arrays use [`Peer::bytes`].

mod peer;

pub use peer::{Peer, PeerError, VARIABLE};

/// The Rust of README.md, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
