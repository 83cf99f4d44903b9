//! [`FixedRate`]: an environment that takes one step per tick of a clock, as a robot does.

mod clock;
mod latency;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::time::Duration;

pub use clock::{Clock, SystemClock};
pub use latency::Latency;

use crate::{Env, Frame, Info, Options, Space, SpaceError, Step, Value};

/// What happens if an action comes after its tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnOverrun {
    /// The missed ticks are left out, and the action is applied at the next tick. Whatever acted before acts on until then.
    #[default]
    Skip,
    /// The last action is applied once more for every tick that was missed, and their rewards are added to the step's. If the
    /// episode ends meanwhile, the late action is dropped. Before the first action of an episode this is [`Skip`](Self::Skip).
    Hold,
    /// The environment is stopped safely, and the step fails.
    Stop,
}

/// How often an environment steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Time from one tick to the next; at least a nanosecond.
    pub period: Duration,
    /// Longest time that the agent may take for an action, from an observation on; longer ones are counted. Zero counts none.
    pub deadline: Duration,
    /// What happens if an action comes after its tick.
    pub on_overrun: OnOverrun,
}

impl Rate {
    /// `hertz` ticks a second, above 0; the deadline is the period, and missed ticks are skipped.
    ///
    /// # Errors
    /// [`SpaceError`] if `hertz` is not positive and finite, or so large or small that a tick takes no time or no end.
    pub fn hertz(hertz: f64) -> Result<Rate, SpaceError> {
        let period = Duration::try_from_secs_f64(1.0 / hertz).ok().filter(|period| !period.is_zero());
        let period = period.filter(|_| hertz > 0.0);
        let period = period
            .ok_or_else(|| SpaceError::new("a rate of 1e-9 to 1e9 ticks a second", hertz.to_string()))?;
        Ok(Rate { period, deadline: period, on_overrun: OnOverrun::default() })
    }
}

/// The counters of a [`FixedRate`].
#[derive(Clone, Debug, Default)]
pub struct RateReport {
    /// Steps taken by actions that were asked for.
    pub steps: u64,
    /// Steps whose action came after its tick.
    pub overruns: u64,
    /// Ticks without a new action.
    pub missed_ticks: u64,
    /// Actions that took longer than the deadline.
    pub missed_deadlines: u64,
    /// Time from an observation to the call of the next step: the agent's part.
    pub agent: Latency,
    /// Time within the environment's own step.
    pub environment: Latency,
}

impl fmt::Display for RateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
        let times = |latency: &Latency| {
            format!(
                "median {:.1} us, 99th percentile {:.1} us, longest {:.1} us",
                micros(latency.quantile(0.5)),
                micros(latency.quantile(0.99)),
                micros(latency.max())
            )
        };
        writeln!(
            f,
            "{} steps, {} overruns, {} ticks missed, {} deadlines missed",
            self.steps, self.overruns, self.missed_ticks, self.missed_deadlines
        )?;
        writeln!(f, "agent: {}", times(&self.agent))?;
        write!(f, "environment: {}", times(&self.environment))
    }
}

/// The error of a step at a fixed rate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RateError<E: Error> {
    /// The environment.
    #[error("{0}")]
    Env(#[source] E),
    /// An action came too late, and [`OnOverrun::Stop`] was asked for.
    #[error(
        "the action came {late:?} after its tick, of a period of {period:?}; the environment was stopped"
    )]
    Overrun {
        /// How late it came.
        late: Duration,
        /// The time from tick to tick.
        period: Duration,
    },
}

type Stop<E> = Box<dyn FnMut(&mut E) + Send>;

/// An environment whose steps are taken at the ticks of a clock: the loop between agent and robot.
///
/// The first tick is one period after a reset returned. [`step`](Env::step) waits for the next tick and then applies the action;
/// the agent learns and acts between the ticks. Observations and rewards pass unchanged, so if no action is late the agent learns
/// to the bit what it would learn without a clock. A step allocates nothing.
///
/// ```
/// use sorn_env::fixed_rate::{FixedRate, OnOverrun, Rate};
/// # use sorn_env::{Env, Info, Options, Space, Step};
/// # #[derive(Default)] struct Robot { motors: bool }
/// # impl Env for Robot {
/// #     type Obs = [f32; 2];
/// #     type Act = i64;
/// #     type Error = std::convert::Infallible;
/// #     fn observation_space(&self) -> Space { Space::box_f32(&[-1.0; 2], &[1.0; 2]).unwrap() }
/// #     fn action_space(&self) -> Space { Space::discrete(2).unwrap() }
/// #     fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 2], Info), Self::Error> {
/// #         Ok(([0.0; 2], Info::new()))
/// #     }
/// #     fn step(&mut self, _: &i64) -> Result<Step<[f32; 2]>, Self::Error> {
/// #         Ok(Step { obs: [0.0; 2], reward: 1.0, terminated: false, truncated: false, info: Info::new() })
/// #     }
/// # }
/// let rate = Rate { on_overrun: OnOverrun::Hold, ..Rate::hertz(1000.0)? };
/// // The motors are switched off however the loop ends: by an error, a panic, or when the environment is dropped.
/// let mut robot = FixedRate::new(Robot::default(), rate).with_stop(|robot| robot.motors = false);
/// robot.reset(None, None)?;
/// for _ in 0..20 {
///     robot.step(&1)?;
/// }
/// println!("{}", robot.report());
/// assert_eq!(robot.report().steps, 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FixedRate<E: Env, C: Clock = SystemClock> {
    env: E,
    rate: Rate,
    clock: C,
    stop: Option<Stop<E>>,
    /// When the next tick is due, and when the last observation was handed out; since the last reset.
    due: Option<Duration>,
    seen: Duration,
    last: Option<E::Act>,
    report: RateReport,
}

