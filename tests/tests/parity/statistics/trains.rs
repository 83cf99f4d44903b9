//! Trains and populations: random, bursty, regular, one-spike and empty.

use serde_json::json;
use sorn_report::{SpikeTrains, stats};

use super::{Case, SplitMix, answer, compare};

const STEPS: u64 = 3000;

fn trains() -> Vec<Vec<u64>> {
    let mut random = SplitMix(1);
    let mut at_rate = |rate: &dyn Fn(u64) -> f64| -> Vec<u64> {
        (0..STEPS).filter(|step| random.next() < rate(*step)).collect()
    };
    vec![
        at_rate(&|_| 0.1),
        at_rate(&|_| 0.02),
        at_rate(&|_| 0.9),
        // Bursts, and a rate that drifts.
        at_rate(&|step| if step % 100 < 10 { 0.8 } else { 0.005 }),
        at_rate(&|step| 0.2 * step as f64 / STEPS as f64),
        (0..STEPS).step_by(7).collect(),
        (0..STEPS).collect(),
        vec![],
        vec![1234],
        vec![0, STEPS - 1],
        vec![5, 6, 100],
    ]
}

#[test]
fn single_trains() {
    let mut cases = Vec::new();
    for train in trains() {
        let arguments = json!({ "spikes": train, "steps": STEPS });
        let mut case = |of, ours| cases.push(Case::new(of, arguments.clone(), ours));
        case("rate", answer(stats::rate(&train, STEPS)));
        case("intervals", json!(stats::intervals(&train)));
        case("cv", answer(stats::cv(&train)));
        case("cv2", answer(stats::cv2(&train)));
        case("lv", answer(stats::lv(&train)));
        for sigma in [1.0, 3.4, 40.0] {
            let arguments = json!({ "spikes": train, "steps": STEPS, "sigma": sigma });
            let ours = answer(stats::instantaneous_rate(&train, STEPS, sigma));
            cases.push(Case::new("instantaneous_rate", arguments, ours));
        }
        for window in [1, 10, 70] {
            let arguments = json!({ "spikes": train, "steps": STEPS, "window": window });
            cases.push(Case::new(
                "fano_factor",
                arguments,
                answer(stats::fano_factor(&train, STEPS, window)),
            ));
        }
    }
    compare(&cases);
}

/// The square matrix, as Elephant has it: ones on the diagonal where the neuron's count varies at all.
fn correlation_matrix(spikes: &SpikeTrains, window: u64) -> Vec<Vec<Option<f64>>> {
    let r = stats::correlations(spikes, window).unwrap();
    let varies = |i: usize| {
        let counts = stats::counts(spikes.train(i), spikes.steps(), window).unwrap();
        counts.iter().any(|count| *count != counts[0])
    };
    let entry = |i: usize, j: usize| if i == j { varies(i).then_some(1.0) } else { r.get(i, j) };
    let neurons = spikes.neurons();
    (0..neurons).map(|i| (0..neurons).map(|j| entry(i, j)).collect()).collect()
}

#[test]
fn populations() {
    let trains = trains();
    let spikes = SpikeTrains::new(trains.clone(), STEPS).unwrap();
    let mut cases = Vec::new();
    for window in [1, 10, 70] {
        let arguments = json!({ "trains": trains, "steps": STEPS, "window": window });
        let histogram = stats::time_histogram(&spikes, window).unwrap();
        cases.push(Case::new("time_histogram", arguments.clone(), json!(histogram)));
        let ours = correlation_matrix(&spikes, window);
        cases.push(Case::new("correlations", arguments, json!(ours)));
    }
    cases.push(Case::new(
        "entropy",
        json!({ "trains": trains }),
        answer(stats::spike_source_entropy(&spikes)),
    ));
    let silent = vec![Vec::<u64>::new(); 2];
    let none = stats::spike_source_entropy(&SpikeTrains::new(silent.clone(), 5).unwrap());
    cases.push(Case::new("entropy", json!({ "trains": silent }), answer(none)));
    compare(&cases);
}

