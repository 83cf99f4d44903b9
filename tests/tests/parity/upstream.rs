//! Every array of the reservoir equals upstream's (`sorn` 0.7.4), bit for bit, after every step.
//!
//! The default run takes about a minute. `SORN_PARITY=full` runs 2,000 steps of every combination of frozen rules at 50,
//! 200 and 1,000 neurons, which takes over an hour; `SORN_PARITY_SEED` changes every random choice.

use ndarray::Array2;
use serde_json::{Value, json};
use sorn_core::{Network, Params, Rules, State, Supplied, Synapses};
use sorn_tests::Peer;

const RULES: [&str; 5] = ["stdp", "ip", "sp", "istdp", "ss"];
const ARRAYS: [&str; 9] =
    ["Wee", "Wei", "Wie", "Te", "Ti", "X", "Y", "recurrent drive", "recurrent activation"];

/// One run of upstream; the fields are those of `tests/peers/upstream_reservoir.py`.
#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    ne: usize,
    nu: usize,
    steps: usize,
    settings: Value,
    freeze: Vec<&'static str>,
    phase: &'static str,
    noise: bool,
    input: &'static str,
    fast: bool,
    runner: &'static str,
}

impl Case {
    fn json(&self) -> Value {
        json!({
            "seed": self.seed, "ne": self.ne, "nu": self.nu, "steps": self.steps, "settings": self.settings,
            "freeze": self.freeze, "phase": self.phase, "noise": self.noise, "input": self.input,
            "fast": self.fast, "runner": self.runner,
        })
    }

    fn params(&self) -> Params {
        let mut params = serde_json::to_value(Params::default()).unwrap();
        for (key, value) in self.settings.as_object().unwrap() {
            params[key] = value.clone();
        }
        (params["ne"], params["nu"]) = (json!(self.ne), json!(self.nu));
        serde_json::from_value(params).unwrap()
    }
}

/// 64-bit words of a peer's answer, one after the other.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn word(&mut self) -> u64 {
        let (word, rest) = self.0.split_first_chunk().expect("the script wrote a whole case");
        self.0 = rest;
        u64::from_le_bytes(*word)
    }

    fn floats(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| f64::from_bits(self.word())).collect()
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_vec((rows, columns), self.floats(rows * columns)).unwrap()
    }
}