impl<E: Env> FixedRate<E> {
    /// `env` at `rate` by the system's clock.
    pub fn new(env: E, rate: Rate) -> Self {
        FixedRate::with_clock(env, rate, SystemClock::default())
    }
}

impl<E: Env, C: Clock> FixedRate<E, C> {
    /// `env` at `rate` by the given clock.
    pub fn with_clock(env: E, rate: Rate, clock: C) -> Self {
        FixedRate {
            env,
            rate,
            clock,
            stop: None,
            due: None,
            seen: Duration::ZERO,
            last: None,
            report: RateReport::default(),
        }
    }

    /// Calls `stop` once when the loop ends for good: after an error of the environment, after an overrun with
    /// [`OnOverrun::Stop`], on [`close`](Env::close), or on drop. The next reset arms it again.
    #[must_use]
    pub fn with_stop(mut self, stop: impl FnMut(&mut E) + Send + 'static) -> Self {
        self.stop = Some(Box::new(stop));
        self
    }

    /// The counters since the start.
    pub fn report(&self) -> &RateReport {
        &self.report
    }

    /// The wrapped environment.
    pub fn inner(&self) -> &E {
        &self.env
    }

    fn halt(&mut self) {
        if self.due.take().is_some()
            && let Some(stop) = &mut self.stop
        {
            stop(&mut self.env);
        }
    }

    fn failed(&mut self, error: E::Error) -> RateError<E::Error> {
        self.halt();
        RateError::Env(error)
    }

    /// Steps the environment at the tick `due`.
    fn tick(&mut self, due: Duration, action: &E::Act) -> Result<Step<E::Obs>, RateError<E::Error>> {
        self.clock.sleep_until(due);
        let begin = self.clock.now();
        let step = self.env.step(action).map_err(|e| self.failed(e))?;
        self.seen = self.clock.now();
        self.report.environment.record(self.seen.saturating_sub(begin));
        self.due = Some(due + self.rate.period);
        Ok(step)
    }
}

/// Number of ticks that have passed in `late`; a started tick counts.
fn missed(late: Duration, period: Duration) -> u32 {
    u32::try_from(late.as_nanos().div_ceil(period.as_nanos().max(1))).unwrap_or(u32::MAX)
}

impl<E, C> Env for FixedRate<E, C>
where
    E: Env,
    E::Act: Clone,
    C: Clock,
{
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = RateError<E::Error>;

    fn observation_space(&self) -> Space {
        self.env.observation_space()
    }

    fn action_space(&self) -> Space {
        self.env.action_space()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(E::Obs, Info), RateError<E::Error>> {
        let first = self.env.reset(seed, options).map_err(|e| self.failed(e))?;
        self.seen = self.clock.now();
        self.due = Some(self.seen + self.rate.period);
        self.last = None;
        Ok(first)
    }

    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, RateError<E::Error>> {
        let now = self.clock.now();
        let period = self.rate.period;
        let mut due = self.due.unwrap_or(now);
        let took = now.saturating_sub(self.seen);
        self.report.agent.record(took);
        self.report.steps += 1;
        self.report.missed_deadlines += u64::from(!self.rate.deadline.is_zero() && took > self.rate.deadline);
        let late = now.saturating_sub(due);
        let mut held = 0.0;
        if !late.is_zero() {
            self.report.overruns += 1;
            match (self.rate.on_overrun, self.last.take()) {
                (OnOverrun::Stop, _) => {
                    self.halt();
                    return Err(RateError::Overrun { late, period });
                }
                (OnOverrun::Hold, Some(last)) => {
                    for _ in 0..missed(late, period) {
                        self.report.missed_ticks += 1;
                        let mut step = self.tick(due, &last)?;
                        due += period;
                        held += step.reward;
                        if step.done() {
                            step.reward = held;
                            return Ok(step);
                        }
                    }
                    self.last = Some(last);
                }
                (_, last) => self.last = last,
            }
            // Ticks that passed while actions were held are left out, or an environment slower than its ticks would be stepped
            // ever more often.
            let rest = missed(self.clock.now().saturating_sub(due), period);
            self.report.missed_ticks += u64::from(rest);
            due += period * rest;
        }
        let mut step = self.tick(due, action)?;
        step.reward += held;
        match &mut self.last {
            Some(last) => last.clone_from(action),
            last => *last = Some(action.clone()),
        }
        Ok(step)
    }

    fn render(&mut self) -> Result<Option<Frame>, RateError<E::Error>> {
        self.env.render().map_err(RateError::Env)
    }

    fn memory(&self) -> Option<Value> {
        self.env.memory()
    }

    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        self.env.set_memory(memory)
    }

    fn freeze(&mut self) -> Result<(), RateError<E::Error>> {
        self.env.freeze().map_err(RateError::Env)
    }

    fn close(&mut self) -> Result<(), RateError<E::Error>> {
        self.halt();
        self.env.close().map_err(RateError::Env)
    }
}

impl<E: Env, C: Clock> Drop for FixedRate<E, C> {
    fn drop(&mut self) {
        self.halt();
    }
}

impl<E: Env + fmt::Debug, C: Clock> fmt::Debug for FixedRate<E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedRate")
            .field("env", &self.env)
            .field("rate", &self.rate)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
