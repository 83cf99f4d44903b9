//! The robot's process: `cargo run --release --bin simulator`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use zenoh_robot::link::{self, ENDPOINT};
use zenoh_robot::simulator::{Service, serve};

/// Simulates the rover and does what an agent says, until it is ended.
#[derive(Parser)]
struct Arguments {
    /// Where to wait for an agent.
    #[arg(long, default_value = ENDPOINT)]
    listen: String,
    /// Seconds without a command after which the motors are switched off.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    watchdog: f64,
    /// Probability that a message is lost.
    #[arg(long, default_value_t = 0.0, value_parser = probability)]
    loss: f64,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=3600.0).contains(seconds));
    seconds.ok_or_else(|| format!("expected 0.01 to 3600 seconds, found {text}"))
}

fn probability(text: &str) -> Result<f64, String> {
    let probability = text.parse().ok().filter(|probability| (0.0..1.0).contains(probability));
    probability.ok_or_else(|| format!("expected 0 to below 1, found {text}"))
}

fn main() -> ExitCode {
    let Arguments { listen, watchdog, loss } = Arguments::parse();
    let service = Service { watchdog: Duration::from_secs_f64(watchdog), loss };
    let session = match link::listen(&listen) {
        Ok(session) => session,
        Err(error) => {
            eprintln!(
                "error: listen: expected an endpoint that is free, such as {ENDPOINT}, found {listen}: {error}"
            );
            return ExitCode::from(2);
        }
    };
    eprintln!("waiting for an agent at {listen}; Ctrl-C ends this");
    match serve(&session, service, &mut |what| eprintln!("{what}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
