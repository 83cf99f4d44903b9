//! sorn-tests
