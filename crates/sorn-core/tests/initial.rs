//! Weights, thresholds and pools of one's own.

use ndarray::Array2;
use sorn_core::{Degree, Initial, InputMap, Network, Params, Synapses};

fn params() -> Params {
    let (lambda_ee, lambda_ei) = (Degree::Count(4.0), Degree::Count(4.0));
    Params {
        ne: 20,
        nu: 2,
        lambda_ee,
        lambda_ei,
        input: InputMap::Pools { size: 3, overlap: true },
        ..Params::default()
    }
}

#[test]
fn what_is_given_is_there_and_the_rest_is_drawn_as_ever() {
    let drawn = Network::new(&params(), 3).unwrap();
    let none = Network::with_initial(&params(), 3, &Initial::default()).unwrap();
    assert_eq!(none.state(), drawn.state());
    let te: Vec<f64> = (0..20).map(|k| f64::from(k) / 40.0).collect();
    let initial =
        Initial { te: Some(te.clone()), pools: Some(vec![vec![5, 1], vec![7]]), ..Initial::default() };
    let given = Network::with_initial(&params(), 3, &initial).unwrap();
    assert_eq!((given.te(), given.pools()), (&te[..], &[vec![1, 5], vec![7]][..]));
    assert_eq!((given.wee(), given.ti()), (drawn.wee(), drawn.ti()));
}

#[test]
fn what_does_not_fit_is_named() {
    let refusal = |initial: Initial| Network::with_initial(&params(), 3, &initial).unwrap_err().to_string();
    let square = |n: usize, value: f64| Some(Synapses::from_dense(&Array2::from_elem((n, n), value)));
    let text = refusal(Initial { wee: square(19, 0.5), ..Initial::default() });
    assert_eq!(text, "state `wee`: expected shape (20, 20), found (19, 19)");
    let text = refusal(Initial { wee: square(20, 0.5), ..Initial::default() });
    assert!(text.contains("expected no self-connections, found "), "{text}");
    let text = refusal(Initial { te: Some(vec![0.1; 19]), ..Initial::default() });
    assert!(text.starts_with("state `te`: expected 20 values, found 19"), "{text}");
    let text = refusal(Initial { te: Some(vec![f64::NAN; 20]), ..Initial::default() });
    assert!(text.starts_with("state `te`: expected finite numbers, found [0] = NaN"), "{text}");
    let text = refusal(Initial { pools: Some(vec![vec![20], vec![]]), ..Initial::default() });
    assert!(text.starts_with("state `pools`"), "{text}");
}
