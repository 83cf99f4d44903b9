//! A network's whole state in one file: safetensors, or NPZ with upstream's names and shapes.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use ndarray::{Array2, ArrayD, Axis, Ix2};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sorn_core::{Network, Params, State, Synapses, room};
use zip::{ZipArchive, ZipWriter};

use super::recording::add;
use super::seal::{BLANK, COMMENT, Seal};
use crate::files::{read_bytes, write_whole};
use crate::{LabError, npy};

/// Version of the format that is written; version 1, which has no checksum, is read as well.
const FORMAT_VERSION: u32 = 2;
const WITHOUT_CHECKSUM: u32 = 1;
/// The metadata entry in safetensors, and the additional array in NPZ.
pub(crate) const ENTRY: &str = "sorn_network";

/// What a state file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum SavedNetwork {
    /// Parameters and whole state, as [`save_network`] writes them.
    Whole(Box<(Params, State)>),
    /// Upstream's seven arrays alone, saved by `np.savez(file, **state)`.
    Upstream(Box<UpstreamState>),
}

/// Upstream's state dictionary.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamState {
    wee: Synapses,
    wei: Synapses,
    wie: Synapses,
    te: Vec<f64>,
    ti: Vec<f64>,
    x: [Vec<u32>; 2],
    y: [Vec<u32>; 2],
}

impl UpstreamState {
    /// Number of excitatory and of inhibitory neurons.
    pub fn neurons(&self) -> (usize, usize) {
        (self.te.len(), self.ti.len())
    }

