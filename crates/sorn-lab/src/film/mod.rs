//! [`film`]: an episode of a trained agent as an animated GIF.

mod raster;
mod reel;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use sorn_agents::{Agent, EpisodeEvent, Observer, StepEvent};
use sorn_env::{AnyEnv, AnyEnvError, Env, Frame, Info, Options, Space, Step, Value};

use crate::files::{try_write, write_whole};
use crate::train::{episode_seed, guarded};
use crate::{Experiment, LabError, Progress, Trained};
use raster::Raster;
use reel::Reel;

/// Pictures per second of environments that name no number.
const DEFAULT_FPS: f64 = 30.0;

/// An episode that was filmed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filmed {
    /// Sum of rewards.
    pub ret: f64,
    /// Number of steps.
    pub length: u64,
    /// How long it takes in the film, in seconds.
    pub seconds: f64,
}

/// Films the first episode that [`evaluate`](crate::evaluate) runs with the same `seed`, into the GIF `path`.
///
/// Its speed is that of the environment (pictures per second of its specification, 30 where it names none); beyond 50 pictures
/// a second some are left out. With `spikes` the reservoir's spikes of the last 120 steps stand beside the environment: a row
/// per excitatory neuron, the first at the top, a column per step, the latest at the right. `None` where `progress` wished to
/// stop before the end; then nothing is written.
///
/// # Errors
/// [`LabError`] where the environment draws no pictures, where it or the agent fails, or the file cannot be written.
pub fn film(
    experiment: &Experiment,
    trained: &Trained,
    seed: u64,
    spikes: bool,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Option<Filmed>, LabError> {
    let (env, spec) = trained.make_env(experiment)?;
    let fps = spec.render_fps.filter(|&fps| fps > 0.0 && fps.is_finite()).unwrap_or(DEFAULT_FPS);
    let pictures = Pictures::default();
    let mut camera = Camera { env, pictures: pictures.clone() };
    let mut agent = trained.frozen();
    let raster = spikes.then(|| Raster::new(agent.config().reservoir.params.ne));
    let mut director =
        Director { pictures, raster, reel: Reel::new(fps), step: 0, filmed: None, failed: None, progress };
    let seeds = |episode| episode_seed(seed, "evaluation", episode);
    let name = format!("evaluation of {}", experiment.env.id);
    guarded(
        &name,
        seed,
        &mut director,
        |director| (0, director.step),
        seeds,
        |director| sorn_agents::run(&mut camera, &mut agent, 0..1, seeds, director),
    )?;
    let Director { reel, filmed, failed, .. } = director;
    let failure = |reason| LabError::Run { seed, reason: format!("{name}: {reason}") };
    if let Some(reason) = failed {
        return Err(failure(reason));
    }
    let Some(EpisodeEvent { ret, length, .. }) = filmed else { return Ok(None) };
    let seconds = reel.seconds();
    write_whole(path, &reel.finish().map_err(failure)?)?;
    Ok(Some(Filmed { ret, length, seconds }))
}

/// Tries what [`film`] needs, in the moment it takes: a path that can be written, and an environment that draws itself.
///
/// # Errors
/// [`LabError`] saying which it is.
pub fn try_film(experiment: &Experiment, trained: &Trained, seed: u64, path: &Path) -> Result<(), LabError> {
    try_write(path)?;
    let id = &experiment.env.id;
    let failed = |e: AnyEnvError| LabError::Run { seed, reason: format!("a picture of {id}: {e}") };
    let (mut env, _) = trained.make_env(experiment)?;
    env.reset(Some(episode_seed(seed, "evaluation", 0)), None).map_err(failed)?;
    match env.render().map_err(failed)? {
        Some(_) => Ok(()),
        None => {
            let reason = format!("cannot be filmed: {id} draws no pictures");
            Err(LabError::Config { origin: path.display().to_string(), reason })
        }
    }
}

/// Pictures taken and not yet developed.
type Pictures = Rc<RefCell<Vec<Frame>>>;

/// An environment that is drawn after every reset and step.
struct Camera {
    env: AnyEnv,
    pictures: Pictures,
}

impl Camera {
    fn take(&mut self) -> Result<(), AnyEnvError> {
        let picture = self.env.render()?.ok_or_else(|| AnyEnvError("it draws no pictures".into()))?;
        self.pictures.borrow_mut().push(picture);
        Ok(())
    }
}

impl Env for Camera {
    type Obs = Value;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        self.env.observation_space()
    }
    fn action_space(&self) -> Space {
        self.env.action_space()
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), AnyEnvError> {
        let begun = self.env.reset(seed, options)?;
        self.take()?;
        Ok(begun)
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, AnyEnvError> {
        let step = self.env.step(action)?;
        self.take()?;
        Ok(step)
    }
}

/// Puts pictures and spikes together.
struct Director<'a> {
    pictures: Pictures,
    raster: Option<Raster>,
    reel: Reel,
    step: u64,
    filmed: Option<EpisodeEvent>,
    failed: Option<String>,
    progress: &'a dyn Progress,
}

impl Observer for Director<'_> {
    fn on_step(&mut self, event: &StepEvent<'_>, agent: &Agent) -> ControlFlow<()> {
        self.step = event.step + 1;
        let pictures: Vec<Frame> = self.pictures.borrow_mut().drain(..).collect();
        let last = pictures.len().saturating_sub(1);
        for (i, picture) in pictures.into_iter().enumerate() {
            let picture = match &mut self.raster {
                None => picture,
                Some(raster) => {
                    // The picture of the reset, which comes first, has no step of its own.
                    if i == last {
                        raster.push(agent.spikes());
                    }
                    raster.beside(&picture)
                }
            };
            if let Err(reason) = self.reel.push(picture) {
                self.failed = Some(reason);
            }
        }
        match self.failed.is_some() || self.progress.stop() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_episode(&mut self, event: &EpisodeEvent, _agent: &Agent) -> ControlFlow<()> {
        self.filmed = Some(*event);
        ControlFlow::Break(())
    }
}
