//! Whether a part of one's own keeps its contract: what its author runs in their own tests, and `sorn check FILE.toml` on a file's.
//!
//! Each check makes the part as a configuration names it, and looks at what an agent relies on: the same seed gives the same bits,
//! what is saved goes on to the same bits, a copy is one of its own, numbers are finite, a frozen agent learns nothing.
//!
//! ```
//! # use sorn_agents::{Encoder, EncoderEntry, NoKeys, OwnConfig};
//! # use sorn_env::Space;
//! # #[derive(Clone, Debug)]
//! # struct Mean(usize);
//! # impl Encoder for Mean {
//! #     fn inputs(&self) -> usize { self.0 }
//! #     fn encode(&mut self, observation: &[f64], input: &mut [f64], _: bool) -> Result<(), String> {
//! #         input.fill(observation.iter().sum::<f64>() / observation.len() as f64);
//! #         Ok(())
//! #     }
//! #     fn clone_box(&self) -> Box<dyn Encoder> { Box::new(self.clone()) }
//! # }
//! use sorn_agents::own::conformance;
//!
//! EncoderEntry::new("mean", "The mean everywhere.", |_: NoKeys, setup| Ok(Box::new(Mean(setup.inputs)))).register()?;
//! let report = conformance::check_encoder(&OwnConfig::new("mean"), &Space::box_f32(&[0.0], &[1.0])?, 20, 7);
//! assert!(report.passed(), "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use sorn_core::rng::stream;
use sorn_core::{Network, Params};
use sorn_env::seeding::Generator;
use sorn_env::{Space, Value};

use super::{
    Encoder, EncoderSetup, Entry, Learner, LearnerSetup, OwnConfig, OwnPolicy, PolicySetup, RuleConfig,
    add_rules,
};
use crate::features::Features;
use crate::inputs::Inputs;
use crate::normalization::Normalization;
use crate::policy::Stochastic as _;
use crate::{AgentConfig, AgentError, AgentState, EncoderConfig, LearnerConfig, PolicyConfig, Transition};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What breaks the contract: what was expected, what was found.
    pub findings: Vec<String>,
}

impl Report {
    /// Whether nothing breaks the contract.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }

    /// Takes down `finding` unless it `holds`, each finding once.
    pub fn expect(&mut self, holds: bool, finding: &str) {
        if !holds && !self.findings.iter().any(|known| known == finding) {
            self.findings.push(finding.into());
        }
    }

    /// What is found of a part that cannot be made.
    pub fn failed(error: impl fmt::Display) -> Report {
        Report { findings: vec![error.to_string()] }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.passed() {
            true => f.write_str("keeps the contract"),
            false => f.write_str(&self.findings.join("\n")),
        }
    }
}

const STEPS: usize = 200;
/// Actions of a policy.
const DRAWS: usize = 4000;

