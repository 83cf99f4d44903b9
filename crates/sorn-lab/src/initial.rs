//! `run.initial`: weights, thresholds, target rates and pools of one's own, which networks begin with in place of what they would draw.
//!
//! A run keeps a copy of the file beside its `config.toml` and reads no other, so that it goes on to the same bits whatever becomes of
//! the file.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Ix2, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors};
use sorn_agents::AgentError;
use sorn_core::{Error, Initial, StateError, Synapses};
use zip::ZipArchive;

use crate::files::{read_bytes, write_whole};
use crate::simulation::is_zip;
use crate::{LabError, SavedNetwork, load_network, npy};

/// Arrays, by the names that they have in a state of Python's.
const NAMES: [&str; 7] = ["Wee", "Wei", "Wie", "Te", "Ti", "H_ip", "Pools"];
/// Activity, which a state holds as well: networks begin as ever.
const ACTIVITY: [&str; 2] = ["X", "Y"];
const KEY: &str = "run.initial";

/// Reads arrays to begin with: a network saved whole, or an NPZ or safetensors file of some of `Wee` (ne, ne), `Wei` (ni, ne),
/// `Wie` (ne, ni), `Te` (ne), `Ti` (ni), `H_ip` (ne) and `Pools` (nu, ne). In matrices of weights, `[pre, post]`, 0 is no synapse; in
/// `Pools` a 1 says that the neuron receives the input.
///
/// # Errors
/// [`LabError`] naming the file and the array, what was expected and what was found.
pub fn load_initial(path: &Path) -> Result<Initial, LabError> {
    let bytes = read_bytes(path)?;
    let arrays = if is_zip(&bytes) { from_npz(bytes) } else { from_safetensors(&bytes) };
    match arrays.map_err(|reason| LabError::damaged(path, reason))? {
        Some(arrays) => initial(arrays).map_err(|reason| LabError::damaged(path, reason)),
        None => match load_network(path)? {
            SavedNetwork::Whole(whole) => {
                let state = whole.1;
                Ok(Initial {
                    wee: Some(state.wee),
                    wei: Some(state.wei),
                    wie: Some(state.wie),
                    te: Some(state.te),
                    ti: Some(state.ti),
                    h_ip: Some(state.h_ip),
                    pools: (!state.pools.is_empty()).then_some(state.pools),
                })
            }
            SavedNetwork::Upstream(_) => unreachable!("arrays alone are read above"),
        },
    }
}

/// The arrays of a file; none if it is a whole network.
type Arrays = Option<BTreeMap<String, ArrayD<f64>>>;

fn from_npz(bytes: Vec<u8>) -> Result<Arrays, String> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("not a whole NPZ file: {e}"))?;
    let mut arrays = BTreeMap::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|e| format!("not a whole NPZ file: {e}"))?;
        let name = entry.name().map_err(|e| format!("not a whole NPZ file: {e}"))?;
        let name = name.trim_end_matches(".npy").to_string();
        if name == crate::simulation::ENTRY {
            return Ok(None);
        }
        known(&name)?;
        if !ACTIVITY.contains(&name.as_str()) {
            let array = npy::read_from(entry).map_err(|reason| format!("{name}: {reason}"))?;
            arrays.insert(name, array);
        }
    }
    Ok(Some(arrays))
}

