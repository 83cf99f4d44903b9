//! Statistics of spontaneous dynamics: tails that bend, long correlations, weights, patterns.

use serde_json::json;
use sorn_report::stats::{self, Patterns, WeightChanges, WeightLaw};

use super::{Case, SplitMix, compare};

/// Whole numbers of a geometric distribution, stretched by a power.
fn stretched(random: &mut SplitMix, n: usize, scale: f64, power: f64) -> Vec<u64> {
    (0..n).map(|_| 1 + (scale * (-(1.0 - random.next()).ln()).powf(power)) as u64).collect()
}

fn bell(random: &mut SplitMix) -> f64 {
    (0..12).map(|_| random.next()).sum::<f64>() - 6.0
}

#[test]
fn tails_that_bend() {
    let mut random = SplitMix(21);
    let mut cases = Vec::new();
    for (scale, power) in [(5.0, 1.0), (3.0, 2.0), (20.0, 1.3)] {
        let values = stretched(&mut random, 3000, scale, power);
        for (low, high) in [(1, None), (3, Some(60)), (2, Some(400))] {
            let arguments = json!({ "values": values, "low": low, "high": high });
            let with = |law: &str| {
                let mut arguments = arguments.clone();
                arguments["law"] = json!(law);
                arguments
            };
            let fit = stats::fit_truncated_power_law(&values, low, high).unwrap();
            let ours = json!([fit.exponent, fit.rate, fit.log_likelihood]);
            cases.push(Case::new("bent_tail", with("truncated"), ours).within(1e-5));
            let fit = stats::fit_stretched_exponential(&values, low, high).unwrap();
            let ours = json!([fit.rate, fit.shape, fit.log_likelihood]);
            cases.push(Case::new("bent_tail", with("stretched"), ours).within(1e-5));
        }
    }
    compare(&cases);
}

#[test]
fn long_correlations() {
    let mut random = SplitMix(22);
    let mut cases = Vec::new();
    for memory in [0.0, 0.9, 1.0] {
        let mut value = 0.0;
        let values: Vec<f64> = (0..3000)
            .map(|_| {
                value = memory * value + bell(&mut random);
                value
            })
            .collect();
        let windows = [4, 9, 16, 50, 111, 300];
        let found = stats::detrended_fluctuations(&values, &windows).unwrap();
        let arguments = json!({ "values": values, "windows": windows });
        cases.push(
            Case::new("detrended", arguments, json!([found.exponent, found.fluctuations])).within(1e-9),
        );
    }
    compare(&cases);
}

#[test]
fn weights_and_their_changes() {
    let mut random = SplitMix(23);
    let mut cases = Vec::new();
    for spread in [0.3, 1.0] {
        let weights: Vec<f64> = (0..500).map(|_| (spread * bell(&mut random) - 3.0).exp()).collect();
        for (law, name) in [(WeightLaw::Normal, "normal"), (WeightLaw::Exponential, "exponential")] {
            let found = stats::compare_log_normal(&weights, law).unwrap();
            let ours = json!([stats::log_normal_distance(&weights).unwrap(), found.ratio, found.p]);
            let arguments = json!({ "weights": weights, "alternative": name });
            cases.push(Case::new("log_normal_against", arguments, ours).within(1e-9));
        }
        // Some changes are equal, as ranks know.
        let after: Vec<f64> =
            weights.iter().map(|w| w + (10.0 * random.next()).floor() * 0.01 * (1.0 + w)).collect();
        let changes = WeightChanges { before: weights.clone(), after: after.clone() };
        let ours = json!([changes.absolute_correlation().unwrap(), changes.relative_correlation().unwrap()]);
        cases.push(Case::new("change_correlations", json!({ "before": weights, "after": after }), ours));
    }
    compare(&cases);
}

#[test]
fn patterns_and_sizes_by_duration() {
    let mut random = SplitMix(24);
    let mut cases = Vec::new();
    for neurons in [1, 5, 10] {
        let mut drawn = |power: f64| -> Vec<u32> {
            (0..700).map(|_| (random.next().powf(power) * f64::from(1 << neurons)) as u32).collect()
        };
        let (p, q) = (drawn(1.0), drawn(2.0));
        let counted = |all: &[u32]| {
            let mut patterns = Patterns::new(neurons).unwrap();
            all.iter().for_each(|pattern| patterns.push(*pattern));
            patterns
        };
        for added in [1.0, 0.1] {
            let ours = stats::pattern_divergence(&counted(&p), &counted(&q), added).unwrap();
            let arguments = json!({ "p": p, "q": q, "neurons": neurons, "added": added });
            cases.push(Case::new("pattern_divergence", arguments, json!(ours)));
        }
    }
    let durations = stretched(&mut random, 2000, 4.0, 1.5);
    let sizes: Vec<u64> =
        durations.iter().map(|d| d + (random.next() * (*d as f64).powf(1.4)) as u64).collect();
    let means = stats::mean_sizes(&durations, &sizes).unwrap();
    let found = stats::crackling(&means, (2, Some(30)), 1.5, 1.3).unwrap();
    let arguments = json!({ "durations": durations, "sizes": sizes, "low": 2, "high": 30 });
    cases.push(Case::new("crackling", arguments, json!(found.slope)));
    compare(&cases);
}
