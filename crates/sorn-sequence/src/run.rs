//! [`Run`]: one task of one seed, step after step.

use sorn_core::rng::stream;
use sorn_core::{Error, Initial, Network, Params, State};

use crate::features::Features;
use crate::fit::{Collected, Question, Reader};
use crate::source::Source;
use crate::{PhaseState, Role, Scores, Task, TaskError, generate, score};

/// A task at work. It can be saved in any phase of role `organise`, and goes on to the same bits.
pub struct Run {
    task: Task,
    params: Params,
    seed: u64,
    network: Network,
    source: Source,
    /// The phase at hand, and the steps done in it.
    phase: usize,
    at: u64,
    features: Features,
    entries: Vec<(u32, f64)>,
    input: Vec<f64>,
    /// The steps of the phase at hand, if they are kept.
    collected: Option<Collected>,
    fitted: Option<(Collected, Vec<Reader>)>,
    /// The symbol that is fed back, and all of them.
    fed: Option<u32>,
    generated: Vec<u32>,
    scores: Scores,
}

impl Run {
    /// The task before its first step.
    ///
    /// # Errors
    /// [`TaskError`] if a value is refused.
    pub fn new(task: &Task, params: &Params, seed: u64) -> Result<Run, TaskError> {
        Run::with_initial(task, params, seed, &Initial::default())
    }

    /// [`new`](Self::new) with a network that begins with `initial` in place of what it would draw.
    ///
    /// # Errors
    /// [`TaskError`] if a value or array is refused.
    pub fn with_initial(
        task: &Task,
        params: &Params,
        seed: u64,
        initial: &Initial,
    ) -> Result<Run, TaskError> {
        task.validate(params)?;
        let mut network = Network::with_initial(params, seed, initial)?;
        if let Some(control) = task.control {
            let mut state = network.state();
            control.at_birth(&mut state);
            network = Network::from_state(params, state)?;
        }
        Run::with(task, params, seed, network)
    }

    /// The task after as many steps as `state`, from [`saved`](Self::saved), has.
    ///
    /// # Errors
    /// [`TaskError`] if a value or the state is refused, or the state stands in a phase in which none is saved.
    pub fn resume(task: &Task, params: &Params, seed: u64, state: State) -> Result<Run, TaskError> {
        task.validate(params)?;
        let steps = state.steps;
        let mut left = steps;
        let phase = task.phases.iter().position(|phase| match left < phase.steps {
            true => true,
            false => {
                left -= phase.steps;
                false
            }
        });
        let before = |phase: usize| task.phases[..phase].iter().all(|phase| phase.role == Role::Organise);
        let Some(phase) = phase.filter(|&phase| before(phase) && (left == 0 || before(phase + 1))) else {
            return Err(TaskError::config("saved state", "a number of steps at which runs are saved", steps));
        };
        // Between two phases the state is saved as the first leaves it.
        let of = if left == 0 { phase.saturating_sub(1) } else { phase };
        let network = Network::from_state(&task.phases[of].set.over(params), state)?;
        let mut run = Run::with(task, params, seed, network)?;
        (0..steps).try_for_each(|_| run.source.advance())?;
        (run.phase, run.at) = (phase, left);
        Ok(run)
    }

    fn with(task: &Task, params: &Params, seed: u64, network: Network) -> Result<Run, TaskError> {
        let source = Source::new(&task.source, task.n, seed)?;
        Ok(Run {
            features: Features::new(&task.readout, &network),
            input: vec![0.0; source.inputs()],
            task: task.clone(),
            params: params.clone(),
            seed,
            network,
            source,
            phase: 0,
            at: 0,
            entries: Vec::new(),
            collected: None,
            fitted: None,
            fed: None,
            generated: Vec::new(),
            scores: Scores::default(),
        })
    }

    /// Steps done.
    pub fn done(&self) -> u64 {
        self.task.phases[..self.phase].iter().map(|phase| phase.steps).sum::<u64>() + self.at
    }

    /// Steps of all phases.
    pub fn total(&self) -> u64 {
        self.task.phases.iter().map(|phase| phase.steps).sum()
    }

    /// Whether every phase is done.
    pub fn is_finished(&self) -> bool {
        self.phase == self.task.phases.len()
    }

    /// Parameters and state from which [`resume`](Self::resume) goes on; none once steps are kept for a readout.
    pub fn saved(&self) -> Option<&Network> {
        let kept = self.fitted.is_some() || self.collected.is_some();
        (!kept && !self.is_finished()).then_some(&self.network)
    }