fn from_safetensors(bytes: &[u8]) -> Result<Arrays, String> {
    let whole = |e| format!("neither a whole safetensors file nor an NPZ file: {e}");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(whole)?;
    if header.metadata().as_ref().is_some_and(|meta| meta.contains_key(crate::simulation::ENTRY)) {
        return Ok(None);
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(whole)?;
    let mut arrays = BTreeMap::new();
    for (name, tensor) in tensors.tensors() {
        known(&name)?;
        if ACTIVITY.contains(&name.as_str()) {
            continue;
        }
        macro_rules! all {
            ($type:ty) => {
                tensor
                    .data()
                    .chunks_exact(size_of::<$type>())
                    .map(|b| <$type>::from_le_bytes(b.try_into().unwrap_or_default()) as f64)
                    .collect()
            };
        }
        let numbers: Vec<f64> = match tensor.dtype() {
            Dtype::F64 => all!(f64),
            Dtype::F32 => all!(f32),
            Dtype::I64 => all!(i64),
            Dtype::I32 => all!(i32),
            Dtype::U8 | Dtype::BOOL => all!(u8),
            other => return Err(format!("{name}: expected F64, F32, I64, I32, U8 or BOOL, found {other:?}")),
        };
        let array = ArrayD::from_shape_vec(IxDyn(tensor.shape()), numbers);
        arrays.insert(name, array.map_err(|e| e.to_string())?);
    }
    Ok(Some(arrays))
}

fn known(name: &str) -> Result<(), String> {
    match NAMES.contains(&name) || ACTIVITY.contains(&name) {
        true => Ok(()),
        false => Err(format!("expected arrays among {}, found {name:?}", NAMES.join(", "))),
    }
}

fn initial(mut arrays: BTreeMap<String, ArrayD<f64>>) -> Result<Initial, String> {
    let initial = Initial {
        wee: weights(&mut arrays, "Wee")?,
        wei: weights(&mut arrays, "Wei")?,
        wie: weights(&mut arrays, "Wie")?,
        te: vector(&mut arrays, "Te")?,
        ti: vector(&mut arrays, "Ti")?,
        h_ip: vector(&mut arrays, "H_ip")?,
        pools: pools(&mut arrays)?,
    };
    match initial.is_empty() {
        true => Err(format!("expected some of {}, found none", NAMES.join(", "))),
        false => Ok(initial),
    }
}

fn matrix(array: ArrayD<f64>, name: &str) -> Result<ndarray::Array2<f64>, String> {
    let shape = array.shape().to_vec();
    array
        .into_dimensionality::<Ix2>()
        .map_err(|_| format!("{name}: expected two dimensions, found shape {shape:?}"))
}

fn weights(arrays: &mut BTreeMap<String, ArrayD<f64>>, name: &str) -> Result<Option<Synapses>, String> {
    let dense = arrays.remove(name).map(|array| matrix(array, name)).transpose()?;
    Ok(dense.map(|dense| Synapses::from_dense(&dense)))
}

/// A vector, or the matrix of one column that upstream makes of it.
fn vector(arrays: &mut BTreeMap<String, ArrayD<f64>>, name: &str) -> Result<Option<Vec<f64>>, String> {
    let Some(array) = arrays.remove(name) else { return Ok(None) };
    match array.shape() {
        [_] | [_, 1] => Ok(Some(array.into_iter().collect())),
        shape => Err(format!("{name}: expected one dimension, or one column, found shape {shape:?}")),
    }
}

fn pools(arrays: &mut BTreeMap<String, ArrayD<f64>>) -> Result<Option<Vec<Vec<u32>>>, String> {
    let Some(array) = arrays.remove("Pools") else { return Ok(None) };
    let dense = matrix(array, "Pools")?;
    if let Some(found) = dense.iter().find(|value| **value != 0.0 && **value != 1.0) {
        return Err(format!("Pools: expected 0 and 1, found {found}"));
    }
    let pool = |row: ndarray::ArrayView1<'_, f64>| {
        let members = row.into_iter().enumerate().filter(|(_, value)| **value == 1.0);
        members.map(|(neuron, _)| neuron as u32).collect()
    };
    Ok(Some(dense.rows().into_iter().map(pool).collect()))
}

/// The refusal of arrays of `path` that do not fit, of the experiment `origin`.
pub(crate) fn refused(origin: &str, path: &Path, error: &Error) -> LabError {
    let Error::State(StateError { array, found, allowed }) = error else {
        return LabError::Config {
            origin: origin.into(),
            reason: format!("{KEY}: {}: {error}", path.display()),
        };
    };
    // In a state of Rust's they are written small.
    let name = NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(array)).unwrap_or(array);
    let reason = format!("{KEY}: {}: {name}: expected {allowed}, found {found}", path.display());
    LabError::Config { origin: origin.into(), reason }
}

/// Gives the agent of the experiment `origin` what `path` holds.
pub(crate) fn begin_agent(agent: &mut sorn_agents::Agent, path: &Path, origin: &str) -> Result<(), LabError> {
    agent.begin_with(&read(path, origin)?).map_err(|source| match source {
        AgentError::Initial(error) => refused(origin, path, &error.into()),
        AgentError::Mismatch(reason) => LabError::Config {
            origin: origin.into(),
            reason: format!("{KEY}: {}: agent.{reason}", path.display()),
        },
        source => LabError::Agent { origin: origin.into(), source },
    })
}

/// What `path` holds, refused by its key in the experiment `origin`.
pub(crate) fn read(path: &Path, origin: &str) -> Result<Initial, LabError> {
    load_initial(path)
        .map_err(|error| LabError::Config { origin: origin.into(), reason: format!("{KEY}: {error}") })
}

/// The copy that the run in `dir` keeps.
pub(crate) fn kept(dir: &Path, file: &Path) -> PathBuf {
    let npz = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("npz"));
    dir.join(if npz { NPZ } else { SAFETENSORS })
}

/// Names of the copy.
pub(crate) const NPZ: &str = "initial.npz";
pub(crate) const SAFETENSORS: &str = "initial.safetensors";

