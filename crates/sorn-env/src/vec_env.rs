//! [`VecEnv`]: several environments stepped as one.

use crate::{Env, Frame, Info, Options, Space, Step};

/// When an environment of a batch begins its next episode, by Gymnasium's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoresetMode {
    /// In the step after the last one of an episode, which ignores its action and has reward 0.
    #[default]
    NextStep,
    /// In the last step of an episode, whose own observation goes to [`Batch::final_obs`].
    SameStep,
    /// Never: the caller resets, with [`VecEnv::reset_where`].
    Disabled,
}

/// The results of the environments of a batch, one entry each. The caller owns it and passes it to every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<O> {
    /// Observations; after [`AutoresetMode::SameStep`]'s reset, those of the new episodes.
    pub obs: Vec<O>,
    /// Rewards.
    pub rewards: Vec<f64>,
    /// Whether the episode terminated.
    pub terminated: Vec<bool>,
    /// Whether the episode was truncated.
    pub truncated: Vec<bool>,
    /// Additional facts; after [`AutoresetMode::SameStep`]'s reset, those of the reset.
    pub infos: Vec<Info>,
    /// Last observation of an episode that ended in this step, in mode [`AutoresetMode::SameStep`].
    pub final_obs: Vec<Option<O>>,
    /// The info of that last observation.
    pub final_infos: Vec<Option<Info>>,
}

/// The error of a batch.
#[derive(Debug, thiserror::Error)]
pub enum VecError<E: std::error::Error + 'static> {
    /// An environment failed. If several failed, this is the first of them in the batch.
    #[error("environment {index} of the batch: {source}")]
    Env {
        /// Its position.
        index: usize,
        /// Its error.
        source: E,
    },
    /// A slice of another length than the batch.
    #[error("{what}: expected {expected}, one per environment, found {found}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Size of the batch.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// No environments, or environments with different spaces.
    #[error("expected one or more environments with the same spaces, found {found}")]
    Envs {
        /// What was found.
        found: String,
    },
    /// In mode [`AutoresetMode::Disabled`], a step after the end of an episode.
    #[error(
        "environment {index} of the batch: its episode is over and autoreset is disabled; call reset_where()"
    )]
    NotReset {
        /// Position of the environment.
        index: usize,
    },
}

/// Environments of one kind that are stepped together. Each has its own generator, so the results do not depend on their order
/// of execution.
#[derive(Clone, Debug)]
pub struct VecEnv<E> {
    envs: Vec<E>,
    mode: AutoresetMode,
    /// The episode is over.
    over: Vec<bool>,
}

/// The places of one environment in the batch.
struct Slot<'a, O> {
    obs: &'a mut O,
    reward: &'a mut f64,
    terminated: &'a mut bool,
    truncated: &'a mut bool,
    info: &'a mut Info,
    final_obs: &'a mut Option<O>,
    final_info: &'a mut Option<Info>,
}

fn step_one<E: Env>(
    env: &mut E,
    mode: AutoresetMode,
    over: &mut bool,
    action: &E::Act,
    slot: Slot<'_, E::Obs>,
) -> Result<(), E::Error> {
    (*slot.final_obs, *slot.final_info) = (None, None);
    if *over && mode == AutoresetMode::NextStep {
        (*slot.obs, *slot.info) = env.reset(None, None)?;
        *slot.reward = 0.0;
        (*slot.terminated, *slot.truncated, *over) = (false, false, false);
        return Ok(());
    }
    let step = env.step(action)?;
    let done = step.done();
    let Step { obs, reward, terminated, truncated, info } = step;
    (*slot.reward, *slot.terminated, *slot.truncated) = (reward, terminated, truncated);
    if done && mode == AutoresetMode::SameStep {
        (*slot.final_obs, *slot.final_info) = (Some(obs), Some(info));
        (*slot.obs, *slot.info) = env.reset(None, None)?;
    } else {
        (*slot.obs, *slot.info, *over) = (obs, info, done);
    }
    Ok(())
}

impl<E: Env> VecEnv<E> {
    /// A batch of environments.
    ///
    /// # Errors
    /// [`VecError::Envs`] if there is no environment, or their spaces differ.
    pub fn new(envs: Vec<E>, mode: AutoresetMode) -> Result<Self, VecError<E::Error>> {
        let found = |found: String| Err(VecError::Envs { found });
        let spaces = |env: &E| (env.observation_space(), env.action_space());
        let Some(first) = envs.first().map(spaces) else { return found("none".into()) };
        if let Some(i) = envs.iter().position(|env| spaces(env) != first) {
            let (obs, act) = spaces(&envs[i]);
            return found(format!("{} and {} first, {obs} and {act} at {i}", first.0, first.1));
        }
        let over = vec![true; envs.len()];
        Ok(VecEnv { envs, mode, over })
    }

