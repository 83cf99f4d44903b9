//! What goes wrong in Python is told here.

use serde_json::json;
use sorn_env::{Array, AutoresetMode, Env, Value};
use sorn_envs::gymnasium::{GymnasiumEnv, GymnasiumError, GymnasiumVecEnv, Vectorization};
use sorn_envs::{Kwargs, PythonWrapper};

use crate::start_python;

fn faulty(fault: &str) -> Result<GymnasiumEnv, GymnasiumError> {
    start_python();
    let kwargs = json!({ "fault": fault });
    GymnasiumEnv::make("peers.odd_envs:Faulty-v0", kwargs.as_object().unwrap(), &[])
}

/// The error in the third step.
fn third_step(fault: &str) -> GymnasiumError {
    let mut env = faulty(fault).unwrap();
    env.reset(Some(0), None).unwrap();
    env.step(&Value::Int(0)).unwrap();
    env.step(&Value::Int(1)).unwrap();
    env.step(&Value::Int(0)).err().unwrap_or_else(|| panic!("{fault}: no error"))
}

fn make_error(id: &str, kwargs: serde_json::Value, wrappers: &[PythonWrapper]) -> String {
    start_python();
    let made = GymnasiumEnv::make(id, kwargs.as_object().unwrap(), wrappers);
    made.err().unwrap_or_else(|| panic!("{id} was made")).to_string()
}