/// Copies `file` to where the run in `dir` keeps it.
pub(crate) fn keep(dir: &Path, file: &Path) -> Result<(), LabError> {
    write_whole(&kept(dir, file), &read_bytes(file)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ndarray::Array2;
    use safetensors::tensor::TensorView;
    use zip::ZipWriter;

    use super::*;
    use crate::Experiment;
    use crate::simulation::add;

    fn npz(path: &Path, arrays: &[(&str, &[u64], Vec<f64>)]) {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, shape, numbers) in arrays {
            let bytes = npy::f64_array(shape, numbers.iter().copied());
            add(&mut zip, name, bytes.len() as u64, &mut bytes.as_slice()).unwrap();
        }
        fs::write(path, zip.finish().unwrap().into_inner()).unwrap();
    }

    fn ring(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(pre, post)| f64::from(u8::from((pre + 1) % n == post)))
    }

    #[test]
    fn arrays_are_read_from_both_kinds_of_file() {
        let dir = tempfile::tempdir().unwrap();
        let one = dir.path().join("a.npz");
        let pools = vec![0.0, 1.0, 1.0, 0.0, 0.0, 1.0];
        let numbers: Vec<f64> = ring(3).into_iter().collect();
        npz(
            &one,
            &[
                ("Wee", &[3, 3], numbers.clone()),
                ("Te", &[3, 1], vec![0.5; 3]),
                ("H_ip", &[3], vec![0.1; 3]),
                ("Pools", &[2, 3], pools.clone()),
                ("X", &[3, 2], vec![1.0; 6]),
            ],
        );
        let other = dir.path().join("a.safetensors");
        let bytes = |numbers: &[f64]| numbers.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let (wee, te, rates) = (bytes(&numbers), bytes(&[0.5; 3]), bytes(&[0.1; 3]));
        let pools: Vec<u8> = pools.iter().map(|&one| one as u8).collect();
        let view = |dtype, shape: &[usize], bytes| TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
        let views = [
            ("Wee", view(Dtype::F64, &[3, 3], &wee)),
            ("Te", view(Dtype::F64, &[3], &te)),
            ("H_ip", view(Dtype::F64, &[3], &rates)),
            ("Pools", view(Dtype::U8, &[2, 3], &pools)),
        ];
        fs::write(&other, safetensors::serialize(views, None).unwrap()).unwrap();
        let expected = Initial {
            wee: Some(Synapses::from_dense(&ring(3))),
            te: Some(vec![0.5; 3]),
            h_ip: Some(vec![0.1; 3]),
            pools: Some(vec![vec![1, 2], vec![2]]),
            ..Initial::default()
        };
        assert_eq!(load_initial(&one).unwrap(), expected);
        assert_eq!(load_initial(&other).unwrap(), expected);
    }

    /// What an experiment says of a file of these arrays.
    fn refusal(arrays: &[(&str, &[u64], Vec<f64>)], set: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let (file, toml) = (dir.path().join("a.npz"), dir.path().join("a.toml"));
        npz(&file, arrays);
        let text = "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent.reservoir.params]\nne = 20\n\
                    lambda_ee = 5.0\nlambda_ei = 4.0\n[run]\n";
        fs::write(&toml, format!("{text}initial = {:?}\n", file.display())).unwrap();
        let error = Experiment::load(&toml, &[set.into()]).unwrap_err();
        assert!(error.is_usage());
        let said = error.to_string();
        said.strip_prefix(&format!("{}:9: run.initial: {}: ", toml.display(), file.display()))
            .unwrap_or_else(|| panic!("{said}"))
            .to_string()
    }

    #[test]
    fn what_does_not_fit_is_named_with_file_and_array() {
        let square = |n: u64| vec![0.5; (n * n) as usize];
        let cases: [(&str, &[u64], Vec<f64>, &str); 9] = [
            ("Wee", &[19, 19], square(19), "Wee: expected shape (20, 20), found (19, 19)"),
            ("Wee", &[20, 20], square(20), "Wee: expected no self-connections, found [0, 0] = 0.5"),
            ("Wee", &[400], square(20), "Wee: expected two dimensions, found shape [400]"),
            ("Te", &[19], vec![0.5; 19], "Te: expected 20 values, found 19"),
            ("Te", &[2, 10], vec![0.5; 20], "Te: expected one dimension, or one column, found shape [2, 10]"),
            ("H_ip", &[20], vec![f64::NAN; 20], "H_ip: expected finite numbers, found [0] = NaN"),
            ("Pools", &[1, 20], vec![2.0; 20], "Pools: expected 0 and 1, found 2"),
            ("Pools", &[1, 20], vec![1.0; 20], "Pools: expected 0 pools, found 1"),
            (
                "Wxy",
                &[1],
                vec![0.0],
                "expected arrays among Wee, Wei, Wie, Te, Ti, H_ip, Pools, found \"Wxy\"",
            ),
        ];
        for (name, shape, numbers, expected) in cases {
            assert_eq!(refusal(&[(name, shape, numbers)], "run.seed=1"), expected);
        }
        assert!(refusal(&[], "run.seed=1").ends_with("Pools, found none"));
        let wrong = refusal(&[("Wei", &[4, 20], vec![-0.5; 80])], "run.seed=1");
        assert!(wrong.starts_with("Wei: expected ") && wrong.ends_with("found [0, 0] = -0.5"), "{wrong}");
        let te = [("Te", &[20][..], vec![0.5; 20])];
        let esn = refusal(&te, "agent.reservoir.kind=esn");
        assert!(esn.starts_with("agent.reservoir.kind: expected a network that takes weights"), "{esn}");
    }
}
