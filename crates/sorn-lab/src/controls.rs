//! [`AgentControl`]: an experiment of reinforcement learning with one thing changed, by name.

use std::fmt;
use std::str::FromStr;

use sorn_agents::{LearnerConfig, PlasticityConfig, ReservoirKind};

use crate::{Experiment, LabError, Sweep, difference::difference};

/// A control of an experiment of reinforcement learning. Its runs stand in the directory `NAME-CONTROL` beside that of the
/// experiment, and are what `sorn run --set agent.reservoir.kind=CONTROL` makes.
///
/// ```
/// use sorn_lab::AgentControl;
/// assert_eq!("esn".parse::<AgentControl>().unwrap().name(), "esn");
/// assert!("lstm".parse::<AgentControl>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentControl {
    /// Another kind of reservoir: `static`, `none`, `rewired` or `esn`.
    Reservoir(ReservoirKind),
    /// `random`: actions drawn at random.
    Random,
}

impl AgentControl {
    /// Every control, in the order of tables.
    pub const ALL: [AgentControl; 5] = [
        AgentControl::Reservoir(ReservoirKind::Static),
        AgentControl::Reservoir(ReservoirKind::None),
        AgentControl::Reservoir(ReservoirKind::Rewired),
        AgentControl::Reservoir(ReservoirKind::Esn),
        AgentControl::Random,
    ];

    /// The name on the command line, and what the directory's name ends with.
    pub fn name(self) -> &'static str {
        match self {
            AgentControl::Reservoir(kind) => kind.name(),
            AgentControl::Random => "random",
        }
    }

    /// The experiment with this control.
    #[must_use]
    pub fn of(self, experiment: &Experiment) -> Experiment {
        let mut control = experiment.clone();
        control.name = format!("{}-{}", experiment.name, self.name());
        match self {
            AgentControl::Reservoir(kind) => {
                control.agent.reservoir = control.agent.reservoir.with_kind(kind);
                if !kind.has_network() {
                    // There is nothing to probe.
                    control.record.probes.clear();
                }
                if kind == ReservoirKind::Esn {
                    // It draws weights of its own.
                    control.run.initial = None;
                }
            }
            AgentControl::Random => {
                control.agent.learner = LearnerConfig::Random {};
                control.agent.policy = None;
            }
        }
        control
    }

    /// Whether it differs from the experiment at all; a network can be rewired if it organises itself and ceases to.
    fn differs(self, experiment: &Experiment) -> bool {
        let agent = &experiment.agent;
        match self {
            AgentControl::Random => agent.learner != LearnerConfig::Random {},
            AgentControl::Reservoir(kind) if kind == agent.reservoir.kind => false,
            AgentControl::Reservoir(ReservoirKind::Rewired) => {
                agent.reservoir.kind == ReservoirKind::Sorn
                    && matches!(agent.plasticity, PlasticityConfig::FirstSteps { .. })
            }
            AgentControl::Reservoir(_) => true,
        }
    }
}

impl fmt::Display for AgentControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AgentControl {
    type Err = String;

    fn from_str(name: &str) -> Result<AgentControl, String> {
        let found = AgentControl::ALL.into_iter().find(|control| control.name() == name);
        found.ok_or_else(|| {
            let all: Vec<&str> = AgentControl::ALL.into_iter().map(AgentControl::name).collect();
            format!("expected all, or some of {}, found {name:?}", all.join(", "))
        })
    }
}

impl Experiment {
    /// The experiment and the controls that `names` mean, `all` or names, each with a name of its own.
    ///
    /// # Errors
    /// [`LabError`] for a name that is none, or a control that the experiment cannot have.
    pub fn with_controls(&self, names: &[String]) -> Result<Vec<Experiment>, LabError> {
        let refuse = |reason: String| LabError::Config { origin: "--controls".into(), reason };
        let mut controls: Vec<AgentControl> = Vec::new();
        for name in names {
            let named = match name.as_str() {
                "all" => AgentControl::ALL.into_iter().filter(|control| control.differs(self)).collect(),
                name => vec![name.parse().map_err(refuse)?],
            };
            let new: Vec<AgentControl> =
                named.into_iter().filter(|control| !controls.contains(control)).collect();
            controls.extend(new);
        }
        let mut arms = vec![self.clone()];
        for control in controls {
            if !control.differs(self) {
                let reason = match control {
                    AgentControl::Reservoir(ReservoirKind::Rewired) => {
                        "rewired: expected agent.reservoir.kind = \"sorn\" and agent.plasticity.mode = \"first_steps\", found others"
                            .into()
                    }
                    _ => format!("{control}: expected a control that differs from the experiment, found what it is"),
                };
                return Err(refuse(reason));
            }
            let arm = control.of(self);
            arm.validate(&format!("--controls {control}"))?;
            arms.push(arm);
        }
        Ok(arms)
    }
}

