//! Checkpoints: damaged, with one flipped bit, and forged with a right checksum.

use std::path::Path;

use serde_json::{Value, json};
use sorn_lab::sorn_env::Env as _;
use sorn_lab::{Checkpoint, Experiment};

use super::{Damaged, Mutate, Target, flip, named, put, runs};
use crate::mutate;
use crate::rng::Rng;

fn seeds(dir: &Path) -> (Experiment, Vec<u8>) {
    let (experiment, run) = runs::run(dir);
    (experiment, runs::read(&runs::checkpoint(&run)))
}

pub(super) fn damaged(dir: &Path) -> Box<dyn Target> {
    with(dir, mutate::bytes)
}

pub(super) fn flipped(dir: &Path) -> Box<dyn Target> {
    with(dir, flip)
}

fn with(dir: &Path, mutate: Mutate) -> Box<dyn Target> {
    let (experiment, bytes) = seeds(dir);
    let path = dir.join("episode-000006.safetensors");
    put(&path, &bytes).unwrap_or_else(|e| panic!("{e}"));
    let right = Checkpoint::load(&path, &experiment).unwrap_or_else(|e| panic!("{e}"));
    let look = Box::new(move |path: &Path| match Checkpoint::load(path, &experiment) {
        Err(error) => named(&error, path),
        Ok(found) if found == right => Ok(()),
        Ok(_) => Err("accepted, and another than was saved".into()),
    });
    Box::new(Damaged { path, seeds: vec![bytes], mutate, look })
}

/// The input is what a checkpoint holds, as JSON; it is saved with the checksum that belongs to it.
pub(super) fn forged(dir: &Path) -> Box<dyn Target> {
    let (experiment, run) = runs::run(dir);
    let whole = Checkpoint::load(&runs::checkpoint(&run), &experiment).unwrap_or_else(|e| panic!("{e}"));
    let arrays: serde_json::Map<String, Value> = whole
        .agent
        .arrays
        .iter()
        .map(|(name, array)| {
            let values: Vec<f64> = array.iter().copied().collect();
            (name.clone(), json!({"shape": array.shape(), "values": values}))
        })
        .collect();
    let memory = serde_json::to_value(&whole.memory).unwrap_or_default();
    let seed = json!({"episodes": whole.episodes, "env_steps": whole.env_steps, "meta": whole.agent.meta, "memory": memory, "arrays": arrays});
    Box::new(Forged { experiment, dir: dir.join("forged"), seed: seed.to_string().into_bytes(), whole })
}

struct Forged {
    experiment: Experiment,
    dir: std::path::PathBuf,
    seed: Vec<u8>,
    whole: Checkpoint,
}

impl Forged {
    /// The checkpoint that the input describes, or nothing if it describes none.
    fn checkpoint(&self, input: &[u8]) -> Option<Checkpoint> {
        let value: Value = serde_json::from_slice(input).ok()?;
        let mut found = self.whole.clone();
        found.episodes = value["episodes"].as_u64()?;
        found.env_steps = value["env_steps"].as_u64()?;
        found.memory = serde_json::from_value(value["memory"].clone()).ok()?;
        found.agent.meta = value["meta"].clone();
        found.agent.arrays.clear();
        for (name, array) in value["arrays"].as_object()? {
            let shape: Vec<usize> = serde_json::from_value(array["shape"].clone()).ok()?;
            let values: Vec<f64> = serde_json::from_value(array["values"].clone()).ok()?;
            if shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size))? != values.len() {
                return None;
            }
            found.agent.arrays.insert(name.clone(), ndarray::ArrayD::from_shape_vec(shape, values).ok()?);
        }
        Some(found)
    }
}

impl Target for Forged {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![self.seed.clone()]
    }

    fn mutate(&self, from: &[u8], _: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        let Ok(mut tree) = serde_json::from_slice::<Value>(from) else { return from.to_vec() };
        // One part at a time, so that the many arrays do not hide the rest.
        let part = *rng.pick(&["meta", "meta", "memory", "arrays", "arrays", "episodes", "env_steps"]);
        let changed = match tree[part].as_object_mut() {
            Some(arrays) if part == "arrays" && !arrays.is_empty() && !rng.one_in(8) => {
                let names: Vec<String> = arrays.keys().cloned().collect();
                let array = &mut arrays[rng.pick(&names)];
                array["values"] = crate::json::mutate(&array["values"], rng);
                if rng.one_in(2) {
                    array["shape"] = json!([array["values"].as_array().map_or(0, Vec::len)]);
                }
                return tree.to_string().into_bytes();
            }
            _ => crate::json::mutate(&tree[part], rng),
        };
        tree[part] = changed;
        tree.to_string().into_bytes()
    }

    fn look(&mut self, input: &[u8]) -> Result<(), String> {
        let Some(checkpoint) = self.checkpoint(input) else { return Ok(()) };
        let _ = std::fs::remove_dir_all(&self.dir);
        // What is not finite is not saved.
        let Ok(path) = checkpoint.save(&self.dir, &self.experiment, true) else { return Ok(()) };
        let loaded = match Checkpoint::load(&path, &self.experiment) {
            Ok(loaded) => loaded,
            Err(error) => return named(&error, &path),
        };
        let (mut env, _) = self.experiment.make_env("tiny.toml").map_err(|e| e.to_string())?;
        if let Err(error) = loaded.remind(&mut env, &path) {
            return named(&error, &path);
        }
        let mut agent = match loaded.agent(&self.experiment, &env, &path) {
            Ok(agent) => agent,
            Err(error) => return named(&error, &path),
        };
        let (observation, _) = env.reset(Some(3), None).map_err(|e| e.to_string())?;
        let mut action = agent.begin(&observation).map_err(|e| e.to_string());
        for _ in 0..4 {
            // What a forged agent cannot do it must say.
            let Ok(chosen) = action else { return Ok(()) };
            let step = env.step(&chosen).map_err(|e| e.to_string())?;
            if agent.observe(step.reward, step.terminated, step.truncated, &step.obs).is_err() || step.done()
            {
                break;
            }
            action = agent.act().map_err(|e| e.to_string());
        }
        Ok(())
    }
}
