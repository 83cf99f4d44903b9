//! Command lines, in a folder with a small experiment, its runs and a state.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Target, put, runs};
use crate::rng::Rng;

/// Right ones, a word a line; `out` is cleared away now and then.
const LINES: [&str; 20] = [
    "run tiny.toml --quiet --out out",
    "run tiny.toml --quiet --out out --seed 3 --json",
    "run tiny.toml --quiet --out out --seeds 0..2 --threads 2",
    "run tiny.toml --quiet --out out --set run.episodes=2 --set agent.reservoir.kind=static",
    "resume runs/tiny --quiet",
    "resume runs/tiny/seed-0",
    "eval runs/tiny/seed-0 --episodes 1 --json",
    "eval runs/tiny --episodes 1 --stochastic --seed 4",
    "simulate --steps 5 --quiet --set ne=20 --seed 2",
    "simulate --preset lazar2009 --steps 5 --quiet --json",
    "simulate --state state.npz --steps 5 --quiet",
    "simulate --steps 5 --probe TE:2 --bits --out out/x.npz --save-state out/s.npz",
    "compare runs/tiny runs/tiny --out out",
    "compare runs/tiny --markdown",
    "plot runs/tiny/seed-0 learning-curve",
    "report runs/tiny --out out/r.html",
    "envs CartPole-v1 --json",
    "envs tiny.toml --set run.seed=1",
    "check CartPole-v1 --seed 1",
    "doctor",
];

/// What may stand where another word stood: nothing in it is right and takes long.
const ODD: [&str; 36] = [
    "",
    "-",
    "--",
    "-1",
    "0",
    "1",
    "2",
    "3",
    "1e3",
    "0.5",
    "nan",
    "99999999999999999999999",
    "18446744073709551616",
    "--quiet",
    "--json",
    "--seed",
    "--seeds",
    "--set",
    "--help",
    "--version",
    "-q",
    "-h",
    "tiny.toml",
    "state.npz",
    "nope",
    "nope.toml",
    "runs",
    "runs/tiny",
    "runs/tiny/seed-0",
    ".",
    "=",
    "a=b",
    "run.episodes=0",
    "name=../x",
    "\u{fffd}\u{0}é",
    "TE:0",
];

pub(super) fn arguments(dir: &Path) -> Box<dyn Target> {
    let tiny = runs::experiment(dir);
    runs::sweep(dir);
    let network =
        sorn_lab::sorn_core::Network::new(&tiny.agent.reservoir.params, 1).unwrap_or_else(|e| panic!("{e}"));
    sorn_lab::save_network(&dir.join("state.npz"), &network).unwrap_or_else(|e| panic!("{e}"));
    put(&dir.join("nothing"), b"").unwrap_or_else(|e| panic!("{e}"));
    Box::new(Arguments { dir: dir.to_path_buf(), number: 0 })
}

struct Arguments {
    dir: PathBuf,
    number: u64,
}

impl Target for Arguments {
    fn seeds(&self) -> Vec<Vec<u8>> {
        LINES.iter().map(|line| line.split(' ').collect::<Vec<_>>().join("\n").into_bytes()).collect()
    }

    fn mutate(&self, from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        let split = |bytes: &[u8]| -> Vec<String> {
            String::from_utf8_lossy(bytes).split('\n').map(String::from).collect()
        };
        let mut words = split(from);
        let other = split(rng.pick::<Vec<u8>>(seeds));
        for _ in 0..rng.within(1, 3) {
            let at = rng.below(words.len() as u64) as usize;
            let odd = match rng.below(4) {
                0 => rng.pick(&other).clone(),
                _ => (*rng.pick(&ODD)).to_string(),
            };
            match rng.below(5) {
                0 if words.len() > 1 => drop(words.remove(at)),
                1 => words.insert(at, odd),
                2 => words.insert(at, words[at].clone()),
                _ => words[at] = odd,
            }
        }
        words.join("\n").into_bytes()
    }

    fn look(&mut self, input: &[u8]) -> Result<(), String> {
        let here = |e: std::io::Error| format!("the campaign itself: {}: {e}", self.dir.display());
        std::env::set_current_dir(&self.dir).map_err(here)?;
        if self.number.is_multiple_of(16) {
            let out = self.dir.join("out");
            let _ = fs::remove_dir_all(&out);
            fs::create_dir_all(&out).map_err(here)?;
        }
        self.number += 1;
        let words = String::from_utf8_lossy(input).into_owned();
        let args = std::iter::once("sorn").chain(words.split('\n')).map(OsString::from);
        // The exit code is one of the documented ones by its type; a panic or an abort is seen by who watches.
        let _ = sorn_cli::run(args);
        Ok(())
    }
}