#[test]
fn an_exception_comes_with_its_traceback_and_cause() {
    let text = third_step("raise").to_string();
    assert!(
        text.starts_with("peers.odd_envs:Faulty-v0: step raised RuntimeError: sensor 7 failed\nTraceback"),
        "{text}"
    );
    for part in ["ValueError: voltage -3 out of range", "direct cause", "in _sensor", "odd_envs.py"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let GymnasiumError::Python { exception, .. } = third_step("raise") else { panic!() };
    assert_eq!(exception.summary, "RuntimeError: sensor 7 failed");

    let text = faulty("make").err().unwrap().to_string();
    assert!(text.contains("gymnasium.make raised RuntimeError: no such robot"), "{text}");
    let text = faulty("reset").unwrap().reset(None, None).err().unwrap().to_string();
    assert!(text.contains("reset raised OSError: the cable is loose\nTraceback"), "{text}");
    // Nothing on its way caught this one.
    assert!(text.contains("odd_envs.py") && text.contains("in reset"), "{text}");
}

#[test]
fn an_interrupt_is_no_ordinary_error() {
    assert!(third_step("interrupt").is_interrupt());
    assert!(!third_step("raise").is_interrupt());
    assert!(!third_step("shape").is_interrupt());
}

#[test]
fn observations_that_do_not_fit_are_refused() {
    let what = "peers.odd_envs:Faulty-v0: step, what it returned: ";
    for (fault, message) in [
        (
            "shape",
            "expected an array of shape (2,) and type float32, found ndarray of shape (3,) and type float32",
        ),
        ("kind", "expected an array of shape (2,) and type float32, found dict {'x': 1.0}"),
        (
            "text",
            "expected an array of shape (2,) and type float32, found ndarray of shape (2,) and type <U1",
        ),
        ("reward", "expected a number as reward, found str 'much'"),
        (
            "rewards",
            "expected a number as reward (a wrapper makes one of several, e.g. mo_gymnasium.wrappers:LinearReward), \
             found ndarray of shape (2,) and type float64",
        ),
        ("terminated_none", "expected True or False as terminated, found NoneType None"),
        ("terminated_text", "expected True or False as terminated, found str 'no'"),
        ("terminated_three", "expected True or False as terminated, found int 3"),
        ("truncated_none", "expected True or False as truncated, found NoneType None"),
        ("truncated_two", "expected True or False as truncated, found ndarray of shape (2,) and type bool"),
    ] {
        assert_eq!(third_step(fault).to_string(), format!("{what}{message}"));
    }
    // Without Gymnasium's own wrapper for the time limit, which would unpack it.
    start_python();
    let kwargs = json!({ "fault": "four", "max_episode_steps": -1, "disable_env_checker": true });
    let mut env = GymnasiumEnv::make("peers.odd_envs:Faulty-v0", kwargs.as_object().unwrap(), &[]).unwrap();
    env.reset(None, None).unwrap();
    let errors: Vec<_> = (0..3).filter_map(|_| env.step(&Value::Int(0)).err()).collect();
    assert_eq!(
        errors[0].to_string(),
        format!(
            "{what}expected a tuple of observation, reward, terminated, truncated and info, found a tuple of 4"
        )
    );
}

#[test]
fn observations_that_can_be_converted_are() {
    for (fault, expected) in [("list", [0.5, -0.5]), ("wide", [0.5, -0.25]), ("strided", [0.0, 0.5])] {
        let mut env = faulty(fault).unwrap();
        env.reset(Some(0), None).unwrap();
        let steps: Vec<_> = (0..3).map(|_| env.step(&Value::Int(0)).unwrap()).collect();
        assert_eq!(steps[2].obs, Value::Array(Array::vector(expected.map(|x| x as f32).to_vec())), "{fault}");
    }
    for (fault, expected) in [("terminated_array", [false, false]), ("truncated_one", [false, true])] {
        let mut env = faulty(fault).unwrap();
        env.reset(Some(0), None).unwrap();
        let steps: Vec<_> = (0..3).map(|_| env.step(&Value::Int(0)).unwrap()).collect();
        assert_eq!([steps[2].terminated, steps[2].truncated], expected, "{fault}");
    }
    let mut env = faulty("numpy_reward").unwrap();
    env.reset(Some(0), None).unwrap();
    let rewards: Vec<f64> = (0..3).map(|_| env.step(&Value::Int(0)).unwrap().reward).collect();
    assert_eq!(rewards, [1.0, 1.0, 0.5]);
}

#[test]
fn actions_that_do_not_fit_are_refused() {
    let mut env = faulty("").unwrap();
    env.reset(None, None).unwrap();
    for (action, found) in
        [(Value::Int(2), "integer 2"), (Value::Int(-1), "integer -1"), (Value::Float(0.0), "number 0")]
    {
        assert_eq!(
            env.step(&action).unwrap_err().to_string(),
            format!(
                "peers.odd_envs:Faulty-v0: step, its action: expected an integer from 0 to 1, found {found}"
            )
        );
    }
    start_python();
    let mut env = GymnasiumEnv::make("Pendulum-v1", &Kwargs::new(), &[]).unwrap();
    env.reset(None, None).unwrap();
    for (numbers, reason) in [
        (vec![0.0, 0.0], "expected an array of shape [1] and type float32, found array of shape (2,)"),
        (vec![f32::NAN], "expected an action without NaN"),
    ] {
        let error = env.step(&Value::Array(Array::vector(numbers))).unwrap_err().to_string();
        assert!(error.starts_with(&format!("Pendulum-v1: step, its action: {reason}")), "{error}");
    }
    // A float of the other width is rounded; what is beyond the bounds is the environment's to clip.
    env.step(&Value::Array(Array::vector(vec![7.5f64]))).unwrap();
}

#[test]
fn what_cannot_be_made_is_told() {
    let text = make_error("gymnasium:NoSuchThing-v0", json!({}), &[]);
    assert!(
        text.contains("NameNotFound") && text.contains("NoSuchThing") && !text.contains("Traceback"),
        "{text}"
    );
    let text = make_error("no_such_module:Robot-v0", json!({}), &[]);
    assert!(text.contains("ModuleNotFoundError") && text.contains("no_such_module"), "{text}");
    let text = make_error("gymnasium:CartPole-v1", json!({ "gravity": 1 }), &[]);
    assert!(text.contains("TypeError") && text.contains("gravity"), "{text}");
    let text = faulty("space").err().unwrap().to_string();
    assert_eq!(
        text,
        "peers.odd_envs:Faulty-v0: observation_space: member \"words\": \
         expected a space of Box, Discrete, MultiDiscrete, MultiBinary, Dict or Tuple, found Text; \
         a wrapper around the environment makes one of these of it"
    );
}

#[test]
fn a_wrong_wrapper_is_told() {
    let wrapped = |wrappers: &[(&str, serde_json::Value)]| {
        let wrapper = |(kind, kwargs): &(&str, serde_json::Value)| PythonWrapper {
            kind: kind.to_string(),
            kwargs: kwargs.as_object().unwrap().clone(),
        };
        make_error("CartPole-v1", json!({}), &wrappers.iter().map(wrapper).collect::<Vec<_>>())
    };
    let clip = "gymnasium.wrappers:ClipReward";
    let text = wrapped(&[(clip, json!({ "min_reward": 0.0 })), ("gymnasium.wrappers:ClipRewrd", json!({}))]);
    let told = "CartPole-v1: wrappers[1], gymnasium.wrappers:ClipRewrd: the module gymnasium.wrappers has no ClipRewrd; \
                did you mean ClipReward? (its wrappers: ";
    assert!(text.starts_with(told) && text.contains(" TimeLimit, "), "{text}");
    let at = format!("CartPole-v1: wrappers[0], {clip}: ");
    assert_eq!(
        wrapped(&[(clip, json!({ "least": 0.0 }))]),
        format!(
            "{at}kwargs: got an unexpected keyword argument 'least' (expected one of min_reward, max_reward)"
        )
    );
    let text = wrapped(&[(clip, json!({}))]);
    assert!(text.starts_with(&format!("{at}raised InvalidBound: Both `min_reward` and ")), "{text}");
    let gray = "gymnasium.wrappers:GrayscaleObservation";
    let text = wrapped(&[(gray, json!({}))]);
    let told = format!("CartPole-v1: wrappers[0], {gray}: raised ");
    assert!(text.starts_with(&told) && text.contains("\nTraceback"), "{text}");
    let text = wrapped(&[("gymnasium.wrappers:TimeLimit", json!({}))]);
    assert!(
        text.contains("kwargs: missing a required argument: 'max_episode_steps' (expected one of "),
        "{text}"
    );
    let text = wrapped(&[("no_such_module:Wrapper", json!({}))]);
    assert!(text.ends_with("ModuleNotFoundError: No module named 'no_such_module'"), "{text}");
    let text = wrapped(&[("NoWrapper", json!({}))]);
    assert!(text.contains("expected module:Class, found \"NoWrapper\""), "{text}");

    let wrappers = [PythonWrapper { kind: "gymnasium.wrappers:No".into(), kwargs: Kwargs::new() }];
    let made = GymnasiumVecEnv::make(
        "CartPole-v1",
        &Kwargs::new(),
        &wrappers,
        2,
        AutoresetMode::NextStep,
        Vectorization::Sync,
    );
    let text = made.err().unwrap().to_string();
    assert!(text.contains("wrappers[0], gymnasium.wrappers:No: the module"), "{text}");
}
