//! [`AnyBatch`]: native environments of one kind, stepped as one, whose results are plain arrays.

use std::collections::BTreeMap;

use sorn_env::wrappers::TimeLimit;
use sorn_env::{AutoresetMode, Batch, Env, Frame, Options, Space, SpaceError, Value, VecEnv, VecError};

use crate::ControlError;
use crate::stateful::{AttributeError, Stateful, array, bytes, column, flags, part, wrong};

/// The actions of a batch, one row per environment.
#[derive(Clone, Copy, Debug)]
pub enum Actions<'a> {
    /// Of a Discrete space.
    Discrete(&'a [i64]),
    /// Of a Box space: all numbers of the first environment, then those of the second, and so on.
    Box(&'a [f32]),
}

impl Actions<'_> {
    #[cold]
    fn refused(&self, space: &Space) -> VecError<ControlError> {
        let found = match self {
            Actions::Discrete(_) => "an integer",
            Actions::Box(_) => "single-precision numbers",
        };
        VecError::Env { index: 0, source: ControlError::Action(SpaceError::new(space.to_string(), found)) }
    }
}

/// The last results of a batch, one row per environment.
#[derive(Clone, Copy, Debug)]
pub struct BatchRows<'a> {
    /// Observations, one environment's numbers after the other's; after a reset in the same step, those of the new episodes.
    pub obs: &'a [f32],
    /// Rewards; 0 after a reset.
    pub rewards: &'a [f64],
    /// Whether the episode terminated.
    pub terminated: &'a [bool],
    /// Whether the episode was truncated.
    pub truncated: &'a [bool],
    /// In mode [`AutoresetMode::SameStep`]: the environments whose episode ended in this step, ascending.
    pub ended: &'a [usize],
    /// The last observations of the environments in `ended`, in the same order.
    pub final_obs: &'a [f32],
}

/// A batch of native environments with their time limit; [`make_batch`](crate::make_batch) makes one.
///
/// The results equal, to the bit, those of a [`VecEnv`] of the same environments, and thus those of Gymnasium's `SyncVectorEnv`:
/// each environment has its own generator. A step allocates only if it returns an error.
pub struct AnyBatch(Box<dyn Rows>);

impl AnyBatch {
    pub(crate) fn new(batch: impl Rows + 'static) -> Self {
        AnyBatch(Box::new(batch))
    }

    /// Number of environments.
    pub fn num_envs(&self) -> usize {
        self.0.num_envs()
    }

    /// The observation space of each environment, a Box of single precision.
    pub fn single_observation_space(&self) -> Space {
        self.0.spaces().0
    }

    /// The action space of each environment.
    pub fn single_action_space(&self) -> Space {
        self.0.spaces().1
    }

    /// The results of the last call.
    pub fn rows(&self) -> BatchRows<'_> {
        self.0.rows()
    }

    /// Begins an episode in the environments whose `mask` is true, with `seeds[i]` where that is given.
    ///
    /// # Errors
    /// [`VecError::Length`]; [`VecError::Env`] for an invalid option.
    pub fn reset_where(
        &mut self,
        mask: &[bool],
        seeds: &[Option<u64>],
        options: Option<&Options>,
    ) -> Result<(), VecError<ControlError>> {
        same_length("mask", self.num_envs(), mask.len())?;
        same_length("seeds", self.num_envs(), seeds.len())?;
        self.0.reset_where(mask, seeds, options)
    }

    /// Applies one action to each environment. After an error the batch must be reset.
    ///
    /// # Errors
    /// [`VecError`]: actions of a wrong kind or number, an invalid action, or an episode that is over.
    pub fn step(&mut self, actions: Actions<'_>) -> Result<(), VecError<ControlError>> {
        self.0.step(actions)
    }

    /// The whole state that determines how the batch continues, except for the arguments that it was made with.
    pub fn saved_state(&self) -> Value {
        self.0.saved_state()
    }

    /// Restores what [`saved_state`](AnyBatch::saved_state) returned.
    ///
    /// # Errors
    /// [`AttributeError`] naming the part that does not fit the batch, which must then be restored or reset.
    pub fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError> {
        self.0.restore_state(saved)
    }

    /// A frame of each environment; see [`Env::render`].
    ///
    /// # Errors
    /// [`VecError::Env`].
    pub fn render(&mut self) -> Result<Vec<Option<Frame>>, VecError<ControlError>> {
        self.0.render()
    }
}

/// The implementation behind [`AnyBatch`]. Masks and seeds have the batch's length.
pub(crate) trait Rows: Send {
    fn num_envs(&self) -> usize;
    /// Of an observation and of an action.
    fn spaces(&self) -> (Space, Space);
    fn rows(&self) -> BatchRows<'_>;
    fn reset_where(
        &mut self,
        mask: &[bool],
        seeds: &[Option<u64>],
        options: Option<&Options>,
    ) -> Result<(), VecError<ControlError>>;
    fn step(&mut self, actions: Actions<'_>) -> Result<(), VecError<ControlError>>;
    fn saved_state(&self) -> Value;
    fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError>;
    fn render(&mut self) -> Result<Vec<Option<Frame>>, VecError<ControlError>>;
}

pub(crate) fn same_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), VecError<ControlError>> {
    if found == expected { Ok(()) } else { Err(VecError::Length { what, expected, found }) }
}

/// An action that is stored in a batch without conversion.
pub(crate) trait BatchAction: Sized {
    /// One per environment; `space` is an action's.
    fn rows<'a>(actions: Actions<'a>, space: &Space) -> Result<&'a [Self], VecError<ControlError>>;
}

