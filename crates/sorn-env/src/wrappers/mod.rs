//! Environments around environments, by Gymnasium's names. Each is an [`Env`](crate::Env) and says its own spaces.
//!
//! They compose from the inside out:
//!
//! ```
//! use sorn_env::wrappers::{FrameSkip, NoiseObservation, TimeLimit};
//! # use sorn_env::{Env, Info, Options, Space, SpaceError, Step};
//! # struct Robot;
//! # impl Env for Robot {
//! #     type Obs = [f32; 2];
//! #     type Act = i64;
//! #     type Error = std::convert::Infallible;
//! #     fn observation_space(&self) -> Space { Space::box_f32(&[-1.0; 2], &[1.0; 2]).unwrap() }
//! #     fn action_space(&self) -> Space { Space::discrete(2).unwrap() }
//! #     fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 2], Info), Self::Error> {
//! #         Ok(([0.0; 2], Info::new()))
//! #     }
//! #     fn step(&mut self, _: &i64) -> Result<Step<[f32; 2]>, Self::Error> {
//! #         Ok(Step { obs: [0.0; 2], reward: 1.0, terminated: false, truncated: false, info: Info::new() })
//! #     }
//! # }
//! let env = TimeLimit::new(FrameSkip::new(NoiseObservation::new(Robot, 0.01)?, 2)?, 100);
//! # Ok::<(), SpaceError>(())
//! ```
//!
//! [`WrapperConfig`] names each in an experiment file.

mod action;
mod config;
mod frame_skip;
mod numbers;
mod observation;
mod observations;
mod reward;
mod statistics;
mod time_limit;

pub use action::{ActionMap, Clip, ClipAction, MapAction, RescaleAction, RescaleToBounds};
pub use config::WrapperConfig;
pub use frame_skip::FrameSkip;
pub use numbers::Numbers;
pub use observation::{MapObservation, ObservationMap};
pub use observations::{
    GaussianNoise, Linear, MaskObservation, NoiseObservation, NormalizeObservation, RescaleObservation,
    RunningNorm, ScaleObservation, Selection,
};
pub use reward::{ClipReward, ScaleReward};
pub use statistics::{EpisodeStatistics, RecordEpisodeStatistics};
pub use time_limit::TimeLimit;

/// The methods of `Env` that a wrapper hands on unchanged to its field `env`.
macro_rules! forward {
    (observation_space) => {
        fn observation_space(&self) -> $crate::Space {
            self.env.observation_space()
        }
    };
    (action_space) => {
        fn action_space(&self) -> $crate::Space {
            self.env.action_space()
        }
    };
    (reset) => {
        fn reset(
            &mut self,
            seed: Option<u64>,
            options: Option<&$crate::Options>,
        ) -> Result<(Self::Obs, $crate::Info), Self::Error> {
            self.env.reset(seed, options)
        }
    };
    (render) => {
        fn render(&mut self) -> Result<Option<$crate::Frame>, Self::Error> {
            self.env.render()
        }
    };
    (close) => {
        fn close(&mut self) -> Result<(), Self::Error> {
            self.env.close()
        }
    };
    (memory) => {
        fn memory(&self) -> Option<$crate::Value> {
            self.env.memory()
        }
        fn set_memory(&mut self, memory: &$crate::Value) -> Result<(), $crate::SpaceError> {
            self.env.set_memory(memory)
        }
        fn freeze(&mut self) -> Result<(), Self::Error> {
            self.env.freeze()
        }
    };
    ($($method:ident),+) => {
        $($crate::wrappers::forward!($method);)+
    };
}
pub(crate) use forward;
