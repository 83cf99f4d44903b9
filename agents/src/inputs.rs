//! What the encoder sees beside the observation: the previous action and the previous reward.

use serde::{Deserialize, Serialize};
use sorn_env::{BoxSpace, Dtype, Space, Value};

use crate::reservoir::{entry, json};
use crate::{AgentConfig, AgentError, AgentState};

/// One group of numbers that the encoder sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The observation.
    Observation,
    /// The action before it: one-hot where it was a choice, 0 and 1 of a MultiBinary, a number of a Box on the scale from -1 to
    /// 1 between its bounds, and itself where there are none. All 0 in the first observation of an episode.
    Action,
    /// The reward before it over its root mean square so far, at most `normalization.clip`; its sign and its zero stay. 0 in
    /// the first observation of an episode.
    Reward,
}

pub(crate) fn observation_alone() -> Vec<Input> {
    vec![Input::Observation]
}

pub(crate) fn is_observation_alone(inputs: &[Input]) -> bool {
    inputs == [Input::Observation]
}

/// How the numbers of an action are written.
#[derive(Clone, Debug)]
enum Code {
    /// As [`Space::flatten_into`] writes them.
    Flat(Space),
    /// Center and half of the range of each number.
    Scaled { space: Space, ranges: Vec<(f64, f64)> },
}

/// The previous action and reward, as numbers.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    action: Option<Code>,
    reward: bool,
    clip: f64,
    /// Rewards seen while training, and the sum of their squares.
    count: f64,
    squares: f64,
    /// What precedes the present observation.
    previous: Vec<f64>,
}

impl Inputs {
    pub(crate) fn new(config: &AgentConfig, action_space: &Space) -> Result<Inputs, AgentError> {
        let inputs = &config.inputs;
        let names = inputs.iter().map(|input| json(input).to_string()).collect::<Vec<_>>().join(", ");
        let refused = |allowed: &str| Err(AgentError::config("inputs", format!("[{names}]"), allowed));
        if inputs.first() != Some(&Input::Observation) {
            return refused("\"observation\" first, then \"action\" or \"reward\" or both");
        }
        if inputs.iter().enumerate().any(|(i, input)| inputs[..i].contains(input)) {
            return refused("each of \"observation\", \"action\" and \"reward\" once");
        }
        let action = inputs.contains(&Input::Action).then(|| code(action_space));
        let reward = inputs.contains(&Input::Reward);
        let len = action.as_ref().map_or(0, |_| action_space.flat_dim()) + usize::from(reward);
        let clip = config.normalization.clip;
        Ok(Inputs { action, reward, clip, count: 0.0, squares: 0.0, previous: vec![0.0; len] })
    }

    /// What the encoder sees, where the observation is of the space `observations`.
    pub(crate) fn space(&self, observations: Space) -> Space {
        let action = self.action.as_ref().map(|code| match code {
            Code::Flat(space) => space.clone(),
            Code::Scaled { space, ranges } => {
                let side = |bound: f64| {
                    ranges
                        .iter()
                        .map(|(_, half)| if half.is_finite() { bound } else { bound * half })
                        .collect()
                };
                let (low, high) = (side(-1.0), side(1.0));
                Space::Box(BoxSpace { low, high, shape: vec![space.flat_dim()], dtype: Dtype::F64 })
            }
        });
        let bounds = (vec![-self.clip], vec![self.clip]);
        let reward = self.reward.then_some(Space::Box(BoxSpace {
            low: bounds.0,
            high: bounds.1,
            shape: vec![1],
            dtype: Dtype::F64,
        }));
        match (action, reward) {
            (None, None) => observations,
            (action, reward) => {
                Space::Tuple([Some(observations), action, reward].into_iter().flatten().collect())
            }
        }
    }

    /// How many numbers there are beside the observation.
    pub(crate) fn len(&self) -> usize {
        self.previous.len()
    }

    /// The numbers beside the present observation.
    pub(crate) fn previous(&self) -> &[f64] {
        &self.previous
    }

    /// An episode begins: nothing precedes.
    pub(crate) fn begin(&mut self) {
        self.previous.fill(0.0);
    }

