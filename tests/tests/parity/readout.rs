//! The readouts of sorn-readout beside scikit-learn and NumPy.

use serde::Deserialize;
use serde_json::json;
use sorn_core::{Network, Params, Rules, rng};
use sorn_readout::{LeastSquares, Logistic, Rows};
use sorn_tests::Peer;

#[derive(Deserialize)]
struct Answer {
    loss: f64,
    coef: Vec<Vec<f64>>,
    least_squares: Vec<Vec<f64>>,
}

/// States of a static reservoir that is given random symbols, with the symbol of two steps before as the label.
fn states(symbols: usize, steps: usize) -> (Vec<Vec<u32>>, Vec<u32>) {
    let preset = Params::preset("counting").unwrap();
    let mut network = Network::new(&Params { ne: 100, nu: symbols, ..preset }, 5).unwrap();
    network.set_frozen(Rules::all());
    let draws = &mut rng::stream(5, "test");
    let given: Vec<usize> = (0..steps).map(|_| rng::below(draws, symbols as u64) as usize).collect();
    let mut rows = Vec::new();
    for &symbol in &given {
        let mut input = vec![0.0; symbols];
        input[symbol] = 1.0;
        rows.push(network.step(&input).unwrap().spikes_e.to_vec());
    }
    (rows.split_off(2), given[..steps - 2].iter().map(|s| *s as u32).collect())
}

#[test]
fn logistic_regression_has_scikit_learns_optimum_and_least_squares_numpys() {
    for (classes, c) in [(6, 1.0), (6, 0.01), (2, 1.0)] {
        let (active, labels) = states(classes, 700);
        let question =
            json!({ "rows": active, "features": 100, "labels": labels, "classes": classes, "c": c });
        let theirs: Answer = Peer::from_env().unwrap().json("readout.py", &question).unwrap();
        let mut rows = Rows::new(100);
        active.iter().for_each(|active| rows.push_active(active).unwrap());
        let ours = Logistic { c, ..Logistic::default() }.fit(&rows, &labels, classes).unwrap();
        assert!(ours.converged);
        assert!((ours.loss - theirs.loss).abs() < 1e-6, "{classes} {c}: {} {}", ours.loss, theirs.loss);
        let weights: Vec<&[f64]> = ours.readout.weights().chunks_exact(101).collect();
        for (class, theirs) in theirs.coef.iter().enumerate() {
            for (unit, theirs) in theirs.iter().enumerate() {
                // Of two classes scikit-learn gives one row, the difference of ours.
                let ours = match classes {
                    2 => weights[1][unit] - weights[0][unit],
                    _ => weights[class][unit],
                };
                assert!((ours - theirs).abs() < 2e-3, "{classes} {c} [{class}][{unit}]: {ours} {theirs}");
            }
        }
        let mut fit = LeastSquares::new(100, classes).unwrap();
        for (active, label) in active.iter().zip(&labels) {
            let mut hot = vec![0.0; classes];
            hot[*label as usize] = 1.0;
            fit.learn_sparse(active.iter().map(|unit| (*unit, 1.0)), &hot).unwrap();
        }
        let ours = fit.solve();
        for (ours, theirs) in ours.weights().iter().zip(theirs.least_squares.iter().flatten()) {
            assert!((ours - theirs).abs() < 1e-6, "{classes}: {ours} {theirs}");
        }
    }
}
