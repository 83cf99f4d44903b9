//! Rules from outside, reward, and health.

use sorn_core::{Network, NoiseLaw, Params, PlasticityRule, Problem, RewardStdp, Rule, RuleContext, Rules};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Adds `delta` to every weight, whatever comes of it.
#[derive(Clone, Debug)]
struct Add(f64);

impl PlasticityRule for Add {
    fn name(&self) -> &str {
        "add"
    }

    fn apply(&mut self, context: &mut RuleContext<'_>) {
        for post in 0..context.ne() + 1 {
            context.for_each_ee(post, &mut |_, weight| *weight += self.0);
            context.for_each_ei(post, &mut |_, weight| *weight += self.0);
        }
    }

    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(self.clone())
    }
}

fn quiet(ne: usize) -> Params {
    Params {
        ne,
        nu: 4,
        lambda_ee: 8.0.into(),
        lambda_ei: 8.0.into(),
        noise: NoiseLaw::None,
        ..Params::default()
    }
}

fn run(network: &mut Network, steps: usize) {
    for step in 0..steps {
        let mut input = [0.0; 4];
        input[step % 4] = 2.0;
        network.step(&input).unwrap();
    }
}

#[test]
fn weights_of_a_rule_from_outside_are_limited() {
    for (delta, ee) in [(f64::NAN, None), (f64::INFINITY, Some(1.0)), (-2.0, Some(0.0))] {
        let mut network = Network::new(&Params { rules: Vec::new(), ..quiet(40) }, 1).unwrap();
        let before = network.state();
        network.add_rule(9, Box::new(Add(delta)));
        run(&mut network, 1);
        let after = network.state();
        match ee {
            None => assert_eq!(before.wee, after.wee),
            Some(1.0) => assert!(after.wee.weights.iter().all(|&w| w == 1.0)),
            _ => {
                assert!(after.wee.is_empty() && after.wei.is_empty());
                assert_eq!(after.deaths as usize, before.wee.len());
                assert_eq!(network.health().without_excitation, 40);
            }
        }
        assert!(network.activity().recurrent.iter().all(|r| r.is_finite()));
    }
}

#[test]
fn the_place_of_a_rule_matters() {
    let end = |position| {
        let mut network = Network::new(&quiet(40), 1).unwrap();
        network.add_rule(position, Box::new(Add(0.01)));
        run(&mut network, 20);
        network.wee()
    };
    let sum = |synapses: &sorn_core::Synapses| synapses.column(3).map(|(_, w)| w).sum::<f64>();
    assert!((sum(&end(0)) - 1.0).abs() < 1e-12, "scaling comes after");
    assert!(sum(&end(5)) > 1.01, "scaling comes before");
}

#[test]
fn a_rule_that_does_nothing_changes_no_bit() {
    let mut plain = Network::new(&Params { nu: 4, ..Params::default() }, 2).unwrap();
    let mut ruled = plain.clone();
    ruled.add_rule(2, Box::new(Add(0.0)));
    run(&mut plain, 300);
    run(&mut ruled, 300);
    assert_eq!(plain.wee(), ruled.wee());
    assert_eq!(plain.activity(), ruled.activity());
}

#[test]
fn frozen_rules_from_outside_rest() {
    let mut network = Network::new(&quiet(40), 1).unwrap();
    network.add_rule(0, Box::new(Add(-2.0)));
    network.set_frozen(Rules::all());
    run(&mut network, 3);
    assert!(!network.wee().is_empty());
}

/// Reward for everything that happens in one network, punishment in another: weights move in opposite directions.
#[test]
fn reward_turns_traces_into_change() {
    let params = Params { rules: vec![Rule::Rmstdp], eta_rmstdp: 0.05, ..quiet(40) };
    let change = |reward: f64| {
        let mut network = Network::new(&params, 1).unwrap();
        run(&mut network, 30);
        let before = network.wee().to_dense();
        network.set_reward(reward).unwrap();
        run(&mut network, 1);
        // Dense, since a pruned synapse is gone from the list.
        let after = network.wee().to_dense();
        before.iter().zip(&after).map(|(b, a)| a - b).collect::<Vec<f64>>()
    };
    let (rewarded, punished, nothing) = (change(0.1), change(-0.1), change(0.0));
    assert!(nothing.iter().all(|&d| d == 0.0));
    assert!(rewarded.iter().filter(|d| **d != 0.0).count() > 20);
    let product: f64 = rewarded.iter().zip(&punished).map(|(a, b)| a * b).sum();
    assert!(product < 0.0);
    let error = Network::new(&params, 1).unwrap().set_reward(f64::NAN).unwrap_err();
    assert!(error.to_string().starts_with("reward[0]: expected a finite number, found NaN"), "{error}");
}

