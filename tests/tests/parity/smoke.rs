//! The interpreter of the parity tests runs, answers to the bit, and its errors reach us.

use serde::Deserialize;
use serde_json::json;
use sorn_tests::{Peer, PeerError};

#[derive(Debug, Deserialize)]
struct Answer {
    echo: Vec<f64>,
    versions: std::collections::BTreeMap<String, String>,
}

#[test]
fn numbers_go_there_and_back_to_the_bit() {
    let peer = Peer::from_env().unwrap();
    let values = [0.1, -0.0, 1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX, 5e-324, 1e23];
    let answer: Answer = peer.json("smoke.py", &json!({ "echo": values })).unwrap();
    let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&answer.echo), bits(&values));
    assert_eq!(answer.versions["sorn"], "0.7.4");
    assert!(answer.versions["gymnasium"].starts_with("1."));
}

#[test]
fn a_traceback_is_passed_on() {
    let peer = Peer::from_env().unwrap();
    let error = peer.json::<_, Answer>("smoke.py", &json!({ "fail": "on purpose" })).unwrap_err();
    assert!(matches!(error, PeerError::Failed { .. }));
    let text = error.to_string();
    assert!(text.contains("Traceback") && text.contains("on purpose"), "{text}");
}

#[test]
fn an_answer_of_another_type_is_an_error() {
    let peer = Peer::from_env().unwrap();
    let error = peer.json::<_, Vec<f64>>("smoke.py", &json!({ "echo": [] })).unwrap_err();
    assert!(matches!(error, PeerError::Json { .. }), "{error}");
}
