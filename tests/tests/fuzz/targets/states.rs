//! Saved states of networks, as safetensors and as NPZ.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sorn_lab::sorn_core::{Network, Params, State};
use sorn_lab::{SavedNetwork, load_initial, load_network, save_network};

use super::{Damaged, Mutate, Target, flip, named, runs};
use crate::mutate;
use crate::rng::Rng;

/// Networks of several kinds that have run for a while.
fn networks() -> Vec<Network> {
    let make = |change: &dyn Fn(&mut Params)| {
        let mut params = Params {
            ne: 14,
            nu: 3,
            lambda_ee: 4.0.into(),
            lambda_ei: 5.0.into(),
            eta_stdp: 0.05,
            ..Params::default()
        };
        change(&mut params);
        let mut network = Network::new(&params, 5).unwrap_or_else(|e| panic!("{e}"));
        for _ in 0..60 {
            network.step(&[0.5, 0.0, 1.0]).unwrap_or_else(|e| panic!("{e}"));
        }
        network
    };
    vec![
        make(&|_| ()),
        make(&|params| params.prune = false),
        make(&|params| params.precision = sorn_lab::sorn_core::Precision::Fast),
    ]
}

fn saved(dir: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (number, network) in networks().iter().enumerate() {
        for end in ["safetensors", "npz"] {
            let path = dir.join(format!("{number}.{end}"));
            save_network(&path, network).unwrap_or_else(|e| panic!("{e}"));
            all.push(runs::read(&path));
        }
    }
    all
}

/// A state that was accepted makes a network that steps, or is refused.
fn step(found: SavedNetwork) -> Result<(), String> {
    let network = match found {
        SavedNetwork::Whole(whole) => Network::from_state(&whole.0, whole.1),
        SavedNetwork::Upstream(state) => {
            let (ne, ni) = state.neurons();
            state.network(&Params { ne, ni: Some(ni), ..Params::default() }, 1)
        }
    };
    let Ok(mut network) = network else { return Ok(()) };
    let input = vec![0.5; network.params().input_len()];
    (0..3).try_for_each(|_| network.step(&input).map(drop)).map_err(|e| format!("a step: {e}"))
}

/// Only files as they were written are accepted.
fn as_written(dir: &Path, mutate: Mutate) -> Box<dyn Target> {
    let seeds = saved(dir);
    let known = seeds.clone();
    let look = Box::new(move |path: &Path| match load_network(path) {
        Err(error) => named(&error, path),
        Ok(found) if known.contains(&runs::read(path)) => step(found),
        Ok(_) => Err("accepted, and not as it was written".into()),
    });
    Box::new(Damaged { path: dir.join("input.state"), seeds, mutate, look })
}

pub(super) fn damaged(dir: &Path) -> Box<dyn Target> {
    as_written(dir, mutate::bytes)
}

pub(super) fn flipped(dir: &Path) -> Box<dyn Target> {
    as_written(dir, flip)
}

/// Files of version 1, which have no checksum.
pub(super) fn old(dir: &Path) -> Box<dyn Target> {
    let look = Box::new(|path: &Path| match load_network(path) {
        Err(error) => named(&error, path),
        Ok(found) => step(found),
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/sorn-lab/tests/old");
    let seeds = ["state.safetensors", "state.npz"].map(|name| runs::read(&folder.join(name))).to_vec();
    Box::new(Damaged { path: dir.join("input.state"), seeds, mutate: mutate::bytes, look })
}

/// The input is what a state holds, as JSON.
pub(super) fn forged(dir: &Path) -> Box<dyn Target> {
    let seeds = networks()
        .iter()
        .map(|network| json!({"params": network.params(), "state": network.state()}).to_string().into_bytes())
        .collect();
    Box::new(Forged { seeds, dir: dir.to_path_buf() })
}

struct Forged {
    seeds: Vec<Vec<u8>>,
    dir: PathBuf,
}

impl Target for Forged {
    fn seeds(&self) -> Vec<Vec<u8>> {
        self.seeds.clone()
    }

    fn mutate(&self, from: &[u8], _: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        let Ok(mut tree) = serde_json::from_slice::<Value>(from) else { return from.to_vec() };
        let part = if rng.one_in(4) { "params" } else { "state" };
        tree[part] = crate::json::mutate(&tree[part], rng);
        tree.to_string().into_bytes()
    }

    fn look(&mut self, input: &[u8]) -> Result<(), String> {
        let Ok(value) = serde_json::from_slice::<Value>(input) else { return Ok(()) };
        let read = |part: &str| value[part].clone();
        let (Ok(params), Ok(state)) = (
            serde_json::from_value::<Params>(read("params")),
            serde_json::from_value::<State>(read("state")),
        ) else {
            return Ok(());
        };
        let Ok(mut network) = Network::from_state(&params, state) else { return Ok(()) };
        let inputs = vec![0.5; network.params().input_len()];
        (0..3).try_for_each(|_| network.step(&inputs).map(drop)).map_err(|e| format!("a step: {e}"))?;
        let same = SavedNetwork::Whole(Box::new((network.params().clone(), network.state())));
        for name in ["again.safetensors", "again.npz"] {
            let path = self.dir.join(name);
            // What cannot be written whole is refused.
            if save_network(&path, &network).is_err() {
                continue;
            }
            match load_network(&path) {
                Ok(found) if found == same => {}
                Ok(_) => return Err(format!("{name}: saved and loaded it is another")),
                Err(error) => return Err(format!("{name}: saved, and refused: {error}")),
            }
        }
        Ok(())
    }
}

/// Arrays that a network begins with, in a safetensors file without a network's metadata.
fn arrays(named: &[(&str, &[usize])]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::<u8>::new());
    for (name, shape) in named {
        let begin = data.len();
        for at in 0..shape.iter().product::<usize>() {
            data.extend((if at % 3 == 1 { 0.25_f64 } else { 0.0 }).to_le_bytes());
        }
        let entry = json!({ "dtype": "F64", "shape": shape, "data_offsets": [begin, data.len()] });
        header.insert((*name).into(), entry);
    }
    let header = Value::Object(header).to_string().into_bytes();
    [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
}

pub(super) fn initial(dir: &Path) -> Box<dyn Target> {
    let mut seeds = vec![arrays(&[("Te", &[14]), ("Wee", &[14, 14])]), arrays(&[("Pools", &[3, 14])])];
    seeds.extend(saved(dir));
    let look = Box::new(|path: &Path| match load_initial(path) {
        Err(error) => named(&error, path),
        Ok(initial) => {
            let params =
                Params { ne: 14, nu: 3, lambda_ee: 4.0.into(), lambda_ei: 5.0.into(), ..Params::default() };
            let Ok(mut network) = Network::with_initial(&params, 1, &initial) else { return Ok(()) };
            let input = vec![0.5; network.params().input_len()];
            (0..3).try_for_each(|_| network.step(&input).map(drop)).map_err(|e| format!("a step: {e}"))
        }
    });
    Box::new(Damaged { path: dir.join("input.initial"), seeds, mutate: mutate::bytes, look })
}
