//! What is computed here beside the real thing: upstream, Gymnasium, NumPy, Elephant and others, in Python.

mod env_trace;
mod env_vec;
mod popgym;
mod readout;
mod smoke;
mod state_file;
mod statistics;
mod tensorboard;
mod upstream;
