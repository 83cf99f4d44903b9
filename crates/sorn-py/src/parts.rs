//! Encoders, learners and plasticity rules written in Python, which a configuration names as `module:Name`.

use std::sync::{Arc, Mutex, PoisonError};

use ndarray::ArrayD;
use numpy::{IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value as Json};
use sorn_lab::sorn_agents::own::{Entry, Part};
use sorn_lab::sorn_agents::{
    AgentError, AgentState, Encoder, EncoderSetup, Learner, LearnerSetup, RuleSetup, Transition,
};
use sorn_lab::sorn_core::{PlasticityRule, RuleContext};
use sorn_lab::sorn_env::{Space, Value};
use sorn_lab::sorn_envs::gymnasium::{PythonSpace, call};

use crate::convert::{from_json, to_json};
use crate::rule::PythonRule;

/// Lets configurations name classes of Python's.
pub(crate) fn install() {
    Entry::<dyn Encoder>::import_with(|kind| {
        entry::<dyn Encoder>(kind, |object, setup: EncoderSetup<'_>, py| {
            let given = PyDict::new(py);
            given.set_item("observations", crate::env::space(py, setup.space)?)?;
            given.set_item("inputs", setup.inputs)?;
            given.set_item("seed", setup.seed)?;
            let object = object.made(py, &given)?;
            Ok(Box::new(PythonEncoder { object, inputs: setup.inputs }))
        })
    });
    Entry::<dyn Learner>::import_with(|kind| {
        entry::<dyn Learner>(kind, |object, setup: LearnerSetup<'_>, py| {
            let given = PyDict::new(py);
            given.set_item("features", setup.features)?;
            given.set_item("actions", crate::env::space(py, setup.actions)?)?;
            given.set_item("seed", setup.seed)?;
            let object = object.made(py, &given)?;
            Ok(Box::new(PythonLearner { object, actions: setup.actions.clone() }))
        })
    });
    Entry::<dyn PlasticityRule>::import_with(|kind| {
        entry::<dyn PlasticityRule>(kind, |object, setup: RuleSetup<'_>, py| {
            let given = PyDict::new(py);
            given.set_item("ne", setup.params.ne)?;
            given.set_item("ni", setup.params.ni())?;
            given.set_item("seed", setup.seed)?;
            let object = object.made(py, &given)?;
            Ok(Box::new(RuleOfAgent::new(object, setup.params.ni())))
        })
    });
}

/// A configuration with names in place of classes of Python's.
pub(crate) fn named<'py>(config: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    call(&helper(config.py(), "_named")?, (config,), None)
}

/// A class, and the keys it is to be given.
struct Class {
    class: Py<PyAny>,
    keys: Map<String, Json>,
}

/// An array of a part's state, and its name.
type NamedArray = (String, ArrayD<f64>);

impl Class {
    /// An object of the class: the setup comes before its keys.
    fn made(&self, py: Python<'_>, given: &Bound<'_, PyDict>) -> PyResult<Object> {
        let keys = from_json(py, &Json::Object(self.keys.clone()))?;
        let made = call(&helper(py, "_make")?, (self.class.bind(py), given, keys), None)?;
        Ok(Object::new(made.unbind()))
    }
}

fn helper<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("sorn_rs.parts")?.getattr(name)
}

/// The entry of the class that `kind` names.
fn entry<P: Part + ?Sized>(
    kind: &str,
    make: impl for<'a> Fn(Class, P::Setup<'a>, Python<'_>) -> PyResult<Box<P>> + Send + Sync + 'static,
) -> Result<Entry<P>, String> {
    let (class, help) = Python::attach(|py| {
        let found = call(&helper(py, "_load")?, (P::KEY, kind), None)?;
        found.extract::<(Py<PyAny>, String)>()
    })
    .map_err(said)?;
    Ok(Entry::new(kind, help, move |keys: Map<String, Json>, setup: P::Setup<'_>| {
        Python::attach(|py| make(Class { class: class.clone_ref(py), keys }, setup, py)).map_err(said)
    }))
}

