//! The default agent learns a task that is written in other units, or has numbers that mean nothing beside it.

#[path = "../../examples/invariance.rs"]
mod example;

use example::{Change, learn};
use sorn_agents::AgentConfig;

fn cartpole(change: Change) -> f64 {
    learn(&AgentConfig::default(), "CartPole-v1", 400, change, 2100).unwrap().0
}

#[test]
fn numbers_that_mean_nothing_are_left_out() {
    let mut config = AgentConfig::default();
    let with = cartpole(Change::Noise);
    config.normalization.noise = 1.0;
    let without = learn(&config, "CartPole-v1", 400, Change::Noise, 2100).unwrap().0;
    assert!(with > 450.0, "{with}");
    assert!(without < 0.75 * with, "{without} without, {with} with");
}

#[test]
fn units_do_not_matter() {
    for change in [Change::Observations, Change::LargeRewards, Change::SmallRewards] {
        let evaluation = cartpole(change);
        assert!(evaluation > 450.0, "{change:?}: {evaluation}");
    }
}
