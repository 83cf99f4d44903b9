//! A policy of one's own: learnt by, saved, loaded, checked.

use std::sync::Once;

use serde::Deserialize;
use serde_json::json;
use sorn_agents::own::conformance::{check_own, check_policy};
use sorn_agents::*;
use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
use sorn_env::{Space, Value};

/// Of two actions the second with the probability that is the logistic function of one score.
#[derive(Clone, Debug)]
struct Logistic {
    episodes: f64,
    /// What may be wrong with it.
    wrong: String,
}

/// The keys beside `kind = "logistic"`.
#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    wrong: String,
}

fn second(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

impl Policy for Logistic {
    fn scores(&self) -> usize {
        usize::from(self.wrong != "scoreless")
    }
    fn begin(&mut self, _episode: u64) {
        self.episodes += 1.0;
    }
    fn act(&mut self, scores: &[f64], random: &mut Xoshiro256PlusPlus, gradient: &mut [f64]) -> Value {
        let p = second(scores[0]);
        let taken = uniform(random) < p;
        gradient[0] = match self.wrong.as_str() {
            "gradient" => 1.0 - p,
            "infinite" => f64::INFINITY,
            _ => f64::from(u8::from(taken)) - p,
        };
        Value::Int(if self.wrong == "action" { 2 } else { i64::from(taken) })
    }
    fn best(&self, scores: &[f64]) -> Value {
        Value::Int(i64::from(scores[0] > 0.0))
    }
    fn entropy(&self, scores: &[f64]) -> f64 {
        let p = second(scores[0]);
        -p * p.ln() - (1.0 - p) * (1.0 - p).ln()
    }
    fn save(&self, state: &mut AgentState) {
        state.put("episodes", &[1], &[self.episodes]);
    }
    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("episodes", std::slice::from_mut(&mut self.episodes))
    }
    fn clone_box(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

fn own(wrong: &str) -> OwnConfig {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let make = |Keys { wrong }, setup: PolicySetup<'_>| -> Result<Box<dyn Policy>, String> {
            match setup.actions {
                Space::Discrete { n: 2, start: 0 } => Ok(Box::new(Logistic { episodes: 0.0, wrong })),
                other => Err(format!("expected actions of a Discrete of 2 from 0, found {other}")),
            }
        };
        PolicyEntry::new("logistic", "One score for two actions.", make).register().unwrap();
    });
    OwnConfig::new("logistic").with("wrong", wrong)
}

fn config(learner: &str, wrong: &str) -> AgentConfig {
    let learner = serde_json::from_value(json!({ "kind": learner })).unwrap();
    let mut config =
        AgentConfig { learner, policy: Some(PolicyConfig::Own(own(wrong))), ..AgentConfig::default() };
    config.reservoir.params.ne = 40;
    config.reservoir.params.lambda_ee = sorn_core::Degree::Count(5.0);
    config
}

fn agent(config: &AgentConfig, actions: &Space) -> Result<Agent, AgentError> {
    Agent::new(config, &Space::box_f32(&[-1.0], &[1.0]).unwrap(), actions, 5)
}

fn two() -> Space {
    Space::discrete(2).unwrap()
}

/// Plays episodes in which the second action is rewarded, and gives how often it was taken.
fn play(agent: &mut Agent, episodes: usize) -> usize {
    let mut right = 0;
    for _ in 0..episodes {
        let mut action = agent.begin(&[0.3_f32]).unwrap().as_i64().unwrap();
        for step in 0..10 {
            right += action as usize;
            agent.observe(action as f64, false, step == 9, &[0.3_f32]).unwrap();
            if step < 9 {
                action = agent.act().unwrap().as_i64().unwrap();
            }
        }
    }
    right
}

#[test]
fn the_learners_of_policies_learn_by_it() {
    for learner in ["actor_critic", "reinforce"] {
        let mut agent = agent(&config(learner, ""), &two()).unwrap();
        play(&mut agent, 60);
        let right = play(&mut agent, 20);
        assert!(right > 170, "{learner}: {right} of 200");
        assert_eq!(play(&mut agent.frozen(), 2), 20, "{learner}");
    }
}

#[test]
fn what_is_saved_goes_on_to_the_bit() {
    for learner in ["actor_critic", "reinforce"] {
        let mut one = agent(&config(learner, ""), &two()).unwrap();
        play(&mut one, 5);
        one.begin(&[0.3_f32]).unwrap();
        let (mut loaded, _) = Agent::from_bytes(&one.to_bytes(&json!(null))).unwrap();
        for agent in [&mut one, &mut loaded] {
            agent.observe(1.0, true, false, &[0.3_f32]).unwrap();
        }
        assert_eq!(loaded.state(), one.state(), "{learner}");
        assert_eq!(one.state().arrays["own_policy/episodes"].as_slice().unwrap(), [6.0]);
        assert_eq!(play(&mut loaded, 9), play(&mut one, 9));
        assert_eq!(loaded.state(), one.state(), "{learner}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let error = |config: &AgentConfig, actions: &Space| agent(config, actions).unwrap_err().to_string();
    assert_eq!(
        error(&config("actor_critic", ""), &Space::discrete(3).unwrap()),
        "policy: expected actions of a Discrete of 2 from 0, found Discrete(3)"
    );
    let text = error(&config("sarsa", ""), &two());
    assert!(text.starts_with("policy.kind = \"logistic\" does not go with"), "{text}");
    assert!(text.ends_with("\"softmax\", \"epsilon_greedy\" and \"greedy\" do"), "{text}");
    let text = error(&config("ars", ""), &two());
    assert!(text.contains("has no policy of its own"), "{text}");
    let error = toml::from_str::<PolicyConfig>("kind = \"logistik\"").unwrap_err().to_string();
    assert!(error.contains("`gaussian`") && error.contains("`logistic`"), "{error}");
}

#[test]
fn what_breaks_the_contract_is_found() {
    assert!(check_policy(&own(""), &two(), 3).passed(), "{}", check_policy(&own(""), &two(), 3));
    for (wrong, expected) in [
        ("scoreless", "policy: expected at least one score, found none"),
        ("gradient", "act: expected a gradient whose mean over draws is 0"),
        ("infinite", "policy: expected a finite gradient, found inf"),
        ("action", "policy: expected an action of Discrete(2), found Int(2)"),
    ] {
        let report = check_policy(&own(wrong), &two(), 3).to_string();
        assert!(report.starts_with(expected), "{wrong}: {report}");
    }
    let space = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    let reports = check_own(&config("actor_critic", ""), &space, &two(), 3);
    assert_eq!(reports[0].0, "agent.policy.kind = \"logistic\"");
    // An agent says so, too.
    let mut agent = agent(&config("actor_critic", "action"), &two()).unwrap();
    let error = agent.begin(&[0.3_f32]).unwrap_err().to_string();
    assert_eq!(error, "policy: expected an action of Discrete(2), found Int(2)");
}
