//! What a run writes down: metrics, summary, aggregate, plan.

use std::path::Path;

use sorn_lab::{Comparison, RunDir, Summary, Sweep};

use super::{Damaged, Mutate, Target, flip, json, named, runs, text};
use crate::rng::Rng;

pub(super) fn metrics(dir: &Path) -> Box<dyn Target> {
    fn lines(from: &[u8], seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> =
            from.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        if lines.is_empty() || rng.one_in(3) {
            return text(from, seeds, rng);
        }
        let at = rng.below(lines.len() as u64) as usize;
        lines[at] = [json(&lines[at], seeds, rng), b"\n".to_vec()].concat();
        lines.concat()
    }
    metrics_with(dir, lines)
}

pub(super) fn metrics_flipped(dir: &Path) -> Box<dyn Target> {
    metrics_with(dir, flip)
}

/// Episodes may be read up to the damage, never others than were written.
fn metrics_with(dir: &Path, mutate: Mutate) -> Box<dyn Target> {
    let (_, run) = runs::run(dir);
    let path = run.join("metrics.jsonl");
    let seeds = vec![runs::read(&path)];
    let run = RunDir::read(&run).unwrap_or_else(|e| panic!("{e}"));
    let right = run.episodes().unwrap_or_else(|e| panic!("{e}"));
    let look = Box::new(move |path: &Path| match run.episodes() {
        Err(error) => named(&error, path),
        Ok(found) if right.starts_with(&found) => Ok(()),
        Ok(found) => {
            let at = found.iter().zip(&right).take_while(|(a, b)| a == b).count();
            Err(format!("accepted, and another than was written: {:?}", found.get(at)))
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
    let path = sweep.join("sweep.json");
    let seeds = vec![runs::read(&path)];
    let look = Box::new(move |path: &Path| match Sweep::read(&sweep) {
        Err(error) => named(&error, path),
        Ok(_) => Ok(()),
    });
    Box::new(Damaged { path, seeds, mutate: json, look })
}
