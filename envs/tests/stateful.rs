//! Native environments are saved and restored by name, single and in batches.

use sorn_env::{Array, AutoresetMode, Env, Space, Value};
use sorn_envs::{Actions, Kwargs, NativeEnv, Stateful, make_batch, make_native, specs};

fn action(space: &Space, k: usize) -> Value {
    match space {
        Space::Discrete { .. } => Value::Int((k % 2) as i64),
        _ => Value::Array(Array::vector(vec![[0.5f32, -1.5, 1.0][k % 3]])),
    }
}

/// A step, and a reset if the episode is over.
fn step(env: &mut NativeEnv, action: &Value) {
    if env.step(action).unwrap().done() {
        env.reset(None, None).unwrap();
    }
}

/// The cart-pole and its like have constants of physics; tasks of cards and the like have no attributes.
fn has_physics(env: &NativeEnv) -> bool {
    !env.attributes().is_empty()
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
                (0..steps).for_each(|k| step(&mut env, &action(&space, k)));
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
                let [one, other] =
                    [&mut a, &mut b].map(|env| env.step(&action(&space, k)).map_err(|e| e.to_string()));
                assert_eq!(one, other, "{}", spec.id);
            }
            // The generator goes on alike.
            assert_eq!(a.reset(None, None).unwrap(), b.reset(None, None).unwrap());
            assert_eq!(a.saved_state(), b.saved_state(), "{}", spec.id);
            a.reset(None, None).unwrap();
            b.reset(Some(1), None).unwrap();
            assert_ne!(a.saved_state(), b.saved_state(), "{}", spec.id);
        }
    }
}

/// A state from which an episode soon ends.
fn edge(id: &str) -> &'static [f64] {
    match id {
        id if id.contains("MountainCarContinuous") => &[0.3, 0.05],
        id if id.contains("MountainCar") => &[0.46, 0.04],
        id if id.contains("Pendulum") => &[0.1, 2.0],
        id if id.contains("Acrobot") => &[2.5, 0.0, 1.0, 0.0],
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
        if !has_physics(&env) {
            let unknown = env.attribute("state").unwrap_err().to_string();
            assert_eq!(unknown, "no attribute \"state\"; this environment has: none", "{}", spec.id);
            assert_eq!(env.set_attribute("state", None).unwrap_err().to_string(), unknown);
            continue;
        }
        let unknown = env.set_attribute("gravitas", Some(&Value::Float(1.0))).unwrap_err().to_string();
        assert!(unknown.starts_with("no attribute \"gravitas\"; this environment has: state, "), "{unknown}");
        let wrong = env.set_attribute("state", Some(&Value::Int(1))).unwrap_err().to_string();
        assert!(
            wrong.starts_with("state: expected ") && wrong.ends_with(" numbers, found integer 1"),
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
    for (spec, mode) in
        specs().filter(|spec| spec.batched).flat_map(|spec| modes.map(|mode| (spec.clone(), mode)))
    {
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

/// A task in the middle of an episode, and its saved state: JSON's text.
fn written(id: &str) -> (NativeEnv, Value, String) {
    let json = serde_json::json!({ "max_episode_steps": -1 });
    let (mut env, _) = make_native(id, json.as_object().unwrap()).unwrap();
    env.reset(Some(1), None).unwrap();
    (0..2).for_each(|_| step(&mut env, &Value::Int(1)));
    let saved = env.saved_state();
    let Value::Map(map) = &saved else { panic!("{id}: {saved:?}") };
    let Some(Value::Text(text)) = map.get("task") else { panic!("{id}: {saved:?}") };
    let text = text.clone();
    (env, saved, text)
}

fn with_text(saved: &Value, text: String) -> Value {
    let Value::Map(map) = saved else { unreachable!() };
    let mut map = map.clone();
    map.insert("task".into(), Value::Text(text));
    Value::Map(map)
}

#[test]
fn damaged_states_are_refused_or_go_on_without_a_panic() {
    let whole = specs().filter(|spec| !has_physics(&make_native(&spec.id, &Kwargs::new()).unwrap().0));
    let mut ids: Vec<String> = whole.map(|spec| spec.id).collect();
    // One of each task.
    ids.retain(|id| !id.contains("Medium") && !id.contains("Hard"));
    assert_eq!(ids.len(), 10, "{ids:?}");
    for id in ids {
        let (mut env, saved, text) = written(&id);
        let bytes = text.as_bytes();
        let starts =
            (1..bytes.len()).filter(|&i| bytes[i].is_ascii_digit() && b":[,".contains(&bytes[i - 1]));
        for start in starts.collect::<Vec<_>>() {
            let end = start + text[start..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap();
            for number in ["0", "1", "51", "-1", "1e300", "9223372036854775807", "18446744073709551615"] {
                let text = format!("{}{number}{}", &text[..start], &text[end..]);
                if env.restore_state(&with_text(&saved, text)).is_err() {
                    continue;
                }
                for k in 0..120 {
                    let _ = env.step(&Value::Int(k % 2));
                }
                env.render().unwrap();
                env.reset(None, None).unwrap();
                env.step(&Value::Int(0)).unwrap();
            }
        }
        // A refused state changes nothing.
        env.restore_state(&saved).unwrap();
        for damaged in [text.replacen('{', "", 1), text.replacen('{', "{\"more\":1,", 1)] {
            let error = env.restore_state(&with_text(&saved, damaged)).unwrap_err().to_string();
            let expected = "task: expected a saved state of this task with the same arguments, found ";
            assert!(error.starts_with(expected), "{error}");
            assert_eq!(env.saved_state(), saved, "{id}");
        }
        for other in [Value::Int(1), Value::Map([("task".to_string(), Value::Int(1))].into())] {
            let error = env.restore_state(&other).unwrap_err().to_string();
            assert!(error.starts_with("task: "), "{error}");
        }
    }
}

#[test]
fn a_state_of_other_arguments_is_refused() {
    for (id, other) in [
        ("popgym-RepeatPreviousEasy-v0", "popgym-RepeatPreviousMedium-v0"),
        ("popgym-AutoencodeEasy-v0", "popgym-AutoencodeHard-v0"),
        ("popgym-CountRecallEasy-v0", "popgym-CountRecallMedium-v0"),
        ("popgym-MultiarmedBanditEasy-v0", "popgym-MultiarmedBanditHard-v0"),
        ("bsuite-MemoryLen-v0", "bsuite-MemorySize-v0"),
    ] {
        let (_, saved, _) = written(id);
        let (mut env, _, _) = written(other);
        let error = env.restore_state(&saved).unwrap_err().to_string();
        assert!(error.contains("with the same arguments, found {"), "{error}");
    }
}
