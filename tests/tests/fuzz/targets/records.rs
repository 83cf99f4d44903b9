//! What a run writes down: metrics, summary, aggregate, plan.

use std::path::Path;

use sorn_lab::{Comparison, RunDir, Summary, Sweep};

use super::{Damaged, Mutate, Target, flip, json, named, runs, text};
use crate::rng::Rng;

/// Mutations of single lines, or of the text.
fn lines(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = from.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() || rng.one_in(3) {
        return text(from, seeds, rng);
    }
    let at = rng.below(lines.len() as u64) as usize;
    lines[at] = [json(&lines[at], seeds, rng), b"\n".to_vec()].concat();
    lines.concat()
}

pub(super) fn metrics(dir: &Path) -> Box<dyn Target> {
    metrics_with(dir, lines, false)
}

/// A flipped bit must be refused: it is no line cut off.
pub(super) fn metrics_flipped(dir: &Path) -> Box<dyn Target> {
    metrics_with(dir, flip, true)
}

/// Lines without checksums, so that what lies behind them is reached: what is read may be anything.
pub(super) fn metrics_old(dir: &Path) -> Box<dyn Target> {
    let (_, run) = runs::run(dir);
    let path = run.join("metrics.jsonl");
    let lines_of = |text: &[u8]| {
        let lines = String::from_utf8_lossy(text).into_owned();
        let old = lines
            .lines()
            .map(|line| line.split(",\"checksum\"").next().unwrap_or_default().to_string() + "}\n");
        old.collect::<String>().into_bytes()
    };
    let seeds = vec![lines_of(&runs::read(&path))];
    let run = RunDir::read(&run).unwrap_or_else(|e| panic!("{e}"));
    let look = Box::new(move |path: &Path| match run.episodes() {
        Err(error) => named(&error, path),
        Ok(_) => Ok(()),
    });
    Box::new(Damaged { path, seeds, mutate: lines, look })
}

/// Episodes may be read up to the damage, never others than were written, and none if all damage `must` be refused. Lines before
/// the first with a checksum are those of an earlier version, and may say anything.
fn metrics_with(dir: &Path, mutate: Mutate, must: bool) -> Box<dyn Target> {
    let (_, run) = runs::run(dir);
    let path = run.join("metrics.jsonl");
    let whole = runs::read(&path);
    let seeds = vec![whole.clone()];
    let run = RunDir::read(&run).unwrap_or_else(|e| panic!("{e}"));
    let right = run.episodes().unwrap_or_else(|e| panic!("{e}"));
    let look = Box::new(move |path: &Path| match run.episodes() {
        Err(error) => named(&error, path),
        Ok(_) if must && runs::read(path) != whole => Err("accepted, and not as it was written".into()),
        Ok(found) => {
            let text = runs::read(path);
            let lines = String::from_utf8_lossy(&text);
            let old = lines.lines().take_while(|line| !line.contains("\"checksum\":")).count();
            let other = (old..found.len()).find(|&at| right.get(at) != Some(&found[at]));
            match other {
                None => Ok(()),
                Some(at) => Err(format!("accepted, and another than was written: {:?}", found[at])),
            }
        }
    });
    Box::new(Damaged { path, seeds, mutate, look })
}

pub(super) fn summary(dir: &Path) -> Box<dyn Target> {
    let (_, run) = runs::run(dir);
    let seeds = vec![runs::read(&run.join("summary.json"))];
    let look = Box::new(|path: &Path| match Summary::read(path) {
        Err(error) => named(&error, path),
        Ok(_) => Ok(()),
    });
    Box::new(Damaged { path: dir.join("summary.json"), seeds, mutate: json, look })
}

pub(super) fn aggregate(dir: &Path) -> Box<dyn Target> {
    let sweep = runs::sweep(dir);
    let path = sweep.join("aggregate.json");
    let seeds = vec![runs::read(&path)];
    let look = Box::new(move |path: &Path| {
        // Seeds that are not there name their own files.
        match Comparison::read(&[sweep.clone(), sweep.clone()]) {
            Err(error) if error.to_string().contains("seed-") => Ok(()),
            Err(error) => named(&error, path),
            Ok(_) => Ok(()),
        }
    });
    Box::new(Damaged { path, seeds, mutate: json, look })
}

pub(super) fn sweep(dir: &Path) -> Box<dyn Target> {
    let sweep = runs::sweep(dir);
    let path = sweep.join("seeds.json");
    let seeds = vec![runs::read(&path)];
    let look = Box::new(move |path: &Path| match Sweep::read(&sweep) {
        Err(error) => named(&error, path),
        Ok(_) => Ok(()),
    });
    Box::new(Damaged { path, seeds, mutate: json, look })
}