/// What an exception says, and where it was raised.
fn said(error: PyErr) -> String {
    Python::attach(|py| {
        let text = match error.is_instance_of::<PyValueError>(py) {
            true => error.value(py).to_string(),
            false => error.to_string(),
        };
        let place = || {
            let frames = py.import("traceback")?.call_method1("extract_tb", (error.traceback(py),))?;
            let last = frames.get_item(frames.len()?.saturating_sub(1))?;
            let file: String = last.getattr("filename")?.extract()?;
            let line: u32 = last.getattr("lineno")?.extract()?;
            PyResult::Ok((file, line))
        };
        match place() {
            // Our own checks say all by themselves.
            Ok((file, line)) if !file.contains("sorn_rs") => format!("{text} ({file}, line {line})"),
            _ => text,
        }
    })
}

/// An object of Python's, or why there is none: a copy may fail where nothing can be said of it.
#[derive(Debug)]
struct Object {
    object: Result<Py<PyAny>, String>,
    /// Why the last save failed; the next call says it.
    unsaved: Mutex<Option<String>>,
}

impl Clone for Object {
    fn clone(&self) -> Self {
        let copied = self.with(|py, object| Ok(call(&helper(py, "_copy")?, (object,), None)?.unbind()));
        Object { object: copied, unsaved: Mutex::new(None) }
    }
}

impl Object {
    fn new(object: Py<PyAny>) -> Object {
        Object { object: Ok(object), unsaved: Mutex::new(None) }
    }

    fn with<T>(
        &self,
        run: impl for<'py> FnOnce(Python<'py>, &Bound<'py, PyAny>) -> PyResult<T>,
    ) -> Result<T, String> {
        if let Some(failure) = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failure);
        }
        let object = self.object.as_ref().map_err(String::clone)?;
        Python::attach(|py| run(py, object.bind(py)).map_err(said))
    }

    /// Arrays, and the rest.
    fn parts(&self) -> Result<(Vec<NamedArray>, Json), String> {
        self.with(|py, object| {
            let (arrays, rest): (Bound<'_, PyDict>, Bound<'_, PyAny>) =
                call(&helper(py, "_state")?, (object,), None)?.extract()?;
            let array = |(name, array): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
                let array = array.cast_into::<PyArrayDyn<f64>>().map_err(PyErr::from)?;
                Ok((name.extract()?, array.to_owned_array()))
            };
            let arrays = arrays.into_iter().map(array).collect::<PyResult<_>>()?;
            Ok((arrays, to_json("state", &rest)?))
        })
    }

    fn give(&self, arrays: Vec<(String, ArrayD<f64>)>, rest: &Json) -> Result<(), String> {
        self.with(|py, object| {
            let dict = PyDict::new(py);
            for (name, array) in arrays {
                dict.set_item(name, array.into_pyarray(py))?;
            }
            call(&helper(py, "_load_state")?, (object, dict, from_json(py, rest)?), None).map(drop)
        })
    }

    fn save(&self, state: &mut AgentState) {
        match self.parts() {
            Ok((arrays, rest)) => {
                state.arrays.extend(arrays);
                state.note("state", &rest);
            }
            Err(failure) => {
                *self.unsaved.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            }
        }
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        let rest: Json = state.entry("state")?;
        let arrays = state.arrays.iter().map(|(name, array)| (name.clone(), array.clone())).collect();
        self.give(arrays, &rest).map_err(|found| AgentError::State {
            name: "state".into(),
            expected: "what the class's load_state takes".into(),
            found,
        })
    }
}

#[derive(Clone, Debug)]
struct PythonEncoder {
    object: Object,
    inputs: usize,
}

impl Encoder for PythonEncoder {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn encode(&mut self, observation: &[f64], input: &mut [f64], learns: bool) -> Result<(), String> {
        self.object.with(|py, object| {
            let observation = PyArray1::from_slice(py, observation);
            let encoded = call(&helper(py, "_encode")?, (object, observation, input.len(), learns), None)?;
            let encoded = encoded.cast_into::<PyArray1<f64>>().map_err(PyErr::from)?;
            input.copy_from_slice(&encoded.to_vec().map_err(crate::error::value_error)?);
            Ok(())
        })
    }

