//! Environments of the crate gym-rs. `cargo xtask test` runs these tests where SDL2 is installed.

use gym_rs::core::Env as _;
use gym_rs::envs::classical_control::cartpole::CartPoleEnv;
use gym_rs::envs::classical_control::mountain_car::MountainCarEnv;
use gym_rs::utils::renderer::RenderMode;
use sorn_env::{Env, Value};
use sorn_envs::gym_rs::{GymRs, GymRsError};
use sorn_envs::{CartPole, Kwargs, make};

fn narrow(numbers: Vec<f64>) -> Vec<f32> {
    numbers.into_iter().map(|x| x as f32).collect()
}

fn kwargs(json: serde_json::Value) -> Kwargs {
    json.as_object().unwrap().clone()
}

fn refusal(id: &str, json: serde_json::Value) -> String {
    make(id, &kwargs(json)).err().expect("refused").to_string()
}

fn cart_pole() -> GymRs<CartPoleEnv> {
    GymRs::new(CartPoleEnv::new(RenderMode::None)).unwrap()
}

#[test]
fn spaces_are_those_of_the_native_twins() {
    assert_eq!(cart_pole().observation_space(), CartPole::default().observation_space());
    assert_eq!(cart_pole().action_space(), CartPole::default().action_space());
    let car = GymRs::new(MountainCarEnv::new(RenderMode::None)).unwrap();
    let (native, _) = make("MountainCar-v0", &Kwargs::new()).unwrap();
    assert_eq!(car.observation_space(), native.observation_space());
    assert_eq!(car.action_space(), native.action_space());
}

#[test]
fn steps_are_those_of_the_environment_inside() {
    let mut env = cart_pole();
    let mut plain = CartPoleEnv::new(RenderMode::None);
    let (first, _) = env.reset(Some(3), None).unwrap();
    let expected: Vec<f64> = plain.reset(Some(3), false, None).0.into();
    assert_eq!(first, narrow(expected));
    for action in [0, 1, 1, 0, 1] {
        let step = env.step(&action).unwrap();
        let theirs = plain.step(action);
        assert_eq!(step.obs, narrow(theirs.observation.into()));
        assert_eq!((step.reward, step.terminated), (*theirs.reward, theirs.done));
        assert!(!step.truncated);
    }
}

/// What the documentation says of its CartPole.
#[test]
fn cart_pole_differs_from_ours_as_told() {
    let mut env = cart_pole();
    let starts: Vec<Vec<f32>> = (0..200).map(|seed| env.reset(Some(seed), None).unwrap().0).collect();
    let angles = starts.iter().map(|start| start[2].abs());
    assert!(angles.clone().all(|angle| angle < 0.5));
    let beyond = angles.filter(|&angle| angle > 0.2095).count();
    assert!(beyond > 100, "{beyond}");

    let (state, _) = env.reset(Some(11), None).unwrap();
    let step = env.step(&1).unwrap().obs;
    let [_, x_dot, theta, theta_dot] = [0, 1, 2, 3].map(|i| f64::from(state[i]));
    let accelerated = |pole_mass_length: f64| {
        let temp = (10.0 + pole_mass_length * theta_dot.powi(2) * theta.sin()) / 1.1;
        let theta_acc =
            (9.8 * theta.sin() - theta.cos() * temp) / (0.5 * (4.0 / 3.0 - 0.1 * theta.cos().powi(2) / 1.1));
        x_dot + 0.02 * (temp - pole_mass_length * theta_acc * theta.cos() / 1.1)
    };
    assert!((f64::from(step[1]) - accelerated(0.6)).abs() < 1e-5);
    assert!((f64::from(step[1]) - accelerated(0.05)).abs() > 1e-3);
}

#[test]
fn resets_without_a_seed_go_on_from_the_last_one() {
    let mut env = cart_pole();
    let mut three = |seed| {
        let first = env.reset(Some(seed), None).unwrap().0;
        [first, env.reset(None, None).unwrap().0, env.reset(None, None).unwrap().0]
    };
    let again = three(5);
    assert_eq!(three(5), again);
    assert_ne!(again[0], again[1]);
    assert_ne!(again[1], again[2]);
    assert_ne!(three(6), again);
}

#[test]
fn wrong_actions_and_options_are_refused() {
    let mut env = cart_pole();
    env.reset(Some(0), None).unwrap();
    assert!(env.step(&2).unwrap_err().to_string().starts_with("action: "));
    let options = [("low".to_string(), Value::Float(0.0))].into();
    let error = env.reset(None, Some(&options)).unwrap_err().to_string();
    assert_eq!(error, "environments of gym-rs take no reset options, found [\"low\"]");
}

/// With a window system a picture, without one an error instead of gym-rs's panic.
#[test]
fn drawing_never_panics() {
    let mut env = cart_pole();
    env.reset(Some(0), None).unwrap();
    for _ in 0..2 {
        match env.render() {
            Ok(Some(frame)) => assert_eq!(frame.rgb.len(), frame.width * frame.height * 3),
            Err(GymRsError::Render) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn gym_rs_environments_are_made_with_time_limits() {
    for (id, limit, action) in [("gym-rs:CartPole-v1", 500, 1), ("gym-rs:MountainCar-v0", 200, 0)] {
        let (mut env, spec) = make(id, &Kwargs::new()).unwrap();
        assert_eq!((spec.id.as_str(), spec.max_episode_steps), (id, Some(limit)));
        let (obs, _) = env.reset(Some(4), None).unwrap();
        assert_eq!(env.reset(Some(4), None).unwrap().0, obs);
        assert_eq!(env.observation_space().check(&obs), Ok(()));
        let steps = (1..=limit).find(|_| env.step(&Value::Int(action)).unwrap().truncated);
        assert_eq!(steps, Some(limit), "{id}");
        assert!(env.step(&Value::Int(7)).is_err());
        let (_, spec) = make(id, &kwargs(serde_json::json!({ "max_episode_steps": 9 }))).unwrap();
        assert_eq!(spec.max_episode_steps, Some(9));
        assert!(refusal(id, serde_json::json!({ "gravity": 9 })).contains("unknown argument \"gravity\""));
    }
    assert!(refusal("gym-rs:Acrobot-v1", serde_json::json!({})).contains("known: gym-rs:CartPole-v1"));
}
