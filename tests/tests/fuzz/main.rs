//! Structure-aware mutations of everything that is read: files, overrides, command lines.
//!
//! `cargo xtask campaign fuzz` builds this program, starts it once per target, watches it and starts it again behind a case
//! that ended it or hung. Without arguments it tries the corpus and some thousand cases of every target, as a test.
//!
//! The inputs come from mutators of our own: proptest and bolero (without a nightly compiler) choose at random as well, but know
//! nothing of the structure of these files, and a case must be repeatable by its number alone. Where the program is built with
//! counters of coverage (`cargo xtask campaign fuzz --coverage`), an input that reaches new code becomes a seed itself.

mod coverage;
mod json;
mod mutate;
#[path = "../../../xtask/src/campaign/rng.rs"]
#[allow(dead_code, unused_imports)]
mod rng;
mod targets;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    if arguments.iter().any(|argument| argument == "--list") {
        targets::ALL.iter().for_each(|target| println!("{}\t{}", target.name, target.promise));
        return ExitCode::SUCCESS;
    }
    match value("--target") {
        Some(target) => worker::work(&worker::Task {
            target,
            seed: number("--seed").unwrap_or(1),
            from: number("--from").unwrap_or(0),
            until: number("--until").unwrap_or(u64::MAX),
            seconds: number("--seconds").unwrap_or(u64::MAX),
            dir: value("--dir").map_or_else(|| PathBuf::from("."), PathBuf::from),
        }),
        None => worker::test(),
    }
}
