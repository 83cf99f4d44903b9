//! One agent in several environments at once.

mod saved;

use std::ops::ControlFlow;

use sorn_env::{AutoresetMode, Batch, Element, Env, Value, VecEnv, VecError};

use crate::agent::Stream;
use crate::{Agent, AgentError, EpisodeEvent, Observer, RunError, RunErrorKind, StepEvent};

/// Trains `agent` in all environments of `envs` for `episodes` episodes; see [`BatchRun`], whose rounds these are. `step` is
/// [`VecEnv::step_where`], or `VecEnv::step_where_parallel` (feature `rayon` of sorn-env), with the same results on any number
/// of threads.
///
/// ```
/// use std::ops::ControlFlow;
/// use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, run_batch};
/// use sorn_env::{AutoresetMode, VecEnv};
/// use sorn_envs::CartPole;
///
/// struct Quiet;
/// impl Observer for Quiet {
///     fn on_episode(&mut self, _: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
///         ControlFlow::Continue(())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut envs = VecEnv::new(vec![CartPole::default(); 8], AutoresetMode::Disabled)?;
/// let (seen, done) = (envs.single_observation_space(), envs.single_action_space());
/// let mut agent = Agent::new(&AgentConfig::default(), &seen, &done, 42)?;
/// run_batch(&mut envs, &mut agent, 20, |episode| episode, VecEnv::step_where, &mut Quiet)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`BatchRun::new`] and [`BatchRun::round`].
pub fn run_batch<E, S>(
    envs: &mut VecEnv<E>,
    agent: &mut Agent,
    episodes: u64,
    env_seed: impl Fn(u64) -> u64,
    mut step: S,
    observer: &mut dyn Observer,
) -> Result<(), RunError>
where
    E: Env,
    E::Obs: Element,
    E::Act: Element,
    S: FnMut(&mut VecEnv<E>, &[Option<E::Act>], &mut Batch<E::Obs>) -> Result<(), VecError<E::Error>>,
{
    let mut run = BatchRun::new(envs, agent, episodes, env_seed)?;
    run.keeps_actions = false;
    while run.round(&mut step, observer)?.is_continue() {}
    Ok(())
}

/// A run of one agent in several environments, round by round.
///
/// There is one agent: one set of weights learns from every environment, in each round from the first environment to the last.
/// What passes from step to step, such as the reservoir's activity and the learner's traces, each environment has for itself;
/// the agent's original state is saved first.
///
/// Episodes are numbered in the order in which they begin (within a round, in that of the environments), and reset with the
/// seed of their number. As many are begun as were asked for, and all of them are ended: towards the end of a run environments
/// fall idle, so that short episodes are not preferred.
///
/// Several streams cannot organise one network: as long as the reservoir is plastic, the first environment runs alone. The
/// others join it at the end of the episode in which the plastic phase is over.
///
/// Between two rounds [`state`](BatchRun::state) is all there is to know, and [`resume`](BatchRun::resume) goes on from there
/// to the same bits.
pub struct BatchRun<'a, E: Env> {
    envs: &'a mut VecEnv<E>,
    agent: &'a mut Agent,
    env_seed: Box<dyn Fn(u64) -> u64 + 'a>,
    /// The episode under way in each environment.
    lanes: Vec<Option<Lane>>,
    /// One per environment; none as long as the first runs alone.
    streams: Vec<Stream>,
    /// Number of the episode that begins next, and of the one that does not any more.
    next: u64,
    end: u64,
    /// Steps done in all environments.
    steps: u64,
    /// Whether an episode's actions are kept to its end, for [`state`](BatchRun::state).
    keeps_actions: bool,
    batch: Batch<E::Obs>,
    /// Which episodes begin in this round, their seeds, and the actions of this round.
    begins: Vec<bool>,
    seeds: Vec<Option<u64>>,
    actions: Vec<Option<E::Act>>,
}

