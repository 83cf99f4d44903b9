//! Networks: memory capacity, kernel rank, significance, lifetimes.

use ndarray::{Array3, Axis};
use serde_json::json;
use sorn_core::{Network, Params, Rules};
use sorn_report::{SpikeTrains, stats};

use super::{Case, SplitMix, compare};

fn network(ne: usize) -> Network {
    let mut network = Network::new(&Params { ne, nu: 5, ..Params::default() }, 6).unwrap();
    for step in 0..1000 {
        network.step(&[f64::from(step % 2); 5]).unwrap();
    }
    network.set_frozen(Rules::all());
    network
}

#[test]
fn memory_capacities() {
    let mut network = network(50);
    let mut random = SplitMix(20);
    let input: Vec<f64> = (0..1500).map(|_| random.next()).collect();
    let mut events = Vec::new();
    for (step, u) in input.iter().enumerate() {
        let active = network.step(&[*u; 5]).unwrap().spikes_e.to_vec();
        events.extend(active.into_iter().map(|neuron| (step as u64, neuron as usize)));
    }
    let spikes = SpikeTrains::from_events(events, 50, 1500).unwrap();
    let mut cases = Vec::new();
    for (lags, training, ridge) in [(8, 1000, 1.0), (3, 400, 1e-6), (0, 1498, 30.0)] {
        let found = stats::memory_capacity(&spikes, &input, lags, training, ridge).unwrap();
        assert!(lags == 0 || found.by_lag[0] > 0.2, "{found:?}");
        let trains: Vec<&[u64]> = spikes.iter().collect();
        let arguments = json!({
            "trains": trains, "input": input, "lags": lags, "training": training, "ridge": ridge,
        });
        // Equations with a small ridge are ill-conditioned; the peer solves them by another way.
        cases.push(Case::new("memory_capacity", arguments, json!(found.by_lag)).within(1e-8));
    }
    compare(&cases);
}

#[test]
fn ranks_of_states() {
    let mut random = SplitMix(21);
    let mut cases = Vec::new();
    for (ne, count, steps) in [(60, 20, 6), (60, 80, 6), (40, 30, 2), (100, 60, 15)] {
        let network = network(ne);
        let streams = Array3::from_shape_fn((count, steps, 5), |_| random.next().round());
        let states: Vec<Vec<u8>> = streams
            .axis_iter(Axis(0))
            .map(|stream| {
                let mut network = network.clone();
                for row in stream.rows() {
                    network.step(&row.to_vec()).unwrap();
                }
                let active = network.activity().spikes_e;
                (0..ne as u32).map(|neuron| u8::from(active.contains(&neuron))).collect()
            })
            .collect();
        let rank = stats::kernel_rank(&network, streams.view()).unwrap();
        assert!(rank > 1, "{rank}");
        cases.push(Case::new("matrix_rank", json!({ "rows": states }), json!(rank)));
    }
    compare(&cases);
}

#[test]
fn false_discoveries() {
    let mut random = SplitMix(22);
    // Neurons of three groups, each with a common drive of another strength.
    let mut trains = vec![Vec::new(); 12];
    for step in 0..800 {
        let common = [random.next(), random.next(), random.next()];
        for (neuron, train) in trains.iter_mut().enumerate() {
            let group = neuron % 3;
            if random.next() < 0.1 + 0.08 * group as f64 * f64::from(u8::from(common[group] < 0.1)) {
                train.push(step);
            }
        }
    }
    let spikes = SpikeTrains::new(trains, 800).unwrap();
    let kind = stats::Surrogate::CircularShift;
    let found = stats::correlation_significance(&spikes, 2, kind, 999, 1).unwrap();
    let pairs: Vec<(usize, usize)> = (0..12).flat_map(|i| (0..i).map(move |j| (j, i))).collect();
    let p: Vec<f64> = pairs.iter().map(|(j, i)| found.get(*i, *j).unwrap()).collect();
    let mut cases = Vec::new();
    for rate in [0.05, 0.2, 0.5, 0.9] {
        let significant = found.significant(rate).unwrap();
        let ours: Vec<u8> = pairs.iter().map(|pair| u8::from(significant.contains(pair))).collect();
        let arguments = json!({ "p": p, "rate": rate });
        cases.push(Case::new("false_discovery", arguments, json!(ours)));
    }
    compare(&cases);
}

#[test]
fn survival() {
    let mut random = SplitMix(23);
    let mut cases = Vec::new();
    for (ended, alive) in [(1, 0), (5, 5), (300, 40), (20, 200)] {
        let mut lives =
            |n: usize| -> Vec<u64> { (0..n).map(|_| 1 + (9.0 / (random.next() + 0.02)) as u64).collect() };
        let lifetimes =
            stats::Lifetimes { ended: lives(ended), alive: lives(alive), initial: 0, initial_alive: 0 };
        let arguments = json!({ "ended": lifetimes.ended, "alive": lifetimes.alive });
        cases.push(Case::new("survival", arguments, json!(lifetimes.survival())));
    }
    compare(&cases);
}
