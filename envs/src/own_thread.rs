//! [`OwnThread`]: a `Send` handle to an environment that must stay on its thread.

use std::any::Any;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::JoinHandle;

use sorn_env::{AnyEnvError, BoxError, Env, Frame, Info, Options, Space, Step, Value};

type Job = Box<dyn FnOnce(&mut dyn sorn_env::DynEnv) + Send>;

/// An environment on its own thread. Each call waits for the result. Dropping the handle ends the thread.
pub(crate) struct OwnThread {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    observation_space: Space,
    action_space: Space,
}

impl OwnThread {
    /// The environment that `make` makes on the new thread.
    pub(crate) fn spawn<E, F>(make: F) -> Result<Self, BoxError>
    where
        E: sorn_env::DynEnv,
        F: FnOnce() -> Result<E, BoxError> + Send + 'static,
    {
        let (jobs, todo): (_, Receiver<Job>) = channel();
        let (made, first) = sync_channel(1);
        let work = move || match make() {
            Ok(mut env) => {
                let spaces = (env.observation_space(), env.action_space());
                if made.send(Ok(spaces)).is_ok() {
                    todo.into_iter().for_each(|job| job(&mut env));
                }
            }
            Err(error) => drop(made.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name("environment".into()).spawn(work)?;
        match first.recv() {
            Ok(spaces) => {
                let (observation_space, action_space) = spaces?;
                Ok(OwnThread { jobs: Some(jobs), thread: Some(thread), observation_space, action_space })
            }
            Err(_) => Err(panicked(thread)),
        }
    }

    fn call<R, F>(&mut self, job: F) -> Result<R, AnyEnvError>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn sorn_env::DynEnv) -> Result<R, BoxError> + Send + 'static,
    {
        let (answer, answered) = sync_channel(1);
        let job: Job = Box::new(move |env| drop(answer.send(job(env))));
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        match answered.recv() {
            Ok(result) if sent => result.map_err(AnyEnvError),
            _ => Err(AnyEnvError(
                self.thread.take().map_or_else(|| "the environment's thread has ended".into(), panicked),
            )),
        }
    }
}

/// The message of the panic that ended `thread`.
fn panicked(thread: JoinHandle<()>) -> BoxError {
    let text =
        |payload: &(dyn Any + Send)| match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>())
        {
            (Some(text), _) => text.to_string(),
            (_, Some(text)) => text.clone(),
            _ => "without a message".into(),
        };
    match thread.join() {
        Err(payload) => format!("the environment panicked: {}", text(&*payload)).into(),
        Ok(()) => "the environment's thread has ended".into(),
    }
}

impl Env for OwnThread {
    type Obs = Value;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        self.observation_space.clone()
    }

    fn action_space(&self) -> Space {
        self.action_space.clone()
    }

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), AnyEnvError> {
        let options = options.cloned();
        self.call(move |env| env.reset(seed, options.as_ref()))
    }

    fn step(&mut self, action: &Value) -> Result<Step<Value>, AnyEnvError> {
        let action = action.clone();
        self.call(move |env| env.step(&action))
    }

    fn render(&mut self) -> Result<Option<Frame>, AnyEnvError> {
        self.call(|env| env.render())
    }

    fn close(&mut self) -> Result<(), AnyEnvError> {
        self.call(|env| env.close())
    }
}

impl Drop for OwnThread {
    fn drop(&mut self) {
        // The thread ends when its sender is dropped.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic was already reported when it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// Counts its steps in something that is not `Send`, panics at the third.
    struct Bound(Rc<std::cell::Cell<i64>>);

    impl Env for Bound {
        type Obs = i64;
        type Act = i64;
        type Error = std::io::Error;

        fn observation_space(&self) -> Space {
            Space::Discrete { n: 10, start: 0 }
        }
        fn action_space(&self) -> Space {
            Space::Discrete { n: 2, start: 0 }
        }
        fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> Result<(i64, Info), std::io::Error> {
            self.0.set(0);
            seed.map(|_| (0, Info::new())).ok_or(std::io::Error::other("no seed"))
        }
        fn step(&mut self, action: &i64) -> Result<Step<i64>, std::io::Error> {
            self.0.set(self.0.get() + 1);
            assert!(self.0.get() < 3, "the third step");
            Ok(Step {
                obs: self.0.get(),
                reward: *action as f64,
                terminated: false,
                truncated: false,
                info: Info::new(),
            })
        }
    }

    fn bound() -> OwnThread {
        OwnThread::spawn(|| Ok(Bound(Rc::default()))).unwrap()
    }

    #[test]
    fn calls_are_handed_on_in_order() {
        let mut env = bound();
        assert_eq!(env.action_space(), Space::Discrete { n: 2, start: 0 });
        assert_eq!(env.reset(None, None).unwrap_err().to_string(), "no seed");
        for _ in 0..3 {
            env.reset(Some(1), None).unwrap();
            assert_eq!(env.step(&Value::Int(1)).unwrap().obs, Value::Int(1));
            let step = env.step(&Value::Int(0)).unwrap();
            assert_eq!((step.obs, step.reward), (Value::Int(2), 0.0));
        }
        assert!(env.step(&Value::Float(0.5)).is_err());
        assert_eq!(env.render().unwrap(), None);
        env.close().unwrap();
    }

    #[test]
    fn a_panic_is_an_error() {
        let mut env = bound();
        env.reset(Some(0), None).unwrap();
        env.step(&Value::Int(0)).unwrap();
        env.step(&Value::Int(0)).unwrap();
        let error = env.step(&Value::Int(0)).unwrap_err().to_string();
        assert_eq!(error, "the environment panicked: the third step");
        assert_eq!(env.reset(Some(0), None).unwrap_err().to_string(), "the environment's thread has ended");
    }

    #[test]
    fn making_may_fail() {
        let made = OwnThread::spawn(|| -> Result<Bound, BoxError> { Err("no such robot".into()) });
        assert_eq!(made.err().unwrap().to_string(), "no such robot");
        let made = OwnThread::spawn(|| -> Result<Bound, BoxError> { panic!("no {}", "wheels") });
        assert_eq!(made.err().unwrap().to_string(), "the environment panicked: no wheels");
    }
}
