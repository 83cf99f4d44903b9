//! The whole command, with a robot, an encoder, a plasticity rule and a learner of one's own.

mod encoder;
mod learner;
mod robot;
mod rule;

fn main() -> std::process::ExitCode {
    let registry = sorn_cli::Registry::new()
        .env(robot::entry())
        .encoder(encoder::entry())
        .rule(rule::entry())
        .learner(learner::entry());
    sorn_cli::run_with(registry, std::env::args_os()).into()
}
