//! Arrays of inputs.

use std::path::Path;

use sorn_lab::{FileConfig, Inputs, Series, SeriesConfig};

use super::{Damaged, Target, named, text};
use crate::mutate;
use crate::rng::Rng;

/// An `.npy` file of version 1.
fn array(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

pub(super) fn npy(dir: &Path) -> Box<dyn Target> {
    let numbers: Vec<u8> = (0..12).flat_map(|n| (f64::from(n) / 3.0).to_le_bytes()).collect();
    let seeds = vec![
        array("<f8", "False", "(3, 4)", &numbers),
        array("<f8", "True", "(3, 4)", &numbers),
        array("<f4", "False", "(3, 8)", &numbers),
        array("|b1", "False", "(3, 32)", &numbers),
        array("<i2", "False", "(3, 16)", &numbers),
        array("<f8", "False", "(12,)", &numbers),
    ];
    fn mutate(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        let header = from.iter().position(|&byte| byte == b'\n').map_or(from.len(), |at| at + 1);
        if header <= 10 || rng.one_in(4) {
            return mutate::bytes(from, seeds, rng);
        }
        // Words of the header, its length put right most of the time.
        let mut changed = text(&from[10..header], &[from[10..header].to_vec()], rng);
        changed.truncate(usize::from(u16::MAX));
        let length = (changed.len() as u16).to_le_bytes();
        let length = if rng.one_in(8) { [from[8], from[9]] } else { length };
        [&from[..8], &length, &changed, &from[header..]].concat()
    }
    let look = Box::new(|path: &Path| match Inputs::load(path, 3) {
        Err(error) => named(&error, path),
        Ok(inputs) if inputs.steps() <= 1 << 20 => Ok(()),
        Ok(inputs) => Err(format!("{} steps from a small file", inputs.steps())),
    });
    Box::new(Damaged { path: dir.join("input.npy"), seeds, mutate, look })
}

/// Rows of numbers that a task of series reads.
pub(super) fn table(dir: &Path) -> Box<dyn Target> {
    let seeds =
        ["u,y\n0.5,1\n-1e3,2.25\n0,3\n", "1;2;3\n4;5;6\n", "1.5\n2\n-3e-4\n", "a\tb\n1\t2\n", "1 2\n\n3 4\n"];
    let look = Box::new(|path: &Path| {
        let config =
            SeriesConfig::File(FileConfig { file: path.into(), inputs: vec![0], targets: vec![], ahead: 1 });
        match Series::new(&config, 0) {
            Err(error) => named(&error, path),
            Ok(mut series) => {
                (0..5).try_for_each(|_| series.advance()).map_err(|e| e.to_string())?;
                let finite = series.inputs().iter().chain(series.targets()).all(|value| value.is_finite());
                if finite { Ok(()) } else { Err("a number that is not finite was taken".into()) }
            }
        }
    });
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec()).to_vec();
    Box::new(Damaged { path: dir.join("series.csv"), seeds, mutate: text, look })
}
