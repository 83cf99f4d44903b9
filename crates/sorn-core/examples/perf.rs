//! Steps to count instructions of: `perf NAME STEPS`, where `NAME` is `PRECISION-NEURONS-RULES`, for example
//! `exact-200-plastic`. `cargo xtask perf` runs it under callgrind with two numbers of steps and compares the difference, so
//! that neither making the network nor settling counts.

use sorn_core::{Network, NetworkType, Params, Precision, Rules};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, steps] = &arguments[..] else {
        return Err("usage: perf PRECISION-NEURONS-RULES STEPS".into());
    };
    let parts: Vec<&str> = name.split('-').collect();
    let [precision, ne, rules] = parts[..] else { return Err(format!("{name}: not three parts").into()) };
    let ne: usize = ne.parse()?;
    let mut params = Params {
        ne,
        nu: ne / 20,
        precision: if precision == "fast" { Precision::Fast } else { Precision::Exact },
        ..Params::default()
    };
    if ne > 200 {
        (params.lambda_ee, params.lambda_ei, params.lambda_ie) = (100.0.into(), 100.0.into(), 100.0.into());
        params.network_type_ie = NetworkType::Sparse;
    }
    let mut network = Network::new(&params, 1)?;
    let mut input = vec![0.0; params.input_len()];
    let mut go = |network: &mut Network, steps: usize| -> Result<usize, sorn_core::InputError> {
        let mut spikes = 0;
        for step in 0..steps {
            input.iter_mut().enumerate().for_each(|(k, value)| {
                *value = f64::from(u8::from((k + 7 * step).is_multiple_of(10)));
            });
            spikes += network.step(&input)?.spikes_e.len();
        }
        Ok(spikes)
    };
    go(&mut network, (100_000 / ne).clamp(10, 500))?;
    if rules == "frozen" {
        network.set_frozen(Rules::all());
    }
    println!("{}", go(&mut network, steps.parse()?)?);
    Ok(())
}