/// The script's hash; entries that are zero add nothing, so only others are visited.
fn hash(entries: impl IntoIterator<Item = (usize, f64)>) -> u64 {
    entries.into_iter().fold(0, |sum, (position, value)| {
        let mut z = (position as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        sum.wrapping_add(value.to_bits().wrapping_mul(z | 1))
    })
}

fn hash_all(values: &[f64]) -> u64 {
    hash(values.iter().copied().enumerate())
}

fn hash_synapses(synapses: &Synapses) -> u64 {
    let n_post = synapses.n_post();
    hash(
        (0..n_post)
            .flat_map(|post| synapses.column(post).map(move |(pre, w)| (pre as usize * n_post + post, w))),
    )
}

fn hash_activity(active: &[Vec<u32>; 2]) -> u64 {
    let ones = |column: usize| active[column].iter().map(move |&neuron| (2 * neuron as usize + column, 1.0));
    hash(ones(0).chain(ones(1)))
}

fn active(x: &Array2<f64>) -> [Vec<u32>; 2] {
    [0, 1].map(|column| (0..x.nrows()).filter(|&i| x[[i, column]] == 1.0).map(|i| i as u32).collect())
}

/// What happened in the compared runs, so that a comparison of nothing is noticed.
#[derive(Debug, Default)]
struct Seen {
    steps: u64,
    spikes: u64,
    births: u64,
    deaths: u64,
}

fn compare(case: &Case, words: &mut Words<'_>, seen: &mut Seen) {
    let params = case.params();
    let (ne, ni) = (params.ne, params.ni());
    let (wee, wei, wie) = (words.matrix(ne, ne), words.matrix(ni, ne), words.matrix(ne, ni));
    let (te, ti) = (words.floats(ne), words.floats(ni));
    let (x, y) = (words.matrix(ne, 2), words.matrix(ni, 2));
    let state = State {
        wee: Synapses::from_dense(&wee),
        wei: Synapses::from_dense(&wei),
        wie: Synapses::from_dense(&wie),
        te,
        ti,
        x: active(&x),
        y: active(&y),
        frozen: match case.phase {
            "training" => Rules::all(),
            _ => Rules::from_names(case.freeze.iter().copied()).unwrap(),
        },
        ..Network::new(&params, 0).unwrap().state()
    };
    let mut network = Network::from_state(&params, state).unwrap();
    for step in 0..case.steps {
        let input = words.floats(case.nu);
        let (noise_e, noise_i) = (words.floats(ne), words.floats(ni));
        let pair = words.floats(2);
        let supplied = Supplied {
            noise_e: Some(&noise_e),
            noise_i: Some(&noise_i),
            grown: (pair[0] >= 0.0).then_some((pair[0] as u32, pair[1] as u32)),
        };
        network.step_supplied(&input, supplied).unwrap();
        let state = network.state();
        let activation = state.recurrent.iter().map(|&r| if r > 0.0 { 1.0 } else { 0.0 });
        let ours = [
            hash_synapses(&state.wee),
            hash_synapses(&state.wei),
            hash_synapses(&state.wie),
            hash_all(&state.te),
            hash_all(&state.ti),
            hash_activity(&state.x),
            hash_activity(&state.y),
            hash_all(&state.recurrent),
            hash(activation.enumerate()),
        ];
        for (name, ours) in ARRAYS.iter().zip(ours) {
            assert_eq!(ours, words.word(), "{name} differs after step {} of {case:?}", step + 1);
        }
        seen.steps += 1;
        seen.spikes += state.x[1].len() as u64;
    }
    seen.births += network.births();
    seen.deaths += network.deaths();
}

fn run(cases: &[Case]) -> Seen {
    let peer = Peer::from_env().unwrap();
    let question: Vec<Value> = cases.iter().map(Case::json).collect();
    let answer = peer.bytes("upstream_reservoir.py", &[], &serde_json::to_vec(&question).unwrap()).unwrap();
    let mut words = Words(&answer);
    let mut seen = Seen::default();
    for case in cases {
        compare(case, &mut words, &mut seen);
    }
    assert!(words.0.is_empty());
    assert_eq!(seen.steps, cases.iter().map(|case| case.steps as u64).sum::<u64>());
    seen
}

fn full() -> bool {
    std::env::var("SORN_PARITY").is_ok_and(|value| value == "full")
}

/// All 32 combinations of frozen rules; noise, input, number of inputs and runner go round.
fn combinations(ne: usize, steps: usize, fast: bool) -> Vec<Case> {
    let seed: u64 = std::env::var("SORN_PARITY_SEED").map_or(1, |seed| seed.parse().expect("a whole number"));
    let sizes = [1, 5, 10, ne / 4];
    (0..32_usize)
        .map(|mask| Case {
            seed: seed * 1000 + mask as u64,
            ne,
            nu: sizes[(mask / 2 + seed as usize) % 4],
            steps,
            settings: json!({}),
            freeze: (0..5).filter(|bit| mask >> bit & 1 == 1).map(|bit| RULES[bit]).collect(),
            phase: "plasticity",
            noise: (mask + mask / 8) % 3 != 0,
            input: ["gaussian", "one-hot", "strong"][(mask + mask / 4) % 3],
            fast,
            runner: if mask % 4 == 3 { "simulator" } else { "trainer" },
        })
        .collect()
}

fn assert_lively(seen: &Seen) {
    assert!(seen.spikes > seen.steps && seen.births > 10 && seen.deaths > 10, "{seen:?}");
}

#[test]
fn fifty_neurons_every_freeze() {
    assert_lively(&run(&combinations(50, if full() { 2000 } else { 120 }, false)));
}

#[test]
fn two_hundred_neurons_every_freeze() {
    let steps = if full() { 2000 } else { 100 };
    assert_lively(&run(&combinations(200, steps, true)));
    // Upstream's own Python loops, not only their vectorised equals.
    let cases = combinations(200, if full() { 2000 } else { 40 }, false);
    let chosen: Vec<Case> = if full() { cases } else { cases.into_iter().step_by(5).collect() };
    run(&chosen);
}

#[test]
fn a_thousand_neurons() {
    let cases = combinations(1000, if full() { 2000 } else { 40 }, true);
    if full() {
        for case in cases {
            run(std::slice::from_ref(&case));
        }
    } else {
        run(&cases.into_iter().step_by(13).collect::<Vec<_>>());
    }
}

#[test]
fn phases_settings_and_input_shapes() {
    let base = Case { steps: if full() { 2000 } else { 150 }, ..combinations(60, 0, false)[0].clone() };
    let rates = json!({ "eta_stdp": 0.02, "eta_ip": 0.05, "eta_inhib": 0.01, "mu_ip": 0.3 });
    let thresholds = json!({ "te_max": 0.3, "te_min": 0.1, "ti_max": 0.2, "ti_min": 0.05, "lambda_ee": 9 });
    let cases = [
        Case { phase: "training", noise: true, ..base.clone() },
        Case { phase: "training", noise: true, freeze: vec!["ip"], ..base.clone() },
        Case { noise: true, input: "zeros", ..base.clone() },
        Case { noise: false, input: "zeros", ..base.clone() },
        Case { nu: 60, noise: true, ..base.clone() },
        Case { settings: rates.clone(), noise: true, ..base.clone() },
        Case { settings: rates, noise: false, ..base.clone() },
        Case { settings: thresholds, noise: true, runner: "simulator", ..base.clone() },
        Case { ne: 107, noise: true, ..base.clone() },
        Case { ne: 256, noise: true, fast: true, ..base.clone() },
        Case { ne: 261, noise: true, fast: true, ..base.clone() },
        Case { ne: 515, noise: true, fast: true, ..base },
    ];
    assert_lively(&run(&cases));
}