/// Checks an encoder of observations of `space`, in an agent whose reservoir takes so many inputs.
pub fn check_encoder(config: &OwnConfig, space: &Space, inputs: usize, seed: u64) -> Report {
    let new = || -> Result<_, AgentError> {
        Ok(Entry::<dyn Encoder>::make(config, EncoderSetup { space, inputs, seed })?)
    };
    let (mut one, mut other) = match (new(), new()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let mut report = Report::default();
    let found = one.inputs();
    report.expect(
        found == inputs,
        &format!("inputs: expected {inputs}, as the reservoir takes, found {found}"),
    );
    let mut samples = Generator::new(seed);
    let mut flat = vec![0.0; space.flat_dim()];
    for step in 0..STEPS {
        if space.flatten_into(&space.sample(&mut samples), &mut flat).is_err() {
            break;
        }
        let mut written = vec![f64::NAN; found];
        if let Err(error) = one.encode(&flat, &mut written, true) {
            report.expect(false, &format!("encode: {error}"));
            break;
        }
        report.expect(
            written.iter().all(|u| u.is_finite()),
            "encode: expected a finite number for every input, found one that is not finite or was not written",
        );
        let mut again = vec![f64::NAN; found];
        if step == STEPS / 2 {
            let saved = saved_encoder(&*one);
            let mut copy = one.clone_box();
            let _ = copy.encode(&flat, &mut again, true);
            report.expect(saved_encoder(&*one) == saved, "clone_box: a copy that encodes changes the first");
            let _ = one.clone_box().encode(&flat, &mut again, false);
            let mut frozen = one.clone_box();
            let _ = frozen.encode(&flat, &mut again, false);
            report.expect(
                same(&saved_encoder(&*frozen), &saved),
                "encode: expected nothing new to save if it is not to learn, found a change",
            );
            let _ = other.encode(&flat, &mut again, true);
            report.expect(bits(&again) == bits(&written), SEED);
            // From here on a new one that was given what this one knew.
            match new().and_then(|mut loaded| loaded.load(&saved).map(|()| loaded)) {
                Ok(loaded) => other = loaded,
                Err(error) => report.expect(false, &format!("load: {error}")),
            }
            continue;
        }
        let _ = other.encode(&flat, &mut again, true);
        let what = if step < STEPS / 2 { SEED } else { SAVED };
        report.expect(bits(&again) == bits(&written), what);
    }
    report.expect(same(&saved_encoder(&*one), &saved_encoder(&*other)), SAVED);
    report
}

/// Checks a learner of actions of `actions` that sees so many features.
pub fn check_learner(config: &OwnConfig, features: usize, actions: &Space, seed: u64) -> Report {
    let new = || -> Result<_, AgentError> {
        Ok(Entry::<dyn Learner>::make(config, LearnerSetup { features, actions, seed })?)
    };
    let (mut one, mut other) = match (new(), new()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let mut report = Report::default();
    let mut random = Generator::new(seed);
    // As activity is: few are 1, and one that always is.
    let mut draw = |phi: &mut [f64]| {
        phi.iter_mut().for_each(|x| *x = f64::from(u8::from(random.random() < 0.1)));
        phi.iter_mut().take(1).for_each(|x| *x = 1.0);
    };
    let (mut phi, mut next) = (vec![0.0; features], vec![0.0; features]);
    draw(&mut phi);
    for step in 0..STEPS {
        if step % 20 == 0 {
            one.begin();
            other.begin();
        }
        let (action, again) = (one.act(&phi, false), other.act(&phi, false));
        match &action {
            Ok(action) => report.expect(
                actions.contains(action),
                &format!("act: expected an action of {actions}, found another, such as {action:?}"),
            ),
            Err(error) => {
                report.expect(false, &format!("act: {error}"));
                break;
            }
        }
        report.expect(action == again, if step <= STEPS / 2 { SEED } else { SAVED });
        draw(&mut next);
        let reward = if action == Ok(Value::Int(1)) { 1.0 } else { (step % 3) as f64 - 1.0 };
        let (terminated, truncated) = (step % 40 == 19, step % 40 == 39);
        let transition = Transition { reward, terminated, truncated, next: &next };
        if let Err(error) = one.learn(&transition) {
            report.expect(false, &format!("learn: {error}"));
            break;
        }
        let _ = other.learn(&transition);
        if step == STEPS / 2 {
            let saved = saved_learner(&*one);
            let mut greedy = one.clone_box();
            if let Ok(action) = greedy.act(&phi, true) {
                report.expect(
                    actions.contains(&action),
                    &format!("act: expected a greedy action of {actions}, found {action:?}"),
                );
            }
            report.expect(
                same(&saved_learner(&*greedy), &saved),
                "act: expected nothing new to save after a greedy action, found a change",
            );
            let mut copy = one.clone_box();
            let _ = copy.act(&next, false).and_then(|_| copy.learn(&transition));
            report.expect(saved_learner(&*one) == saved, "clone_box: a copy that learns changes the first");
            match new().and_then(|mut loaded| loaded.load(&saved).map(|()| loaded)) {
                Ok(loaded) => other = loaded,
                Err(error) => report.expect(false, &format!("load: {error}")),
            }
        }
        phi.copy_from_slice(&next);
    }
    report.expect(same(&saved_learner(&*one), &saved_learner(&*other)), SAVED);
    report
}

/// Checks a policy of actions of `actions`, with scores of about 1: among others that the mean of its gradient is 0, as that of every
/// gradient of the logarithm of a probability.
pub fn check_policy(config: &OwnConfig, actions: &Space, seed: u64) -> Report {
    let new = || OwnPolicy::new(config, PolicySetup { actions });
    let (mut one, mut other) = match (new(), new()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let mut report = Report::default();
    let mut random = Generator::new(seed);
    let scores: Vec<f64> = (0..one.scores()).map(|_| random.uniform(-1.0, 1.0)).collect();
    let mut gradient = vec![0.0; scores.len()];
    let mut sums = vec![(0.0, 0.0); scores.len()];
    let (mut rng, mut again) = (stream(seed, "policy"), stream(seed, "policy"));
    one.begin(0);
    other.begin(0);
    for step in 0..DRAWS {
        let (action, same) = (one.act(&scores, &mut rng), other.act(&scores, &mut again));
        let what = if step <= DRAWS / 2 { SEED } else { SAVED };
        report.expect(action == same, what);
        let _ = one.best(&scores);
        if let Some(failure) = one.failure() {
            report.expect(false, &failure.to_string());
            return report;
        }
        report.expect(one.entropy().is_finite(), "entropy: expected a finite number, found one that is not");
        one.log_gradient(&mut gradient);
        for ((sum, squares), slope) in sums.iter_mut().zip(&gradient) {
            *sum += slope;
            *squares += slope * slope;
        }
        if step == DRAWS / 2 {
            let mut saved = AgentState::default();
            one.save(&mut saved);
            match new().and_then(|mut loaded| loaded.load(&saved).map(|()| loaded)) {
                Ok(loaded) => other = loaded,
                Err(error) => report.expect(false, &format!("load: {error}")),
            }
        }
    }
    let count = DRAWS as f64;
    let centred = |(sum, squares): &(f64, f64)| (sum / count).abs() <= 6.0 * (squares / count / count).sqrt();
    report.expect(
        sums.iter().all(centred),
        "act: expected a gradient whose mean over draws is 0, found another; it is that of the logarithm of the probability",
    );
    report
}

/// Checks a plasticity rule in a network with these parameters.
pub fn check_rule(config: &RuleConfig, params: &Params, seed: u64) -> Report {
    let rules = std::slice::from_ref(config);
    let new = || {
        let mut network = Network::new(params, seed).map_err(|e| e.to_string())?;
        add_rules(&mut network, rules, seed).map_err(|e| e.to_string())?;
        Ok::<_, String>(network)
    };
    let (mut one, mut other) = match (new(), new()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let mut report = Report::default();
    let mut random = Generator::new(seed);
    for step in 0..STEPS {
        let input: Vec<f64> = (0..params.input_len()).map(|_| random.random()).collect();
        let reward = (step % 3) as f64 - 1.0;
        let mut taken = || {
            one.set_reward(reward)?;
            other.set_reward(reward)?;
            one.step(&input)?;
            other.step(&input).map(drop)
        };
        if let Err(error) = taken() {
            report.expect(false, &format!("apply: {error}"));
            break;
        }
        let what = if step <= STEPS / 2 { SEED } else { SAVED };
        report.expect(one.activity() == other.activity(), what);
        report.expect(
            one.te().iter().all(|te| te.is_finite()),
            "apply: expected finite thresholds, found one that is not",
        );
        if step == STEPS / 2 {
            let mut copy = one.clone();
            let before = one.state();
            let _ = copy.step(&input).map(drop);
            report.expect(one.state() == before, "clone_box: a copy that runs changes the first");
            let mut state = before;
            let memories = std::mem::take(&mut state.memories);
            let loaded =
                Network::from_state(params, state).map_err(|e| e.to_string()).and_then(|mut network| {
                    add_rules(&mut network, rules, seed).map_err(|e| e.to_string())?;
                    network.remember(&memories).map_err(|e| e.to_string())?;
                    Ok(network)
                });
            match loaded {
                Ok(loaded) => other = loaded,
                Err(error) => report.expect(false, &format!("set_state: {error}")),
            }
        }
    }
    report.expect(one.state() == other.state(), SAVED);
    report
}

/// Checks all parts of one's own that a configuration names, each by its key below `agent`.
pub fn check_own(
    config: &AgentConfig,
    observations: &Space,
    actions: &Space,
    seed: u64,
) -> Vec<(String, Report)> {
    let mut reports = Vec::new();
    let (reservoir, seen) = match seen(config, observations, actions) {
        Ok(seen) => (config.encoder.fit(&config.reservoir, &seen), seen),
        Err(error) => return vec![("agent".into(), Report::failed(error))],
    };
    let inputs = reservoir.params.input_len();
    if let EncoderConfig::Own(own) = &config.encoder {
        let key = format!("agent.encoder.kind = {:?}", own.kind);
        reports.push((key, check_encoder(own, &seen, inputs, seed)));
    }
    for (index, rule) in config.reservoir.rules.iter().enumerate() {
        let key = format!("agent.reservoir.rules[{index}].kind = {:?}", rule.own.kind);
        reports.push((key, check_rule(rule, &reservoir.params, seed)));
    }
    if let LearnerConfig::Own(own) = &config.learner {
        let key = format!("agent.learner.kind = {:?}", own.kind);
        let report = match Features::new(&config.features, reservoir.params.ne, seen.flat_dim(), inputs) {
            Ok(features) => check_learner(own, features.len(), actions, seed),
            Err(error) => Report::failed(error),
        };
        reports.push((key, report));
    }
    if let Some(PolicyConfig::Own(own)) = &config.policy {
        reports.push((format!("agent.policy.kind = {:?}", own.kind), check_policy(own, actions, seed)));
    }
    reports
}

/// What the encoder sees.
fn seen(config: &AgentConfig, observations: &Space, actions: &Space) -> Result<Space, AgentError> {
    let normalized = Normalization::new(config, observations)?.space(observations)?;
    Ok(Inputs::new(config, actions)?.space(normalized))
}

/// What is found of a part that the same seed makes another.
pub const SEED: &str = "seed: expected the same bits from the same seed, found others";
const SAVED: &str = "save, load: expected what was loaded to go on to the same bits, found others";

fn saved_encoder(encoder: &dyn Encoder) -> AgentState {
    let mut state = AgentState::default();
    encoder.save(&mut state);
    state
}

fn saved_learner(learner: &dyn Learner) -> AgentState {
    let mut state = AgentState::default();
    learner.save(&mut state);
    state
}

fn same(a: &AgentState, b: &AgentState) -> bool {
    let arrays =
        a.arrays.iter().map(|(name, array)| (name, bits(&array.iter().copied().collect::<Vec<_>>())));
    a.meta == b.meta
        && arrays
            .eq(b.arrays.iter().map(|(name, array)| (name, bits(&array.iter().copied().collect::<Vec<_>>()))))
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|x| x.to_bits()).collect()
}