impl Sweep {
    /// The directory of these seeds below `out`: a new one, the one that is there with seeds added, or the one that is there, to go on
    /// with it, if it has them all.
    ///
    /// # Errors
    /// As [`create`](Sweep::create) and [`open`](Sweep::open).
    pub fn create_or_open(
        out: &std::path::Path,
        experiment: &Experiment,
        seeds: &[u64],
    ) -> Result<Sweep, LabError> {
        let path = out.join(&experiment.name);
        match Sweep::read(&path)? {
            Some(there)
                if seeds.iter().all(|seed| there.seeds().contains(seed))
                    && difference(there.experiment(), experiment).is_none() =>
            {
                match Sweep::open(&path)? {
                    Some(sweep) => Ok(sweep),
                    None => {
                        Err(LabError::directory(&path, "expected the several seeds of before, found none"))
                    }
                }
            }
            _ => Sweep::create(out, experiment, seeds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment(more: &str) -> Experiment {
        let text = format!("name = \"a\"\n[env]\nid = \"CartPole-v1\"\n{more}");
        crate::read::experiment(&text, "a.toml", &[]).unwrap()
    }

    fn names(experiment: &Experiment, controls: &[&str]) -> Result<Vec<String>, String> {
        let controls: Vec<String> = controls.iter().map(ToString::to_string).collect();
        let arms = experiment.with_controls(&controls).map_err(|e| e.to_string())?;
        Ok(arms.into_iter().map(|arm| arm.name).collect())
    }

    #[test]
    fn all_are_those_that_differ() {
        let all = ["a", "a-static", "a-none", "a-rewired", "a-esn", "a-random"];
        assert_eq!(names(&experiment(""), &["all"]).unwrap(), all);
        assert_eq!(names(&experiment(""), &["esn", "all", "esn"]).unwrap()[1], "a-esn");
        let always = experiment("[agent.plasticity]\nmode = \"always\"");
        assert_eq!(names(&always, &["all"]).unwrap(), ["a", "a-static", "a-none", "a-esn", "a-random"]);
        let fixed = experiment("[agent.reservoir]\nkind = \"static\"");
        assert_eq!(names(&fixed, &["all"]).unwrap(), ["a", "a-none", "a-esn", "a-random"]);
        assert!(names(&always, &["rewired"]).unwrap_err().contains("mode = \"first_steps\""));
        assert!(names(&fixed, &["static"]).unwrap_err().contains("differs from the experiment"));
        let wrong = names(&fixed, &["lstm"]).unwrap_err();
        assert_eq!(
            wrong,
            "--controls: expected all, or some of static, none, rewired, esn, random, found \"lstm\""
        );
    }

    #[test]
    fn a_control_is_the_experiment_but_for_one_thing() {
        let full = experiment("[agent.learner]\nkind = \"sarsa\"\n[record]\nprobes = [\"TE\"]");
        let arms = full.with_controls(&["all".into()]).unwrap();
        let back = |mut arm: Experiment| {
            arm.name = full.name.clone();
            arm
        };
        let mut fixed = back(arms[1].clone());
        assert_eq!(fixed.agent.reservoir.kind, ReservoirKind::Static);
        fixed.agent.reservoir.kind = ReservoirKind::Sorn;
        assert_eq!(fixed, full);
        // Nothing to probe; the usual values are written.
        assert!(arms[4].record.probes.is_empty() && arms[4].agent.reservoir.esn.is_some());
        assert!(arms[4].to_toml().contains("spectral_radius = 0.9"));
        let mut random = back(arms[5].clone());
        random.agent.learner = full.agent.learner.clone();
        assert_eq!(random, full);
    }
}
