//! [`Walk`]: a network on its way through the phases of a task.

use std::collections::BTreeMap;

use sorn_core::rng::stream;
use sorn_core::{Error, Initial, Network, Params, Rules, State};

use crate::{Control, Overrides, PhaseState, TaskError};

/// What a phase does with the network.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Steps, 1 or more.
    pub steps: u64,
    /// Rules that do not act.
    pub freeze: Rules,
    /// Parameters of the network for this phase.
    pub set: Overrides,
    /// What becomes of the activity at the beginning.
    pub state: PhaseState,
    /// The earlier stage whose end it begins from, if that is not the one before: a branch.
    pub from: Option<usize>,
    /// Whether the control `rewired` draws new partners at the beginning.
    pub rewires: bool,
}

/// A network on its way through the phases of a task.
///
/// Until the first step that is kept (for a readout, or by a measure) it can be saved, and goes on to the same bits.
#[derive(Clone, Debug)]
pub struct Walk {
    stages: Vec<Stage>,
    /// The first stage whose steps are kept.
    kept: usize,
    control: Option<Control>,
    params: Params,
    seed: u64,
    network: Network,
    /// The stage under way, and the steps done in it.
    stage: usize,
    at: u64,
    /// The network at the end of each stage from which another is still to begin.
    ends: BTreeMap<usize, Network>,
}

impl Walk {
    /// A new network before its first step; the steps of stage `kept` and of all after it are kept. So are those after the first stage
    /// from which another branches.
    ///
    /// # Errors
    /// [`TaskError`] if a value or array is refused.
    pub fn begin(
        (stages, kept): (Vec<Stage>, usize),
        control: Option<Control>,
        params: &Params,
        seed: u64,
        initial: &Initial,
    ) -> Result<Walk, TaskError> {
        let mut network = Network::with_initial(params, seed, initial)?;
        if let Some(control) = control {
            let mut state = network.state();
            control.at_birth(&mut state);
            network = Network::from_state(params, state)?;
        }
        let kept = first_kept(&stages, kept);
        let ends = BTreeMap::new();
        Ok(Walk { stages, kept, control, params: params.clone(), seed, network, stage: 0, at: 0, ends })
    }

    /// The walk after as many steps as `state`, from [`saved`](Self::saved), has.
    ///
    /// # Errors
    /// [`TaskError`] if the state is refused, or if no state is saved at that step.
    pub fn resume(
        (stages, kept): (Vec<Stage>, usize),
        control: Option<Control>,
        params: &Params,
        seed: u64,
        state: State,
    ) -> Result<Walk, TaskError> {
        let kept = first_kept(&stages, kept);
        let steps = state.steps;
        let (mut stage, mut at) = (0, steps);
        while stage < stages.len() && at >= stages[stage].steps {
            at -= stages[stage].steps;
            stage += 1;
        }
        if stage == stages.len() || stage > kept || (stage == kept && at > 0) {
            return Err(TaskError::config("saved state", "a number of steps at which runs are saved", steps));
        }
        // Between two stages the state is saved as the first leaves it.
        let left_by = if at == 0 { stage.saturating_sub(1) } else { stage };
        let network = Network::from_state(&stages[left_by].set.over(params), state)?;
        let ends = BTreeMap::new();
        let mut walk = Walk { stages, kept, control, params: params.clone(), seed, network, stage, at, ends };
        if at == 0 && stage > 0 {
            walk.keep_end(stage - 1);
        }
        Ok(walk)
    }

