//! What is fuzzed: an input, made from a seed, is read, and what was read is used.

mod agents;
mod arguments;
mod arrays;
mod checkpoints;
mod experiments;
mod records;
mod runs;
mod states;

use std::fs;
use std::path::{Path, PathBuf};

use crate::mutate;
use crate::rng::Rng;

/// One reader.
pub(crate) trait Target {
    /// Inputs that are right, to begin from.
    fn seeds(&self) -> Vec<Vec<u8>>;
    /// An input from one of them.
    fn mutate(&self, from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8>;
    /// Reads the input; an error says which promise did not hold.
    fn look(&mut self, input: &[u8]) -> Result<(), String>;
}

/// A reader by its name.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) promise: &'static str,
    /// Made with a folder of its own.
    pub(crate) make: fn(&Path) -> Box<dyn Target>,
}

pub(crate) const ALL: &[Named] = &[
    Named {
        name: "experiment",
        promise: "an experiment file is read to what is written again, or refused by its name",
        make: experiments::file,
    },
    Named {
        name: "override",
        promise: "an override is taken, or refused by its name",
        make: experiments::set,
    },
    Named {
        name: "parameters",
        promise: "a file of parameters makes a network that steps, or is refused by its name",
        make: experiments::parameters,
    },
    Named {
        name: "checkpoint",
        promise: "a damaged checkpoint is refused by its name",
        make: checkpoints::damaged,
    },
    Named {
        name: "checkpoint-flip",
        promise: "a flipped bit in a checkpoint is refused, or means the same",
        make: checkpoints::flipped,
    },
    Named {
        name: "checkpoint-forged",
        promise: "a forged checkpoint makes an agent that acts, or is refused",
        make: checkpoints::forged,
    },
    Named {
        name: "state",
        promise: "a damaged state (safetensors, npz) is refused by its name",
        make: states::damaged,
    },
    Named {
        name: "state-old",
        promise: "a damaged state of a version without checksums makes a network that steps, or is refused by its name",
        make: states::old,
    },
    Named {
        name: "state-flip",
        promise: "a flipped bit in a state is refused by its name",
        make: states::flipped,
    },
    Named {
        name: "state-forged",
        promise: "a forged state makes a network that steps and is saved, or is refused",
        make: states::forged,
    },
    Named { name: "agent", promise: "a damaged agent's file is refused by its name", make: agents::damaged },
    Named {
        name: "agent-flip",
        promise: "a flipped bit in an agent's file is refused, or means the same",
        make: agents::flipped,
    },
    Named {
        name: "metrics",
        promise: "damaged metrics.jsonl is read up to the damage, or refused by its name",
        make: records::metrics,
    },
    Named {
        name: "metrics-flip",
        promise: "a flipped bit in metrics.jsonl is refused by its name",
        make: records::metrics_flipped,
    },
    Named {
        name: "metrics-old",
        promise: "metrics.jsonl of a version without checksums is read, or refused by its name",
        make: records::metrics_old,
    },
    Named {
        name: "summary",
        promise: "a damaged summary.json is refused by its name",
        make: records::summary,
    },
    Named {
        name: "aggregate",
        promise: "a damaged aggregate.json is compared, or refused by its name",
        make: records::aggregate,
    },
    Named { name: "sweep", promise: "a damaged seeds.json is refused by its name", make: records::sweep },
    Named {
        name: "input",
        promise: "an array of inputs (.npy) is read, or refused by its name",
        make: arrays::npy,
    },
    Named {
        name: "initial",
        promise: "a file of arrays to begin with makes a network that steps, or is refused by its name",
        make: states::initial,
    },
    Named {
        name: "series",
        promise: "a table of numbers for a series (.csv) is read, or refused by its name",
        make: arrays::table,
    },
    Named {
        name: "arguments",
        promise: "odd command lines are done, or refused with exit code 1 or 2",
        make: arguments::arguments,
    },
];

/// Writes the input where it is to be read.
fn put(path: &Path, input: &[u8]) -> Result<(), String> {
    // A new file: some file systems hand one that is written over to the disk at once.
    let _ = fs::remove_file(path);
    fs::write(path, input).map_err(|e| format!("the campaign itself: {}: {e}", path.display()))
}

/// A refusal must name the file (by the last part of its path) and say more than that.
fn named(error: &impl ToString, path: &Path) -> Result<(), String> {
    let (text, name) =
        (error.to_string(), path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    if text.contains(&name) && text.len() > name.len() + 4 {
        Ok(())
    } else {
        Err(format!("the refusal does not name {name}: {text:?}"))
    }
}

/// Mutations of text that is no JSON.
fn text(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    match rng.below(6) {
        0 => mutate::bytes(from, seeds, rng),
        1 | 2 => mutate::lines(from, seeds, rng),
        3 => mutate::words(&mutate::words(from, rng), rng),
        _ => mutate::words(from, rng),
    }
}

/// Mutations of text that is JSON, mostly as a tree.
fn json(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    match serde_json::from_slice(from) {
        Ok(tree) if !rng.one_in(5) => crate::json::mutate(&tree, rng).to_string().into_bytes(),
        _ => text(from, seeds, rng),
    }
}

/// Makes an input from a seed, which may borrow from others.
type Mutate = fn(&[u8], &[Vec<u8>], &mut Rng) -> Vec<u8>;
/// Reads the file and says which promise did not hold.
type Look = Box<dyn FnMut(&Path) -> Result<(), String>>;

/// A file whose damage is looked at.
struct Damaged {
    path: PathBuf,
    seeds: Vec<Vec<u8>>,
    mutate: Mutate,
    look: Look,
}

impl Target for Damaged {
    fn seeds(&self) -> Vec<Vec<u8>> {
        self.seeds.clone()
    }

    fn mutate(&self, from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        (self.mutate)(from, seeds, rng)
    }

    fn look(&mut self, input: &[u8]) -> Result<(), String> {
        put(&self.path, input)?;
        (self.look)(&self.path)
    }
}

/// What [`Damaged::mutate`] is where one bit is flipped.
fn flip(from: &[u8], _: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    mutate::flip(from, rng)
}
