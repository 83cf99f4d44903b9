//! The agent from outside. One program: what every test compiles of the configuration's formats is compiled once.

mod batch;
mod continuous;
mod file;
mod inputs;
mod invariance;
mod own;
mod own_loop;
mod own_policy;
mod policy;
mod realtime;
mod rm_sorn;
mod whole;
