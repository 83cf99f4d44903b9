//! Plasticity rules from outside this crate.

use crate::matrix::WeightMatrix;
use std::fmt::Debug;

/// A custom plasticity rule.
///
/// It runs once per step, at its place among the [`rules`](crate::Params::rules), after the new activity is known;
/// [`Network::add_rule`](crate::Network::add_rule) inserts it. [`RewardStdp`](crate::RewardStdp) implements this trait.
///
/// ```
/// use sorn_core::{Network, Params, PlasticityRule, RuleContext};
///
/// /// Every weight decays a little, so that synapses which are not strengthened die.
/// #[derive(Clone, Debug)]
/// struct Decay(f64);
///
/// impl PlasticityRule for Decay {
///     fn name(&self) -> &str {
///         "decay"
///     }
///
///     fn apply(&mut self, context: &mut RuleContext<'_>) {
///         for post in 0..context.ne() {
///             context.for_each_ee(post, &mut |_pre, weight| *weight -= self.0);
///         }
///     }
///
///     fn clone_box(&self) -> Box<dyn PlasticityRule> {
///         Box::new(self.clone())
///     }
/// }
///
/// # fn main() -> Result<(), sorn_core::Error> {
/// let mut network = Network::new(&Params::default(), 1)?;
/// let before = network.ee_connections();
/// network.add_rule(0, Box::new(Decay(0.01))); // the first of all
/// for _ in 0..100 {
///     network.step(&[0.5; 10])?;
/// }
/// assert!(network.ee_connections() < before);
/// # Ok(())
/// # }
/// ```
pub trait PlasticityRule: Debug + Send + Sync {
    /// The rule's name, for messages.
    fn name(&self) -> &str;

    /// Changes the network after a step.
    fn apply(&mut self, context: &mut RuleContext<'_>);

    /// The reason why [`apply`](Self::apply) failed, if it can fail.
    /// [`Network::rule_failure`](crate::Network::rule_failure) returns it.
    fn failure(&mut self) -> Option<String> {
        None
    }

    /// A copy of the rule with its state.
    fn clone_box(&self) -> Box<dyn PlasticityRule>;

    /// The state that the rule keeps from step to step, as numbers. It is saved with the network's state.
    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Restores a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    /// A message that says which numbers are allowed, if the numbers are not a state of this rule.
    fn set_state(&mut self, state: &[f64]) -> Result<(), String> {
        if state.is_empty() { Ok(()) } else { Err("no numbers, the rule remembers nothing".into()) }
    }
}

impl Clone for Box<dyn PlasticityRule> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// The part of a network that a [`PlasticityRule`] can read and change.
#[derive(Debug)]
pub struct RuleContext<'a> {
    pub(crate) x: &'a [Vec<u32>; 2],
    pub(crate) y: &'a [Vec<u32>; 2],
    pub(crate) te: &'a mut [f64],
    pub(crate) wee: &'a mut dyn WeightMatrix,
    pub(crate) wei: &'a mut dyn WeightMatrix,
    pub(crate) reward: f64,
    pub(crate) births: &'a mut u64,
    pub(crate) deaths: &'a mut u64,
}

impl RuleContext<'_> {
    /// Number of excitatory neurons.
    pub fn ne(&self) -> usize {
        self.te.len()
    }

    /// Active excitatory neurons before the step, `x(t)`, and after it, `x(t+1)`; indices ascending.
    pub fn x(&self) -> (&[u32], &[u32]) {
        (&self.x[0], &self.x[1])
    }

    /// Active inhibitory neurons before the step, `y(t)`, and after it, `y(t+1)`; indices ascending.
    pub fn y(&self) -> (&[u32], &[u32]) {
        (&self.y[0], &self.y[1])
    }

    /// The reward given for this step with [`Network::set_reward`](crate::Network::set_reward), else 0.
    pub fn reward(&self) -> f64 {
        self.reward
    }

    /// Thresholds of the excitatory neurons. A value that is not finite stops the neuron for good.
    pub fn te(&mut self) -> &mut [f64] {
        self.te
    }

    /// Visits the incoming E-to-E synapses of neuron `post`, presynaptic indices ascending, to change their weights.
    ///
    /// Weights are then limited to `[0, 1]`, and 0 prunes the synapse (unless `prune` is off); NaN changes nothing. If `post` is
    /// out of range, no synapse is visited.
    pub fn for_each_ee(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) {
        if post < self.te.len() {
            *self.deaths += u64::from(self.wee.edit(post, change));
        }
    }

    /// Like [`for_each_ee`](Self::for_each_ee), for the incoming I-to-E synapses.
    pub fn for_each_ei(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) {
        if post < self.te.len() {
            self.wei.edit(post, change);
        }
    }

    /// Grows an E-to-E synapse and returns `true` if the pair is absent, its two neurons exist and are distinct, and the weight is
    /// in `(0, 1]`. Otherwise returns `false`.
    pub fn grow_ee(&mut self, pre: u32, post: usize, weight: f64) -> bool {
        let ne = self.te.len();
        let sound = weight > 0.0 && weight <= 1.0 && (pre as usize) < ne && post < ne && pre as usize != post;
        let grows = sound && !self.wee.contains(pre, post);
        if grows {
            self.wee.grow(pre, post, weight);
            *self.births += 1;
        }
        grows
    }
}
