//! States that earlier versions saved: they load, and the network goes on to the same bits.

use serde::Deserialize;
use sorn_core::{Network, Params, Rule, State};

/// What `tests/states/*.json` hold: a state after 200 steps, and what 300 more led to.
#[derive(Deserialize)]
struct Saved {
    /// As TOML.
    params: String,
    state: State,
    /// A hash of the spikes of the 300 steps.
    spikes: String,
    /// A hash of the weights after them.
    weights: String,
}

fn hash(numbers: impl Iterator<Item = u64>) -> String {
    numbers.fold(0_u64, |hash, number| hash.wrapping_mul(31).wrapping_add(number)).to_string()
}

fn goes_on(text: &str) {
    let saved: Saved = serde_json::from_str(text).unwrap();
    let params: Params = toml::from_str(&saved.params).unwrap();
    let mut network = Network::from_state(&params, saved.state).unwrap();
    let mut spikes = Vec::new();
    for step in 0..300 {
        let mut input = vec![0.0; params.input_len()];
        input[step % 4] = 1.0;
        if params.rules.contains(&Rule::Rmstdp) {
            network.set_reward((step % 3) as f64).unwrap();
        }
        let activity = network.step(&input).unwrap();
        spikes.extend(activity.spikes_e.iter().chain(activity.spikes_i).map(|&spike| u64::from(spike) + 1));
    }
    assert_eq!(hash(spikes.into_iter()), saved.spikes);
    let (wee, wei) = (network.wee().weights, network.wei().weights);
    assert_eq!(hash(wee.iter().chain(&wei).map(|weight| weight.to_bits())), saved.weights);
}

#[test]
fn an_exact_state_goes_on() {
    goes_on(include_str!("states/exact.json"));
}

#[test]
fn an_exact_state_of_a_larger_network_goes_on() {
    goes_on(include_str!("states/sparse-exact.json"));
}

#[test]
fn a_fast_state_goes_on() {
    goes_on(include_str!("states/fast.json"));
}

#[test]
fn a_fast_state_of_a_larger_network_goes_on() {
    goes_on(include_str!("states/sparse-fast.json"));
}

#[test]
fn a_state_with_pools_rewards_and_traces_goes_on() {
    goes_on(include_str!("states/reward.json"));
}
