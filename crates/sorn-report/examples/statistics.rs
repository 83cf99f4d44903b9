//! Times the statistics of a recording: `statistics FILE WINDOW [ROUNDS]`.
//!
//! `FILE` is what `tests/peers/bench_statistics.py` wrote: words of 64 bits, little-endian: the number of steps, that of neurons,
//! of each neuron the number of its spikes, and then the steps at which they spike. Printed is one line of JSON: the seconds of
//! each statistic in the fastest of the rounds, its sum over all neurons or pairs as a check, and, on Linux, the most memory
//! in MiB before the first statistic and after the last.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};
use std::time::Instant;

use sorn_report::{SpikeTrains, stats};

fn read(path: &str) -> Result<SpikeTrains, Box<dyn Error>> {
    let mut file = BufReader::new(File::open(path).map_err(|error| format!("{path}: {error}"))?);
    let mut word = || -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    };
    let (steps, neurons) = (word()?, word()?);
    let lengths = (0..neurons).map(|_| word()).collect::<Result<Vec<_>, _>>()?;
    let mut trains = Vec::new();
    for length in lengths {
        let mut train = Vec::with_capacity(length as usize);
        for _ in 0..length {
            train.push(word()?);
        }
        trains.push(train);
    }
    Ok(SpikeTrains::new(trains, steps)?)
}

/// The most memory this process had so far, in MiB; `null` where the system does not tell.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or("null".to_string(), |kib| format!("{:.1}", kib / 1024.0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, window, rounds) = match &arguments[..] {
        [path, window] => (path, window.parse::<u64>()?, 3),
        [path, window, rounds] => (path, window.parse()?, rounds.parse::<usize>()?),
        _ => return Err("usage: statistics FILE WINDOW [ROUNDS]".into()),
    };
    let spikes = read(path)?;
    let steps = spikes.steps();
    let before = peak();
    let each = |of: &dyn Fn(&[u64]) -> f64| spikes.iter().map(of).sum::<f64>();
    type Statistic<'a> = (&'a str, &'a dyn Fn() -> f64);
    let statistics: [Statistic<'_>; 6] = [
        ("rate", &|| each(&|train| stats::rate(train, steps).unwrap_or(f64::NAN))),
        ("intervals", &|| each(&|train| stats::intervals(train).last().map_or(0.0, |i| *i as f64))),
        ("fano", &|| each(&|train| stats::fano_factor(train, steps, window).unwrap_or(f64::NAN))),
        ("cv", &|| each(&|train| stats::cv(train).unwrap_or(f64::NAN))),
        ("correlations of windows", &|| {
            stats::correlations(&spikes, window).map_or(f64::NAN, |found| found.defined().sum())
        }),
        ("correlations of steps", &|| {
            stats::correlations(&spikes, 1).map_or(f64::NAN, |found| found.defined().sum())
        }),
    ];
    let mut lines = Vec::new();
    for (name, statistic) in statistics {
        let mut fastest = f64::INFINITY;
        let mut check = 0.0;
        for _ in 0..rounds.max(1) {
            let begun = Instant::now();
            check = statistic();
            fastest = fastest.min(begun.elapsed().as_secs_f64());
        }
        lines.push(format!("\"{name}\": [{fastest}, {check:?}]"));
    }
    println!("{{{}, \"peak\": [{before}, {}]}}", lines.join(", "), peak());
    Ok(())
}
