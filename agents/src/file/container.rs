//! The container of a file: named arrays as safetensors, one JSON value in the metadata, a checksum over both.

use std::collections::{BTreeMap, HashMap};

use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Checksum, FileFault};

/// The one metadata entry, so that the file's bytes do not depend on the order of a map.
const ENTRY: &str = "sorn";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    format_version: u32,
    /// FNV-1a (64 bits, hexadecimal) of `agent` as written and of the tensors in the order of their names.
    checksum: String,
    agent: Value,
}

pub(super) type Arrays = BTreeMap<String, ArrayD<f64>>;

/// The bytes of a file.
pub(super) fn pack(version: u32, value: Value, arrays: &Arrays) -> Vec<u8> {
    let data: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| {
            let (dtype, bytes) = narrowed(array);
            (name.as_str(), dtype, array.shape().to_vec(), bytes)
        })
        .collect();
    let checksum = checksum(&value, data.iter().map(|(name, _, _, bytes)| (*name, bytes.as_slice())));
    let meta = serde_json::to_string(&Meta { format_version: version, checksum, agent: value });
    let meta = meta.unwrap_or_else(|e| unreachable!("plain data: {e}"));
    let views = data.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes);
        (*name, view.unwrap_or_else(|e| unreachable!("shape and data agree: {e}")))
    });
    let meta = HashMap::from([(ENTRY.to_string(), meta)]);
    safetensors::serialize(views, Some(meta)).unwrap_or_else(|e| unreachable!("names are unique: {e}"))
}

/// What [`pack`] packed.
pub(super) fn unpack(version: u32, bytes: &[u8]) -> Result<(Value, Arrays), FileFault> {
    let foreign = |found: &str| FileFault::Foreign { found: found.into() };
    // Not "PK" alone, with which the length at the head of a safetensors file may begin.
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Err(foreign("a ZIP archive, such as NumPy's .npz"));
    }
    if bytes.is_empty() {
        return Err(FileFault::Damaged("the file is empty".into()));
    }
    // Eight bytes of a length, then JSON.
    if bytes.get(8).is_some_and(|byte| *byte != b'{') {
        return Err(foreign(&format!("a file of another kind ({} bytes)", bytes.len())));
    }
    let whole = |e| FileFault::Damaged(format!("not a whole safetensors file ({} bytes): {e}", bytes.len()));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(whole)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(whole)?;
    let text = header.metadata().as_ref().and_then(|m| m.get(ENTRY));
    let text = text.ok_or_else(|| foreign("safetensors of another program, without metadata \"sorn\""))?;
    let entry = |e: serde_json::Error| FileFault::Damaged(format!("metadata \"sorn\": {e}"));
    let value: Value = serde_json::from_str(text).map_err(entry)?;
    if value.get("run").is_some() {
        return Err(foreign("a checkpoint of a run"));
    }
    if value.get("agent").is_none() {
        return Err(foreign("the state of a network, or another file of this program"));
    }
    let found = &value["format_version"];
    if found != &serde_json::json!(version) {
        return Err(FileFault::Version { found: found.to_string() });
    }
    let meta: Meta = serde_json::from_value(value).map_err(entry)?;
    // Another digit may stand for the same number, which no sum of values notices.
    if serde_json::to_string(&meta).map_err(entry)? != *text {
        return Err(FileFault::Damaged("metadata \"sorn\": not as it was written".into()));
    }
    let mut views = tensors.tensors();
    views.sort_by(|a, b| a.0.cmp(&b.0));
    let found = checksum(&meta.agent, views.iter().map(|(name, view)| (name.as_str(), view.data())));
    if found != meta.checksum {
        let reason = format!("expected checksum {}, found {found}", meta.checksum);
        return Err(FileFault::Damaged(reason));
    }
    let mut arrays = Arrays::new();
    for (name, view) in views {
        let array = ArrayD::from_shape_vec(IxDyn(view.shape()), widened(&name, &view)?);
        let array = array.map_err(|e| FileFault::Damaged(format!("tensor {name}: {e}")))?;
        arrays.insert(name, array);
    }
    Ok((meta.agent, arrays))
}

/// Numbers in the smallest type that holds them to the bit: indices of neurons take 2 bytes, not 8.
fn narrowed(array: &ArrayD<f64>) -> (Dtype, Vec<u8>) {
    let most = array.iter().try_fold(0.0_f64, |most, &v| {
        let whole = v.is_sign_positive() && v.fract() == 0.0 && v <= f64::from(u32::MAX);
        whole.then(|| most.max(v))
    });
    match most {
        Some(most) if most <= f64::from(u16::MAX) => {
            (Dtype::U16, array.iter().flat_map(|&v| (v as u16).to_le_bytes()).collect())
        }
        Some(_) => (Dtype::U32, array.iter().flat_map(|&v| (v as u32).to_le_bytes()).collect()),
        None => (Dtype::F64, array.iter().flat_map(|v| v.to_le_bytes()).collect()),
    }
}

fn widened(name: &str, view: &TensorView<'_>) -> Result<Vec<f64>, FileFault> {
    let data = view.data();
    match view.dtype() {
        Dtype::F64 => Ok(data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
        Dtype::U32 => Ok(data.as_chunks().0.iter().map(|b| f64::from(u32::from_le_bytes(*b))).collect()),
        Dtype::U16 => Ok(data.as_chunks().0.iter().map(|b| f64::from(u16::from_le_bytes(*b))).collect()),
        other => Err(FileFault::Damaged(format!("tensor {name}: expected F64, U32 or U16, found {other:?}"))),
    }
}

/// The sum of the JSON value as written, then of each tensor's name and bytes.
fn checksum<'a>(value: &Value, tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut sum = Checksum::of(value.to_string().as_bytes());
    for (name, bytes) in tensors {
        sum.update(name.as_bytes());
        sum.update(bytes);
    }
    sum.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr1;

    #[test]
    fn numbers_come_back_to_the_bit() {
        let lists: [&[f64]; 6] = [
            &[0.0, 1.0, 65535.0],
            &[0.0, 65536.0, 4_294_967_295.0],
            &[4_294_967_296.0],
            &[-0.0],
            &[0.1, f64::MIN_POSITIVE, -1.0, f64::NAN, f64::INFINITY],
            &[],
        ];
        let arrays: Arrays =
            lists.iter().enumerate().map(|(i, list)| (format!("a{i}"), arr1(list).into_dyn())).collect();
        let bytes = pack(1, serde_json::json!({ "x": 1 }), &arrays);
        let (value, found) = unpack(1, &bytes).unwrap();
        assert_eq!(value, serde_json::json!({ "x": 1 }));
        let bits = |arrays: &Arrays| -> Vec<Vec<u64>> {
            arrays.values().map(|array| array.iter().map(|v| v.to_bits()).collect()).collect()
        };
        assert_eq!(bits(&found), bits(&arrays));
    }
}
