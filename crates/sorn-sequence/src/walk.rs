//! [`Walk`]: a network on its way through the phases of a task.

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
}

impl Walk {
    /// A new network before its first step; the steps of stage `kept` and of all after it are kept.
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
        Ok(Walk { stages, kept, control, params: params.clone(), seed, network, stage: 0, at: 0 })
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
        Ok(Walk { stages, kept, control, params: params.clone(), seed, network, stage, at })
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
        (self.stage, self.at) = (self.stage + 1, 0);
    }
}
