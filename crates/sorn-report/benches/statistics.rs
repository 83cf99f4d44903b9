//! Statistics of a long recording: 200 neurons, a million steps, 20 million spikes.

use criterion::{Criterion, criterion_group, criterion_main};
use sorn_report::{SpikeTrains, stats};

const STEPS: u64 = 1_000_000;
const NEURONS: usize = 200;

/// Every neuron spikes after one to nineteen steps (a small generator: Steele, Lea and Flood 2014).
fn recording() -> SpikeTrains {
    let mut state = 1u64;
    let mut interval = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1 + (z ^ (z >> 31)) % 19
    };
    let mut train = || {
        let mut train = Vec::new();
        let mut step = interval();
        while step < STEPS {
            train.push(step);
            step += interval();
        }
        train
    };
    SpikeTrains::new((0..NEURONS).map(|_| train()).collect(), STEPS).expect("intervals are positive")
}

fn statistics(criterion: &mut Criterion) {
    let spikes = recording();
    let mut group = criterion.benchmark_group("200 neurons, 10^6 steps");
    group.sample_size(10);
    group.bench_function("rate, intervals, CV, CV2, LV, Fano", |bencher| {
        bencher.iter(|| {
            spikes
                .iter()
                .map(|train| {
                    (
                        stats::rate(train, STEPS),
                        stats::intervals(train),
                        stats::cv(train),
                        stats::cv2(train),
                        stats::lv(train),
                        stats::fano_factor(train, STEPS, 100),
                    )
                })
                .collect::<Vec<_>>()
        });
    });
    group.bench_function("correlations, window 1", |bencher| {
        bencher.iter(|| stats::correlations(&spikes, 1));
    });
    group.bench_function("correlations, window 100", |bencher| {
        bencher.iter(|| stats::correlations(&spikes, 100));
    });
    group.bench_function("time histogram, entropy", |bencher| {
        bencher.iter(|| (stats::time_histogram(&spikes, 1), stats::spike_source_entropy(&spikes)));
    });
    group.finish();
}

criterion_group!(benches, statistics);
criterion_main!(benches);
