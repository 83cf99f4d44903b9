//! Frames from Python.

use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use sorn_env::{Data, Dtype, Frame, SpaceError};

use super::codec::kind;
use super::decode::numbers;
use super::error::Fault;

pub(super) const MODE: &str = "rgb_array";

/// A picture of the environment, see `GymnasiumEnv::render`.
pub(super) fn render(env: &Bound<'_, PyAny>) -> Result<Option<Frame>, Fault> {
    let mode: Option<String> = env.getattr("render_mode")?.extract()?;
    match mode.as_deref() {
        Some(MODE) => {}
        Some(_) => return Ok(None),
        None if can_render(env)? => env.getattr("unwrapped")?.setattr("render_mode", MODE)?,
        None => return Ok(None),
    }
    let picture = match env.call_method0("render") {
        Ok(picture) => picture,
        // The method of Gymnasium's base class.
        Err(error) if error.is_instance_of::<PyNotImplementedError>(env.py()) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if picture.is_none() { Ok(None) } else { frame(&picture).map(Some) }
}

/// Whether it is asked for a picture for the first time: it was made without a mode, and has the mode for pictures.
pub(super) fn is_asked_first(env: &Bound<'_, PyAny>) -> Result<bool, Fault> {
    Ok(env.getattr("render_mode")?.is_none() && can_render(env)?)
}

fn can_render(env: &Bound<'_, PyAny>) -> Result<bool, Fault> {
    let modes = env.getattr("metadata")?.call_method1("get", ("render_modes",))?;
    Ok(!modes.is_none() && modes.contains(MODE)?)
}

fn frame(picture: &Bound<'_, PyAny>) -> Result<Frame, Fault> {
    let refuse = || SpaceError::new("a picture of shape (height, width, 3) and type uint8", kind(picture));
    let shape: Vec<usize> =
        picture.getattr("shape").and_then(|shape| shape.extract()).map_err(|_| refuse())?;
    match (numbers(picture, Dtype::U8, &shape), &shape[..]) {
        (Ok(Data::U8(rgb)), &[height, width, 3]) => Ok(Frame { width, height, rgb }),
        _ => Err(refuse().into()),
    }
}