    /// Takes the action chosen now.
    pub(crate) fn act(&mut self, action: &Value) -> Result<(), AgentError> {
        let len = self.previous.len() - usize::from(self.reward);
        let out = &mut self.previous[..len];
        match &self.action {
            None => {}
            Some(Code::Flat(space)) => space.flatten_into(action, out)?,
            Some(Code::Scaled { space, ranges }) => {
                space.flatten_into(action, out)?;
                for (x, (center, half)) in out.iter_mut().zip(ranges) {
                    if half.is_finite() {
                        *x = if *half > 0.0 { (*x - center) / half } else { 0.0 };
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the reward that followed, into its statistics as well where the agent learns.
    pub(crate) fn reward(&mut self, reward: f64, learns: bool) {
        if !self.reward {
            return;
        }
        if learns {
            self.count += 1.0;
            self.squares += reward * reward;
        }
        let size = (self.squares / self.count.max(1.0)).sqrt();
        if let Some(last) = self.previous.last_mut() {
            *last = if size > 0.0 { (reward / size).clamp(-self.clip, self.clip) } else { 0.0 };
        }
    }

    /// Swaps what precedes with that of another stream of observations.
    pub(crate) fn exchange(&mut self, previous: &mut Vec<f64>) {
        std::mem::swap(&mut self.previous, previous);
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        if !self.previous.is_empty() {
            state.put("inputs/previous", &[self.previous.len()], &self.previous);
            state.meta["inputs"] = json(&(self.count, self.squares));
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        if !self.previous.is_empty() {
            state.read("inputs/previous", &mut self.previous)?;
            (self.count, self.squares) = entry(state, "inputs")?;
        }
        Ok(())
    }
}

fn code(space: &Space) -> Code {
    let Space::Box(bounds) = space else { return Code::Flat(space.clone()) };
    let range = |(&low, &high): (&f64, &f64)| match low.is_finite() && high.is_finite() {
        // Halved before they are added: the sum of two large bounds is no number.
        true => (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0),
        false => (0.0, f64::INFINITY),
    };
    let ranges = bounds.low.iter().zip(&bounds.high).map(range).collect();
    Code::Scaled { space: space.clone(), ranges }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_env::{Array, Element};

    fn inputs(names: &[Input], actions: &Space) -> Inputs {
        let config = AgentConfig { inputs: names.to_vec(), ..AgentConfig::default() };
        Inputs::new(&config, actions).unwrap()
    }

    const ALL: [Input; 3] = [Input::Observation, Input::Action, Input::Reward];

    #[test]
    fn the_observation_alone_adds_nothing() {
        let space = Space::Discrete { n: 3, start: 0 };
        let none = inputs(&[Input::Observation], &space);
        assert_eq!((none.len(), none.space(space.clone())), (0, space));
    }

    #[test]
    fn actions_and_rewards_follow_the_observation() {
        let actions = Space::Discrete { n: 3, start: 1 };
        let mut all = inputs(&ALL, &actions);
        let seen = all.space(Space::Discrete { n: 2, start: 0 });
        assert_eq!(seen.to_string(), "Tuple(Discrete(2), Discrete(3, start=1), Box(-10, 10, (1,), float64))");
        all.act(&Value::Int(3)).unwrap();
        all.reward(2.0, true);
        assert_eq!(all.previous(), [0.0, 0.0, 1.0, 1.0]);
        all.reward(-1.0, true);
        assert!((all.previous()[3] + 1.0 / 2.5_f64.sqrt()).abs() < 1e-12);
        // A frozen agent's statistics stand still.
        all.reward(1e9, false);
        assert_eq!((all.previous()[3], all.count), (10.0, 2.0));
        all.begin();
        assert_eq!(all.previous(), [0.0; 4]);
        assert!(all.act(&Value::Int(0)).is_err());
        // No reward ever: no scale.
        let mut silent = inputs(&ALL, &actions);
        silent.reward(0.0, true);
        assert_eq!(silent.previous()[3], 0.0);
    }

    #[test]
    fn numbers_lie_between_their_bounds() {
        let bounds = BoxSpace::f32(&[-2.0, 0.0, f32::NEG_INFINITY], &[2.0, 10.0, 0.0]).unwrap();
        let mut all = inputs(&ALL[..2], &Space::Box(bounds));
        all.act(&Value::Array(Array::vector(vec![1.0f32, 10.0, -7.0]))).unwrap();
        assert_eq!(all.previous(), [0.5, 1.0, -7.0]);
        let Space::Tuple(members) = all.space(Space::Discrete { n: 2, start: 0 }) else { panic!() };
        let Space::Box(seen) = &members[1] else { panic!() };
        assert_eq!((&seen.low[..2], seen.low[2]), (&[-1.0, -1.0][..], f64::NEG_INFINITY));
        assert!([0.5, 1.0, -7.0].to_value().is_finite());
    }

    #[test]
    fn what_was_saved_goes_on() {
        let actions = Space::Discrete { n: 3, start: 0 };
        let mut one = inputs(&ALL, &actions);
        one.act(&Value::Int(1)).unwrap();
        one.reward(4.0, true);
        let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
        one.save(&mut state);
        let mut other = inputs(&ALL, &actions);
        other.load(&state).unwrap();
        assert_eq!(other.previous(), one.previous());
        assert_eq!((other.count, other.squares), (1.0, 16.0));
    }

    #[test]
    fn lists_that_cannot_be_are_refused() {
        let refusal = |names: &[Input]| {
            let config = AgentConfig { inputs: names.to_vec(), ..AgentConfig::default() };
            Inputs::new(&config, &Space::Discrete { n: 2, start: 0 }).unwrap_err().to_string()
        };
        assert_eq!(
            refusal(&[Input::Action]),
            "inputs: expected \"observation\" first, then \"action\" or \"reward\" or both, found [\"action\"]"
        );
        assert!(refusal(&[]).ends_with("found []"));
        assert!(refusal(&[Input::Observation; 2]).contains("once, found"));
    }
}
