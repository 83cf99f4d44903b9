//! The `sorn` command.
fn main() {}
