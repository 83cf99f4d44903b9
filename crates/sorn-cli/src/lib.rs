//! sorn-cli
