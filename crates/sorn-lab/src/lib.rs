//! sorn-lab
