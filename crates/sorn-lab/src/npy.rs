//! NumPy's array format (NEP 1): numbers in, numbers out.

use std::io::Read;
use std::path::Path;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use sorn_core::room;

use crate::files::open;
use crate::{LabError, counted};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Types of numbers that are written, by NumPy's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NpyType {
    Bool,
    U8,
    U16,
    I64,
    F64,
}

impl NpyType {
    fn descr(self) -> &'static str {
        match self {
            NpyType::Bool => "|b1",
            NpyType::U8 => "|u1",
            NpyType::U16 => "<u2",
            NpyType::I64 => "<i8",
            NpyType::F64 => "<f8",
        }
    }

    /// Bytes of one number.
    pub(crate) fn size(self) -> u64 {
        match self {
            NpyType::Bool | NpyType::U8 => 1,
            NpyType::U16 => 2,
            NpyType::I64 | NpyType::F64 => 8,
        }
    }
}

/// The header of an array in C order; its numbers follow, little-endian.
pub(crate) fn header(dtype: NpyType, shape: &[u64]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({sizes}), }}", dtype.descr());
    // Numbers begin at a multiple of 64 bytes.
    let used = MAGIC.len() + 4 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', used.next_multiple_of(64) - used));
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// An array and its header, in C order.
pub(crate) fn f64_array(shape: &[u64], values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    let mut bytes = header(NpyType::F64, shape);
    values.into_iter().for_each(|v| bytes.extend(v.to_le_bytes()));
    bytes
}

/// Small whole numbers as an array of one dimension; those that the type cannot hold are its largest.
pub(crate) fn counts_array(values: &[u32], dtype: NpyType) -> Vec<u8> {
    let mut bytes = header(dtype, &[values.len() as u64]);
    match dtype.size() {
        1 => bytes.extend(values.iter().map(|v| u8::try_from(*v).unwrap_or(u8::MAX))),
        _ => values.iter().for_each(|v| bytes.extend(u16::try_from(*v).unwrap_or(u16::MAX).to_le_bytes())),
    }
    bytes
}

/// Reads the `.npy` file `path`, whatever its type of numbers.
pub(crate) fn read(path: &Path) -> Result<ArrayD<f64>, LabError> {
    read_from(open(path)?).map_err(|reason| LabError::damaged(path, reason))
}

/// Reads an array; an error says what is wrong with it.
pub(crate) fn read_from(mut source: impl Read) -> Result<ArrayD<f64>, String> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    parse(&bytes, false)
}

/// Reads the array that the header tells of, whatever follows it.
pub(crate) fn read_told(bytes: &[u8]) -> Result<ArrayD<f64>, String> {
    parse(bytes, true)
}

fn parse(bytes: &[u8], more: bool) -> Result<ArrayD<f64>, String> {
    let (Some(version), true) = (bytes.get(6), bytes.starts_with(MAGIC)) else {
        return Err("not an .npy file (np.save writes one)".into());
    };
    let short = || "truncated within its header".to_string();
    let (length, start) = match version {
        1 => (u16::from_le_bytes(field(bytes, 8).ok_or_else(short)?) as usize, 10),
        2 | 3 => (u32::from_le_bytes(field(bytes, 8).ok_or_else(short)?) as usize, 12),
        other => return Err(format!("expected version 1 to 3 of the format, found {other}")),
    };
    let text = bytes.get(start..start + length).ok_or_else(short)?;
    let text = std::str::from_utf8(text).map_err(|e| format!("header: {e}"))?;
    let lacks = |key: &str| format!("its header has no {key}: {}", text.trim());
    let descr = entry(text, "descr").and_then(quoted).ok_or_else(|| lacks("descr"))?;
    let fortran = entry(text, "fortran_order").ok_or_else(|| lacks("fortran_order"))?.starts_with("True");
    let shape = entry(text, "shape").and_then(sizes).ok_or_else(|| lacks("shape"))?;
    let data = &bytes[start + length..];
    // A number of one byte becomes one of eight.
    let needed = 8 * data.len() as u128;
    if !room::fits(needed) {
        return Err(format!("expected what fits in memory, found numbers that need {}", room::size(needed)));
    }
    let mut numbers = numbers(descr, data)?;
    let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    if more && count.is_some_and(|count| count < numbers.len()) {
        numbers.truncate(count.unwrap_or_default());
    }
    if count != Some(numbers.len()) {
        return Err(format!(
            "expected shape {shape:?}, found {}: truncated?",
            counted(numbers.len() as u64, "number")
        ));
    }
    ArrayD::from_shape_vec(IxDyn(&shape).set_f(fortran), numbers).map_err(|e| e.to_string())
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// What follows a key of the header.
fn entry<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("'{key}'"))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.split('\'').next()
}

fn sizes(text: &str) -> Option<Vec<usize>> {
    let inner = text.strip_prefix('(')?.split(')').next()?;
    inner.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
}

fn numbers(descr: &str, data: &[u8]) -> Result<Vec<f64>, String> {
    macro_rules! all {
        ($type:ty) => {
            data.chunks_exact(size_of::<$type>())
                .map(|b| <$type>::from_le_bytes(b.try_into().unwrap_or_default()) as f64)
                .collect()
        };
    }
    Ok(match descr {
        "<f8" => all!(f64),
        "<f4" => all!(f32),
        "<i8" => all!(i64),
        "<u8" => all!(u64),
        "<i4" => all!(i32),
        "<u4" => all!(u32),
        "<i2" => all!(i16),
        "<u2" => all!(u16),
        "|i1" => all!(i8),
        "|u1" | "|b1" => all!(u8),
        other => {
            let allowed = "float64, float32, integers of 8 to 64 bits or bool, little-endian";
            return Err(format!("expected numbers of type {allowed}, found {other:?}"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for shape in [&[][..], &[3], &[2, 3], &[2, 3, 1]] {
            let n = shape.iter().product::<u64>();
            let values: Vec<f64> = (0..n).map(|v| v as f64 / 3.0).collect();
            let bytes = f64_array(shape, values.clone());
            let header = bytes.len() - 8 * values.len();
            assert_eq!(header % 64, 0);
            let read = read_from(&bytes[..]).unwrap();
            assert_eq!(read.shape().iter().map(|&n| n as u64).collect::<Vec<_>>(), shape);
            assert_eq!(read.into_iter().collect::<Vec<_>>(), values);
        }
    }

    #[test]
    fn fortran_order_and_other_types_are_read() {
        let mut bytes = MAGIC.to_vec();
        let text = "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n";
        bytes.extend([1, 0, text.len() as u8, 0]);
        bytes.extend(text.as_bytes());
        [1_i16, 4, 2, 5, 3, -6].iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        let read = read_from(&bytes[..]).unwrap();
        assert_eq!(read.iter().copied().collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0, 5.0, -6.0]);
    }

    #[test]
    fn what_is_no_array_is_told() {
        let refusal = |bytes: &[u8]| read_from(bytes).unwrap_err();
        assert!(refusal(b"PK").contains("not an .npy file"));
        let whole = f64_array(&[4], [1.0; 4]);
        assert!(refusal(&whole[..9]).contains("truncated"));
        assert!(refusal(&whole[..whole.len() - 8]).contains("found 3 numbers"));
        let text = String::from_utf8_lossy(&header(NpyType::F64, &[1])[10..]).replace("<f8", ">f8");
        let mut foreign = header(NpyType::F64, &[1])[..10].to_vec();
        foreign.extend(text.as_bytes());
        assert!(refusal(&foreign).contains("\">f8\""));
    }
}