    /// The network with these arrays; its generators and target rates are those of a new network of `params` and `seed`.
    ///
    /// # Errors
    /// Parameters that are invalid or do not fit the arrays.
    pub fn network(self, params: &Params, seed: u64) -> Result<Network, sorn_core::Error> {
        let new = Network::new(params, seed)?.state();
        let UpstreamState { wee, wei, wie, te, ti, x, y } = self;
        Network::from_state(params, State { wee, wei, wie, te, ti, x, y, ..new })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    format_version: u32,
    /// Of the whole file, see [`Seal`]; NPZ has it in the comment of the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    params: Params,
    /// Everything that is not in an array of its own.
    state: Value,
}

/// Saves a network whole into `path`: safetensors, or NPZ where its name ends in `.npz`.
///
/// In NPZ the arrays `Wee (ne, ne)`, `Wei (ni, ne)`, `Wie (ne, ni)`, `Te (ne, 1)`, `Ti (ni, 1)`, `X (ne, 2)`, `Y (ni, 2)` are
/// upstream's; one more, `sorn_network`, holds the rest as JSON. A checksum of the whole file is in the metadata of safetensors, or in
/// the comment of the archive that an NPZ file is.
///
/// # Errors
/// [`LabError::Io`] if the file cannot be written, [`LabError::Memory`] as [`check_room_to_save`].
pub fn save_network(path: &Path, network: &Network) -> Result<(), LabError> {
    check_room_to_save(path, network)?;
    let state = network.state();
    let io = LabError::io(path, crate::error::WRITE);
    // What could not be read again is not written: numbers that have grown beyond all bounds.
    if let Err(error) = state.check(network.params()) {
        return Err(io(std::io::Error::other(error)));
    }
    let bytes = if is_npz(path) {
        to_npz(network.params(), state).map_err(io)?
    } else {
        to_safetensors(network.params(), state)
    };
    write_whole(path, &bytes)
}

/// Refuses to save a network as NPZ, with a place for every pair of neurons, if there is no memory for that: better before a
/// simulation than after it.
///
/// # Errors
/// [`LabError::Memory`] naming the file and the bytes needed.
pub fn check_room_to_save(path: &Path, network: &Network) -> Result<(), LabError> {
    let (ne, ni) = (network.ne() as u128, network.ni() as u128);
    let bytes = 8 * ne * (ne + 2 * ni);
    // Each matrix, its bytes, and the archive, which grows.
    if !is_npz(path) || room::fits(4 * bytes) {
        return Ok(());
    }
    let reason = format!(
        "expected what fits in memory, found dense matrices that need {}; a file whose name ends in .safetensors needs less",
        room::size(bytes)
    );
    Err(LabError::Memory { origin: path.display().to_string(), reason })
}

/// Reads a state file, of either kind. Files of earlier versions, which have no checksum, are read as well.
///
/// # Errors
/// [`LabError`] if the file cannot be read, is damaged or is not a state.
pub fn load_network(path: &Path) -> Result<SavedNetwork, LabError> {
    let bytes = read_bytes(path)?;
    let read = if is_zip(&bytes) { from_npz(bytes) } else { from_safetensors(&bytes) };
    read.map_err(|reason| LabError::damaged(path, reason))
}

/// Whether this is an archive, as NPZ files are. Not "PK" alone, with which the length at the head of a safetensors file may begin.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

fn is_npz(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"))
}

/// The synapses of a state with their upstream names.
fn synapses(state: &mut State) -> [(&'static str, &mut Synapses); 3] {
    [("Wee", &mut state.wee), ("Wei", &mut state.wei), ("Wie", &mut state.wie)]
}

fn to_safetensors(params: &Params, mut state: State) -> Vec<u8> {
    let mut tensors: Vec<(String, Dtype, Vec<u8>)> = Vec::new();
    let numbers = |values: Vec<f64>| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    for (name, synapses) in synapses(&mut state) {
        let (weights, indices) =
            (std::mem::take(&mut synapses.weights), std::mem::take(&mut synapses.indices));
        let starts = std::mem::take(&mut synapses.indptr);
        tensors.push((format!("{name}.weights"), Dtype::F64, numbers(weights)));
        let bytes = indices.iter().flat_map(|v| v.to_le_bytes()).collect();
        tensors.push((format!("{name}.indices"), Dtype::U32, bytes));
        let bytes = starts.iter().flat_map(|&v| (v as u64).to_le_bytes()).collect();
        tensors.push((format!("{name}.indptr"), Dtype::U64, bytes));
    }
    for (name, values) in vectors(&mut state) {
        tensors.push((name.into(), Dtype::F64, numbers(std::mem::take(values))));
    }
    let views = tensors.iter().map(|(name, dtype, bytes)| {
        let n = bytes.len() / if *dtype == Dtype::U32 { 4 } else { 8 };
        let view = TensorView::new(*dtype, vec![n], bytes);
        (name.as_str(), view.unwrap_or_else(|e| unreachable!("shape and data agree: {e}")))
    });
    let meta = HashMap::from([(ENTRY.to_string(), meta(params, &state, Some(BLANK)))]);
    let bytes = safetensors::serialize(views, Some(meta));
    let mut bytes = bytes.unwrap_or_else(|e| unreachable!("names are unique: {e}"));
    Seal::Safetensors.fill(&mut bytes);
    bytes
}

/// Vectors of a state that get tensors of their own.
fn vectors(state: &mut State) -> [(&'static str, &mut Vec<f64>); 4] {
    [("Te", &mut state.te), ("Ti", &mut state.ti), ("h_ip", &mut state.h_ip), ("R", &mut state.recurrent)]
}

fn meta(params: &Params, state: &State, checksum: Option<&str>) -> String {
    let state = serde_json::to_value(state).unwrap_or_else(|e| unreachable!("plain data: {e}"));
    let checksum = checksum.map(str::to_string);
    let meta = Meta { format_version: FORMAT_VERSION, checksum, params: params.clone(), state };
    serde_json::to_string(&meta).unwrap_or_else(|e| unreachable!("plain data: {e}"))
}

/// What the entry says, of a file that was found to be `sealed` by its checksum or has none.
fn read_meta(text: &str, sealed: bool) -> Result<(Params, State), String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("{ENTRY}: {e}"))?;
    let version = &value["format_version"];
    if ![FORMAT_VERSION, WITHOUT_CHECKSUM].map(|known| serde_json::json!(known)).contains(version) {
        return Err(format!(
            "{ENTRY}: expected format_version {WITHOUT_CHECKSUM} or {FORMAT_VERSION}, found {version}"
        ));
    }
    let meta: Meta = serde_json::from_value(value).map_err(|e| format!("{ENTRY}: {e}"))?;
    if !sealed && meta.format_version != WITHOUT_CHECKSUM {
        return Err(format!("{ENTRY}: expected a checksum, found none"));
    }
    let state = serde_json::from_value(meta.state).map_err(|e| format!("{ENTRY}: state: {e}"))?;
    Ok((meta.params, state))
}

fn from_safetensors(bytes: &[u8]) -> Result<SavedNetwork, String> {
    let whole = |e| format!("neither a whole safetensors file nor an NPZ file: {e}");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(whole)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(whole)?;
    let text = header.metadata().as_ref().and_then(|m| m.get(ENTRY));
    let text = text.ok_or_else(|| format!("safetensors, but not a network (no metadata {ENTRY:?})"))?;
    let (params, mut state) = read_meta(text, Seal::Safetensors.check(bytes)?)?;
    let data = |name: &str, dtype: Dtype| {
        let view = tensors.tensor(name).map_err(|e| e.to_string())?;
        match view.dtype() == dtype {
            true => Ok(view.data()),
            false => Err(format!("tensor {name}: expected {dtype:?}, found {:?}", view.dtype())),
        }
    };
    let word = |b: &[u8]| u64::from_le_bytes(b.try_into().unwrap_or_default());
    for (name, synapses) in synapses(&mut state) {
        let weights = data(&format!("{name}.weights"), Dtype::F64)?;
        synapses.weights = weights.chunks_exact(8).map(|b| f64::from_bits(word(b))).collect();
        let indices = data(&format!("{name}.indices"), Dtype::U32)?;
        synapses.indices =
            indices.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap_or_default())).collect();
        let starts = data(&format!("{name}.indptr"), Dtype::U64)?;
        synapses.indptr =
            starts.chunks_exact(8).map(|b| usize::try_from(word(b)).unwrap_or(usize::MAX)).collect();
    }
    for (name, values) in vectors(&mut state) {
        *values = data(name, Dtype::F64)?.chunks_exact(8).map(|b| f64::from_bits(word(b))).collect();
    }
    Ok(SavedNetwork::Whole(Box::new((params, state))))
}

