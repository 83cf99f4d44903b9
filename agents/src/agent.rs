//! [`Agent`]: encoder, reservoir, features and learner as one, step by step.

mod stream;

use serde::{Deserialize, Serialize};
use sorn_core::{Initial, Network, Rules};
use sorn_env::{Element, Space, Value};

use crate::encoder::AnyEncoder;
use crate::features::{Features, Weighted};
use crate::inputs::Inputs;
use crate::learner::{AnyLearner, Transition};
use crate::normalization::Normalization;
use crate::reservoir::{Reservoir, Seen, counts, entry, json};
use crate::standardization::Standardization;
use crate::{AgentConfig, AgentError, AgentState, Diagnosis, Norms, room};
pub(crate) use stream::Stream;

/// What may be called next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Turn {
    Begin,
    Act,
    Observe,
}

/// An agent that learns from what it is shown.
///
/// [`begin`](Agent::begin) takes the first observation of an episode and gives an action; after each action
/// [`observe`](Agent::observe) takes what followed, and [`act`](Agent::act) gives the next action.
///
/// ```
/// use sorn_agents::{Agent, AgentConfig};
/// use sorn_env::{BoxSpace, Space};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A thermostat: it is warm (1) or cold (0); action 1 heats, and warmth is rewarded.
/// let observations = Space::box_f32(&[0.0], &[1.0])?;
/// let mut agent = Agent::new(&AgentConfig::default(), &observations, &Space::discrete(2)?, 42)?;
/// let mut action = agent.begin(&[0.0_f32])?;
/// for step in 1..=50 {
///     let warm = if action.as_i64() == Some(1) { 1.0_f32 } else { 0.0 };
///     let last = step == 50;
///     agent.observe(f64::from(warm), false, last, &[warm])?;
///     if !last {
///         action = agent.act()?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Agent {
    config: AgentConfig,
    observations: Space,
    actions: Space,
    inputs: Inputs,
    normalization: Normalization,
    encoder: AnyEncoder,
    reservoir: Reservoir,
    features: Features,
    standardization: Standardization,
    learner: AnyLearner,
    /// The observation and what is seen beside it, reservoir input and features, as numbers.
    flat: Vec<f64>,
    input: Vec<f64>,
    phi: Vec<f64>,
    turn: Turn,
    /// Observations taken while training.
    steps: u64,
    greedy: bool,
    /// A frozen copy draws its actions all the same.
    samples: bool,
    seed: u64,
}

impl Agent {
    /// An agent that knows nothing yet; all its randomness comes from `seed`.
    ///
    /// # Errors
    /// [`AgentError`] naming the key, what was found and what is allowed, or which parts do not go together.
    pub fn new(
        config: &AgentConfig,
        observation_space: &Space,
        action_space: &Space,
        seed: u64,
    ) -> Result<Agent, AgentError> {
        room::encoder(config, observation_space, action_space)?;
        let observations = observation_space.flat_dim();
        let normalization = Normalization::new(config, observation_space)?;
        let inputs = Inputs::new(config, action_space)?;
        let seen = inputs.space(normalization.space(observation_space)?);
        let fitted = config.encoder.fit(&config.reservoir, &seen);
        let width = fitted.params.input_len();
        let encoder = AnyEncoder::new(&config.encoder, &seen, width, seed)?;
        config.plasticity.check(config.reservoir.kind)?;
        let reservoir = Reservoir::new(&fitted, seed)?;
        let features = Features::new(&config.features, reservoir.units(), seen.flat_dim(), width)?;
        room::learner(&config.learner, features.len(), action_space)?;
        let learner =
            AnyLearner::new(&config.learner, config.policy.as_ref(), features.len(), action_space, seed)?;
        Ok(Agent {
            config: config.clone(),
            observations: observation_space.clone(),
            actions: action_space.clone(),
            normalization,
            encoder,
            flat: vec![0.0; observations + inputs.len()],
            inputs,
            input: vec![0.0; width],
            phi: vec![0.0; features.len()],
            reservoir,
            standardization: Standardization::new(config.features.standardize, features.len()),
            features,
            learner,
            turn: Turn::Begin,
            steps: 0,
            greedy: false,
            samples: false,
            seed,
        })
    }

    /// Begins with weights, thresholds or pools of one's own in the reservoir, in place of those that were drawn. What was learnt and
    /// what the network did last stay; call it before the first episode. They are saved with the agent.
    ///
    /// # Errors
    /// [`AgentError::Initial`] naming the array that does not fit the parameters, [`AgentError::Mismatch`] of an echo state network,
    /// which has none of them.
    pub fn begin_with(&mut self, initial: &Initial) -> Result<(), AgentError> {
        self.reservoir.begin_with(initial)
    }

    /// A copy that learns nothing more: its policy is greedy, its reservoir frozen.
    pub fn frozen(&self) -> Agent {
        let mut copy = self.clone();
        copy.greedy = true;
        copy.learner.freeze();
        copy.turn = Turn::Begin;
        copy.reservoir.set_frozen(Rules::all());
        copy
    }