/// Every statistic of trains on shapes that nobody chose: lengths, rates, clumps, windows, numbers of neurons.
#[test]
fn random_shapes() {
    let mut random = SplitMix(11);
    let mut cases = Vec::new();
    for _ in 0..60 {
        let steps = 1 + (400.0 * random.next().powi(2)) as u64;
        let window = 1 + (30.0 * random.next().powi(3)) as u64;
        let neurons = 1 + (6.0 * random.next()) as usize;
        let mut train = || -> Vec<u64> {
            let (rate, clump) = (random.next().powi(3), 1 + (20.0 * random.next()) as u64);
            let mut on = true;
            (0..steps)
                .filter(|step| {
                    if step % clump == 0 {
                        on = random.next() < 0.5;
                    }
                    on && random.next() < rate
                })
                .collect()
        };
        let trains: Vec<Vec<u64>> = (0..neurons).map(|_| train()).collect();
        for train in &trains {
            let arguments = json!({ "spikes": train, "steps": steps });
            let mut case = |of, ours| cases.push(Case::new(of, arguments.clone(), ours));
            case("rate", answer(stats::rate(train, steps)));
            case("intervals", json!(stats::intervals(train)));
            case("cv", answer(stats::cv(train)));
            case("cv2", answer(stats::cv2(train)));
            case("lv", answer(stats::lv(train)));
            if steps >= window {
                let arguments = json!({ "spikes": train, "steps": steps, "window": window });
                let ours = answer(stats::fano_factor(train, steps, window));
                cases.push(Case::new("fano_factor", arguments, ours));
            }
        }
        let spikes = SpikeTrains::new(trains.clone(), steps).unwrap();
        if neurons >= 2 {
            let ours = answer(stats::spike_source_entropy(&spikes));
            cases.push(Case::new("entropy", json!({ "trains": trains }), ours));
        }
        if steps >= 2 * window {
            let arguments = json!({ "trains": trains, "steps": steps, "window": window });
            let histogram = stats::time_histogram(&spikes, window).unwrap();
            cases.push(Case::new("time_histogram", arguments.clone(), json!(histogram)));
            if neurons >= 2 {
                let ours = json!(correlation_matrix(&spikes, window));
                cases.push(Case::new("correlations", arguments, ours));
            }
        }
    }
    let answered = cases.iter().filter(|case| !case.ours.is_null()).count();
    assert!(answered > 300 && answered < cases.len(), "{answered} of {}", cases.len());
    compare(&cases);
}

#[test]
fn series() {
    let mut random = SplitMix(7);
    let noise: Vec<f64> = (0..500).map(|_| random.next().round() * 20.0).collect();
    let walk: Vec<f64> = noise.iter().scan(0.0, |at, n| Some(*at + n - 9.5).inspect(|v| *at = *v)).collect();
    let mut cases = Vec::new();
    for series in [noise, walk, vec![1.0, 4.0, 2.0], vec![3.0; 20]] {
        let arguments = json!({ "firing_rates": series });
        let (scaled, relative) = (stats::smoothness(&series), stats::relative_smoothness(&series));
        cases.push(Case::new("smoothness", arguments.clone(), answer(scaled)));
        cases.push(Case::new("relative_smoothness", arguments, answer(relative)));
        for lag in [1, 2, 15] {
            if series.len() > lag + 1 {
                let arguments = json!({ "firing_rates": series, "t": lag });
                cases.push(Case::new(
                    "autocorrelation",
                    arguments,
                    answer(stats::autocorrelation(&series, lag)),
                ));
            }
        }
    }
    compare(&cases);
}

#[test]
fn hamming_distances() {
    let states = |trains: &[Vec<u64>]| -> Vec<Vec<u8>> {
        let at = |step: u64| trains.iter().map(move |t| u8::from(t.contains(&step)));
        (0..STEPS).map(|step| at(step).collect()).collect()
    };
    let a = trains();
    let b: Vec<Vec<u64>> = a.iter().rev().cloned().collect();
    let spikes = |trains: &[Vec<u64>]| SpikeTrains::new(trains.to_vec(), STEPS).unwrap();
    let distance = stats::hamming_distance(&spikes(&a), &spikes(&b)).unwrap();
    assert!(distance.iter().any(|d| *d > 0));
    let arguments = json!({ "a": states(&a), "b": states(&b) });
    compare(&[Case::new("hamming_distance", arguments, json!(distance))]);
}