fn to_npz(params: &Params, mut state: State) -> std::io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut matrix = |name: &str, dense: &Array2<f64>| {
        let shape = [dense.nrows() as u64, dense.ncols() as u64];
        let bytes = npy::f64_array(&shape, dense.iter().copied());
        add(&mut zip, name, bytes.len() as u64, &mut bytes.as_slice())
    };
    matrix("X", &state.x_dense())?;
    matrix("Y", &state.y_dense())?;
    for (name, values) in [("Te", &state.te), ("Ti", &state.ti)] {
        matrix(name, &Array2::from_shape_fn((values.len(), 1), |(row, _)| values[row]))?;
    }
    for (name, synapses) in synapses(&mut state) {
        matrix(name, &synapses.to_dense())?;
        // A dense matrix does not show a synapse whose weight is 0: then the places go with the rest.
        if std::mem::take(&mut synapses.weights).into_iter().all(|w| w != 0.0) {
            (synapses.indices, synapses.indptr) = Default::default();
        }
    }
    (state.te, state.ti) = Default::default();
    let text = meta(params, &state, None);
    let mut bytes = npy::header(npy::NpyType::U8, &[text.len() as u64]);
    bytes.extend(text.as_bytes());
    add(&mut zip, ENTRY, bytes.len() as u64, &mut bytes.as_slice())?;
    zip.set_comment(format!("{COMMENT}{BLANK}"))?;
    let mut bytes = zip.finish()?.into_inner();
    Seal::Npz.fill(&mut bytes);
    Ok(bytes)
}