    /// A [`frozen`](Agent::frozen) copy whose reservoir is what it was before the first observation, as it was drawn; what
    /// [`begin_with`](Agent::begin_with) gave it, it is given again by its caller.
    ///
    /// # Errors
    /// [`AgentError`] if the reservoir cannot be made, which was made before.
    pub fn unorganised(&self) -> Result<Agent, AgentError> {
        let mut copy = self.frozen();
        let seen = self.inputs.space(self.normalization.space(&self.observations)?);
        let fitted = self.config.encoder.fit(&self.config.reservoir, &seen);
        copy.reservoir = Reservoir::new(&fitted, self.seed)?;
        copy.reservoir.set_frozen(Rules::all());
        Ok(copy)
    }

    /// Whether a [`frozen`](Self::frozen) copy draws its actions from the policy, as while training, instead of taking the
    /// best; it does not at first. Draws go on from those of the agent that was copied.
    pub fn set_sampling(&mut self, samples: bool) {
        self.samples = samples;
    }

    /// What a policy file holds of this frozen agent.
    pub(crate) fn without_traces(&self) -> Agent {
        let mut copy = self.clone();
        copy.learner.forget();
        copy.features.begin();
        copy
    }

    /// The configuration.
    pub fn config(&self) -> &AgentConfig {
        &self.config
    }

    /// The space of the observations.
    pub fn observation_space(&self) -> &Space {
        &self.observations
    }

    /// The space of the actions.
    pub fn action_space(&self) -> &Space {
        &self.actions
    }

    /// The seed the agent was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether the agent learns nothing more: whether it is a [`frozen`](Self::frozen) copy.
    pub fn is_frozen(&self) -> bool {
        self.greedy
    }

    pub(crate) fn samples(&self) -> bool {
        self.samples
    }

    /// Observations taken while training.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Active units of the reservoir at the last observation, ascending; none of an echo state network, whose activity is real-valued
    /// ([`activity`](Agent::activity)).
    pub fn spikes(&self) -> &[u32] {
        self.reservoir.active()
    }

    /// Writes the activity of the reservoir at the last observation: 0 or 1 for each unit, of an echo state network numbers from -1
    /// to 1.
    pub fn activity(&self, out: &mut Vec<f64>) {
        out.clear();
        out.resize(self.reservoir.units(), 0.0);
        match self.reservoir.seen() {
            Seen::Active(active) => active.iter().for_each(|&unit| out[unit as usize] = 1.0),
            Seen::Numbers(numbers) => out.copy_from_slice(numbers),
        }
    }

    /// The last observation as numbers, as long as the observation space is wide; normalised, where the configuration says so.
    pub fn observation(&self) -> &[f64] {
        &self.flat[..self.flat.len() - self.inputs.len()]
    }

    /// The discounted return expected after the last observation, in the reward that the learner learns from; `None` of a
    /// learner that estimates none.
    pub fn value(&self) -> Option<f64> {
        self.learner.value(&self.phi)
    }

    /// What the learner did in its last step.
    pub fn diagnosis(&self) -> Diagnosis {
        self.learner.diagnosis()
    }

    /// Sizes of what the learner keeps. Weights and traces are all read for it.
    pub fn norms(&self) -> Norms {
        self.learner.norms()
    }

    /// The reservoir's network; `None` where the input code stands alone.
    pub fn network(&self) -> Option<&Network> {
        self.reservoir.network()
    }

    /// Begins an episode with its first observation, and gives an action. An episode that was under way is given up.
    ///
    /// # Errors
    /// [`AgentError`] where the observation is not of the space or not finite.
    pub fn begin<O: Element>(&mut self, obs: &O) -> Result<Value, AgentError> {
        self.features.begin();
        self.learner.begin();
        self.inputs.begin();
        self.normalization.begin();
        self.take(obs)?;
        self.choose()
    }

    /// Takes what followed the last action: the reward, whether the episode ended, and the observation after it. Learns.
    ///
    /// # Errors
    /// [`AgentError`] where the observation or reward is not finite, where no action preceded, or where learning diverged.
    pub fn observe<O: Element>(
        &mut self,
        reward: f64,
        terminated: bool,
        truncated: bool,
        obs: &O,
    ) -> Result<(), AgentError> {
        self.expect("observe", Turn::Observe)?;
        if !reward.is_finite() {
            return Err(AgentError::Reward(reward));
        }
        self.reservoir.set_reward(reward)?;
        self.inputs.reward(reward, !self.greedy);
        self.take(obs)?;
        if !self.greedy {
            self.learner.receive(reward);
            let reward = self.normalization.reward(reward, terminated || truncated);
            self.learner.learn(&Transition { reward, terminated, truncated, next: &self.phi })?;
        }
        self.turn = if terminated || truncated { Turn::Begin } else { Turn::Act };
        Ok(())
    }