    fn save(&self, state: &mut AgentState) {
        self.object.save(state);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.object.load(state)
    }

    fn clone_box(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

#[derive(Clone, Debug)]
struct PythonLearner {
    object: Object,
    actions: Space,
}

impl Learner for PythonLearner {
    fn begin(&mut self) {
        // What fails here fails the next choice.
        if let Err(failure) = self.object.with(|_, object| object.call_method0("begin").map(drop)) {
            *self.object.unsaved.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        }
    }

    fn act(&mut self, features: &[f64], greedy: bool) -> Result<Value, String> {
        let actions = &self.actions;
        self.object.with(|py, object| {
            let features = PyArray1::from_slice(py, features);
            let action = call(&object.getattr("act")?, (features, greedy), None)?;
            let space = PythonSpace::new("act", &crate::env::space(py, actions)?);
            let decoded = space.and_then(|space| space.decode(&action));
            decoded.map_err(crate::error::value_error)
        })
    }

    fn learn(&mut self, now: &Transition<'_>) -> Result<(), String> {
        self.object.with(|py, object| {
            let features = PyArray1::from_slice(py, now.next);
            let arguments = (now.reward, now.terminated, now.truncated, features);
            call(&object.getattr("learn")?, arguments, None).map(drop)
        })
    }

    fn save(&self, state: &mut AgentState) {
        self.object.save(state);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.object.load(state)
    }

    fn clone_box(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}

/// A rule that belongs to a configuration, and is saved with its network.
#[derive(Debug)]
struct RuleOfAgent {
    object: Object,
    rule: Result<PythonRule, String>,
    failure: Arc<Mutex<Option<PyErr>>>,
    ni: usize,
}

impl RuleOfAgent {
    fn new(object: Object, ni: usize) -> RuleOfAgent {
        let failure = Arc::default();
        let rule = object.with(|_, object| PythonRule::new(object, ni, &failure));
        RuleOfAgent { object, rule, failure, ni }
    }
}

impl PlasticityRule for RuleOfAgent {
    fn name(&self) -> &str {
        self.rule.as_ref().map_or("rule", |rule| rule.name())
    }

    fn apply(&mut self, context: &mut RuleContext<'_>) {
        if let Ok(rule) = &mut self.rule {
            rule.apply(context);
        }
    }

    fn failure(&mut self) -> Option<String> {
        if let Err(failure) = &self.rule {
            return Some(failure.clone());
        }
        let raised = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map(said);
        raised.or_else(|| self.object.unsaved.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(RuleOfAgent::new(self.object.clone(), self.ni))
    }

    /// The bytes of its state as JSON, the numbers of arrays as bits.
    fn state(&self) -> Vec<f64> {
        match self.object.parts() {
            Ok((arrays, rest)) => {
                let bits = |array: ArrayD<f64>| array.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
                let arrays: Vec<_> = arrays
                    .into_iter()
                    .map(|(name, array)| (name, array.shape().to_vec(), bits(array)))
                    .collect();
                let text = serde_json::json!([arrays, rest]).to_string();
                text.bytes().map(f64::from).collect()
            }
            Err(failure) => {
                *self.object.unsaved.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                Vec::new()
            }
        }
    }

    fn set_state(&mut self, state: &[f64]) -> Result<(), String> {
        let bytes: Vec<u8> = state.iter().map(|&byte| byte as u8).collect();
        type Saved = (Vec<(String, Vec<usize>, Vec<u64>)>, Json);
        let (arrays, rest): Saved =
            serde_json::from_slice(&bytes).map_err(|e| format!("what the rule saved ({e})"))?;
        let array = |(name, shape, bits): (String, Vec<usize>, Vec<u64>)| {
            let numbers = bits.into_iter().map(f64::from_bits).collect();
            let array = ArrayD::from_shape_vec(shape, numbers).map_err(|e| format!("an array ({e})"))?;
            Ok((name, array))
        };
        let arrays = arrays.into_iter().map(array).collect::<Result<_, String>>()?;
        self.object.give(arrays, &rest)
    }
}
