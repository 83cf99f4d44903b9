//! The `sorn` command.

fn main() -> std::process::ExitCode {
    sorn_cli::run(std::env::args_os()).into()
}
