//! `gymnasium.make`, and wrappers by name.

use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyString, PyType};
use sorn_env::{ALIKE, near};

use super::error::{Fault, GymnasiumError, PythonException, WrapperFault};
use super::objects::keywords;
use crate::{EnvSpec, Kwargs, PythonWrapper};

/// The id as Gymnasium knows it: without our prefix.
pub(super) fn own_id(id: &str) -> &str {
    id.strip_prefix("gymnasium:").unwrap_or(id)
}

/// What `gymnasium.make` is given for `id`: the id as Gymnasium knows it; or a specification, where `module:Name` is not registered and
/// names a class of environments or a function that makes them.
pub(super) fn makeable<'py>(py: Python<'py>, id: &str) -> PyResult<Bound<'py, PyAny>> {
    let id = own_id(id);
    let known = PyString::new(py, id).into_any();
    let Some((module, name)) = id.split_once(':') else { return Ok(known) };
    // Gymnasium reports a module that cannot be imported.
    let Ok(found) = py.import(module) else { return Ok(known) };
    let gymnasium = py.import("gymnasium")?;
    let registry = gymnasium.getattr("registry")?;
    let versions = format!("{name}-v");
    for id in registry.try_iter()? {
        // Gymnasium takes the latest version if none is named.
        let id: String = id?.extract()?;
        if id == name || id.starts_with(&versions) {
            return Ok(known);
        }
    }
    let base = gymnasium.getattr("Env")?;
    let Ok(named) = found.getattr(name) else {
        let mut names: Vec<String> = Vec::new();
        for (name, value) in found.dict() {
            if value
                .cast::<PyType>()
                .is_ok_and(|class| !class.is(&base) && class.is_subclass(&base).unwrap_or(false))
            {
                names.push(name.extract()?);
            }
        }
        return match near(name, &names, ALIKE).first() {
            Some(near) => Err(PyValueError::new_err(format!(
                "the module {module} has no {name}; did you mean {module}:{near}?"
            ))),
            None => Ok(known),
        };
    };
    let refuse = |what: &str| {
        let expected = "expected a class derived from gymnasium.Env, a function that makes an environment, or a registered id";
        Err(PyTypeError::new_err(format!("{expected}, found {what}")))
    };
    match named.cast::<PyType>() {
        Ok(class) if !class.is_subclass(&base)? => return refuse("another class"),
        Err(_) if !named.is_callable() => return refuse(&format!("{}", named.get_type())),
        _ => {}
    }
    let spec = gymnasium.getattr("envs")?.getattr("registration")?.getattr("EnvSpec")?;
    // By its name, so that processes of a batch can be given it.
    spec.call1((name, id))
}

/// Lets one thread at a time do what `call` does, which imports modules: two threads that import the modules of one package can
/// each get a half-made one, where these import each other as Gymnasium's do.
///
/// The lock is Python's, so that others run while a thread waits, and an environment may make environments of its own.
pub(super) fn one_at_a_time<T>(
    py: Python<'_>,
    call: impl FnOnce() -> Result<T, Unmade>,
) -> Result<T, Unmade> {
    static LOCK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let new = || py.import("threading")?.call_method0("RLock").map(Bound::unbind);
    let lock = LOCK.get_or_try_init(py, new)?.bind(py);
    lock.call_method0("acquire")?;
    let result = call();
    lock.call_method0("release")?;
    result
}

/// The object that could not be made.
pub(super) enum Unmade {
    /// The environment.
    Env(PyErr),
    /// A wrapper.
    Wrapper(Box<WrapperFault>),
}

impl From<PyErr> for Unmade {
    fn from(error: PyErr) -> Self {
        Unmade::Env(error)
    }
}

impl Unmade {
    fn wrapper(index: usize, wrapper: &PythonWrapper, reason: String, error: PyErr) -> Self {
        Unmade::Wrapper(Box::new(WrapperFault { index, kind: wrapper.kind.clone(), reason, error }))
    }

    pub(super) fn at(self, py: Python<'_>, env: &str, during: &'static str) -> GymnasiumError {
        match self {
            Unmade::Env(error) => Fault::from(error).at(py, env, during),
            Unmade::Wrapper(fault) => GymnasiumError::Wrapper { env: env.into(), fault },
        }
    }
}

