//! sorn-core
