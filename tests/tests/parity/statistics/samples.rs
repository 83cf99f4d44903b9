//! Samples of numbers: quantiles, ranks, weights.

use serde_json::json;
use sorn_report::stats;

use super::{Case, SplitMix, answer, compare};

#[test]
fn quantiles() {
    let mut random = SplitMix(2);
    let mut cases = Vec::new();
    for n in [1, 2, 3, 7, 20, 101] {
        let values: Vec<f64> = (0..n).map(|_| 1e3 * (random.next() - 0.3)).collect();
        for q in [0.0, 0.05, 0.25, 1.0 / 3.0, 0.5, 0.75, 0.99, 1.0] {
            let arguments = json!({ "values": values, "q": q });
            cases.push(Case::new("quantile", arguments, answer(stats::quantile(&values, q))));
        }
    }
    compare(&cases);
}

#[test]
fn ranks() {
    let mut random = SplitMix(3);
    let mut cases = Vec::new();
    for (m, n) in [(1, 1), (2, 3), (5, 8), (20, 20), (50, 50), (60, 40)] {
        for (shift, grid) in [(0.0, 0.0), (0.4, 0.0), (1.0, 0.0), (0.2, 10.0), (0.5, 3.0)] {
            let mut sample = |size: usize, shift: f64| -> Vec<f64> {
                let value = |u: f64| if grid > 0.0 { (u * grid).round() } else { u };
                (0..size).map(|_| value(random.next() + shift)).collect()
            };
            let (a, b) = (sample(m, shift), sample(n, 0.0));
            let test = stats::mann_whitney(&a, &b).unwrap();
            let method = if test.exact { "exact" } else { "asymptotic" };
            let arguments = json!({ "a": a, "b": b, "method": method });
            cases.push(Case::new("mann_whitney", arguments, json!([test.u, test.p])));
        }
    }
    assert!(cases.iter().any(|c| c.question["method"] == "exact"));
    assert!(cases.iter().any(|c| c.question["method"] == "asymptotic"));
    compare(&cases);
}

#[test]
fn log_normal_weights() {
    let mut random = SplitMix(6);
    let mut cases = Vec::new();
    for n in [2, 30, 4000] {
        let weights: Vec<f64> = (0..n).map(|_| (4.0 * random.next() - 3.0).exp()).collect();
        let fit = stats::fit_log_normal(&weights).unwrap();
        let ours = json!([fit.mu, fit.sigma, fit.log_likelihood]);
        cases.push(Case::new("log_normal", json!({ "weights": weights }), ours).within(1e-11));
    }
    compare(&cases);
}
