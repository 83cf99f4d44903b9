//! `gymnasium.make`, and wrappers by name.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::objects::keywords;
use crate::{EnvSpec, Kwargs, PythonWrapper};

/// The id as Gymnasium knows it: without our prefix.
pub(super) fn own_id(id: &str) -> &str {
    id.strip_prefix("gymnasium:").unwrap_or(id)
}

/// Lets one thread at a time do what `call` does, which imports modules: two threads that import the modules of one package can
/// each get a half-made one, where these import each other as Gymnasium's do.
///
/// The lock is Python's, so that others run while a thread waits, and an environment may make environments of its own.
pub(super) fn one_at_a_time<T>(py: Python<'_>, call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    static LOCK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let new = || py.import("threading")?.call_method0("RLock").map(Bound::unbind);
    let lock = LOCK.get_or_try_init(py, new)?.bind(py);
    lock.call_method0("acquire")?;
    let result = call();
    lock.call_method0("release")?;
    result
}

/// The environment itself, and what Gymnasium says of it.
pub(super) fn make<'py>(
    py: Python<'py>,
    id: &str,
    kwargs: &Kwargs,
    wrappers: &[PythonWrapper],
) -> PyResult<(Bound<'py, PyAny>, EnvSpec)> {
    let gymnasium = py.import("gymnasium")?;
    let mut env = gymnasium.call_method("make", (own_id(id),), Some(&keywords(py, kwargs)?))?;
    let spec = spec(id, &env)?;
    for wrapper in wrappers {
        env = class(py, &wrapper.kind)?.call((env,), Some(&keywords(py, &wrapper.kwargs)?))?;
    }
    Ok((env, spec))
}

/// The class that `module:Class` names.
pub(super) fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    match name.split_once(':') {
        Some((module, class)) => py.import(module)?.getattr(class),
        None => Err(PyValueError::new_err(format!("wrapper: module:Class expected, found {name:?}"))),
    }
}

/// What the environment's `spec` says.
pub(super) fn spec(id: &str, env: &Bound<'_, PyAny>) -> PyResult<EnvSpec> {
    let unwrapped = env.getattr("unwrapped")?.get_type();
    let spec = env.getattr("spec")?;
    let (mut max_episode_steps, mut reward_threshold) = (None, None);
    if !spec.is_none() {
        // -1 stands for none.
        let steps: Option<i64> = spec.getattr("max_episode_steps")?.extract()?;
        max_episode_steps = steps.and_then(|steps| u64::try_from(steps).ok());
        reward_threshold = spec.getattr("reward_threshold")?.extract()?;
    }
    let metadata = env.getattr("metadata")?;
    let fps = metadata.call_method1("get", ("render_fps",)).and_then(|fps| fps.extract());
    Ok(EnvSpec {
        id: id.into(),
        max_episode_steps,
        reward_threshold,
        // Whatever stands there that is no number says nothing.
        render_fps: fps.unwrap_or(None),
        description: format!("Python's {}.{}", unwrapped.module()?, unwrapped.qualname()?),
        kwargs: vec![],
    })
}