    /// Whether the next step is the first that a readout sees.
    pub fn organised(&self) -> bool {
        let next = self.task.phases.get(self.phase).is_some_and(|phase| phase.role != Role::Organise);
        next && self.at == 0 && self.saved().is_some()
    }

    /// The scores so far.
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Does at most `steps` steps, and no more than are left of the phase at hand.
    ///
    /// # Errors
    /// [`TaskError`] if a network cannot be built or a readout not be fitted.
    pub fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        let Some(phase) = self.task.phases.get(self.phase) else { return Ok(()) };
        let (role, length) = (phase.role, phase.steps);
        self.begin()?;
        for _ in 0..steps.min(length - self.at) {
            match role {
                Role::Organise => self.step(self.source.item().symbol)?,
                Role::Fit | Role::Score => {
                    self.step(self.source.item().symbol)?;
                    self.collect()?;
                }
                Role::Generate => self.feed_back()?,
            }
            self.source.advance()?;
            self.at += 1;
        }
        if self.at == length {
            self.end(role)?;
            (self.phase, self.at) = (self.phase + 1, 0);
        }
        Ok(())
    }

    /// Sets the network up for the phase at hand.
    fn begin(&mut self) -> Result<(), TaskError> {
        let phase = &self.task.phases[self.phase];
        let frozen = phase.freeze.rules();
        let frozen = self.task.control.map_or(frozen, |control| control.freezes(frozen));
        if self.at > 0 {
            // After a resumption the frozen rules are those of the state, which are the same.
            return Ok(());
        }
        let params = phase.set.over(&self.params);
        let rewired = self.task.control.filter(|_| phase.role == Role::Fit);
        if params != *self.network.params() || phase.state != PhaseState::Keep || rewired.is_some() {
            let mut state = self.network.state();
            let name = format!("phase {}", self.phase);
            let rng = &mut stream(self.seed, &name);
            phase.state.apply(&mut state, (params.ne, params.ni()), rng);
            if let Some(control) = rewired {
                control.before_fit(&mut state, rng);
            }
            self.network = Network::from_state(&params, state)?;
        }
        self.network.set_frozen(frozen);
        if matches!(phase.role, Role::Fit | Role::Score) {
            self.collected = Some(Collected::new(self.features.count()));
        }
        Ok(())
    }

    fn step(&mut self, symbol: u32) -> Result<(), TaskError> {
        self.input.fill(0.0);
        // The symbol `_` is a pause.
        if self.source.symbols()[symbol as usize] != "_" {
            self.input[symbol as usize] = 1.0;
        }
        self.network.step(&self.input).map_err(Error::from)?;
        if !self.task.phases[self.phase..].iter().all(|phase| phase.role == Role::Organise)
            && self.task.phases[self.phase].role != Role::Organise
        {
            self.features.read(&self.network, &self.input, &mut self.entries);
        }
        Ok(())
    }

    fn collect(&mut self) -> Result<(), TaskError> {
        let Some(collected) = &mut self.collected else { return Ok(()) };
        collected.rows.push_sparse(self.entries.iter().copied())?;
        collected.items.push(self.source.item());
        collected.spikes += self.network.activity().spikes_e.len() as u64;
        Ok(())
    }

    fn feed_back(&mut self) -> Result<(), TaskError> {
        let symbol = self.fed.unwrap_or(self.source.item().symbol);
        self.step(symbol)?;
        let Some((_, readers)) = &self.fitted else { return Ok(()) };
        let next = readers[0].read(self.entries.iter().copied(), &mut Vec::new())?;
        // A class that pads a single symbol is none.
        let next = next.min(self.source.inputs() as u32 - 1);
        self.fed = Some(next);
        self.generated.push(next);
        Ok(())
    }

    fn end(&mut self, role: Role) -> Result<(), TaskError> {
        let question = Question::new(&self.task, &self.source);
        let collected = self.collected.take().map(|mut collected| {
            collected.items.push(self.source.item());
            collected
        });
        match (role, collected) {
            (Role::Fit, Some(collected)) => {
                let readers = question.fit(&collected)?;
                self.fitted = Some((collected, readers));
            }
            (Role::Score, Some(tested)) => {
                if let Some((fitted, readers)) = &self.fitted {
                    let neurons = self.network.ne();
                    let both = (fitted, &tested);
                    let scores = score::score(&self.task, &self.source, &question, readers, both, neurons)?;
                    self.scores.0.extend(scores.0);
                }
            }
            (Role::Generate, _) => {
                if let Some((fitted, _)) = &self.fitted {
                    generate::score(&self.source, &self.generated, fitted, &mut self.scores);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