impl BatchAction for i64 {
    fn rows<'a>(actions: Actions<'a>, space: &Space) -> Result<&'a [i64], VecError<ControlError>> {
        if let Actions::Discrete(actions) = actions { Ok(actions) } else { Err(actions.refused(space)) }
    }
}

impl<const N: usize> BatchAction for [f32; N] {
    fn rows<'a>(actions: Actions<'a>, space: &Space) -> Result<&'a [[f32; N]], VecError<ControlError>> {
        let Actions::Box(numbers) = actions else { return Err(actions.refused(space)) };
        let (rows, rest) = numbers.as_chunks();
        same_length("actions", rows.len() * N, rows.len() * N + rest.len())?;
        Ok(rows)
    }
}

/// Environments of any kind, stepped one after the other.
pub(crate) struct Each<E: Env, const N: usize> {
    envs: VecEnv<TimeLimit<E>>,
    action_space: Space,
    batch: Batch<[f32; N]>,
    ended: Vec<usize>,
    final_obs: Vec<[f32; N]>,
}

impl<E: Env<Obs = [f32; N], Error = ControlError> + Clone, const N: usize> Each<E, N> {
    /// `num_envs` times `env`.
    pub(crate) fn new(
        env: E,
        limit: Option<u64>,
        num_envs: usize,
        mode: AutoresetMode,
    ) -> Result<Self, VecError<ControlError>> {
        let envs = VecEnv::new(vec![TimeLimit::new(env, limit.unwrap_or(u64::MAX)); num_envs], mode)?;
        Ok(Each {
            action_space: envs.single_action_space(),
            envs,
            batch: Batch {
                obs: vec![[0.0; N]; num_envs],
                rewards: vec![0.0; num_envs],
                terminated: vec![false; num_envs],
                truncated: vec![false; num_envs],
                infos: vec![Default::default(); num_envs],
                final_obs: vec![None; num_envs],
                final_infos: vec![None; num_envs],
            },
            ended: Vec::with_capacity(num_envs),
            final_obs: Vec::with_capacity(num_envs),
        })
    }
}

impl<E, const N: usize> Rows for Each<E, N>
where
    E: Env<Obs = [f32; N], Error = ControlError> + Stateful + Send,
    E::Act: BatchAction,
{
    fn num_envs(&self) -> usize {
        self.envs.num_envs()
    }

    fn spaces(&self) -> (Space, Space) {
        (self.envs.single_observation_space(), self.action_space.clone())
    }

    fn rows(&self) -> BatchRows<'_> {
        BatchRows {
            obs: self.batch.obs.as_flattened(),
            rewards: &self.batch.rewards,
            terminated: &self.batch.terminated,
            truncated: &self.batch.truncated,
            ended: &self.ended,
            final_obs: self.final_obs.as_flattened(),
        }
    }

    fn reset_where(
        &mut self,
        mask: &[bool],
        seeds: &[Option<u64>],
        options: Option<&Options>,
    ) -> Result<(), VecError<ControlError>> {
        self.ended.clear();
        self.final_obs.clear();
        self.envs.reset_where(mask, Some(seeds), options, &mut self.batch)?;
        for (reward, _) in self.batch.rewards.iter_mut().zip(mask).filter(|(_, masked)| **masked) {
            *reward = 0.0;
        }
        Ok(())
    }

    fn step(&mut self, actions: Actions<'_>) -> Result<(), VecError<ControlError>> {
        self.ended.clear();
        self.final_obs.clear();
        self.envs.step(E::Act::rows(actions, &self.action_space)?, &mut self.batch)?;
        if self.envs.mode() == AutoresetMode::SameStep {
            for (i, last) in self.batch.final_obs.iter().enumerate() {
                if let Some(last) = last {
                    self.ended.push(i);
                    self.final_obs.push(*last);
                }
            }
        }
        Ok(())
    }

    fn saved_state(&self) -> Value {
        let Batch { obs, rewards, terminated, truncated, .. } = &self.batch;
        Value::Map(BTreeMap::from([
            ("envs".to_string(), Value::List(self.envs.envs().iter().map(Stateful::saved_state).collect())),
            ("over".to_string(), bytes(self.envs.over())),
            ("obs".to_string(), array(obs.as_flattened().to_vec())),
            ("rewards".to_string(), array(rewards.clone())),
            ("terminated".to_string(), bytes(terminated)),
            ("truncated".to_string(), bytes(truncated)),
        ]))
    }

    fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError> {
        let n = self.num_envs();
        let envs = part(saved, "envs")?;
        let list = if let Value::List(list) = envs { list.as_slice() } else { &[] };
        if list.len() != n {
            return Err(wrong("envs", format!("a list of {n}"), envs));
        }
        let obs = column::<f32>(saved, "obs", n * N)?;
        let rewards = column(saved, "rewards", n)?;
        let [over, terminated, truncated] =
            [flags(saved, "over", n)?, flags(saved, "terminated", n)?, flags(saved, "truncated", n)?];
        for (env, saved) in self.envs.envs_mut().iter_mut().zip(list) {
            env.restore_state(saved)?;
        }
        self.envs.set_over(&over).unwrap_or_else(|_| unreachable!("as many flags as environments"));
        self.batch.obs.copy_from_slice(obs.as_chunks().0);
        (self.batch.rewards, self.batch.terminated, self.batch.truncated) = (rewards, terminated, truncated);
        self.ended.clear();
        self.final_obs.clear();
        Ok(())
    }

    fn render(&mut self) -> Result<Vec<Option<Frame>>, VecError<ControlError>> {
        self.envs.render()
    }
}