    /// Number of environments.
    pub fn num_envs(&self) -> usize {
        self.envs.len()
    }

    /// When an environment begins its next episode.
    pub fn mode(&self) -> AutoresetMode {
        self.mode
    }

    /// The environments.
    pub fn envs(&self) -> &[E] {
        &self.envs
    }

    /// The environments, to change them between two steps.
    pub fn envs_mut(&mut self) -> &mut [E] {
        &mut self.envs
    }

    /// Whether the episode of each is over, or none has begun.
    pub fn over(&self) -> &[bool] {
        &self.over
    }

    /// Sets [`over`](VecEnv::over), as when a saved batch is restored.
    ///
    /// # Errors
    /// [`VecError::Length`].
    pub fn set_over(&mut self, over: &[bool]) -> Result<(), VecError<E::Error>> {
        self.same_length("over", over.len())?;
        self.over.copy_from_slice(over);
        Ok(())
    }

    /// The observation space of each environment.
    pub fn single_observation_space(&self) -> Space {
        self.envs[0].observation_space()
    }

    /// The action space of each environment.
    pub fn single_action_space(&self) -> Space {
        self.envs[0].action_space()
    }

    /// Begins an episode in every environment. The `i`-th gets the seed `seed + i`; without a seed, the generators go on.
    ///
    /// # Errors
    /// [`VecError::Env`].
    pub fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<Batch<E::Obs>, VecError<E::Error>> {
        let n = self.num_envs();
        let (mut obs, mut infos) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (index, env) in self.envs.iter_mut().enumerate() {
            let seed = seed.map(|seed| seed.wrapping_add(index as u64));
            let (first, info) = env.reset(seed, options).map_err(|source| VecError::Env { index, source })?;
            obs.push(first);
            infos.push(info);
        }
        self.over.fill(false);
        let no = vec![false; n];
        Ok(Batch {
            obs,
            infos,
            rewards: vec![0.0; n],
            terminated: no.clone(),
            truncated: no,
            final_obs: std::iter::repeat_with(|| None).take(n).collect(),
            final_infos: vec![None; n],
        })
    }

