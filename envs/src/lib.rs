//! sorn-envs