    /// Keeps the network as it is at the end of `stage` if another stage begins from there.
    fn keep_end(&mut self, stage: usize) {
        if self.stages.iter().any(|later| later.from == Some(stage)) {
            self.ends.insert(stage, self.network.clone());
        }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The stage under way: as many as there are if all are done.
    pub fn stage(&self) -> usize {
        self.stage
    }

    /// Steps done in the stage under way.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Steps done.
    pub fn done(&self) -> u64 {
        self.stages[..self.stage].iter().map(|stage| stage.steps).sum::<u64>() + self.at
    }

    /// What the network went through, first stage first: each stage, and the steps of it that were done.
    pub fn past(&self) -> Vec<(usize, u64)> {
        let mut past = Vec::new();
        let mut before = Some(self.stage).filter(|stage| *stage < self.stages.len());
        let mut done = self.at;
        while let Some(stage) = before {
            past.push((stage, done));
            before = self.stages[stage].from.or_else(|| stage.checked_sub(1));
            done = before.map_or(0, |before| self.stages[before].steps);
        }
        past.reverse();
        past
    }

    /// The earlier stage to whose end the network goes back with the next step, if it does.
    pub fn goes_back_to(&self) -> Option<usize> {
        self.stages.get(self.stage)?.from.filter(|_| self.at == 0)
    }

    /// Steps of all stages.
    pub fn total(&self) -> u64 {
        self.stages.iter().map(|stage| stage.steps).sum()
    }

    /// Whether every stage is done.
    pub fn is_finished(&self) -> bool {
        self.stage == self.stages.len()
    }

    /// Parameters and state from which [`resume`](Self::resume) goes on; none after the first step that is kept.
    pub fn saved(&self) -> Option<&Network> {
        let before = self.stage < self.kept || (self.stage == self.kept && self.at == 0);
        (before && !self.is_finished()).then_some(&self.network)
    }

    /// Whether the next step is the first that is kept.
    pub fn organised(&self) -> bool {
        self.stage == self.kept && self.at == 0 && !self.is_finished()
    }

    /// Sets the network up for at most `steps` steps; gives how many are to be done, no more than are left of the stage.
    ///
    /// # Errors
    /// [`TaskError`] if a network cannot be built.
    pub fn enter(&mut self, steps: u64) -> Result<u64, TaskError> {
        let Some(stage) = self.stages.get(self.stage) else { return Ok(0) };
        let count = steps.min(stage.steps - self.at);
        // After a resumption within a stage the frozen rules are those of the state, which are the same.
        if self.at > 0 || count == 0 {
            return Ok(count);
        }
        if let Some(end) = stage.from.and_then(|from| self.ends.get(&from)) {
            self.network = end.clone();
        }
        let params = stage.set.over(&self.params);
        let rewires = stage.rewires && self.control == Some(Control::Rewired);
        if params != *self.network.params() || stage.state != PhaseState::Keep || rewires {
            let mut state = self.network.state();
            let rng = &mut stream(self.seed, &format!("phase {}", self.stage));
            stage.state.apply(&mut state, (params.ne, params.ni()), rng);
            if rewires {
                state.rewire(rng);
            }
            self.network = Network::from_state(&params, state)?;
        }
        self.network.set_frozen(self.control.map_or(stage.freeze, |control| control.freezes(stage.freeze)));
        Ok(count)
    }

    /// One step of the network.
    ///
    /// # Errors
    /// [`TaskError`] for an input of the wrong length.
    pub fn step(&mut self, input: &[f64]) -> Result<(), TaskError> {
        self.network.step(input).map_err(Error::from)?;
        self.at += 1;
        Ok(())
    }

    /// Whether the last step of the stage is done; [`leave`](Self::leave) is due.
    pub fn at_end(&self) -> bool {
        self.stages.get(self.stage).is_some_and(|stage| stage.steps == self.at)
    }

    /// On to the next stage.
    pub fn leave(&mut self) {
        self.keep_end(self.stage);
        (self.stage, self.at) = (self.stage + 1, 0);
    }
}

/// The first stage whose steps are kept, where those are too that come after a stage from which another branches: a saved state is
/// that of one network.
fn first_kept(stages: &[Stage], kept: usize) -> usize {
    stages.iter().filter_map(|stage| stage.from).map(|from| from + 1).fold(kept, usize::min)
}
