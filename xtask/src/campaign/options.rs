//! The arguments of `cargo xtask campaign`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::KINDS;

pub(crate) const USAGE: &str = "\
Usage: cargo xtask campaign [KIND]... [--minutes N] [--seed N] [--cases N | --case N] [--target NAME] [--jobs N] [--coverage] [--json FILE] [--markdown FILE]

  KIND             kill, faults, concurrent, fuzz, python, environments, soak, or all (the default)
  --minutes N      time for all kinds together [default: 10]
  --seed N         the same seed gives the same cases [default: 1]
  --cases N        as many cases of each kind, however long they take
  --case N         this case alone, as the table names it
  --target NAME    of fuzz and python: this target alone
  --jobs N         cases at once [default: one per processor]
  --coverage       let fuzz build with counters of coverage, by which it chooses what to mutate (a build of its own)
  --json FILE      write the table as JSON
  --markdown FILE  replace the table between the markers of a Markdown file
";

/// What is to be done.
pub(crate) struct Options {
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) minutes: f64,
    pub(crate) seed: u64,
    pub(crate) cases: Option<u64>,
    pub(crate) case: Option<u64>,
    pub(crate) target: Option<String>,
    pub(crate) jobs: usize,
    pub(crate) coverage: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(args: &[String]) -> Result<Options> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options = Options {
            kinds: Vec::new(),
            minutes: 10.0,
            seed: 1,
            cases: None,
            case: None,
            target: None,
            jobs,
            coverage: false,
            json: None,
            markdown: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (arg.as_str(), None),
            };
            if !name.starts_with("--") {
                match KINDS.iter().find(|kind| kind.name == name) {
                    Some(kind) => options.kinds.push(kind.name),
                    None if name == "all" => options.kinds.extend(KINDS.iter().map(|kind| kind.name)),
                    None => {
                        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                        bail!("unknown kind {name:?}; known are {} and all", known.join(", "));
                    }
                }
                continue;
            }
            let value = inline
                .or_else(|| args.next().cloned())
                .with_context(|| format!("{name}: expected a value"))?;
            let whole = || {
                value.parse::<u64>().with_context(|| format!("{name}: expected an integer, found {value:?}"))
            };
            match name {
                "--minutes" => match value.parse::<f64>() {
                    Ok(minutes) if minutes > 0.0 && minutes.is_finite() => options.minutes = minutes,
                    _ => bail!("--minutes: expected a number above 0, found {value:?}"),
                },
                "--seed" => options.seed = whole()?,
                "--cases" => options.cases = Some(whole()?),
                "--case" => options.case = Some(whole()?),
                "--target" => options.target = Some(value),
                "--jobs" => options.jobs = usize::try_from(whole()?.clamp(1, 64))?,
                "--json" => options.json = Some(value.into()),
                "--markdown" => options.markdown = Some(value.into()),
                _ => bail!("unknown argument {name:?}\n\n{USAGE}"),
            }
        }
        if options.kinds.is_empty() {
            options.kinds.extend(KINDS.iter().map(|kind| kind.name));
        }
        if options.case.is_some() && options.kinds.len() != 1 {
            bail!("--case: expected one kind beside it, found {}", options.kinds.len());
        }
        Ok(options)
    }

    /// The command line that does the same again.
    pub(crate) fn command(&self) -> String {
        let mut text = "cargo xtask campaign".to_string();
        if self.kinds.len() < KINDS.len() {
            text.extend(self.kinds.iter().flat_map(|kind| [" ", kind]));
        }
        if let Some(target) = &self.target {
            text += &format!(" --target {target}");
        }
        match self.cases {
            Some(cases) => text += &format!(" --cases {cases}"),
            None => text += &format!(" --minutes {}", self.minutes),
        }
        text + &format!(" --seed {}", self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_are_read() {
        let options = parse("kill --minutes 0.5 --seed=7").unwrap();
        assert_eq!((options.kinds.as_slice(), options.minutes, options.seed), (&["kill"][..], 0.5, 7));
        assert_eq!(options.command(), "cargo xtask campaign kill --minutes 0.5 --seed 7");
        let line = "python --target calls --cases 9 --seed 7";
        assert_eq!(parse(line).unwrap().command(), format!("cargo xtask campaign {line}"));
        assert_eq!(parse("").unwrap().kinds.len(), KINDS.len());
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (line, said) in [
            ("kills", "kills"),
            ("--minutes 0", "above 0"),
            ("--seed x", "--seed"),
            ("--fast 1", "--fast"),
            ("--seed", "expected a value"),
            ("all --case 3", "one kind"),
        ] {
            let error = parse(line).err().expect(line).to_string();
            assert!(error.contains(said), "{line:?} gave {error:?}");
        }
    }
}
