//! Power laws and branching ratios.

use serde_json::json;
use sorn_report::stats;

use super::{Case, SplitMix, answer, compare};

/// Whole numbers with a tail: `min` times a power of a uniform number, rounded down.
fn heavy_tailed(random: &mut SplitMix, n: usize, exponent: f64, most: f64) -> Vec<u64> {
    (0..n).map(|_| random.next().powf(-1.0 / (exponent - 1.0)).min(most) as u64).collect()
}

#[test]
fn power_laws() {
    let mut random = SplitMix(4);
    let (mut cases, mut compared) = (Vec::new(), 0);
    for exponent in [1.5, 2.2, 3.5] {
        let values = heavy_tailed(&mut random, 2000, exponent, 1e9);
        for (low, high) in [(1, None), (5, None), (1, Some(60)), (6, Some(1500)), (8, Some(40))] {
            // SciPy's sums differ in rounding and its minimum is flat: exponents agree to a part in 10^6.
            let fit = stats::fit_power_law(&values, low, high);
            let ours = answer(fit.clone().map(|f| [f.exponent, f.log_likelihood]));
            let arguments = json!({ "values": values, "low": low, "high": high });
            cases.push(Case::new("power_law", arguments.clone(), ours).within(1e-6));
            // The package seeks between 1 and 3 alone, and stops its minimiser early.
            if let Some(fit) = fit.ok().filter(|fit| fit.exponent > 1.05 && fit.exponent < 2.95) {
                compared += 1;
                cases.push(Case::new("powerlaw_package", arguments, json!(fit.exponent)).within(1e-4));
            }
        }
    }
    assert!(compared >= 8, "{compared}");
    compare(&cases);
}

#[test]
fn likelihood_ratios() {
    let mut random = SplitMix(8);
    let power = heavy_tailed(&mut random, 1500, 2.2, 1e9);
    let geometric: Vec<u64> = (0..1500).map(|_| 1 + (-8.0 * random.next().ln()) as u64).collect();
    let bell = |random: &mut SplitMix| (0..12).map(|_| random.next()).sum::<f64>() - 6.0;
    let log_normal: Vec<u64> = (0..1500).map(|_| (2.5 + bell(&mut random)).exp().ceil() as u64).collect();
    let mut cases = Vec::new();
    let both = [stats::Alternative::Exponential, stats::Alternative::LogNormal];
    // The log-normal that fits a power law best has its mean at minus infinity; SciPy stops on the way.
    for (values, alternatives) in [(power, &both[..1]), (geometric, &both), (log_normal, &both)] {
        for (low, high) in [(1, None), (2, Some(200))] {
            let fit = stats::fit_power_law(&values, low, high).unwrap();
            for alternative in alternatives {
                let found = stats::compare_power_law(&values, &fit, *alternative).unwrap();
                let arguments = json!({
                    "values": values, "low": low, "high": high,
                    "exponent": fit.exponent, "alternative": format!("{alternative:?}"),
                });
                let ours = json!([found.ratio, found.p]);
                cases.push(Case::new("likelihood_ratio", arguments, ours).within(1e-6));
            }
        }
    }
    compare(&cases);
}

#[test]
fn branching_ratios() {
    let mut random = SplitMix(5);
    let mut cases = Vec::new();
    for (ratio, observed) in [(0.6, 1.0), (0.9, 1.0), (0.98, 0.3)] {
        let mut active = 10.0;
        let activity: Vec<f64> = (0..5000)
            .map(|_| {
                active = ratio * active + random.next();
                active + (1.0 - observed) * 10.0 * random.next()
            })
            .collect();
        let found = stats::branching_ratio(&activity, 25).unwrap();
        let ours = json!([found.ratio, found.amplitude, found.slopes]);
        let arguments = json!({ "activity": activity, "lags": 25 });
        cases.push(Case::new("branching_ratio", arguments.clone(), ours).within(1e-6));
        let ours = json!([found.ratio, found.slopes]);
        cases.push(Case::new("mrestimator_package", arguments, ours).within(1e-6));
    }
    compare(&cases);
}
