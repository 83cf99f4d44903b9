//! [`Registry`]: environments, parts of agents and of tasks of one's own, as one value.

use sorn_agents::{EncoderEntry, LearnerEntry, PolicyEntry, RuleEntry};
use sorn_envs::EnvEntry;
use sorn_sequence::{ScoreEntry, SourceEntry};

use crate::SeriesEntry;

/// Environments, encoders, learners, policies, plasticity rules, sources, series and scores of one's own.
///
/// A program collects them and calls [`register`](Registry::register) once, before it reads the first file; `sorn_cli::run_with` does
/// so. What is registered is known in the whole process: an experiment, a checkpoint and the file of an agent are plain data, and
/// find by its name whatever they name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    envs: Vec<EnvEntry>,
    encoders: Vec<EncoderEntry>,
    learners: Vec<LearnerEntry>,
    policies: Vec<PolicyEntry>,
    rules: Vec<RuleEntry>,
    sources: Vec<SourceEntry>,
    series: Vec<SeriesEntry>,
    scores: Vec<ScoreEntry>,
}

impl Registry {
    /// One that adds nothing to what is built in.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// With this environment: `env.id` of an experiment file may name it.
    #[must_use]
    pub fn env(mut self, entry: EnvEntry) -> Registry {
        self.envs.push(entry);
        self
    }

    /// With this encoder: `agent.encoder.kind` of an experiment file may name it.
    #[must_use]
    pub fn encoder(mut self, entry: EncoderEntry) -> Registry {
        self.encoders.push(entry);
        self
    }

    /// With this learner: `agent.learner.kind` of an experiment file may name it.
    #[must_use]
    pub fn learner(mut self, entry: LearnerEntry) -> Registry {
        self.learners.push(entry);
        self
    }

    /// With this policy: `agent.policy.kind` of an experiment file may name it.
    #[must_use]
    pub fn policy(mut self, entry: PolicyEntry) -> Registry {
        self.policies.push(entry);
        self
    }

    /// With this plasticity rule: `kind` of an element of `agent.reservoir.rules` in an experiment file may name it.
    #[must_use]
    pub fn rule(mut self, entry: RuleEntry) -> Registry {
        self.rules.push(entry);
        self
    }

    /// With this source of symbols: `task.source.kind` of a sequence task and `task.sources.NAME.kind` of a task of dynamics may name it.
    #[must_use]
    pub fn source(mut self, entry: SourceEntry) -> Registry {
        self.sources.push(entry);
        self
    }

    /// With this series of numbers: `task.source.kind` of a task of series may name it.
    #[must_use]
    pub fn series(mut self, entry: SeriesEntry) -> Registry {
        self.series.push(entry);
        self
    }

    /// With this score: `kind` of an element of `task.scores` of a sequence task or a task of series may name it.
    #[must_use]
    pub fn score(mut self, entry: ScoreEntry) -> Registry {
        self.scores.push(entry);
        self
    }

    /// Makes all of them known in this process.
    ///
    /// # Errors
    /// [`RegistryError`] naming what cannot be registered; what was added before it stays.
    pub fn register(self) -> Result<(), RegistryError> {
        self.envs.into_iter().try_for_each(EnvEntry::register)?;
        self.encoders.into_iter().try_for_each(EncoderEntry::register)?;
        self.learners.into_iter().try_for_each(LearnerEntry::register)?;
        self.policies.into_iter().try_for_each(PolicyEntry::register)?;
        self.rules.into_iter().try_for_each(RuleEntry::register)?;
        self.sources.into_iter().try_for_each(SourceEntry::register)?;
        self.series.into_iter().try_for_each(SeriesEntry::register)?;
        self.scores.into_iter().try_for_each(ScoreEntry::register)?;
        Ok(())
    }
}

/// What cannot be registered, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// An environment.
    #[error(transparent)]
    Env(#[from] sorn_envs::RegisterError),
    /// A part of agents or of tasks.
    #[error(transparent)]
    Part(#[from] sorn_agents::RegisterError),
}