    /// Begins an episode in the environments whose `mask` is true; `seeds`, where given, has one entry per environment.
    ///
    /// # Errors
    /// [`VecError::Length`] and [`VecError::Env`].
    pub fn reset_where(
        &mut self,
        mask: &[bool],
        seeds: Option<&[Option<u64>]>,
        options: Option<&Options>,
        batch: &mut Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>> {
        self.same_length("mask", mask.len())?;
        self.same_length("seeds", seeds.map_or(mask.len(), <[_]>::len))?;
        self.same_length("batch", batch.obs.len())?;
        for index in (0..mask.len()).filter(|&i| mask[i]) {
            let seed = seeds.and_then(|seeds| seeds[index]);
            let reset = self.envs[index].reset(seed, options);
            let (obs, info) = reset.map_err(|source| VecError::Env { index, source })?;
            (batch.obs[index], batch.infos[index]) = (obs, info);
            (batch.terminated[index], batch.truncated[index], self.over[index]) = (false, false, false);
        }
        Ok(())
    }

    /// Applies one action to each environment and overwrites `batch`. After an error the batch is to be reset.
    ///
    /// # Errors
    /// [`VecError`]: a length that is not the batch's, a failed environment, an episode that is over.
    pub fn step(&mut self, actions: &[E::Act], batch: &mut Batch<E::Obs>) -> Result<(), VecError<E::Error>> {
        self.same_length("actions", actions.len())?;
        self.step_each(|index| Some(&actions[index]), batch)
    }

    /// [`step`](VecEnv::step) of those environments alone that have an action; what `batch` has of the others stays.
    ///
    /// # Errors
    /// Those of [`step`](VecEnv::step).
    pub fn step_where(
        &mut self,
        actions: &[Option<E::Act>],
        batch: &mut Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>> {
        self.same_length("actions", actions.len())?;
        self.step_each(|index| actions[index].as_ref(), batch)
    }

    fn step_each<'a>(
        &mut self,
        action: impl Fn(usize) -> Option<&'a E::Act>,
        batch: &mut Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>>
    where
        E::Act: 'a,
    {
        self.check(&action, batch)?;
        for (index, env) in self.envs.iter_mut().enumerate() {
            let Some(action) = action(index) else { continue };
            let slot = Slot {
                obs: &mut batch.obs[index],
                reward: &mut batch.rewards[index],
                terminated: &mut batch.terminated[index],
                truncated: &mut batch.truncated[index],
                info: &mut batch.infos[index],
                final_obs: &mut batch.final_obs[index],
                final_info: &mut batch.final_infos[index],
            };
            step_one(env, self.mode, &mut self.over[index], action, slot)
                .map_err(|source| VecError::Env { index, source })?;
        }
        Ok(())
    }

    /// [`step`](VecEnv::step) on the threads of the current rayon pool, with the same results. Worth it where a step takes
    /// microseconds.
    ///
    /// # Errors
    /// Those of [`step`](VecEnv::step).
    #[cfg(feature = "rayon")]
    pub fn step_parallel(
        &mut self,
        actions: &[E::Act],
        batch: &mut Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>>
    where
        E: Send,
        E::Obs: Send,
        E::Act: Sync,
    {
        self.same_length("actions", actions.len())?;
        self.step_each_parallel(|index| Some(&actions[index]), batch)
    }

    /// [`step_where`](VecEnv::step_where) on the threads of the current rayon pool, with the same results.
    ///
    /// # Errors
    /// Those of [`step`](VecEnv::step).
    #[cfg(feature = "rayon")]
    pub fn step_where_parallel(
        &mut self,
        actions: &[Option<E::Act>],
        batch: &mut Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>>
    where
        E: Send,
        E::Obs: Send,
        E::Act: Sync,
    {
        self.same_length("actions", actions.len())?;
        self.step_each_parallel(|index| actions[index].as_ref(), batch)
    }

    #[cfg(feature = "rayon")]
    fn step_each_parallel<'a>(
        &mut self,
        action: impl Fn(usize) -> Option<&'a E::Act> + Sync,
        batch: &mut Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>>
    where
        E: Send,
        E::Obs: Send,
        E::Act: Sync + 'a,
    {
        use rayon::prelude::*;

        self.check(&action, batch)?;
        let mode = self.mode;
        let places = (
            &mut self.envs,
            &mut self.over,
            &mut batch.obs,
            &mut batch.rewards,
            &mut batch.terminated,
            &mut batch.truncated,
            &mut batch.infos,
            &mut batch.final_obs,
            &mut batch.final_infos,
        );
        let failed = places.into_par_iter().enumerate().filter_map(
            |(index, (env, over, obs, reward, terminated, truncated, info, final_obs, final_info))| {
                let slot = Slot { obs, reward, terminated, truncated, info, final_obs, final_info };
                let source = step_one(env, mode, over, action(index)?, slot).err()?;
                Some((index, source))
            },
        );
        // All are stepped; which error is told must not depend on who was first.
        match failed.min_by_key(|(index, _)| *index) {
            Some((index, source)) => Err(VecError::Env { index, source }),
            None => Ok(()),
        }
    }

    /// A picture of each environment; see [`Env::render`].
    ///
    /// # Errors
    /// [`VecError::Env`].
    pub fn render(&mut self) -> Result<Vec<Option<Frame>>, VecError<E::Error>> {
        let envs = self.envs.iter_mut().enumerate();
        envs.map(|(index, env)| env.render().map_err(|source| VecError::Env { index, source })).collect()
    }

    /// Closes every environment.
    ///
    /// # Errors
    /// [`VecError::Env`] of the first that could not be closed; the others are closed all the same.
    pub fn close(&mut self) -> Result<(), VecError<E::Error>> {
        let closed = self
            .envs
            .iter_mut()
            .enumerate()
            .map(|(index, env)| env.close().map_err(|source| VecError::Env { index, source }));
        // All of them, not only up to the first error.
        closed.collect::<Vec<_>>().into_iter().collect()
    }

    fn same_length(&self, what: &'static str, found: usize) -> Result<(), VecError<E::Error>> {
        let expected = self.num_envs();
        if found == expected { Ok(()) } else { Err(VecError::Length { what, expected, found }) }
    }

    fn check<'a>(
        &self,
        action: &impl Fn(usize) -> Option<&'a E::Act>,
        batch: &Batch<E::Obs>,
    ) -> Result<(), VecError<E::Error>>
    where
        E::Act: 'a,
    {
        for found in [
            batch.obs.len(),
            batch.rewards.len(),
            batch.terminated.len(),
            batch.truncated.len(),
            batch.infos.len(),
            batch.final_obs.len(),
            batch.final_infos.len(),
        ] {
            self.same_length("batch", found)?;
        }
        let mut stepped = (0..self.num_envs()).filter(|&index| action(index).is_some());
        match stepped.find(|&index| self.over[index]) {
            Some(index) if self.mode != AutoresetMode::NextStep => Err(VecError::NotReset { index }),
            _ => Ok(()),
        }
    }
}
