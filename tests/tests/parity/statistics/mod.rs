//! The statistics of sorn-report beside those of Elephant, SciPy, NumPy, powerlaw, mrestimator and upstream.

mod dynamics;
mod laws;
mod networks;
mod samples;
mod trains;

use serde_json::{Value, json};

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
        let question: String = case.question.to_string().chars().take(1000).collect();
        assert!(
            close(&case.ours, theirs, case.tolerance),
            "{question}\nours   {}\ntheirs {theirs}",
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