fn from_npz(bytes: Vec<u8>) -> Result<SavedNetwork, String> {
    let sealed = Seal::Npz.check(&bytes)?;
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("not a whole NPZ file: {e}"))?;
    let mut array = |name: &str| -> Result<Option<ArrayD<f64>>, String> {
        match zip.by_name(&format!("{name}.npy")) {
            Ok(entry) => npy::read_from(entry).map(Some).map_err(|reason| format!("{name}: {reason}")),
            Err(zip::result::ZipError::FileNotFound) => Ok(None),
            Err(e) => Err(format!("{name}: {e}")),
        }
    };
    let mut matrix = |name: &str, columns: Option<usize>| -> Result<Array2<f64>, String> {
        let found = array(name)?.ok_or_else(|| {
            format!("expected array {name}, found none (upstream's are Wee, Wei, Wie, Te, Ti, X, Y)")
        })?;
        let shape = found.shape().to_vec();
        let bytes = 32 * found.len() as u128;
        if !room::fits(bytes) {
            let needed = room::size(bytes);
            return Err(format!(
                "{name}: expected what fits in memory, found shape {shape:?}, which needs {needed}"
            ));
        }
        // A vector is a matrix of one column.
        let found = if found.ndim() == 1 { found.insert_axis(Axis(1)) } else { found };
        let wrong = || format!("{name}: expected two dimensions, found shape {shape:?}");
        let found = found.into_dimensionality::<Ix2>().map_err(|_| wrong())?;
        match columns {
            Some(n) if found.ncols() != n => {
                Err(format!("{name}: expected {n} columns, found shape {shape:?}"))
            }
            _ => Ok(found),
        }
    };
    let upstream = UpstreamState {
        wee: Synapses::from_dense(&matrix("Wee", None)?),
        wei: Synapses::from_dense(&matrix("Wei", None)?),
        wie: Synapses::from_dense(&matrix("Wie", None)?),
        te: matrix("Te", Some(1))?.into_iter().collect(),
        ti: matrix("Ti", Some(1))?.into_iter().collect(),
        x: active(&matrix("X", Some(2))?),
        y: active(&matrix("Y", Some(2))?),
    };
    let Some(rest) = array(ENTRY)? else { return Ok(SavedNetwork::Upstream(Box::new(upstream))) };
    let text: Vec<u8> = rest.iter().map(|&byte| byte as u8).collect();
    let (params, mut state) = read_meta(&String::from_utf8_lossy(&text), sealed)?;
    let UpstreamState { wee, wei, wie, te, ti, x, y } = upstream;
    for ((name, place), read) in synapses(&mut state).into_iter().zip([wee, wei, wie]) {
        *place = match place.indptr.is_empty() {
            true => read,
            false => with_places(place, &read)
                .ok_or_else(|| format!("{ENTRY}: {name} has places outside the matrix"))?,
        };
    }
    Ok(SavedNetwork::Whole(Box::new((params, State { te, ti, x, y, ..state }))))
}

/// The synapses at the places of `places` with the weights that `weights` has there.
fn with_places(places: &Synapses, weights: &Synapses) -> Option<Synapses> {
    let dense = weights.to_dense();
    let mut whole = Synapses::new(dense.nrows());
    for post in 0..dense.ncols() {
        let range = *places.indptr.get(post)?..*places.indptr.get(post + 1)?;
        let column = places.indices.get(range)?.iter();
        let column: Option<Vec<_>> =
            column.map(|&pre| Some((pre, *dense.get((pre as usize, post))?))).collect();
        whole.push_column(column?);
    }
    Some(whole)
}

