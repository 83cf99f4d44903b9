//! Infos, options, specifications, pictures and statistics.

use std::collections::BTreeMap;

use serde_json::json;
use sorn_env::{Array, Env, Options, Space, Value};
use sorn_envs::gymnasium::GymnasiumEnv;
use sorn_envs::{Kwargs, PythonWrapper};

use crate::start_python;

fn make(id: &str, kwargs: serde_json::Value) -> GymnasiumEnv {
    start_python();
    GymnasiumEnv::make(id, kwargs.as_object().unwrap(), &[]).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn infos_convert() {
    let mut env = make("peers.odd_envs:Talkative-v0", json!({}));
    assert_eq!(env.observation_space(), Space::Discrete { n: 4, start: 2 });
    let (obs, mut info) = env.reset(None, None).unwrap();
    assert_eq!(obs, Value::Int(5));
    let nested = info.remove("itself").unwrap();
    assert!(matches!(nested, Value::Map(_)), "{nested:?}");
    let expected: BTreeMap<String, Value> = [
        ("flag", Value::Bool(true)),
        ("numpy_flag", Value::Bool(true)),
        ("whole", Value::Int(7)),
        ("numpy_whole", Value::Int(-7)),
        ("number", Value::Float(0.5)),
        ("numpy_number", Value::Float(0.25)),
        ("huge", text("1000000000000000000000000000000")),
        ("text", text("text")),
        ("array", Value::Array(Array::new(vec![2, 3], vec![0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap())),
        ("flags", Value::Array(Array::vector(vec![1u8, 0]))),
        ("objects", text("array([None, 'x'], dtype=object)")),
        ("list", Value::List(vec![Value::Int(1), Value::List(vec![Value::Float(2.0), text("three")])])),
        ("dict", Value::Map([("a".into(), Value::Int(1)), ("2".into(), text("b"))].into())),
        ("other", text("<class 'peers.odd_envs.Talkative'>")),
    ]
    .map(|(key, value)| (key.to_string(), value))
    .into();
    assert_eq!(info, expected);
    let step = env.step(&Value::Int(1)).unwrap();
    assert_eq!((step.obs, step.reward, step.terminated, step.truncated), (Value::Int(2), 1.0, true, false));
    assert!(step.info.is_empty());
}

#[test]
fn elements_of_a_space_that_starts_elsewhere_are_moved() {
    let mut env = make("peers.odd_envs:Shifted-v0", json!({}));
    assert_eq!(env.action_space(), Space::MultiDiscrete { nvec: vec![3, 4] });
    let pair = |a: i64, b: i64| Value::Array(Array::vector(vec![a, b]));
    assert_eq!(env.reset(None, None).unwrap().0, pair(1, 0));
    let step = env.step(&pair(2, 3)).unwrap();
    assert_eq!((&step.obs, &step.info["action"]), (&pair(2, 3), &pair(7, 1)));
    assert_eq!(step.reward, 8.0);
    assert!(env.step(&pair(5, 0)).is_err());
    let report = sorn_env::conformance::check(&mut env, &Default::default());
    assert!(report.passed(), "{report}");
}

#[test]
fn options_arrive() {
    let mut env = make("peers.odd_envs:Composite-v0", json!({}));
    let options: Options =
        [("total".into(), Value::Int(42)), ("list".into(), Value::List(vec![Value::Bool(true)]))].into();
    let (obs, info) = env.reset(Some(1), Some(&options)).unwrap();
    let Value::List(members) = obs else { panic!() };
    let Value::Map(first) = &members[0] else { panic!() };
    assert_eq!(first["z"], Value::Int(42));
    assert_eq!(info["options"], text("{'list': [True], 'total': 42}"));
    let (_, info) = env.reset(Some(1), None).unwrap();
    assert_eq!(info["options"], text("None"));
}

#[test]
fn specifications_are_gymnasiums() {
    let env = make("peers.odd_envs:Faulty-v0", json!({}));
    assert_eq!((env.spec().max_episode_steps, env.spec().reward_threshold), (Some(50), Some(12.5)));
    assert_eq!(env.spec().description, "Python's peers.odd_envs.Faulty");
    assert_eq!(env.spec().render_fps, None);
    let env = make("gymnasium:CartPole-v1", json!({ "max_episode_steps": 9 }));
    assert_eq!((env.spec().max_episode_steps, env.spec().reward_threshold), (Some(9), Some(475.0)));
    let env = make("gymnasium:CartPole-v1", json!({ "max_episode_steps": -1 }));
    assert_eq!(env.spec().max_episode_steps, None);
    let (_, spec) = sorn_envs::make("gymnasium:Acrobot-v1", &Kwargs::new()).unwrap();
    assert_eq!((spec.id.as_str(), spec.max_episode_steps), ("gymnasium:Acrobot-v1", Some(500)));
}

#[test]
fn a_native_twin_has_the_same_spaces_and_bits() {
    start_python();
    let twins = [
        "CartPole-v0",
        "CartPole-v1",
        "MountainCar-v0",
        "MountainCarContinuous-v0",
        "Acrobot-v1",
        "Pendulum-v1",
    ];
    for spec in twins.map(|id| sorn_envs::spec(id).unwrap()) {
        let (mut native, _) = sorn_envs::make(&spec.id, &Kwargs::new()).unwrap();
        let (mut pythons, theirs) =
            sorn_envs::make(&format!("gymnasium:{}", spec.id), &Kwargs::new()).unwrap();
        assert_eq!(native.observation_space(), pythons.observation_space(), "{}", spec.id);
        assert_eq!(native.action_space(), pythons.action_space(), "{}", spec.id);
        assert_eq!(spec.max_episode_steps, theirs.max_episode_steps, "{}", spec.id);
        assert_eq!(spec.reward_threshold, theirs.reward_threshold, "{}", spec.id);
        assert_eq!(spec.render_fps, theirs.render_fps, "{}", spec.id);
        assert_eq!(native.reset(Some(42), None).unwrap().0, pythons.reset(Some(42), None).unwrap().0);
    }
}

#[test]
fn the_contract_is_kept() {
    for id in ["gymnasium:CartPole-v1", "gymnasium:Taxi-v4", "peers.odd_envs:Composite-v0"] {
        let report = sorn_env::conformance::check(&mut make(id, json!({})), &Default::default());
        assert!(report.passed(), "{id}: {report}");
    }
}

#[test]
fn pictures_come_when_asked_for() {
    // With the mode from the start, and without until the first picture.
    for id in ["CartPole-v1", "FrozenLake-v1", "LunarLander-v3"] {
        let frames = [json!({ "render_mode": "rgb_array" }), json!({})].map(|kwargs| {
            let mut env = make(id, kwargs);
            env.reset(Some(5), None).unwrap();
            env.step(&Value::Int(0)).unwrap();
            env.render().unwrap().unwrap()
        });
        assert_eq!(frames[0].rgb.len(), frames[0].width * frames[0].height * 3, "{id}");
        assert!(frames[0].rgb.iter().any(|&x| x != frames[0].rgb[0]), "{id}: one colour only");
        assert!(frames[0] == frames[1], "{id}");
    }
    let mut plain = make("peers.odd_envs:Faulty-v0", json!({}));
    plain.reset(None, None).unwrap();
    let frame = plain.render().unwrap().unwrap();
    assert_eq!((frame.width, frame.height, frame.rgb), (3, 2, vec![7; 18]));
    let mut wrong = make("peers.odd_envs:Faulty-v0", json!({ "fault": "picture" }));
    wrong.reset(None, None).unwrap();
    let error = wrong.render().unwrap_err().to_string();
    assert!(
        error.contains("a picture of shape (height, width, 3)") && error.contains("(2, 3, 4)"),
        "{error}"
    );
    let mut none = make("peers.odd_envs:Talkative-v0", json!({}));
    none.reset(None, None).unwrap();
    assert_eq!(none.render().unwrap(), None);
}

#[test]
fn statistics_of_wrappers_are_memory() {
    start_python();
    let wrappers = ["NormalizeObservation", "NormalizeReward"]
        .map(|name| PythonWrapper { kind: format!("gymnasium.wrappers:{name}"), kwargs: Kwargs::new() });
    let make = || GymnasiumEnv::make("Pendulum-v1", &Kwargs::new(), &wrappers).unwrap();
    let action = |i: u64| Value::Array(Array::vector(vec![(i as f32 * 0.7).sin()]));
    let play = |env: &mut GymnasiumEnv, seed| {
        let mut seen = vec![env.reset(Some(seed), None).unwrap().0];
        let mut rewards = vec![];
        for i in 0..50 {
            let step = env.step(&action(i)).unwrap();
            seen.push(step.obs);
            rewards.push(step.reward.to_bits());
        }
        (seen, rewards)
    };
    let mut first = make();
    play(&mut first, 1);
    let memory = first.memory().expect("statistics");
    let on = play(&mut first, 2);
    let mut second = make();
    assert_ne!(play(&mut second, 2), on, "the statistics matter");
    second.set_memory(&memory).unwrap();
    assert_eq!(play(&mut second, 2), on);
    assert!(second.set_memory(&Value::List(vec![])).is_err());

    second.freeze().unwrap();
    let frozen = play(&mut second, 3);
    assert_eq!(play(&mut second, 3), frozen, "nothing is learnt");

    let mut without = GymnasiumEnv::make("Pendulum-v1", &Kwargs::new(), &[]).unwrap();
    assert_eq!(without.memory(), None);
    assert!(without.set_memory(&memory).is_err());
}
