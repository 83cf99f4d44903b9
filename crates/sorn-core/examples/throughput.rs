//! Steps per second of one network: `throughput NETWORK PRECISION NOISE RULES THREADS [SETTLE BATCH BATCHES]`, for
//! example `throughput 200 exact noise all 1`.
//!
//! `NETWORK` is a number of excitatory neurons, or a file that `tests/peers/bench_reservoir.py` wrote; `PRECISION` is
//! `exact` or `fast`, `NOISE` `noise` or `quiet`, `RULES` `all`, `no-sp` (all but structural plasticity) or `none` (frozen).
//! After `SETTLE` steps it times `BATCHES` batches of `BATCH` steps and prints the rate of the fastest, which other work on
//! the machine disturbs least, by the time on the processor (of a single thread) and by that on the wall, and how many
//! excitatory spikes there were in all steps.

use sorn_core::{Network, NetworkType, NoiseLaw, Params, Precision, Rule, Rules, State, Synapses};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, precision, noise, rules, threads, steps @ ..] = &arguments[..] else {
        return Err(
            "usage: throughput NE|FILE exact|fast noise|quiet all|no-sp|none THREADS [SETTLE BATCH BATCHES]"
                .into(),
        );
    };
    let words: Vec<u64> = match source.parse::<u64>() {
        Ok(ne) => vec![ne, ne / 5, ne / 20],
        Err(_) => {
            let bytes = std::fs::read(source).map_err(|error| format!("{source}: {error}"))?;
            bytes.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word)).collect()
        }
    };
    let [ne, ni, nu, arrays @ ..] = &words[..] else { return Err(format!("{source}: no network").into()) };
    let ne = *ne as usize;
    let large = ne > 200;
    let degree = if large { 100.0 } else { 20.0 };
    let params = Params {
        ne,
        ni: Some(*ni as usize),
        nu: *nu as usize,
        lambda_ee: degree.into(),
        lambda_ei: if large { degree } else { 40.0 }.into(),
        network_type_ie: if large { NetworkType::Sparse } else { NetworkType::Dense },
        precision: if precision == "fast" { Precision::Fast } else { Precision::Exact },
        noise: if noise == "noise" { NoiseLaw::Gaussian } else { NoiseLaw::None },
        threads: threads.parse()?,
        ..Params::default()
    };
    let frozen = match rules.as_str() {
        "all" => Rules::none(),
        "no-sp" => Rules::none().with(Rule::Sp),
        "none" => Rules::all(),
        other => return Err(format!("rules: expected all, no-sp or none, found {other:?}").into()),
    };
    let [settle, batch, batches] = match steps {
        [] => [(200_000 / ne).clamp(20, 1000), (200_000 / ne).max(5), 20],
        [settle, batch, batches] => [settle.parse()?, batch.parse()?, batches.parse()?],
        _ => return Err("SETTLE, BATCH and BATCHES go together".into()),
    };
    let mut network = if arrays.is_empty() { Network::new(&params, 1)? } else { read(&params, arrays)? };
    let mut input = vec![0.0; params.input_len()];
    let (mut step, mut spikes) = (0_usize, 0);
    let mut go = |network: &mut Network| -> Result<(), sorn_core::InputError> {
        // One input in ten is on.
        for (k, value) in input.iter_mut().enumerate() {
            *value = f64::from(u8::from((k + 7 * step).is_multiple_of(10)));
        }
        step += 1;
        spikes += network.step(&input)?.spikes_e.len();
        Ok(())
    };
    // A static network is a settled one that is frozen.
    network.set_frozen(if rules == "none" { Rules::none() } else { frozen });
    for _ in 0..settle {
        go(&mut network)?;
    }
    network.set_frozen(frozen);
    let begin = Instant::now();
    let clocks = || {
        let wall = begin.elapsed().as_secs_f64();
        let processor = if params.threads == 1 { seconds_of_processor() } else { None };
        [processor.unwrap_or(wall), wall]
    };
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..batches {
        let start = clocks();
        for _ in 0..batch {
            go(&mut network)?;
        }
        let end = clocks();
        (0..2).for_each(|clock| rates[clock].push(batch as f64 / (end[clock] - start[clock])));
    }
    let [best, on_the_wall] = rates.map(|rates| rates.into_iter().fold(0.0, f64::max));
    let rate = spikes as f64 / step as f64 / ne as f64;
    println!(
        "{{\"steps_per_second\": {best:.1}, \"wall\": {on_the_wall:.1}, \"rate\": {rate:.4}, \"spikes\": {spikes}}}"
    );
    Ok(())
}

/// Seconds that the thread has spent on the processor, so that other work on the machine does not count.
#[cfg(unix)]
fn seconds_of_processor() -> Option<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is there to be written.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    (answer == 0).then_some(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

#[cfg(not(unix))]
fn seconds_of_processor() -> Option<f64> {
    None
}

/// The network of a file's arrays: `Wee`, `Wei` and `Wie`, each as column starts, presynaptic indices and weights, then the
/// thresholds.
fn read(params: &Params, mut words: &[u64]) -> Result<Network, Box<dyn Error>> {
    let mut take = |n: usize| -> Result<&[u64], Box<dyn Error>> {
        let (taken, rest) = words.split_at_checked(n).ok_or("the file is too short")?;
        words = rest;
        Ok(taken)
    };
    let floats = |words: &[u64]| words.iter().map(|&word| f64::from_bits(word)).collect::<Vec<f64>>();
    let (ne, ni) = (params.ne, params.ni());
    let mut matrix = |n_pre: usize, n_post: usize| -> Result<Synapses, Box<dyn Error>> {
        let indptr: Vec<usize> = take(n_post + 1)?.iter().map(|&start| start as usize).collect();
        let indices: Vec<u32> = take(indptr[n_post])?.iter().map(|&pre| pre as u32).collect();
        let weights = floats(take(indices.len())?);
        Ok(Synapses { n_pre, indptr, indices, weights })
    };
    let (wee, wei, wie) = (matrix(ne, ne)?, matrix(ni, ne)?, matrix(ne, ni)?);
    let (te, ti) = (floats(take(ne)?), floats(take(ni)?));
    let small =
        Params { lambda_ee: 1.0.into(), lambda_ei: 1.0.into(), lambda_ie: 1.0.into(), ..params.clone() };
    let state = State { wee, wei, wie, te, ti, ..Network::new(&small, 1)?.state() };
    Ok(Network::from_state(params, state)?)
}
