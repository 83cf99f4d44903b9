//! Environments around environments, by Gymnasium's names. Each is an [`Env`](crate::Env) and says its own spaces.

mod time_limit;

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
    (step) => {
        fn step(&mut self, action: &Self::Act) -> Result<$crate::Step<Self::Obs>, Self::Error> {
            self.env.step(action)
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
    ($($method:ident),+) => {
        $($crate::wrappers::forward!($method);)+
    };
}
pub(crate) use forward;
