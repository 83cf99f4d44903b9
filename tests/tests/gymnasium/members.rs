//! Spaces that others have: members left out, several dimensions, numbers that JSON has not.

use serde_json::json;
use sorn_env::{Array, AutoresetMode, Env, Space, Value};
use sorn_envs::Kwargs;
use sorn_envs::gymnasium::{GymnasiumEnv, GymnasiumVecEnv, Vectorization};
use sorn_envs::kwargs::number;

use crate::start_python;

fn observing(names: &[&str]) -> Result<GymnasiumEnv, String> {
    start_python();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = GymnasiumEnv::make_observing("peers.odd_envs:Mission-v0", &Kwargs::new(), &[], &names);
    made.map_err(|e| e.to_string())
}

#[test]
fn a_member_that_is_no_numbers_is_refused_with_the_way_out_and_left_out() {
    let at = "peers.odd_envs:Mission-v0: observation_space: ";
    assert_eq!(
        observing(&[]).err().unwrap(),
        format!(
            "{at}member \"mission\": expected a space of Box, Discrete, MultiDiscrete, MultiBinary, Dict or Tuple, found Text; \
             leave it out by observe = [\"direction\", \"image\"], or by a wrapper"
        )
    );
    // In the order of the space.
    let mut env = observing(&["image", "direction"]).unwrap();
    let Space::Dict(members) = env.observation_space() else { panic!() };
    assert_eq!(members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["direction", "image"]);
    let (obs, _) = env.reset(Some(1), None).unwrap();
    assert_eq!(env.observation_space().check(&obs), Ok(()));
    let step = env.step(&Value::Int(1)).unwrap();
    assert_eq!(env.observation_space().check(&step.obs), Ok(()));

    assert_eq!(
        observing(&["imag"]).err().unwrap(),
        format!("{at}observe: expected names among [\"direction\", \"image\", \"mission\"], found \"imag\"")
    );
    assert_eq!(
        observing(&["image", "image"]).err().unwrap(),
        format!("{at}observe: expected each name once, found \"image\" twice")
    );
    assert!(observing(&["mission"]).err().unwrap().contains("found Text"));
    let names = ["x".to_string()];
    let none =
        GymnasiumEnv::make_observing("CartPole-v1", &Kwargs::new(), &[], &names).err().unwrap().to_string();
    assert!(none.contains("expected a Dict to observe [\"x\"] of, found Box"), "{none}");
    let ours =
        sorn_envs::make_observing("CartPole-v1", &Kwargs::new(), &[], &names).err().unwrap().to_string();
    assert!(ours.contains("its observations are no Dict"), "{ours}");
}

#[test]
fn choices_in_rows_and_columns_lie_flat() {
    start_python();
    for (dtype, start) in [("int64", 0), ("int8", 0), ("int64", -4)] {
        let kwargs = json!({ "dtype": dtype, "start": start });
        let mut env =
            GymnasiumEnv::make("peers.odd_envs:Board-v0", kwargs.as_object().unwrap(), &[]).unwrap();
        assert_eq!(env.action_space(), Space::MultiDiscrete { nvec: vec![2, 3] });
        assert_eq!(env.observation_space(), Space::MultiDiscrete { nvec: vec![3; 6] });
        env.reset(Some(0), None).unwrap();
        let step = env.step(&Value::Array(Array::vector(vec![1i64, 2]))).unwrap();
        assert_eq!(step.obs, Value::Array(Array::vector(vec![0i64, 0, 0, 0, 0, 2])), "{dtype}");
        assert_eq!(step.reward, 1.0);
    }
}

