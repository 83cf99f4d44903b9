//! Augmented random search on a linear policy.
//!
//! Mania, Guy & Recht 2018, *Simple random search provides a competitive approach to reinforcement learning* (arXiv
//! 1803.07055), algorithm 1, version V1-t: the features are the reservoir's, and need no normalisation. With weights `M` of
//! the scores `M phi`, one iteration is
//!
//! ```text
//! delta_1 ... delta_n ~ N(0, 1)                           one direction in the space of M each
//! r_k+, r_k-  = return of an episode with M + nu delta_k, M - nu delta_k
//! the b directions with the largest max(r_k+, r_k-) are kept; sigma = standard deviation of their 2 b returns
//! M  += alpha / (b sigma) * sum over the kept of (r_k+ - r_k-) delta_k
//! ```
//!
//! Discrete actions are those with the largest score, numbers of a Box are squashed into its bounds by tanh. Returns are those
//! of the environment, without discount. The policy itself is deterministic; exploration is in its weights.
//!
//! Because returns are noisy and the last iterate is not the best, [`Selection`] may try the unperturbed weights from time to
//! time and keep the best; its episodes are training episodes like all others.

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::linear::{add, scores};
use super::{Learn, Needs, Transition};
use crate::action::Actions;
use crate::random::normal;
use crate::reservoir::{counts, entry, json};
use crate::room::NUMBER;
use crate::{AgentError, AgentState, PolicyConfig, Schedule};

/// Parameters of augmented random search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ArsConfig {
    /// Directions per iteration `n`, 1 or more; an iteration takes `2 n` episodes.
    pub directions: usize,
    /// Directions that count `b`, in `1..=directions`.
    pub best: usize,
    /// Step size `alpha`, 0 or more. Where actions are discrete only its ratio to `nu` matters.
    pub alpha: Schedule,
    /// Size of the perturbations `nu`, positive; the same in all episodes of an iteration, that of its first.
    pub nu: Schedule,
    /// Keeps the best of the weights tried; the last ones where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
}

impl ArsConfig {
    /// What it needs memory for, with weights of so many bytes.
    pub(crate) fn needs(&self, weights: u128) -> Needs {
        let key = Some((
            "learner.directions",
            self.directions,
            (self.directions as u128).saturating_mul(weights + 4 * NUMBER),
        ));
        Needs { arrays: 5, key }
    }
}

impl Default for ArsConfig {
    fn default() -> Self {
        ArsConfig {
            directions: 8,
            best: 4,
            alpha: Schedule::Constant(0.05),
            nu: Schedule::Constant(0.1),
            selection: None,
        }
    }
}

/// After every `every` iterations the unperturbed weights are tried for `episodes` episodes. A frozen agent acts with the
/// weights whose mean return there was largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Iterations, 1 or more.
    pub every: u64,
    /// Episodes, 1 or more.
    pub episodes: u64,
}

impl ArsConfig {
    fn validate(&self) -> Result<(), AgentError> {
        let ArsConfig { directions, best, alpha, nu, selection } = *self;
        if directions == 0 {
            return Err(AgentError::config("learner.directions", 0, "at least 1"));
        }
        if !(1..=directions).contains(&best) {
            let allowed = format!("1 to {directions} (learner.directions)");
            return Err(AgentError::config("learner.best", best, &allowed));
        }
        alpha.validate("learner.alpha", |a| a >= 0.0, "a number of 0 or more")?;
        nu.validate("learner.nu", |nu| nu > 0.0, "a positive number")?;
        if let Some(Selection { every, episodes }) = selection {
            for (key, value) in [("every", every), ("episodes", episodes)] {
                if value == 0 {
                    return Err(AgentError::config(&format!("learner.selection.{key}"), 0, "at least 1"));
                }
            }
        }
        Ok(())
    }
}

const WHO: &str = "learner.kind = \"ars\"";

