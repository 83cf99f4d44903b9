//! `cargo xtask test`: everything that must pass, from a bare checkout. `cargo xtask campaign`: what keeps looking for faults.
//! `cargo xtask site`: the documentation. `cargo xtask perf`: instruction counts against a table. `cargo xtask release`: what has to hold
//! before a version is published.

mod campaign;
mod examples;
mod graph;
mod machines;
mod perf;
mod python;
mod release;
mod runner;
mod signals;
mod site;
mod steps;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask test [--only NAME]... [--keep-going]
       cargo xtask test --list

  --only NAME    run this step alone (may be given several times), and what it needs
  --keep-going   run the remaining steps after a failure
  --list         name the steps
";

struct Options {
    only: Vec<String>,
    keep_going: bool,
    list: bool,
}

fn parse(args: &[String]) -> Result<Options> {
    let mut options = Options { only: Vec::new(), keep_going: false, list: false };
    let mut args = args.iter().map(String::as_str);
    match args.next() {
        Some("test") => {}
        Some(other) => {
            bail!(
                "unknown command {other:?}; known are \"test\", \"campaign\", \"site\", \"perf\" and \"release\"\n\n{USAGE}"
            )
        }
        None => bail!("no command given\n\n{USAGE}"),
    }
    while let Some(arg) = args.next() {
        match arg {
            "--keep-going" => options.keep_going = true,
            "--list" => options.list = true,
            "--only" => match args.next() {
                Some(name) => options.only.push(name.to_owned()),
                None => bail!("--only wants the name of a step; --list shows them"),
            },
            other => match other.strip_prefix("--only=") {
                Some(name) => options.only.push(name.to_owned()),
                None => bail!("unknown argument {other:?}\n\n{USAGE}"),
            },
        }
    }
    for name in &options.only {
        if !steps::STEPS.iter().any(|s| s.name == name) {
            let known: Vec<_> = steps::STEPS.iter().map(|s| s.name).collect();
            bail!("unknown step {name:?}; known are {}", known.join(", "));
        }
    }
    Ok(options)
}

fn run(args: &[String]) -> Result<bool> {
    if args.iter().any(|a| a == "--help" || a == "-h") {
        print!("{USAGE}\n{}\n{}\n{}\n{}", campaign::USAGE, site::USAGE, perf::USAGE, release::USAGE);
        return Ok(true);
    }
    signals::hear()?;
    if args.first().is_some_and(|first| first == "campaign") {
        return campaign::run(&campaign::Options::parse(&args[1..])?);
    }
    if args.first().is_some_and(|first| first == "site") {
        return site::run(&workspace::Workspace::load()?, &args[1..]);
    }
    if args.first().is_some_and(|first| first == "release") {
        return release::run(&workspace::Workspace::load()?, &args[1..]);
    }
    if args.first().is_some_and(|first| first == "perf") {
        return perf::run(&args[1..]);
    }
    let options = parse(args)?;
    if options.list {
        for step in steps::STEPS {
            println!("{:<14}{}", step.name, step.about);
        }
        return Ok(true);
    }
    runner::run(&options.only, options.keep_going)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read() {
        let options = parse(&words("test --only fmt --only=clippy --keep-going")).unwrap();
        assert_eq!(options.only, ["fmt", "clippy"]);
        assert!(options.keep_going && !options.list);
    }

    #[test]
    fn wrong_options_are_named() {
        for (line, said) in [
            ("", "no command"),
            ("build", "\"build\""),
            ("test --fast", "\"--fast\""),
            ("test --only", "--list"),
            ("test --only nothing", "\"nothing\""),
        ] {
            let error = parse(&words(line)).err().expect(line).to_string();
            assert!(error.contains(said), "{line:?} gave {error:?}");
        }
    }
}
