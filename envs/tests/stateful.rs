//! Native environments are saved and restored by name, single and in batches.

use sorn_env::{Array, AutoresetMode, Env, Space, Value};
use sorn_envs::{Actions, Kwargs, Stateful, make_batch, make_native, specs};

fn action(space: &Space, k: usize) -> Value {
    match space {
        Space::Discrete { .. } => Value::Int((k % 2) as i64),
        _ => Value::Array(Array::vector(vec![[0.5f32, -1.5, 1.0][k % 3]])),
    }
}

#[test]
fn what_is_restored_goes_on_to_the_same_bits() {
    for spec in specs() {
        let json = serde_json::json!({ "max_episode_steps": 12 });
        let make = || make_native(&spec.id, json.as_object().unwrap()).unwrap().0;
        let mut env = make();
        let space = env.action_space();
        // Before the first reset, after it, and within an episode.
        for steps in [None, Some(0), Some(7)] {
            if let Some(steps) = steps {
                env.reset(Some(5), None).unwrap();
                (0..steps).for_each(|k| drop(env.step(&action(&space, k)).unwrap()));
            }
            let (mut a, mut b) = (make(), make());
            b.reset(Some(9), None).unwrap();
            for copy in [&mut a, &mut b] {
                copy.restore_state(&env.saved_state()).unwrap();
                assert_eq!(copy.saved_state(), env.saved_state(), "{}", spec.id);
            }
            if steps.is_none() {
                assert!(a.step(&action(&space, 0)).is_err() && b.step(&action(&space, 0)).is_err());
                continue;
            }
            for k in 0..8 {
                assert_eq!(a.step(&action(&space, k)).unwrap(), b.step(&action(&space, k)).unwrap());
            }
            // The generator goes on alike.
            assert_eq!(a.reset(None, None).unwrap(), b.reset(None, None).unwrap());
            assert_ne!(a.reset(None, None).unwrap(), b.reset(Some(1), None).unwrap());
        }
    }
}

/// A state from which an episode soon ends.
fn edge(id: &str) -> &'static [f64] {
    match id {
        "MountainCar-v0" => &[0.46, 0.04],
        "MountainCarContinuous-v0" => &[0.42, 0.04],
        "Pendulum-v1" => &[0.1, 2.0],
        "Acrobot-v1" => &[2.5, 0.0, 1.0, 0.0],
        _ => &[1.19, 0.5, 0.0, 0.0],
    }
}

#[test]
fn attributes_are_read_back_and_act() {
    for spec in specs() {
        let (mut env, _) = make_native(&spec.id, &Kwargs::new()).unwrap();
        env.reset(Some(3), None).unwrap();
        for name in env.attributes() {
            let value = env.attribute(name).unwrap();
            env.set_attribute(name, value.as_ref()).unwrap();
            assert_eq!(env.attribute(name).unwrap(), value, "{} {name}", spec.id);
        }
        let unknown = env.set_attribute("gravitas", Some(&Value::Float(1.0))).unwrap_err().to_string();
        assert!(unknown.starts_with("no attribute \"gravitas\"; this environment has: state, "), "{unknown}");
        let wrong = env.set_attribute("state", Some(&Value::Int(1))).unwrap_err().to_string();
        assert!(
            wrong.starts_with("state: ") && wrong.ends_with(" numbers expected, found integer 1"),
            "{wrong}"
        );
        // Each constant changes something within an episode, or at its end.
        let numbers =
            env.attributes().iter().filter(|name| matches!(env.attribute(name), Ok(Some(Value::Float(_)))));
        let silent = ["masscart", "last_u"];
        for name in numbers.filter(|name| !silent.contains(name)).collect::<Vec<_>>() {
            let run = |change: bool, start: Option<&[f64]>| {
                let (mut env, _) = make_native(&spec.id, &Kwargs::new()).unwrap();
                env.reset(Some(3), None).unwrap();
                if change {
                    let Ok(Some(Value::Float(x))) = env.attribute(name) else { unreachable!() };
                    let other = if x == 0.0 { 1.0 } else { x / 2.0 };
                    env.set_attribute(name, Some(&Value::Float(other))).unwrap();
                }
                if let Some(start) = start {
                    env.set_attribute("state", Some(&Value::Array(Array::vector(start.to_vec())))).unwrap();
                }
                let space = env.action_space();
                let push = |k: usize| match &space {
                    // To and fro, at the valley's own pace.
                    Space::Discrete { n: 3, .. } => {
                        Value::Int(if (k / 20).is_multiple_of(2) { 0 } else { 2 })
                    }
                    Space::Discrete { .. } => Value::Int(1),
                    _ => Value::Array(Array::vector(vec![if (k / 20).is_multiple_of(2) {
                        -2.0f32
                    } else {
                        2.0
                    }])),
                };
                (0..190).map(|k| env.step(&push(k)).unwrap()).collect::<Vec<_>>()
            };
            let edge = edge(&spec.id);
            let all = |change| (run(change, None), run(change, Some(edge)));
            assert_ne!(all(false), all(true), "{} {name}", spec.id);
        }
    }
}

#[test]
fn batches_are_restored_in_every_mode() {
    let modes = [AutoresetMode::NextStep, AutoresetMode::SameStep, AutoresetMode::Disabled];
    for (spec, mode) in specs().flat_map(|spec| modes.map(|mode| (spec.clone(), mode))) {
        let json = serde_json::json!({ "max_episode_steps": 6 });
        let make = || make_batch(&spec.id, json.as_object().unwrap(), 3, mode).unwrap().0;
        let (mut a, mut b) = (make(), make());
        a.reset_where(&[true, true, false], &[Some(1), Some(2), None], None).unwrap();
        a.reset_where(&[false, false, true], &[None, None, Some(7)], None).unwrap();
        let discrete = matches!(a.single_action_space(), Space::Discrete { .. });
        let actions = if discrete { Actions::Discrete(&[1, 0, 1]) } else { Actions::Box(&[0.5, -0.5, 1.0]) };
        for round in 0..11 {
            b.restore_state(&a.saved_state()).unwrap();
            assert_eq!(b.saved_state(), a.saved_state());
            if mode == AutoresetMode::Disabled && round == 6 {
                assert!(a.step(actions).is_err() && b.step(actions).is_err());
                break;
            }
            a.step(actions).unwrap();
            b.step(actions).unwrap();
            assert_eq!(format!("{:?}", a.rows()), format!("{:?}", b.rows()), "{} {mode:?}", spec.id);
        }
        let mut other = make_batch(&spec.id, json.as_object().unwrap(), 2, mode).unwrap().0;
        assert!(other.restore_state(&a.saved_state()).is_err());
        assert!(other.restore_state(&Value::Int(1)).unwrap_err().to_string().contains("a saved state with"));
    }
}