/// Active neurons of both columns.
fn active(dense: &Array2<f64>) -> [Vec<u32>; 2] {
    [0, 1].map(|column| {
        let values = dense.column(column).into_iter().enumerate();
        values.filter(|(_, v)| **v != 0.0).map(|(neuron, _)| neuron as u32).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(prune: bool) -> Network {
        let params = Params {
            ne: 30,
            nu: 3,
            lambda_ee: 6.0.into(),
            lambda_ei: 8.0.into(),
            prune,
            eta_stdp: 0.05,
            ..Params::default()
        };
        let mut network = Network::new(&params, 5).unwrap();
        for _ in 0..300 {
            network.step(&[0.5, 0.0, 1.0]).unwrap();
        }
        network
    }

    fn reloaded(path: &Path) -> Network {
        match load_network(path).unwrap() {
            SavedNetwork::Whole(whole) => Network::from_state(&whole.0, whole.1).unwrap(),
            SavedNetwork::Upstream(_) => panic!("expected a whole state"),
        }
    }

    #[test]
    fn both_formats_hold_the_whole_state() {
        let dir = tempfile::tempdir().unwrap();
        for (name, prune) in
            [("a.safetensors", true), ("a.npz", true), ("b.safetensors", false), ("b.npz", false)]
        {
            let path = dir.path().join(name);
            let mut network = network(prune);
            save_network(&path, &network).unwrap();
            let mut copy = reloaded(&path);
            assert_eq!(copy.params(), network.params());
            assert_eq!(copy.state(), network.state(), "{name}");
            for _ in 0..100 {
                network.step(&[0.1, 0.2, 0.3]).unwrap();
                copy.step(&[0.1, 0.2, 0.3]).unwrap();
            }
            assert_eq!(copy.state(), network.state(), "{name}");
        }
    }

    /// A header of 19,280 bytes, 0x4B50, makes a safetensors file begin with "PK", as archives do.
    #[test]
    fn a_header_of_any_length_is_no_archive() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        let network = network(true);
        save_network(&path, &network).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let (header, data) = bytes[8..].split_at(length);
        let header = String::from_utf8(header.to_vec()).unwrap();
        // Version 1 has no checksum, which would have to be made anew.
        let from = header.find(r#"2,\"checksum"#).unwrap();
        let to = from + header[from..].find(r#"\",\"params"#).unwrap() + 2;
        let header = format!("{:<19280}", format!("{}1{}", &header[..from], &header[to..]));
        assert_eq!(header.len(), 0x4B50);
        let whole = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat();
        assert!(whole.starts_with(b"PK"));
        std::fs::write(&path, whole).unwrap();
        assert_eq!(reloaded(&path).state(), network.state());
    }

    #[test]
    fn upstreams_arrays_alone_make_a_network() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("upstream.npz");
        let network = network(true);
        let state = network.state();
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut put = |name: &str, dense: Array2<f64>| {
            let shape = [dense.nrows() as u64, dense.ncols() as u64];
            let bytes = npy::f64_array(&shape, dense.iter().copied());
            add(&mut zip, name, bytes.len() as u64, &mut bytes.as_slice()).unwrap();
        };
        put("Wee", state.wee.to_dense());
        put("Wei", state.wei.to_dense());
        put("Wie", state.wie.to_dense());
        put("Te", Array2::from_shape_vec((30, 1), state.te.clone()).unwrap());
        put("Ti", Array2::from_shape_vec((6, 1), state.ti.clone()).unwrap());
        put("X", state.x_dense());
        put("Y", state.y_dense());
        std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
        let SavedNetwork::Upstream(read) = load_network(&path).unwrap() else { panic!("upstream's arrays") };
        assert_eq!(read.neurons(), (30, 6));
        let made = read.clone().network(network.params(), 1).unwrap().state();
        assert_eq!((&made.wee, &made.te, &made.x, &made.y), (&state.wee, &state.te, &state.x, &state.y));
        assert!(read.network(&Params::default(), 1).unwrap_err().to_string().contains("wee"));
    }

    #[test]
    fn damage_is_told() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.safetensors", "a.npz"] {
            let path = dir.path().join(name);
            save_network(&path, &network(true)).unwrap();
            let whole = std::fs::read(&path).unwrap();
            for length in [0, 3, 50, whole.len() / 2, whole.len() - 1] {
                std::fs::write(&path, &whole[..length]).unwrap();
                let error = load_network(&path).unwrap_err();
                assert!(error.is_usage() && error.to_string().contains(name), "{error}");
            }
        }
        let path = dir.path().join("other.npz");
        std::fs::write(&path, ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner())
            .unwrap();
        assert!(load_network(&path).unwrap_err().to_string().contains("Wee"));
    }
}