/// The trace of one pair, computed by hand: 1 when post follows pre, decayed, then applied.
#[test]
fn eligibility_decays_between_pairing_and_reward() {
    let params = Params {
        ne: 3,
        ni: Some(1),
        nu: 3,
        lambda_ee: 1.0.into(),
        lambda_ei: 1.0.into(),
        lambda_ie: 1.0.into(),
        te_min: 0.9,
        rules: vec![Rule::Rmstdp],
        eta_rmstdp: 0.1,
        trace_decay: 0.5,
        reward_window: 1000,
        noise: NoiseLaw::None,
        ..Params::default()
    };
    let mut state = Network::new(&params, 1).unwrap().state();
    state.wee = sorn_core::Synapses::new(3);
    state.wee.push_column([]);
    state.wee.push_column([(0, 0.5)]);
    state.wee.push_column([]);
    let mut network = Network::from_state(&params, state).unwrap();
    network.step(&[5.0, 0.0, 0.0]).unwrap();
    network.step(&[0.0, 5.0, 0.0]).unwrap(); // 0 then 1: trace 1
    network.step(&[0.0; 3]).unwrap(); // trace 0.5
    network.set_reward(1.0).unwrap();
    network.step(&[0.0; 3]).unwrap(); // trace 0.25, reward less mean 1 - 1/4
    assert_eq!(network.wee().weights, [0.5 + 0.1 * (1.0 - 1.0 / 4.0) * 0.25]);
}

#[test]
fn reward_stdp_is_saved_and_restored() {
    let mut rules = Rule::UPSTREAM.to_vec();
    rules.insert(1, Rule::Rmstdp);
    let params = Params { rules, nu: 4, ..Params::default() };
    let mut whole = Network::new(&params, 4).unwrap();
    let go = |network: &mut Network| {
        for step in 0..50 {
            network.set_reward((step % 7) as f64).unwrap();
            run(network, 1);
        }
    };
    go(&mut whole);
    let mut resumed = Network::from_state(&params, whole.state()).unwrap();
    go(&mut whole);
    go(&mut resumed);
    assert!(whole.state() == resumed.state());

    let mut state = whole.state();
    state.memories[0].push(1.0);
    let error = Network::from_state(&params, state).unwrap_err().to_string();
    assert!(error.contains("rmstdp") && error.contains("after the last trace"), "{error}");
    assert!(RewardStdp::new(5, 0.1, 1.0, 5).is_err());
}

#[test]
fn silence_and_saturation_are_noticed() {
    let mut network = Network::new(&quiet(40), 1).unwrap();
    for _ in 0..99 {
        network.step(&[0.0; 4]).unwrap();
    }
    assert!(network.health().is_alive());
    network.step(&[0.0; 4]).unwrap();
    let problems: Vec<Problem> = network.health().problems().collect();
    assert_eq!(problems, [Problem::Silent(100)]);
    assert!(problems[0].to_string().contains("raise input_gain"));

    let params = Params { nu: 40, ..quiet(40) };
    let mut network = Network::new(&params, 1).unwrap();
    for _ in 0..100 {
        network.step(&[100.0; 40]).unwrap();
    }
    assert_eq!(network.health().problems().next(), Some(Problem::Saturated(100)));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_warns_once() {
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || sink.clone()).with_ansi(false).finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut network = Network::new(&quiet(40), 1).unwrap();
        for step in 0..450 {
            let input = if step == 200 { [100.0; 4] } else { [0.0; 4] };
            network.step(&input).unwrap();
        }
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("WARN").count(), 1, "{text}");
    assert!(text.contains("no excitatory neuron has fired for 100 steps"), "{text}");
}

#[test]
fn target_rates_are_spread() {
    let spread = |params: Params| {
        let network = Network::new(&params, 1).unwrap();
        let mean = network.h_ip().iter().sum::<f64>() / 200.0;
        (mean, network.h_ip().iter().map(|h| (h - mean).powi(2)).sum::<f64>() / 200.0)
    };
    let (mean, variance) = spread(Params { sigma_ip: 0.02, ..Params::default() });
    assert!((mean - 0.1).abs() < 0.005 && (variance.sqrt() - 0.02).abs() < 0.004);
    let (mean, variance) = spread(Params { h_ip_spread: 0.03, ..Params::default() });
    assert!((mean - 0.1).abs() < 0.005 && (variance.sqrt() - 0.03 / 3.0_f64.sqrt()).abs() < 0.003);
    assert!(spread(Params::default()).1 < 1e-30);
}
