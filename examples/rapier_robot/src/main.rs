//! The whole command with the robot: `cargo run --release -- run balance.toml`.

fn main() -> std::process::ExitCode {
    let registry = sorn_cli::Registry::new().env(rapier_robot::entry());
    sorn_cli::run_with(registry, std::env::args_os()).into()
}