#[test]
fn infinities_and_nan_reach_python_as_numbers() {
    start_python();
    let kwargs = json!({
        "range": [0.7, number(f64::INFINITY)], "low": number(f64::NEG_INFINITY), "nan": { "x": number(f64::NAN) },
    });
    let mut env = GymnasiumEnv::make("peers.odd_envs:Keyed-v0", kwargs.as_object().unwrap(), &[]).unwrap();
    let (_, info) = env.reset(Some(0), None).unwrap();
    assert_eq!(info["range"], Value::Text("list [0.7, inf]".into()));
    assert_eq!(info["low"], Value::Text("float -inf".into()));
    assert_eq!(info["nan"], Value::Text("dict {'x': nan}".into()));
    let native = json!({ "g": number(f64::INFINITY) });
    let refused = sorn_envs::make("Pendulum-v1", native.as_object().unwrap()).err().unwrap().to_string();
    assert!(refused.ends_with("kwargs: g: expected a finite number, found inf"), "{refused}");
}

#[test]
fn what_looks_at_its_mode_while_it_is_made_draws_the_same_episode() {
    start_python();
    let make = || GymnasiumEnv::make("peers.odd_envs:Drawn-v0", &Kwargs::new(), &[]).unwrap();
    let (mut drawn, mut plain) = (make(), make());
    let first = drawn.reset(Some(4), None).unwrap();
    assert_eq!(first, plain.reset(Some(4), None).unwrap());
    for _ in 0..3 {
        let frame = drawn.render().unwrap().unwrap();
        assert_eq!((frame.width, frame.height), (4, 4));
        assert_eq!(drawn.step(&Value::Int(0)).unwrap(), plain.step(&Value::Int(0)).unwrap());
    }
    // What says that it draws and does not draws no pictures.
    let mut undrawn = GymnasiumEnv::make("peers.odd_envs:Undrawn-v0", &Kwargs::new(), &[]).unwrap();
    undrawn.reset(Some(4), None).unwrap();
    assert_eq!(undrawn.render().unwrap(), None);
}

#[test]
fn few_starts_are_no_forgotten_generator() {
    start_python();
    let report = |forgetful: bool, seed: u64| {
        let kwargs = json!({ "forgetful": forgetful });
        let mut env = GymnasiumEnv::make("peers.odd_envs:Few-v0", kwargs.as_object().unwrap(), &[]).unwrap();
        sorn_env::conformance::check(&mut env, &sorn_env::conformance::Config { seed, ..Default::default() })
    };
    for seed in 0..20 {
        let found = report(false, seed);
        assert!(found.findings.is_empty(), "seed {seed}: {found}");
        let found = report(true, seed);
        assert!(
            found.findings.len() == 1 && found.to_string().contains("the generator should go on"),
            "{found}"
        );
    }
}

/// A class that nobody registered, and a function, are named as such; what is registered under the name goes first.
#[test]
fn a_class_or_a_function_is_an_environment_without_registration() {
    start_python();
    for id in ["peers.odd_envs:Few", "peers.odd_envs:few", "gymnasium:peers.odd_envs:Few"] {
        let kwargs = json!({ "forgetful": true });
        let kwargs = kwargs.as_object().unwrap();
        let mut env = GymnasiumEnv::make(id, kwargs, &[]).unwrap();
        let first = env.reset(Some(3), None).unwrap().0;
        assert_eq!(env.reset(Some(3), None).unwrap().0, first, "{id}");
        let vec = GymnasiumVecEnv::make(id, kwargs, &[], 2, AutoresetMode::NextStep, Vectorization::Sync);
        assert_eq!(vec.unwrap().num_envs(), 2, "{id}");
    }
    for (id, words) in [
        ("peers.odd_envs:Composit", "did you mean peers.odd_envs:Composite?"),
        ("peers.odd_envs:Faw", "Few"),
        ("peers.odd_envs:Nothing", "doesn't exist"),
        ("peers.odd_envs:np", "expected a class derived from gymnasium.Env"),
        ("fractions:Fraction", "found another class"),
        ("no_such_module:Few", "no_such_module"),
        ("math:sin", "math:sin"),
    ] {
        let error = GymnasiumEnv::make(id, &Kwargs::default(), &[]).err().unwrap().to_string();
        assert!(error.contains(id) && error.contains(words), "{error}");
    }
}