/// The environment itself, and what Gymnasium says of it.
pub(super) fn make<'py>(
    py: Python<'py>,
    id: &str,
    kwargs: &Kwargs,
    wrappers: &[PythonWrapper],
) -> Result<(Bound<'py, PyAny>, EnvSpec), Unmade> {
    let gymnasium = py.import("gymnasium")?;
    let mut env = gymnasium.call_method("make", (makeable(py, id)?,), Some(&keywords(py, kwargs)?))?;
    let spec = spec(id, &env)?;
    for (index, wrapper) in wrappers.iter().enumerate() {
        let (class, kwargs) = wrapper_class(py, index, wrapper)?;
        env = class.call((env,), Some(&kwargs)).map_err(|error| {
            let raised = PythonException::new(py, error.clone_ref(py));
            Unmade::wrapper(index, wrapper, format!("raised {raised}"), error)
        })?;
    }
    Ok((env, spec))
}

/// The class that `wrapper` names, and keyword arguments that it takes.
pub(super) fn wrapper_class<'py>(
    py: Python<'py>,
    index: usize,
    wrapper: &PythonWrapper,
) -> Result<(Bound<'py, PyAny>, Bound<'py, PyDict>), Unmade> {
    let refuse = |reason: String, error: PyErr| Unmade::wrapper(index, wrapper, reason, error);
    let Some((module_name, class_name)) = wrapper.kind.split_once(':') else {
        let reason = format!("expected module:Class, found {:?}", wrapper.kind);
        return Err(refuse(reason.clone(), PyValueError::new_err(reason)));
    };
    let module = py
        .import(module_name)
        .map_err(|error| refuse(PythonException::new(py, error.clone_ref(py)).to_string(), error))?;
    let class = module.getattr(class_name).map_err(|error| {
        let reason = match error.is_instance_of::<PyAttributeError>(py) {
            true => no_such_class(&module, module_name, class_name),
            false => PythonException::new(py, error.clone_ref(py)).to_string(),
        };
        refuse(reason, error)
    })?;
    let kwargs = keywords(py, &wrapper.kwargs)?;
    match misfit(&class, &kwargs) {
        Some((reason, error)) => Err(refuse(reason, error)),
        None => Ok((class, kwargs)),
    }
}

fn no_such_class(module: &Bound<'_, PyModule>, module_name: &str, class_name: &str) -> String {
    let names = wrappers_of(module).unwrap_or_default();
    let near = near(class_name, &names, ALIKE);
    let near = near.first().map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let has = match names.is_empty() {
        true => String::new(),
        false => format!(" (its wrappers: {})", names.join(", ")),
    };
    format!("the module {module_name} has no {class_name}{near}{has}")
}

/// Names of the wrapper classes in `module`, sorted.
fn wrappers_of(module: &Bound<'_, PyModule>) -> PyResult<Vec<String>> {
    let base = module.py().import("gymnasium")?.getattr("Wrapper")?;
    let mut names = Vec::new();
    for (name, value) in module.dict() {
        if let Ok(class) = value.cast::<PyType>()
            && class.is_subclass(&base)?
            && !class.is(&base)
        {
            names.push(name.extract()?);
        }
    }
    names.sort();
    Ok(names)
}

/// Why `class` does not take an environment and `kwargs`, where its signature says so.
fn misfit(class: &Bound<'_, PyAny>, kwargs: &Bound<'_, PyDict>) -> Option<(String, PyErr)> {
    let py = class.py();
    let signature = py.import("inspect").ok()?.call_method1("signature", (class,)).ok()?;
    let error = signature.call_method("bind", (py.None(),), Some(kwargs)).err()?;
    if !error.is_instance_of::<PyTypeError>(py) {
        return None;
    }
    let mut allowed: Vec<String> = Vec::new();
    for name in signature.getattr("parameters").ok()?.try_iter().ok()?.skip(1) {
        allowed.push(name.ok()?.extract().ok()?);
    }
    let known = if allowed.is_empty() { "none".into() } else { format!("one of {}", allowed.join(", ")) };
    Some((format!("kwargs: {} (expected {known})", error.value(py)), error))
}

/// The contents of the environment's `spec`.
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
        // A value that is not a number is ignored.
        render_fps: fps.unwrap_or(None),
        description: format!("Python's {}.{}", unwrapped.module()?, unwrapped.qualname()?),
        kwargs: vec![],
        batched: false,
    })
}