/// Where in an iteration the next episode stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// Perturbed by `+nu` (even) or `-nu` (odd) times direction `episode / 2`.
    Search { episode: usize },
    /// Unperturbed, to see how good the weights are.
    Trial { episode: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Ars {
    config: ArsConfig,
    actions: Actions,
    rng: Xoshiro256PlusPlus,
    /// `M`, `(scores, features)`.
    weights: Vec<f64>,
    /// `delta`, one after the other.
    directions: Vec<f64>,
    /// The weights that act in this episode.
    acting: Vec<f64>,
    /// The weights of a frozen agent, and their mean return in their trial.
    kept: Vec<f64>,
    kept_return: Option<f64>,
    phase: Phase,
    iterations: u64,
    /// Episodes that ended.
    episodes: u64,
    /// Returns of this iteration's search, `r_1+, r_1-, r_2+, ...`.
    returns: Vec<f64>,
    /// Sum of this trial's returns, and return of this episode.
    trial: f64,
    ret: f64,
    features: usize,
    scores: Vec<f64>,
}

impl Ars {
    pub(crate) fn new(
        config: &ArsConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<Ars, AgentError> {
        config.validate()?;
        PolicyConfig::refuse(policy, WHO)?;
        let actions = Actions::new(actions, WHO)?;
        let size = actions.scores() * features;
        let mut ars = Ars {
            config: config.clone(),
            rng: rng::stream(seed, "policy"),
            weights: vec![0.0; size],
            directions: vec![0.0; size * config.directions],
            acting: vec![0.0; size],
            kept: vec![0.0; size],
            kept_return: None,
            phase: Phase::Search { episode: 0 },
            iterations: 0,
            episodes: 0,
            returns: vec![0.0; 2 * config.directions],
            trial: 0.0,
            ret: 0.0,
            features,
            scores: vec![0.0; actions.scores()],
            actions,
        };
        ars.draw();
        Ok(ars)
    }

    fn draw(&mut self) {
        let rng = &mut self.rng;
        self.directions.iter_mut().for_each(|d| *d = normal(rng));
    }

    /// The weights of this episode.
    fn perturb(&mut self) {
        self.acting.copy_from_slice(&self.weights);
        if let Phase::Search { episode } = self.phase {
            let size = self.weights.len();
            let direction = &self.directions[episode / 2 * size..][..size];
            let nu = self.config.nu.at(self.episodes - episode as u64);
            add(&mut self.acting, if episode % 2 == 0 { nu } else { -nu }, direction);
        }
    }

    /// Takes the return of an episode that ended; what the next is for.
    fn next(&mut self) -> Phase {
        match self.phase {
            Phase::Search { episode } => {
                self.returns[episode] = self.ret;
                if episode + 1 < self.returns.len() {
                    return Phase::Search { episode: episode + 1 };
                }
                self.step();
                self.draw();
                self.iterations += 1;
                match self.config.selection {
                    Some(selection) if self.iterations.is_multiple_of(selection.every) => {
                        self.trial = 0.0;
                        Phase::Trial { episode: 0 }
                    }
                    _ => Phase::Search { episode: 0 },
                }
            }
            Phase::Trial { episode } => {
                self.trial += self.ret;
                let episodes = self.config.selection.map_or(0, |selection| selection.episodes);
                if episode + 1 < episodes {
                    return Phase::Trial { episode: episode + 1 };
                }
                let mean = self.trial / episodes as f64;
                if self.kept_return.is_none_or(|kept| mean >= kept) {
                    self.kept_return = Some(mean);
                    self.kept.copy_from_slice(&self.weights);
                }
                Phase::Search { episode: 0 }
            }
        }
    }

    /// One iteration's step of the weights.
    fn step(&mut self) {
        let best = self.config.best;
        let larger = |k: usize| f64::max(self.returns[2 * k], self.returns[2 * k + 1]);
        let mut order: Vec<usize> = (0..self.config.directions).collect();
        order.sort_by(|&a, &b| larger(b).total_cmp(&larger(a)));
        order.truncate(best);
        let used = || order.iter().flat_map(|&k| [self.returns[2 * k], self.returns[2 * k + 1]]);
        let mean = used().sum::<f64>() / (2 * best) as f64;
        let sigma = (used().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (2 * best) as f64).sqrt();
        // Returns that are all equal say nothing about a direction.
        if sigma > 0.0 && sigma.is_finite() {
            let (size, alpha) = (self.weights.len(), self.config.alpha.at(self.episodes));
            for k in order {
                let difference = self.returns[2 * k] - self.returns[2 * k + 1];
                let direction = &self.directions[k * size..][..size];
                add(&mut self.weights, alpha / (best as f64 * sigma) * difference, direction);
            }
        }
    }
}

impl Learn for Ars {
    fn begin(&mut self) {
        self.ret = 0.0;
        self.perturb();
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        scores(&self.acting, phi, &mut self.scores);
        self.actions.best(&self.scores)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        let selected = self.config.selection.is_some() && self.kept_return.is_some();
        scores(if selected { &self.kept } else { &self.weights }, phi, &mut self.scores);
        self.actions.best(&self.scores)
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        self.ret += transition.reward;
        if transition.terminated || transition.truncated {
            self.phase = self.next();
            self.episodes += 1;
        }
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        let shape = [self.scores.len(), self.features];
        state.put("learner/weights", &shape, &self.weights);
        state.put("learner/kept", &shape, &self.kept);
        state.put("learner/acting", &shape, &self.acting);
        state.put("learner/directions", &[self.config.directions, shape[0], shape[1]], &self.directions);
        state.put("learner/returns", &[self.returns.len()], &self.returns);
        state.meta["policy"] = json(&self.rng);
        state.meta["learner"] =
            json(&(self.phase, self.iterations, self.episodes, self.kept_return, self.trial, self.ret));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/weights", &mut self.weights)?;
        state.read("learner/kept", &mut self.kept)?;
        state.read("learner/acting", &mut self.acting)?;
        state.read("learner/directions", &mut self.directions)?;
        state.read("learner/returns", &mut self.returns)?;
        self.rng = entry(state, "policy")?;
        (self.phase, self.iterations, self.episodes, self.kept_return, self.trial, self.ret) =
            entry(state, "learner")?;
        counts("learner", &[self.iterations, self.episodes])?;
        match self.phase {
            Phase::Search { episode } if episode >= self.returns.len() => Err(AgentError::State {
                name: "learner".into(),
                expected: format!("an episode below {}", self.returns.len()),
                found: episode.to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ars(config: ArsConfig, features: usize, actions: &Space) -> Ars {
        Ars::new(&config, None, features, actions, 5).unwrap()
    }

    fn episode(ars: &mut Ars, phi: &[f64], ret: impl Fn(&Value) -> f64) {
        ars.begin();
        let action = ars.act(phi);
        ars.learn(&Transition { reward: ret(&action), terminated: true, truncated: false, next: phi })
            .unwrap();
    }

    /// The step of algorithm 1, taken once more from the definition.
    #[test]
    fn an_iteration_is_that_of_the_paper() {
        let config = ArsConfig { directions: 3, best: 2, alpha: 0.7.into(), nu: 0.3.into(), selection: None };
        let mut ars = ars(config, 2, &Space::Discrete { n: 2, start: 0 });
        let directions = ars.directions.clone();
        let returns = [1.0, 2.0, 9.0, -4.0, 0.5, 0.0];
        for ret in returns {
            episode(&mut ars, &[1.0, 2.0], |_| ret);
        }
        // Direction 1 has the largest return, direction 0 the next.
        let kept = [9.0, -4.0, 1.0, 2.0];
        let mean: f64 = kept.iter().sum::<f64>() / 4.0;
        let sigma = (kept.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
        for (i, weight) in ars.weights.iter().enumerate() {
            let expected = 0.7 / (2.0 * sigma) * (13.0 * directions[4 + i] - directions[i]);
            assert!((weight - expected).abs() < 1e-12, "{weight} {expected}");
        }
        assert_ne!(ars.directions, directions);
    }

    #[test]
    fn episodes_are_perturbed_by_opposite_directions() {
        let mut ars = ars(
            ArsConfig { nu: 0.25.into(), ..ArsConfig::default() },
            3,
            &Space::Discrete { n: 2, start: 0 },
        );
        ars.begin();
        let plus = ars.acting.clone();
        episode(&mut ars, &[0.0; 3], |_| 0.0);
        ars.begin();
        let opposite = plus.iter().zip(&ars.acting).all(|(p, m)| *p == -m && *p != 0.0);
        assert!(opposite, "{plus:?} {:?}", ars.acting);
        assert_eq!(plus[0], 0.25 * ars.directions[0]);
    }

    #[test]
    fn perturbations_shrink_from_one_iteration_to_the_next() {
        let nu = Schedule::Linear { from: 0.4, to: 0.1, episodes: 12 };
        let config = ArsConfig { directions: 2, best: 1, nu, ..ArsConfig::default() };
        let mut ars = ars(config, 1, &Space::Discrete { n: 2, start: 0 });
        for iteration in 0..5 {
            for k in 0..4 {
                ars.begin();
                let size = [0.4, 0.3, 0.2, 0.1, 0.1][iteration] * if k % 2 == 0 { 1.0 } else { -1.0 };
                let delta = ars.directions[k / 2 * 2];
                // Equal returns leave the weights at 0.
                assert!((ars.acting[0] - size * delta).abs() < 1e-15, "{iteration} {k}");
                episode(&mut ars, &[1.0], |_| 3.0);
            }
        }
    }

    /// Return `-(2 - a)^2` of a number `a` in `[-3, 3]`: the best is 2.
    #[test]
    fn the_best_number_is_found() {
        let space = Space::box_f32(&[-3.0], &[3.0]).unwrap();
        let config = ArsConfig { alpha: 0.1.into(), nu: 0.05.into(), ..ArsConfig::default() };
        let mut ars = ars(config, 1, &space);
        let number = |value: &Value| value.as_array().and_then(|a| a.iter().next()).unwrap();
        for _ in 0..16 * 60 {
            episode(&mut ars, &[1.0], |action| -(2.0 - number(action)).powi(2));
        }
        let found = number(&ars.act_greedily(&[1.0]));
        assert!((found - 2.0).abs() < 0.2, "{found}");
    }

    #[test]
    fn equal_returns_move_nothing() {
        let mut ars = ars(ArsConfig::default(), 2, &Space::Discrete { n: 2, start: 0 });
        (0..32).for_each(|_| episode(&mut ars, &[1.0, 0.0], |_| -200.0));
        assert_eq!(ars.weights, [0.0; 4]);
    }

    /// Weights that did well in their trial are kept when later ones do worse.
    #[test]
    fn selection_keeps_the_best_weights() {
        let selection = Some(Selection { every: 1, episodes: 2 });
        let mut ars = ars(
            ArsConfig { directions: 2, best: 1, selection, ..ArsConfig::default() },
            1,
            &Space::Discrete { n: 2, start: 0 },
        );
        let iteration = |ars: &mut Ars, trial: f64| {
            for k in 0..4 {
                episode(ars, &[1.0], |_| f64::from(k));
            }
            assert_eq!(ars.phase, Phase::Trial { episode: 0 });
            let tried = ars.weights.clone();
            (0..2).for_each(|_| episode(ars, &[1.0], |_| trial));
            assert_eq!(ars.phase, Phase::Search { episode: 0 });
            tried
        };
        iteration(&mut ars, 1.0);
        let best = iteration(&mut ars, 5.0);
        let last = iteration(&mut ars, 4.0);
        assert_eq!(ars.kept, best);
        assert_ne!(last, best);
        assert_eq!(ars.kept_return, Some(5.0));
    }

    #[test]
    fn wrong_parameters_are_named() {
        let refused = |config: ArsConfig| {
            Ars::new(&config, None, 1, &Space::Discrete { n: 2, start: 0 }, 0).unwrap_err().to_string()
        };
        let error = refused(ArsConfig { best: 9, ..ArsConfig::default() });
        assert_eq!(error, "learner.best: expected 1 to 8 (learner.directions), found 9");
        let error = refused(ArsConfig { nu: 0.0.into(), ..ArsConfig::default() });
        assert!(error.starts_with("learner.nu: expected a positive number"), "{error}");
        let selection = Some(Selection { every: 0, episodes: 3 });
        let error = refused(ArsConfig { selection, ..ArsConfig::default() });
        assert!(error.starts_with("learner.selection.every: expected at least 1"), "{error}");
    }
}
