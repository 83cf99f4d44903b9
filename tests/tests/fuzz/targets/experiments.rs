//! Experiment files, overrides, files of parameters.

use std::path::{Path, PathBuf};

use sorn_lab::sorn_core::{Network, Params};
use sorn_lab::{Experiment, load_params};

use super::{Damaged, Target, named, put, runs, text};
use crate::mutate;
use crate::rng::Rng;

/// Experiments with everything that a file can say.
const FULL: &str = include_str!("../../../fuzz/full.toml");

pub(super) fn file(dir: &Path) -> Box<dyn Target> {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let mut seeds = vec![FULL.as_bytes().to_vec(), runs::TINY.as_bytes().to_vec()];
    for name in ["mountain-car-continuous", "pendulum-static", "cartpole-masked-activity", "acrobot-random"] {
        seeds.push(runs::read(&experiments.join(format!("{name}.toml"))));
    }
    let mut number = 0_u64;
    let again = dir.join("again.toml");
    let look = Box::new(move |path: &Path| {
        // What is slow, building environment and agent, is done for a part of them.
        number += 1;
        let read = match Experiment::read(path, &[]) {
            Ok(read) if number.is_multiple_of(8) && small(&read.agent.reservoir.params) => {
                Experiment::load(path, &[])
            }
            read => read,
        };
        match read {
            Err(error) => named(&error, path),
            Ok(experiment) => {
                put(&again, experiment.to_toml().as_bytes())?;
                match Experiment::read(&again, &[]) {
                    // As text: a number that is none differs from itself.
                    Ok(same) if same.to_toml() == experiment.to_toml() => Ok(()),
                    Ok(_) => Err("read, written and read again it is another experiment".into()),
                    Err(error) => Err(format!("read and written, it is refused: {error}")),
                }
            }
        }
    });
    Box::new(Damaged { path: dir.join("input.toml"), seeds, mutate: text, look })
}

/// A large network is no mistake, but takes its time.
fn small(params: &Params) -> bool {
    params.ne <= 2000 && params.nu <= 2000 && params.ni.is_none_or(|ni| ni <= 2000)
}

pub(super) fn set(dir: &Path) -> Box<dyn Target> {
    let path = dir.join("base.toml");
    put(&path, FULL.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    Box::new(Override { path })
}

struct Override {
    path: PathBuf,
}

impl Target for Override {
    fn seeds(&self) -> Vec<Vec<u8>> {
        [
            "run.seed=7",
            "agent.reservoir.params.ne=150",
            "agent.learner={ kind = \"actor_critic\", actor_step = 0.0 }",
            "record.probes=[\"TE:100\", \"WEE\"]",
            "env.wrappers=[{ kind = \"frame_skip\", steps = 2 }]",
            "env.kwargs.max_episode_steps=20",
            "agent.encoder.scale=[1.0, 1.0, 0.1, 1.0]",
            "run.threshold=450.0",
            "name=other",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into()
    }

    fn mutate(&self, from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        match rng.below(3) {
            0 => mutate::bytes(from, seeds, rng),
            _ => mutate::words(from, rng),
        }
    }

    fn look(&mut self, input: &[u8]) -> Result<(), String> {
        let set = String::from_utf8_lossy(input).into_owned();
        match Experiment::read(&self.path, std::slice::from_ref(&set)) {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().contains("--set") || error.to_string().contains("base.toml") => {
                Ok(())
            }
            Err(error) => Err(format!("the refusal names neither the override nor the file: {error}")),
        }
    }
}

pub(super) fn parameters(dir: &Path) -> Box<dyn Target> {
    let seeds = ["upstream", "lazar2009", "counting", "zheng2013", "hartmann2015", "delpapa2017"]
        .iter()
        .map(|preset| {
            format!(
                "preset = \"{preset}\"\nne = 40\neta_stdp = 0.01\nlambda_ee = 5.0\nh_ip = 0.1\nprune = true\n"
            )
        })
        .map(String::into_bytes)
        .collect();
    let look = Box::new(|path: &Path| match load_params(Some(path), &Params::default(), "parameters", &[]) {
        Err(error) => named(&error, path),
        Ok(params) if !small(&params) => Ok(()),
        Ok(params) => match Network::new(&params, 1) {
            // Parameters that do not go together are refused with their name, which the command puts behind the file's.
            Err(error) => {
                if error.to_string().len() > 10 {
                    Ok(())
                } else {
                    Err(format!("refused: {error}"))
                }
            }
            Ok(mut network) => {
                let input = vec![0.5; network.params().input_len()];
                (0..3).try_for_each(|_| network.step(&input).map(drop)).map_err(|e| format!("a step: {e}"))
            }
        },
    });
    Box::new(Damaged { path: dir.join("parameters.toml"), seeds, mutate: text, look })
}
