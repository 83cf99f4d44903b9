//! One run: from a run directory, new or half done, to its summary.

mod batch;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use rand_xoshiro::rand_core::Rng;
use sorn_agents::{Agent, Observer, ReservoirKind, RunError, StepEvent};
use sorn_core::rng;
use sorn_env::{AnyEnv, Env};
use sorn_envs::EnvSpec;

use crate::evaluations::Evaluations;
use crate::metrics::Writer;
use crate::outliers::Outliers;
use crate::recorder::{self, LONG, Recorder};
use crate::recordings::{self, Recordings};
use crate::remembering::{Memory, Remembering};
use crate::words::counted;
use crate::{
    Checkpoint, Episode, Evaluated, LabError, RunDir, Summary, Trained, checkpoint, evaluate, figures,
};

/// What looks on while runs go.
pub trait Progress: Sync {
    /// An episode of run `seed` ended; `mean` is the mean return of its last window.
    fn episode(&self, seed: u64, episode: &Episode, mean: f64);
    /// A step of run `seed` was done; called within the run, so that it must not take long.
    fn step(&self, _seed: u64, _event: &StepEvent<'_>, _agent: &Agent) {}
    /// The agent of run `seed` was evaluated while training.
    fn evaluated(&self, _seed: u64, _evaluated: &Evaluated) {}
    /// The run of `seed` ended or was stopped.
    fn finished(&self, seed: u64);
    /// Whether runs are to stop: at the end of their episode, or of the first step that ends five seconds or more after
    /// [`asked`](Progress::asked).
    fn stop(&self) -> bool;
    /// When runs were asked to stop; when [`stop`](Progress::stop) was first seen to be true if this is not known.
    fn asked(&self) -> Option<Instant> {
        None
    }
}

/// Shows nothing and never stops.
pub struct Quiet;

impl Progress for Quiet {
    fn episode(&self, _seed: u64, _episode: &Episode, _mean: f64) {}
    fn finished(&self, _seed: u64) {}
    fn stop(&self) -> bool {
        false
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
// There is one per run: its size is of no matter.
#[allow(clippy::large_enum_variant)]
pub enum Outcome {
    /// Its summary is written.
    Finished(Summary),
    /// It was stopped, and can go on.
    Stopped {
        /// Episodes that are saved.
        saved: u64,
        /// Episodes that were done.
        done: u64,
    },
}

/// The seed with which the environment is reset for one episode: drawn from the run's seed and the stream's name.
pub(crate) fn episode_seed(seed: u64, stream: &str, episode: u64) -> u64 {
    // Gymnasium takes any whole number from 0; 32 bits are also taken by environments that hand it to older generators.
    u64::from(rng::stream(seed, &format!("{stream} {episode}")).next_u32())
}

/// Trains in `dir` from its latest checkpoint, or from the start, until the run is finished or stopped.
///
/// A finished run is left as it is and its summary returned, unless its budget has become larger: then it goes on.
///
/// # Errors
/// [`LabError`] naming what failed; all episodes up to the last checkpoint stay.
pub fn train(dir: &RunDir, progress: &dyn Progress) -> Result<Outcome, LabError> {
    let outcome = match dir.summary()? {
        // A process that was killed when it had finished may have left them.
        Some(summary) if dir.experiment().run.is_over(&summary) => {
            recordings::clear(dir).map(|()| Outcome::Finished(summary))
        }
        // Done again if it is interrupted, as long as the summary is there.
        Some(_) => checkpoint::go_beyond_end(&dir.checkpoints(), dir.experiment())
            .and_then(|()| recordings::reopen(dir))
            .and_then(|()| dir.remove("summary.json"))
            .and_then(|()| go_on(dir, progress)),
        None => go_on(dir, progress),
    };
    progress.finished(dir.experiment().run.seed);
    outcome
}

fn go_on(dir: &RunDir, progress: &dyn Progress) -> Result<Outcome, LabError> {
    let (experiment, origin) = (dir.experiment(), dir.origin());
    let (env, spec) = experiment.make_env(&origin)?;
    let mut envs = vec![env];
    for _ in 1..experiment.run.num_envs {
        envs.push(experiment.make_env(&origin)?.0);
    }
    go_on_in(envs, &spec, dir, progress)
}

fn go_on_in(
    mut envs: Vec<AnyEnv>,
    spec: &EnvSpec,
    dir: &RunDir,
    progress: &dyn Progress,
) -> Result<Outcome, LabError> {
    let experiment = dir.experiment();
    let seed = experiment.run.seed;
    let end = Checkpoint::at_end(&dir.checkpoints(), experiment)?;
    let end = end.filter(|(_, end)| end.env_steps >= experiment.run.most_steps());
    let cut = end.is_some();
    let found = match end {
        None => Checkpoint::between_episodes(&dir.checkpoints(), experiment)?,
        end => end,
    };
    let mut agent = match &found {
        None => dir.make_agent(&envs[0])?,
        Some((path, checkpoint)) => {
            checkpoint.remind(&mut envs[0], path)?;
            checkpoint.agent(experiment, &envs[0], path)?
        }
    };
    let checkpoint = found.map(|(_, checkpoint)| checkpoint);
    let (episodes, env_steps) = checkpoint.as_ref().map_or((0, 0), |c| (c.episodes, c.env_steps));
    let (writer, lines) = Writer::open(&dir.metrics(), episodes)?;
    let known = lines.last().map_or(0, |line| line.env_steps);
    if known > env_steps || (known < env_steps && !cut) {
        let reason = format!(
            "the checkpoint of episode {episodes} knows {env_steps} environment steps, this file others"
        );
        return Err(LabError::damaged(&dir.metrics(), reason));
    }
    let threshold = experiment.threshold(spec);
    let memory = Memory::default();
    let recorder = |env_steps, agent: &Agent| -> Result<Recorder<'_>, LabError> {
        let (evaluations, known) = Evaluations::open(dir, (episodes, env_steps))?.unzip();
        let recordings = Recordings::open(dir, (&lines, &known.unwrap_or_default()), env_steps, agent)?;
        let files = (writer, recordings, evaluations);
        let tallies = recorder::tallies(dir, checkpoint.as_ref().map(|checkpoint| &checkpoint.agent))?;
        let done = (&lines[..], env_steps, cut);
        Ok(Recorder::new(dir, progress, files, done, tallies, threshold, memory.clone()))
    };
    let seeds = |episode| episode_seed(seed, "env", episode);
    let mut recorder = if envs.len() > 1 && !cut {
        let saved = checkpoint.as_ref().map(|checkpoint| &checkpoint.agent);
        batch::train(envs, &mut agent, saved, dir, seeds, recorder)?
    } else {
        let env = envs.remove(0);
        let outliers = Outliers::new(&experiment.env.id, env.observation_space(), &Arc::default());
        let mut env = Remembering::new(env, memory.clone(), outliers);
        let mut recorder = recorder(env_steps, &agent)?;
        if !recorder.enough() {
            let rest = episodes..experiment.run.most_episodes();
            guarded(&experiment.env.id, seed, &mut recorder, Recorder::place, seeds, |recorder| {
                sorn_agents::run(&mut env, &mut agent, rest, seeds, recorder)
            })?;
            if recorder.is_cut() {
                *memory.borrow_mut() = env.memory();
            }
        }
        recorder
    };
    if recorder.is_cut() {
        recorder.save_end(agent.state())?;
    }
    let (stopped, done, cut) = (recorder.is_stopped(), recorder.episodes(), recorder.is_cut());
    let (saved, summary, recordings) = recorder.close()?;
    let outcome = Outcome::Stopped { saved, done };
    if stopped {
        return Ok(outcome);
    }
    let trained = Trained { agent, memory: memory.take(), deterministic: true };
    // An episode that does not end in the whole training would not end in an evaluation.
    let ends = summary.episodes > 0 || summary.env_steps < LONG;
    let eval = match ends {
        true => evaluate(experiment, &trained, experiment.eval.episodes, seed, progress)?,
        false => None,
    };
    if eval.is_none() && experiment.eval.episodes > 0 {
        if ends {
            return Ok(outcome);
        }
        tracing::warn!(
            "{}: no episode has ended in {} steps, so that there is no evaluation; give a wrapper time_limit (env.wrappers)",
            experiment.env.id,
            summary.env_steps
        );
    }
    // The evaluation, too, runs the environment's code.
    dir.still_there()?;
    checkpoint::prune(&dir.checkpoints())?;
    if !cut {
        checkpoint::remove_end(&dir.checkpoints())?;
    }
    let drawn = if summary.episodes > 0 { figures::of_run(dir, None)?.err() } else { None };
    let mut problems = Vec::from_iter(drawn);
    let agent = &experiment.agent;
    if agent.reservoir.kind == ReservoirKind::Rewired && !agent.plasticity.is_over(summary.env_steps) {
        problems.push(format!(
            "agent.reservoir.kind = \"rewired\": nothing was rewired, since agent.plasticity lasts longer than the {} of the run",
            counted(summary.env_steps, "step")
        ));
    }
    problems.iter().for_each(|problem| tracing::warn!("{}: {problem}", dir.path().display()));
    let summary = Summary { eval, problems, ..summary };
    recordings.finish(dir)?;
    // Where there is a summary, the run is finished.
    dir.write("summary.json", summary.to_json().as_bytes())?;
    recordings::clear(dir)?;
    Ok(Outcome::Finished(summary))
}

/// Runs the loop, and makes of its errors, and of panics in an environment, an error that says where.
pub(crate) fn guarded<O: Observer>(
    env_id: &str,
    seed: u64,
    observer: &mut O,
    place: impl Fn(&O) -> (u64, u64),
    env_seed: impl Fn(u64) -> u64,
    run: impl FnOnce(&mut O) -> Result<(), RunError>,
) -> Result<(), LabError> {
    // The environment and agent of a run that panicked are never used again.
    let result = catch_unwind(AssertUnwindSafe(|| run(observer)));
    let reason = match result {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => {
            let text = said(&*panic);
            let (episode, step) = place(observer);
            let env_seed = env_seed(episode);
            format!("episode {episode}, step {step} (environment seed {env_seed}): a panic: {text}")
        }
    };
    Err(LabError::Run { seed, reason: format!("{env_id}: {reason}") })
}

/// What `run` gives; of its panic an error.
pub(crate) fn caught<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // What panicked is never used again.
    let result = catch_unwind(AssertUnwindSafe(run));
    result.unwrap_or_else(|panic| Err(format!("a panic: {}", said(&*panic))))
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod faults;

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_agents::EpisodeEvent;
    use std::ops::ControlFlow;

    struct Nothing;

    impl Observer for Nothing {
        fn on_episode(&mut self, _: &EpisodeEvent, _: &sorn_agents::Agent) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn a_panic_is_told_with_its_place() {
        let place = |_: &Nothing| (7, 12);
        let failed = |_: &mut Nothing| panic!("motor {} is gone", 2);
        let error = guarded("Robot-v0", 4, &mut Nothing, place, |e| e + 90, failed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "seed 4: Robot-v0: episode 7, step 12 (environment seed 97): a panic: motor 2 is gone"
        );
        assert!(!error.is_usage());
        assert!(guarded("Robot-v0", 4, &mut Nothing, place, |e| e, |_| Ok(())).is_ok());
    }

    #[test]
    fn seeds_of_episodes_differ_and_fit_every_environment() {
        let seeds: std::collections::BTreeSet<u64> = (0..1000)
            .flat_map(|episode| ["env", "evaluation"].map(|stream| episode_seed(3, stream, episode)))
            .collect();
        assert!(seeds.len() > 1990 && seeds.iter().all(|&seed| seed <= u64::from(u32::MAX)));
        assert_ne!(episode_seed(3, "env", 0), episode_seed(4, "env", 0));
    }
}
