//! The running statistics of Gymnasium's normalising wrappers: what an environment keeps across episodes.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use sorn_env::{SpaceError, Value};

use super::error::Fault;
use super::objects::{to_python, value};

/// Attributes of a wrapper that hold statistics, and of its own that go with them.
const STATISTICS: [(&str, Option<&str>); 2] = [("obs_rms", None), ("return_rms", Some("discounted_reward"))];
const MOMENTS: [&str; 3] = ["mean", "var", "count"];

/// One statistic.
struct Statistic<'py> {
    wrapper: Bound<'py, PyAny>,
    moments: Bound<'py, PyAny>,
    /// Attribute of the wrapper that goes with it.
    beside: Option<&'static str>,
}

/// Every statistic, from the outside in.
fn statistics<'py>(env: &Bound<'py, PyAny>) -> PyResult<Vec<Statistic<'py>>> {
    let wrapper = env.py().import("gymnasium")?.getattr("Wrapper")?;
    let (mut found, mut env) = (vec![], env.clone());
    while env.is_instance(&wrapper)? {
        for (name, beside) in STATISTICS {
            // Not `getattr`: it would look into the wrapped environments too.
            let own = env.getattr("__dict__")?.call_method1("get", (name,))?;
            if !own.is_none() {
                found.push(Statistic { wrapper: env.clone(), moments: own, beside });
            }
        }
        env = env.getattr("env")?;
    }
    Ok(found)
}

/// The statistics, or `None` if there are none.
pub(super) fn get(env: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    let all = statistics(env)?;
    let read = |Statistic { wrapper, moments, beside }: &Statistic<'_>| {
        let mut map = BTreeMap::new();
        for name in MOMENTS {
            map.insert(name.to_string(), value(&moments.getattr(name)?, 0)?);
        }
        if let Some(name) = beside {
            map.insert(name.to_string(), value(&wrapper.getattr(*name)?, 0)?);
        }
        Ok(Value::Map(map))
    };
    let list: Vec<Value> = all.iter().map(read).collect::<PyResult<_>>()?;
    Ok((!list.is_empty()).then_some(Value::List(list)))
}

/// Freezes all statistics.
pub(super) fn freeze(env: &Bound<'_, PyAny>) -> PyResult<()> {
    statistics(env)?.iter().try_for_each(|statistic| statistic.wrapper.setattr("update_running_mean", false))
}

/// Restores the result of [`get`].
pub(super) fn set(env: &Bound<'_, PyAny>, memory: &Value) -> Result<(), Fault> {
    let all = statistics(env)?;
    let expected = || SpaceError::new(format!("a list of {} statistics", all.len()), memory.describe());
    let Value::List(list) = memory else { return Err(expected().into()) };
    if list.len() != all.len() {
        return Err(expected().into());
    }
    for (Statistic { wrapper, moments, beside }, saved) in all.iter().zip(list) {
        let put = |object: &Bound<'_, PyAny>, name: &str| -> Result<(), Fault> {
            let map = if let Value::Map(map) = saved { map.get(name) } else { None };
            let saved =
                map.ok_or_else(|| SpaceError::new(format!("statistics with {name:?}"), saved.describe()))?;
            Ok(object.setattr(name, to_python(env.py(), saved)?)?)
        };
        MOMENTS.iter().try_for_each(|name| put(moments, name))?;
        if let Some(name) = beside {
            put(wrapper, name)?;
        }
    }
    Ok(())
}
