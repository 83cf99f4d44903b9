//! sorn-report
