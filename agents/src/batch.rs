//! One agent in several environments at once.

use sorn_env::{AutoresetMode, Batch, Element, Env, VecEnv, VecError};

use crate::agent::Stream;
use crate::{Agent, AgentError, EpisodeEvent, Observer, RunError, RunErrorKind, StepEvent};

/// Trains `agent` in all environments of `envs` until `episodes` episodes have ended; those under way then are given up.
///
/// There is one agent: one set of weights learns from every environment, in each round from the first environment to the last.
/// What passes from step to step, such as the reservoir's activity and the learner's traces, each environment has for itself;
/// that of the agent as it came is put aside. Episodes are numbered in the order in which they begin, and reset with the seed
/// that `env_seed` gives for their number. `step` is [`VecEnv::step`], or `VecEnv::step_parallel` (feature `rayon` of
/// sorn-env), with the same results on any number of threads.
///
/// The reservoir must not be plastic any more, for several streams cannot organise one network: train in one environment with
/// [`run`](crate::run) until the plastic phase is over.
///
/// ```
/// use std::ops::ControlFlow;
/// use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, ReservoirKind, run_batch};
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
/// let mut config = AgentConfig::default();
/// config.reservoir.kind = ReservoirKind::Static;
/// let (seen, done) = (envs.single_observation_space(), envs.single_action_space());
/// let mut agent = Agent::new(&config, &seen, &done, 42)?;
/// run_batch(&mut envs, &mut agent, 20, |episode| episode, VecEnv::step, &mut Quiet)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`RunError`] where an environment or the agent fails, where the reservoir is still plastic, the learner cannot learn from
/// several environments (`ars`), or `envs` resets its environments itself.
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
    S: FnMut(&mut VecEnv<E>, &[E::Act], &mut Batch<E::Obs>) -> Result<(), VecError<E::Error>>,
{
    let n = envs.num_envs();
    let mut lanes: Vec<Lane> = (0..n as u64).map(|episode| Lane { episode, length: 0, ret: 0.0 }).collect();
    let failed = |lane: &Lane, source: RunErrorKind| RunError {
        episode: lane.episode,
        step: lane.length,
        env_seed: env_seed(lane.episode),
        source,
    };
    let vec_failed = |lanes: &[Lane], error: VecError<E::Error>| {
        let index = match &error {
            VecError::Env { index, .. } | VecError::NotReset { index } => *index,
            _ => 0,
        };
        failed(&lanes[index], RunErrorKind::Env(error.to_string().into()))
    };
    if envs.mode() != AutoresetMode::Disabled {
        let found = format!("run_batch: AutoresetMode::Disabled expected, found {:?}", envs.mode());
        return Err(failed(&lanes[0], AgentError::Mismatch(found).into()));
    }
    let mut streams: Vec<Stream> = agent.streams(n).map_err(|e| failed(&lanes[0], e.into()))?;
    let mut actions = Vec::with_capacity(n);
    let mut batch = envs.reset(None, None).map_err(|e| vec_failed(&lanes, e))?;
    let (mut begun, mut ended) = (n as u64, 0);
    let mut over = vec![true; n];
    while ended < episodes {
        let seeds: Vec<Option<u64>> = lanes.iter().map(|lane| Some(env_seed(lane.episode))).collect();
        envs.reset_where(&over, Some(&seeds), None, &mut batch).map_err(|e| vec_failed(&lanes, e))?;
        actions.clear();
        for (index, (lane, stream)) in lanes.iter().zip(&mut streams).enumerate() {
            agent.exchange(stream);
            let chosen = if over[index] { agent.begin(&batch.obs[index]) } else { agent.act() };
            agent.exchange(stream);
            let action = chosen.map_err(|e| failed(lane, e.into()))?;
            let typed = E::Act::from_value(&action)
                .map_err(|e| failed(lane, RunErrorKind::Env(format!("action: {e}").into())))?;
            actions.push(typed);
        }
        step(envs, &actions, &mut batch).map_err(|e| vec_failed(&lanes, e))?;
        for index in 0..n {
            let lane = &mut lanes[index];
            let (reward, terminated, truncated) =
                (batch.rewards[index], batch.terminated[index], batch.truncated[index]);
            over[index] = terminated || truncated;
            agent.exchange(&mut streams[index]);
            let learnt = agent.observe(reward, terminated, truncated, &batch.obs[index]);
            learnt.map_err(|e| failed(lane, e.into()))?;
            let event = StepEvent {
                episode: lane.episode,
                step: lane.length,
                action: &actions[index].to_value(),
                reward,
                done: over[index],
            };
            lane.length += 1;
            lane.ret += reward;
            let mut goes_on = observer.on_step(&event, agent).is_continue();
            if goes_on && over[index] {
                let event = EpisodeEvent { episode: lane.episode, ret: lane.ret, length: lane.length };
                *lane = Lane { episode: begun, length: 0, ret: 0.0 };
                (begun, ended) = (begun + 1, ended + 1);
                goes_on = observer.on_episode(&event, agent).is_continue() && ended < episodes;
            }
            agent.exchange(&mut streams[index]);
            if !goes_on {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The episode under way in one environment.
struct Lane {
    episode: u64,
    length: u64,
    ret: f64,
}
