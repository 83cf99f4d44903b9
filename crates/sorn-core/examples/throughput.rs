//! Steps per second of a settled network: `throughput NE PRECISION NOISE RULES THREADS`, for example
//! `throughput 200 exact noise all 1`.
//!
//! `PRECISION` is `exact` or `fast`, `NOISE` `noise` or `quiet`, `RULES` `all`, `no-sp` (all but structural plasticity) or
//! `none` (frozen). Prints the best of several batches, which other work on the machine disturbs least.

use sorn_core::{Network, NetworkType, NoiseLaw, Params, Precision, Rule, Rules};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ne, precision, noise, rules, threads] = &arguments[..] else {
        return Err("usage: throughput NE exact|fast noise|quiet all|no-sp|none THREADS".into());
    };
    let ne: usize = ne.parse()?;
    let large = ne > 200;
    let degree = if large { 100.0 } else { 20.0 };
    let params = Params {
        ne,
        nu: ne / 20,
        lambda_ee: degree,
        lambda_ei: if large { degree } else { 40.0 },
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
        other => return Err(format!("rules: found {other:?}, allowed: all, no-sp, none").into()),
    };
    let mut network = Network::new(&params, 1)?;
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
    for _ in 0..(200_000 / ne).clamp(20, 1000) {
        go(&mut network)?;
    }
    network.set_frozen(frozen);
    let batch = (200_000 / ne).max(5);
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        for _ in 0..batch {
            go(&mut network)?;
        }
        best = best.min(start.elapsed().as_secs_f64() / batch as f64);
    }
    let rate = spikes as f64 / step as f64 / ne as f64;
    println!("{{\"steps_per_second\": {:.1}, \"rate\": {rate:.4}}}", 1.0 / best);
    Ok(())
}