    /// The next action of the episode under way.
    ///
    /// # Errors
    /// [`AgentError::OutOfTurn`] where no observation preceded or the episode is over.
    pub fn act(&mut self) -> Result<Value, AgentError> {
        self.expect("act", Turn::Act)?;
        self.choose()
    }

    /// Takes the action that was done in place of the one that [`begin`](Agent::begin) or [`act`](Agent::act) gave, if something else
    /// chose it: the agent's inputs know of this one. What it learns still holds for its own choice, so that this is for
    /// [`frozen`](Agent::frozen) copies.
    ///
    /// # Errors
    /// [`AgentError::OutOfTurn`] if no action is under way; [`AgentError`] if the action is not one of the space.
    pub fn follow(&mut self, action: &Value) -> Result<(), AgentError> {
        self.expect("follow", Turn::Observe)?;
        self.inputs.act(action)
    }

    fn expect(&self, called: &'static str, due: Turn) -> Result<(), AgentError> {
        if self.turn == due {
            return Ok(());
        }
        let expected = match self.turn {
            Turn::Begin => "begin",
            Turn::Act => "act",
            Turn::Observe => "observe",
        };
        Err(AgentError::OutOfTurn { called, expected })
    }

    fn choose(&mut self) -> Result<Value, AgentError> {
        self.turn = Turn::Observe;
        let action = match self.greedy && !self.samples {
            true => self.learner.act_greedily(&self.phi),
            false => self.learner.act(&self.phi),
        };
        if let Some(failure) = self.learner.failure() {
            return Err(failure);
        }
        self.inputs.act(&action)?;
        Ok(action)
    }

    /// From an observation to features.
    fn take<O: Element>(&mut self, obs: &O) -> Result<(), AgentError> {
        let observed = self.flat.len() - self.inputs.len();
        let (observation, beside) = self.flat.split_at_mut(observed);
        obs.flatten_into(&self.observations, observation)?;
        beside.copy_from_slice(self.inputs.previous());
        if let Some(index) = self.flat.iter().position(|v| !v.is_finite()) {
            return Err(AgentError::NotFinite { index, found: self.flat[index] });
        }
        if !self.learner.sees() {
            return Ok(());
        }
        if !self.greedy {
            self.reservoir.set_frozen(self.config.plasticity.frozen(self.steps));
            if self.config.plasticity.is_over(self.steps) {
                self.reservoir.end_plasticity()?;
            }
            self.steps += 1;
        }
        self.normalization.observe(&mut self.flat[..observed], !self.greedy);
        self.encoder.encode(&self.flat, self.normalization.weights(), &mut self.input, !self.greedy)?;
        self.reservoir.step(&self.input)?;
        let observation = Weighted { numbers: &self.flat, weights: self.normalization.weights() };
        self.features.write(&self.reservoir, observation, &self.input, &mut self.phi);
        self.standardization.apply(&mut self.phi, !self.greedy);
        Ok(())
    }

    /// Everything the agent is, for [`restore`](Agent::restore).
    pub fn state(&self) -> AgentState {
        let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
        state.put("features/trace", &[self.features.trace().len()], self.features.trace());
        state.put("features/phi", &[self.phi.len()], &self.phi);
        state.meta["agent"] = json(&(self.turn, self.steps, self.greedy));
        self.inputs.save(&mut state);
        self.normalization.save(&mut state);
        self.standardization.save(&mut state);
        self.encoder.save(&mut state);
        self.reservoir.save(&mut state);
        self.learner.save(&mut state);
        state
    }

    /// The agent that had `state`; it goes on exactly as that one would have.
    ///
    /// `config`, the spaces and `seed` must be those it was made with.
    ///
    /// # Errors
    /// As [`new`](Agent::new), and [`AgentError::State`] where `state` does not fit.
    pub fn restore(
        config: &AgentConfig,
        observation_space: &Space,
        action_space: &Space,
        seed: u64,
        state: &AgentState,
    ) -> Result<Agent, AgentError> {
        let mut agent = Agent::new(config, observation_space, action_space, seed)?;
        agent.load_state(state)?;
        Ok(agent)
    }

    /// The agent of the same configuration and seed that had `state`.
    pub(crate) fn restored(&self, action_space: &Space, state: &AgentState) -> Result<Agent, AgentError> {
        Agent::restore(&self.config, &self.observations, action_space, self.seed, state)
    }

    pub(crate) fn load_state(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("features/trace", self.features.trace_mut())?;
        state.read("features/phi", &mut self.phi)?;
        (self.turn, self.steps, self.greedy) = entry(state, "agent")?;
        counts("agent", &[self.steps])?;
        self.inputs.load(state)?;
        self.normalization.load(state)?;
        self.standardization.load(state)?;
        self.encoder.load(state)?;
        self.reservoir.load(state)?;
        self.learner.load(state)?;
        Ok(())
    }
}
