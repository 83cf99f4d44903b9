//! Time of one step, by size and mode, after the network has settled.

use criterion::{Criterion, criterion_group, criterion_main};
use sorn_core::{Network, NetworkType, NoiseLaw, Params, Rules};
use std::time::Duration;

/// In-degree 20 at 200 neurons and 100 above, with inhibition that stays sparse.
fn params(ne: usize) -> Params {
    if ne <= 200 {
        return Params { ne, ..Params::default() };
    }
    Params {
        ne,
        nu: ne / 20,
        lambda_ee: 100.0.into(),
        lambda_ei: 100.0.into(),
        network_type_ie: NetworkType::Sparse,
        lambda_ie: 100.0.into(),
        ..Params::default()
    }
}

/// Inputs that change from step to step, one-hot.
fn input(step: &mut usize, values: &mut [f64]) {
    let n = values.len();
    values[*step % n] = 0.0;
    *step += 1;
    values[*step % n] = 1.0;
}

fn bench(c: &mut Criterion, name: &str, params: &Params, settle: usize, frozen: Rules) {
    let mut network = Network::new(params, 1).expect("valid parameters");
    let mut values = vec![0.0; params.input_len()];
    let mut step = 0;
    for _ in 0..settle {
        input(&mut step, &mut values);
        network.step(&values).expect("finite input");
    }
    network.set_frozen(frozen);
    c.bench_function(name, |b| {
        b.iter(|| {
            input(&mut step, &mut values);
            network.step(&values).expect("finite input").spikes_e.len()
        })
    });
}

fn steps(c: &mut Criterion) {
    for (ne, settle) in [(50, 2500), (200, 2500), (1000, 500), (5000, 100), (20_000, 30)] {
        let noisy = params(ne);
        let quiet = Params { noise: NoiseLaw::None, ..noisy.clone() };
        bench(c, &format!("{ne}/all rules, noise"), &noisy, settle, Rules::none());
        bench(c, &format!("{ne}/all rules, no noise"), &quiet, settle, Rules::none());
        bench(c, &format!("{ne}/frozen, no noise"), &quiet, settle, Rules::all());
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = steps
}
criterion_main!(benches);
