//! The statistics of sorn-report beside Elephant, SciPy and NumPy, on random, bursty, regular, one-spike
//! and empty data.

use serde_json::{Value, json};
use sorn_report::{SpikeTrains, stats};
use sorn_tests::Peer;

const TOLERANCE: f64 = 1e-12;

/// A question to the oracle, our own answer, and how near they must be.
struct Case {
    question: Value,
    ours: Value,
    tolerance: f64,
}

impl Case {
    fn new(of: &str, arguments: Value, ours: Value) -> Self {
        let mut question = arguments;
        question["of"] = json!(of);
        Self { question, ours, tolerance: TOLERANCE }
    }

    /// For answers that an iterative minimiser finds less exactly than we do.
    fn within(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }
}

fn compare(cases: &[Case]) {
    let questions: Vec<&Value> = cases.iter().map(|c| &c.question).collect();
    let theirs: Vec<Value> = Peer::from_env().unwrap().json("oracle.py", &questions).unwrap();
    assert_eq!(theirs.len(), cases.len());
    for (case, theirs) in cases.iter().zip(&theirs) {
        assert!(
            close(&case.ours, theirs, case.tolerance),
            "{}\nours   {}\ntheirs {theirs}",
            case.question,
            case.ours
        );
    }
}

/// Equal within the tolerance, absolute below 1 and relative above; no answer only equals no answer.
fn close(a: &Value, b: &Value, tolerance: f64) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b, tolerance))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= tolerance * a.abs().max(1.0)
        }
        (a, b) => a == b,
    }
}

fn answer<T: serde::Serialize, E>(result: Result<T, E>) -> Value {
    result.map_or(Value::Null, |value| json!(value))
}

/// A small generator (Steele, Lea and Flood 2014); uniform in [0, 1).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

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

#[test]
fn populations() {
    let trains = trains();
    let spikes = SpikeTrains::new(trains.clone(), STEPS).unwrap();
    let mut cases = Vec::new();
    for window in [1, 10, 70] {
        let arguments = json!({ "trains": trains, "steps": STEPS, "window": window });
        let histogram = stats::time_histogram(&spikes, window).unwrap();
        cases.push(Case::new("time_histogram", arguments.clone(), json!(histogram)));
        let r = stats::correlations(&spikes, window).unwrap();
        let row = |i: usize| -> Vec<Option<f64>> {
            // Theirs has ones on the diagonal where the neuron's count varies at all.
            let varies = |i: usize| (0..trains.len()).any(|j| r.get(i, j).is_some());
            (0..trains.len()).map(|j| if i == j { varies(i).then_some(1.0) } else { r.get(i, j) }).collect()
        };
        let ours: Vec<_> = (0..trains.len()).map(row).collect();
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

/// Whole numbers with a tail: `min` times a power of a uniform number, rounded down.
fn heavy_tailed(random: &mut SplitMix, n: usize, exponent: f64, most: f64) -> Vec<u64> {
    (0..n).map(|_| random.next().powf(-1.0 / (exponent - 1.0)).min(most) as u64).collect()
}

#[test]
fn power_laws() {
    let mut random = SplitMix(4);
    let mut cases = Vec::new();
    for exponent in [1.5, 2.2, 3.5] {
        let values = heavy_tailed(&mut random, 2000, exponent, 1e9);
        for (low, high) in [(1, None), (5, None), (1, Some(60)), (6, Some(1500)), (8, Some(40))] {
            // SciPy's sums differ in rounding and its minimum is flat: exponents agree to a part in 10^6.
            let fit = stats::fit_power_law(&values, low, high);
            let ours = answer(fit.map(|f| [f.exponent, f.log_likelihood]));
            let arguments = json!({ "values": values, "low": low, "high": high });
            cases.push(Case::new("power_law", arguments, ours).within(1e-6));
        }
    }
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
        cases.push(Case::new("branching_ratio", arguments, ours).within(1e-6));
    }
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
