//! Agents that listen to the same episodes.

use std::collections::VecDeque;

use sorn_agents::{Agent, AgentConfig, LearnerConfig};
use sorn_env::{AnyEnv, Env, Space, Value};

use super::{Actor, DecodeConfig};
use crate::TaskProgress;
use crate::train::{caught, episode_seed};

/// An episode's past as it is at one observation: the newest first.
pub(super) struct Past {
    /// Observations, the present one first.
    pub(super) observations: VecDeque<Vec<f64>>,
    /// Actions, the last one first.
    pub(super) actions: VecDeque<Vec<f64>>,
    /// Rewards, that of the present observation first.
    pub(super) rewards: VecDeque<f64>,
}

/// Takes the past and the activity of each agent.
pub(super) type Each<'a> = dyn FnMut(&Past, &[Vec<f64>]) -> Result<(), String> + 'a;

/// Episodes, agents that listen, and one that acts.
pub(super) struct Listening<'a> {
    env: AnyEnv,
    agents: Vec<Agent>,
    /// Who acts if it is none of those who listen.
    random: Option<Agent>,
    observations: Space,
    actions: Space,
    lags: usize,
    seed: u64,
    next: u64,
    progress: &'a dyn TaskProgress,
}

impl<'a> Listening<'a> {
    /// The last of `agents` acts if its policy is to.
    pub(super) fn new(
        env: AnyEnv,
        agents: Vec<Agent>,
        config: &DecodeConfig,
        seed: u64,
        progress: &'a dyn TaskProgress,
    ) -> Result<Self, String> {
        let (observations, actions) = (env.observation_space(), env.action_space());
        let random = match config.actor {
            Actor::Policy => None,
            Actor::Random => {
                let random = AgentConfig { learner: LearnerConfig::Random {}, ..AgentConfig::default() };
                let one = [Space::discrete(1).map_err(|e| e.to_string())?];
                Some(
                    Agent::new(&random, &one[0], &actions, episode_seed(seed, "decoding actions", 0))
                        .map_err(|e| e.to_string())?,
                )
            }
        };
        Ok(Listening {
            env,
            agents,
            random,
            observations,
            actions,
            lags: config.lags,
            seed,
            next: 0,
            progress,
        })
    }

    pub(super) fn spaces(&self) -> (&Space, &Space) {
        (&self.observations, &self.actions)
    }

    pub(super) fn units(&self) -> Vec<usize> {
        self.agents.iter().map(|agent| agent.config().reservoir.params.ne).collect()
    }

    /// Plays whole episodes until `each` has taken at least `steps` observations, each with as long a past as the lags need; false if it
    /// was stopped.
    pub(super) fn listen(&mut self, steps: u64, each: &mut Each<'_>) -> Result<bool, String> {
        /// Episodes, all of them too short, after which there is no hope.
        const HOPELESS: u64 = 1000;
        let (mut taken, mut longest, begun) = (0, 0, self.next);
        while taken < steps {
            let episode = self.next;
            self.next += 1;
            let env_seed = episode_seed(self.seed, "decoding", episode);
            let played = caught(|| self.play(env_seed, each));
            let (length, took) = match played
                .map_err(|e| format!("decoding: episode {episode} (environment seed {env_seed}): {e}"))?
            {
                Some(played) => played,
                None => return Ok(false),
            };
            taken += took;
            longest = longest.max(length);
            self.progress.steps(took);
            if taken == 0 && self.next - begun >= HOPELESS {
                return Err(format!(
                    "--lags: expected less than the longest of {HOPELESS} episodes, which has {longest} steps, found {}",
                    self.lags
                ));
            }
        }
        Ok(true)
    }

    /// Plays an episode; its length, and how many observations were taken.
    fn play(&mut self, env_seed: u64, each: &mut Each<'_>) -> Result<Option<(u64, u64)>, String> {
        let text = |e: &dyn std::fmt::Display| e.to_string();
        let (mut obs, _) = self.env.reset(Some(env_seed), None).map_err(|e| text(&e))?;
        let mut past =
            Past { observations: VecDeque::new(), actions: VecDeque::new(), rewards: VecDeque::new() };
        let mut activity = vec![Vec::new(); self.agents.len()];
        let (mut length, mut took) = (0, 0);
        let mut action = self.chosen(|agent| agent.begin(&obs), |random| random.begin(&0_i64))?;
        self.see(&mut past, &obs)?;
        loop {
            if self.progress.stop() {
                return Ok(None);
            }
            for agent in &mut self.agents {
                agent.follow(&action).map_err(|e| text(&e))?;
            }
            let step = self.env.step(&action).map_err(|e| text(&e))?;
            let mut done = vec![0.0; self.actions.flat_dim()];
            self.actions.flatten_into(&action, &mut done).map_err(|e| text(&e))?;
            past.actions.push_front(done);
            past.rewards.push_front(step.reward);
            obs = step.obs;
            let (terminated, truncated) = (step.terminated, step.truncated);
            for (agent, activity) in self.agents.iter_mut().zip(&mut activity) {
                agent.observe(step.reward, terminated, truncated, &obs).map_err(|e| text(&e))?;
                agent.activity(activity);
            }
            self.see(&mut past, &obs)?;
            length += 1;
            // One more than the lags, so that the oldest observation came with a reward.
            if past.rewards.len() > self.lags {
                each(&past, &activity)?;
                took += 1;
            }
            if terminated || truncated {
                return Ok(Some((length, took)));
            }
            action = self.chosen(Agent::act, |random| {
                random.observe(0.0, false, false, &0_i64)?;
                random.act()
            })?;
        }
    }

    /// The next action: every agent chooses, and what the one that acts chose is done.
    fn chosen(
        &mut self,
        mut choose: impl FnMut(&mut Agent) -> Result<Value, sorn_agents::AgentError>,
        random: impl FnOnce(&mut Agent) -> Result<Value, sorn_agents::AgentError>,
    ) -> Result<Value, String> {
        let mut last = None;
        for agent in &mut self.agents {
            last = Some(choose(agent).map_err(|e| e.to_string())?);
        }
        match &mut self.random {
            Some(agent) => random(agent).map_err(|e| e.to_string()),
            None => last.ok_or_else(|| "no agent acts".into()),
        }
    }

    fn see(&self, past: &mut Past, obs: &Value) -> Result<(), String> {
        let mut flat = vec![0.0; self.observations.flat_dim()];
        self.observations.flatten_into(obs, &mut flat).map_err(|e| e.to_string())?;
        past.observations.push_front(flat);
        past.observations.truncate(self.lags + 1);
        past.actions.truncate(self.lags + 1);
        past.rewards.truncate(self.lags + 1);
        Ok(())
    }
}
