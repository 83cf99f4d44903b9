//! [`Run`]: one task of one seed, step after step.

use std::collections::BTreeMap;
use std::rc::Rc;

use sorn_core::{Initial, Network, Params, State};

use crate::features::Features;
use crate::fit::{Collected, Question, Reader};
use crate::score::Tested;
use crate::source::Source;
use crate::{Phase, Role, Scores, Task, TaskError, Walk, generate, score};

/// The steps that a readout was fitted to, and the readout.
type Fitted = Rc<(Collected, Vec<Reader>)>;

/// A task at work. It can be saved in any phase of role `organise`, and goes on to the same bits.
pub struct Run {
    task: Task,
    seed: u64,
    walk: Walk,
    source: Source,
    features: Features,
    entries: Vec<(u32, f64)>,
    input: Vec<f64>,
    /// The steps of the phase under way, if they are kept.
    collected: Option<Collected>,
    fitted: Option<Fitted>,
    /// The symbol that is fed back, and all of them.
    fed: Option<u32>,
    /// What was generated in each phase of that role.
    generated: Vec<Vec<u32>>,
    /// Features and readout at the end of each phase from which another begins.
    ends: BTreeMap<usize, (Features, Option<Fitted>)>,
    scores: Scores,
    problems: Vec<String>,
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
        Run::with(task, seed, Walk::begin(Phase::plan(&task.phases), task.control, params, seed, initial)?)
    }

    /// The task after as many steps as `state`, from [`saved`](Self::saved), has.
    ///
    /// # Errors
    /// [`TaskError`] if a value or the state is refused, or the state stands in a phase in which none is saved.
    pub fn resume(task: &Task, params: &Params, seed: u64, state: State) -> Result<Run, TaskError> {
        task.validate(params)?;
        let walk = Walk::resume(Phase::plan(&task.phases), task.control, params, seed, state)?;
        let mut run = Run::with(task, seed, walk)?;
        (0..run.done()).try_for_each(|_| run.source.advance())?;
        Ok(run)
    }

    fn with(task: &Task, seed: u64, walk: Walk) -> Result<Run, TaskError> {
        let source = Source::new(&task.source, task.n, seed)?;
        Ok(Run {
            features: Features::new(&task.readout, walk.network()),
            input: vec![0.0; source.inputs()],
            task: task.clone(),
            seed,
            walk,
            source,
            entries: Vec::new(),
            collected: None,
            fitted: None,
            fed: None,
            generated: Vec::new(),
            ends: BTreeMap::new(),
            scores: Scores::default(),
            problems: Vec::new(),
        })
    }

    /// Steps done.
    pub fn done(&self) -> u64 {
        self.walk.done()
    }

    /// Steps of all phases.
    pub fn total(&self) -> u64 {
        self.walk.total()
    }

    /// Whether every phase is done.
    pub fn is_finished(&self) -> bool {
        self.walk.is_finished()
    }

    /// Parameters and state from which [`resume`](Self::resume) goes on; none once steps are kept for a readout.
    pub fn saved(&self) -> Option<&Network> {
        self.walk.saved()
    }

    /// Whether the next step is the first that a readout sees.
    pub fn organised(&self) -> bool {
        self.walk.organised()
    }

    /// The scores so far.
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// Scores that could not be taken, and why.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.walk.network()
    }

    /// What the network has generated so far: letters in a row, longer symbols with blanks between them, a line per phase.
    pub fn generated(&self) -> String {
        let symbols = self.source.symbols();
        let between = if symbols.iter().all(|symbol| symbol.chars().count() == 1) { "" } else { " " };
        let line = |said: &Vec<u32>| {
            let said: Vec<&str> = said.iter().map(|&symbol| symbols[symbol as usize].as_str()).collect();
            said.join(between)
        };
        self.generated.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Does at most `steps` steps, and no more than are left of the phase under way.
    ///
    /// # Errors
    /// [`TaskError`] if a network cannot be built or a readout not be fitted.
    pub fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        let Some(phase) = self.task.phases.get(self.walk.stage()) else { return Ok(()) };
        let role = phase.role;
        if let Some(from) = self.walk.goes_back_to() {
            self.go_back(from)?;
        }
        let count = self.walk.enter(steps)?;
        if self.walk.at() == 0 {
            match role {
                Role::Organise => {}
                Role::Fit | Role::Score => self.collected = Some(Collected::new(self.features.count())),
                Role::Generate => self.generated.push(Vec::new()),
            }
        }
        for _ in 0..count {
            match role {
                Role::Organise => self.step(self.source.item().symbol)?,
                Role::Fit | Role::Score => {
                    self.step(self.source.item().symbol)?;
                    self.read();
                    self.collect()?;
                }
                Role::Generate => self.feed_back()?,
            }
            self.source.advance()?;
        }
        if self.walk.at_end() {
            self.end(role)?;
            self.ends.insert(self.walk.stage(), (self.features.clone(), self.fitted.clone()));
            self.walk.leave();
        }
        Ok(())
    }

    /// Takes source, features and readout back to the end of phase `from`.
    fn go_back(&mut self, from: usize) -> Result<(), TaskError> {
        let items = self.walk.past().iter().map(|(_, steps)| steps).sum();
        self.source = Source::new(&self.task.source, self.task.n, self.seed)?;
        (0..items).try_for_each(|_: u64| self.source.advance())?;
        let new = || (Features::new(&self.task.readout, self.walk.network()), None);
        let (features, fitted) = self.ends.get(&from).cloned().unwrap_or_else(new);
        self.features = features;
        // A branch takes the readout that was there where it begins; if there was none, the one fitted last.
        self.fitted = fitted.or(self.fitted.take());
        self.fed = None;
        Ok(())
    }

    fn step(&mut self, symbol: u32) -> Result<(), TaskError> {
        self.input.fill(0.0);
        // The symbol `_` is a pause.
        if self.source.symbols()[symbol as usize] != "_" {
            self.input[symbol as usize] = 1.0;
        }
        self.walk.step(&self.input)
    }

    fn read(&mut self) {
        self.features.read(self.walk.network(), &self.input, &mut self.entries);
    }

    fn collect(&mut self) -> Result<(), TaskError> {
        let Some(collected) = &mut self.collected else { return Ok(()) };
        collected.rows.push_sparse(self.entries.iter().copied())?;
        collected.items.push(self.source.item());
        collected.spikes += self.walk.network().activity().spikes_e.len() as u64;
        Ok(())
    }

    fn feed_back(&mut self) -> Result<(), TaskError> {
        let symbol = self.fed.unwrap_or(self.source.item().symbol);
        self.step(symbol)?;
        self.read();
        let Some(fitted) = &self.fitted else { return Ok(()) };
        let next = fitted.1[0].read(self.entries.iter().copied(), &mut Vec::new())?;
        // A class that pads a single symbol is none.
        let next = next.min(self.source.inputs() as u32 - 1);
        self.fed = Some(next);
        if let Some(generated) = self.generated.last_mut() {
            generated.push(next);
        }
        Ok(())
    }

    fn end(&mut self, role: Role) -> Result<(), TaskError> {
        let question = Question::new(&self.task, &self.source);
        let prefix = Phase::prefix(&self.task.phases, self.walk.stage());
        let collected = self.collected.take().map(|mut collected| {
            collected.items.push(self.source.item());
            collected
        });
        match (role, collected) {
            (Role::Fit, Some(collected)) => {
                let readers = question.fit(&collected, &self.features)?;
                self.fitted = Some(Rc::new((collected, readers)));
            }
            (Role::Score, Some(tested)) => {
                if let Some((fitted, readers)) = self.fitted.as_deref() {
                    let neurons = self.walk.network().ne();
                    let asked = (&self.task, &self.source, &question);
                    let tested = Tested::new(asked, readers, (fitted, &tested), neurons)?;
                    let (scores, problems) = score::score(&tested, self.seed)?;
                    self.scores.extend(&prefix, scores);
                    self.problems.extend(problems);
                }
            }
            (Role::Generate, _) => {
                if let (Some((fitted, _)), Some(generated)) = (self.fitted.as_deref(), self.generated.last())
                {
                    self.scores.extend(&prefix, generate::score(&self.source, generated, fitted));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