/// An episode under way.
struct Lane {
    episode: u64,
    length: u64,
    ret: f64,
    /// The last action, and where they are kept all before it.
    actions: Vec<Value>,
}

impl<'a, E> BatchRun<'a, E>
where
    E: Env,
    E::Obs: Element,
    E::Act: Element,
{
    /// A run of `episodes` episodes that has not begun; `env_seed` gives the seed of an episode by its number.
    ///
    /// # Errors
    /// [`RunError`] where `envs` resets its environments itself, where one of them fails, or the agent refuses more than one
    /// ([`Agent::check_batch`]).
    pub fn new(
        envs: &'a mut VecEnv<E>,
        agent: &'a mut Agent,
        episodes: u64,
        env_seed: impl Fn(u64) -> u64 + 'a,
    ) -> Result<Self, RunError> {
        let n = envs.num_envs();
        let failed = |source| RunError { env: None, episode: 0, step: 0, env_seed: env_seed(0), source };
        if envs.mode() != AutoresetMode::Disabled {
            let found = format!("expected a batch with AutoresetMode::Disabled, found {:?}", envs.mode());
            return Err(failed(AgentError::Mismatch(found).into()));
        }
        if n > 1 {
            agent.check_batch().map_err(|e| failed(e.into()))?;
        }
        // Every episode is reset with its own seed; this one makes the places for what the environments return.
        let batch = envs.reset(Some(0), None).map_err(|e| failed(RunErrorKind::Env(e.to_string().into())))?;
        Ok(BatchRun {
            envs,
            agent,
            env_seed: Box::new(env_seed),
            lanes: (0..n).map(|_| None).collect(),
            streams: Vec::new(),
            next: 0,
            end: episodes,
            steps: 0,
            keeps_actions: true,
            batch,
            begins: vec![false; n],
            seeds: vec![None; n],
            actions: (0..n).map(|_| None).collect(),
        })
    }

    /// The agent, with a stream of no environment.
    pub fn agent(&self) -> &Agent {
        self.agent
    }

    /// Steps done in all environments.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step in every environment that is not idle. `Break` where nothing is left to do, or `observer` wished to end: then the
    /// environments after the one that it was told of are not learnt from, and the episodes under way are given up.
    ///
    /// # Errors
    /// [`RunError`] naming the environment, where one or the agent fails.
    pub fn round<S>(&mut self, mut step: S, observer: &mut dyn Observer) -> Result<ControlFlow<()>, RunError>
    where
        S: FnMut(&mut VecEnv<E>, &[Option<E::Act>], &mut Batch<E::Obs>) -> Result<(), VecError<E::Error>>,
    {
        self.widen()?;
        self.begin()?;
        self.choose()?;
        step(self.envs, &self.actions, &mut self.batch).map_err(|e| self.env_failed(e))?;
        for index in 0..self.lanes.len() {
            if self.observe(index, observer)?.is_break() {
                self.lanes.fill_with(|| None);
                return Ok(ControlFlow::Break(()));
            }
        }
        match self.next >= self.end && self.idle() {
            true => Ok(ControlFlow::Break(())),
            false => Ok(ControlFlow::Continue(())),
        }
    }

    fn idle(&self) -> bool {
        self.lanes.iter().all(Option::is_none)
    }

    /// Gives each environment a stream of its own, once the first need not be alone any more.
    fn widen(&mut self) -> Result<(), RunError> {
        if self.lanes.len() > 1 && self.streams.is_empty() && self.idle() && !self.agent.is_plastic() {
            let streams = self.agent.streams(self.lanes.len());
            self.streams = streams.map_err(|e| self.failed(0, e.into()))?;
        }
        Ok(())
    }

    /// Begins episodes in idle environments.
    fn begin(&mut self) -> Result<(), RunError> {
        let width = self.streams.len().max(1);
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            self.begins[index] = index < width && lane.is_none() && self.next < self.end;
            if self.begins[index] {
                self.seeds[index] = Some((self.env_seed)(self.next));
                *lane = Some(Lane { episode: self.next, length: 0, ret: 0.0, actions: Vec::new() });
                self.next += 1;
            }
        }
        let reset = self.envs.reset_where(&self.begins, Some(&self.seeds), None, &mut self.batch);
        reset.map_err(|e| self.env_failed(e))
    }

    /// Lets the agent choose an action for every environment that is not idle.
    fn choose(&mut self) -> Result<(), RunError> {
        for index in 0..self.lanes.len() {
            let Some(lane) = &mut self.lanes[index] else {
                self.actions[index] = None;
                continue;
            };
            let obs = &self.batch.obs[index];
            let begins = self.begins[index];
            let chosen = exchanged(self.agent, &mut self.streams, index, |agent| match begins {
                true => agent.begin(obs),
                false => agent.act(),
            });
            let typed = chosen.map_err(RunErrorKind::from).and_then(|action| {
                let typed = E::Act::from_value(&action);
                if !self.keeps_actions {
                    lane.actions.clear();
                }
                lane.actions.push(action);
                typed.map_err(|e| RunErrorKind::Env(format!("action: {e}").into()))
            });
            self.actions[index] = Some(typed.map_err(|source| self.failed(index, source))?);
        }
        Ok(())
    }

    /// Lets the agent learn from what environment `index` did in this round.
    fn observe(&mut self, index: usize, observer: &mut dyn Observer) -> Result<ControlFlow<()>, RunError> {
        let batch = &self.batch;
        let Some(lane) = &mut self.lanes[index] else { return Ok(ControlFlow::Continue(())) };
        let (reward, terminated, truncated) =
            (batch.rewards[index], batch.terminated[index], batch.truncated[index]);
        let done = terminated || truncated;
        let steps = &mut self.steps;
        let mut flow = ControlFlow::Continue(());
        let learnt = exchanged(self.agent, &mut self.streams, index, |agent| {
            agent.observe(reward, terminated, truncated, &batch.obs[index])?;
            let action = lane.actions.last().unwrap_or_else(|| unreachable!("it was chosen in this round"));
            let event =
                StepEvent { env: index, episode: lane.episode, step: lane.length, action, reward, done };
            lane.length += 1;
            lane.ret += reward;
            *steps += 1;
            flow = observer.on_step(&event, agent);
            if flow.is_continue() && done {
                let Lane { episode, length, ret, .. } = *lane;
                flow = observer.on_episode(&EpisodeEvent { env: index, episode, ret, length }, agent);
            }
            Ok::<(), AgentError>(())
        });
        learnt.map_err(|e| self.failed(index, e.into()))?;
        if done {
            self.lanes[index] = None;
        }
        Ok(flow)
    }

    /// An error in the episode under way in environment `index`.
    fn failed(&self, index: usize, source: RunErrorKind) -> RunError {
        let (episode, step) = self.lanes[index].as_ref().map_or((self.next, 0), |l| (l.episode, l.length));
        let env = (self.lanes.len() > 1).then_some(index);
        RunError { env, episode, step, env_seed: (self.env_seed)(episode), source }
    }

    fn env_failed(&self, error: VecError<E::Error>) -> RunError {
        match error {
            VecError::Env { index, source } => self.failed(index, RunErrorKind::Env(Box::new(source))),
            other => self.failed(0, RunErrorKind::Env(other.to_string().into())),
        }
    }
}

/// Does `work` with the agent in the stream of environment `index`, where it has one.
fn exchanged<T>(
    agent: &mut Agent,
    streams: &mut [Stream],
    index: usize,
    work: impl FnOnce(&mut Agent) -> T,
) -> T {
    let Some(stream) = streams.get_mut(index) else { return work(agent) };
    agent.exchange(stream);
    let done = work(agent);
    agent.exchange(stream);
    done
}
