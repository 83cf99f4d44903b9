//! Python's environments through the bridge: the same observations, rewards and flags as in plain Python.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sorn_env::{Array, Data, Env, Space, Value};
use sorn_envs::PythonWrapper;
use sorn_envs::gymnasium::GymnasiumEnv;
use sorn_tests::Peer;

use crate::start_python;

#[derive(Serialize)]
struct Case {
    id: String,
    kwargs: Json,
    wrappers: Vec<PythonWrapper>,
    seed: u64,
    steps: usize,
}

/// What Python saw.
#[derive(Deserialize)]
struct Trace {
    actions: Vec<Json>,
    resets: Vec<u32>,
    steps: Vec<(u32, f64, bool, bool)>,
}

fn case(id: &str, seed: u64, steps: usize) -> Case {
    Case { id: format!("gymnasium:{id}"), kwargs: json!({}), wrappers: vec![], seed, steps }
}

/// CRC-32 as of zlib.
fn crc(bytes: &[u8], so_far: u32) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let mixed = crc ^ u32::from(*byte);
        (0..8).fold(mixed, |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
    };
    !bytes.iter().fold(!so_far, step)
}

/// The checksum of `tests/peers/gymnasium_trace.py`, which sees the types of `space` as NumPy has them.
fn checksum(value: &Value, so_far: u32) -> u32 {
    match value {
        Value::Int(i) => crc(&i.to_le_bytes(), so_far),
        Value::List(list) => list.iter().fold(so_far, |c, item| checksum(item, c)),
        Value::Map(map) => map.values().fold(so_far, |c, item| checksum(item, c)),
        Value::Array(array) => {
            let bytes: Vec<u8> = match array.data() {
                Data::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
                Data::F64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
                Data::U8(v) => v.clone(),
                Data::I8(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
                Data::I32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
                Data::I64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            };
            crc(&bytes, so_far)
        }
        other => panic!("no element of a space: {}", other.describe()),
    }
}

fn numbers(json: &Json, out: &mut Vec<f64>) {
    match json {
        Json::Array(list) => list.iter().for_each(|item| numbers(item, out)),
        Json::Bool(flag) => out.push(f64::from(u8::from(*flag))),
        number => out.push(number.as_f64().expect("a number")),
    }
}

/// An action as Python wrote it.
fn action(space: &Space, json: &Json) -> Value {
    let array = |shape: &[usize], dtype| {
        let mut all = vec![];
        numbers(json, &mut all);
        Value::Array(Array::new(shape.to_vec(), Data::cast(all.into_iter(), dtype)).unwrap())
    };
    match space {
        Space::Discrete { .. } => Value::Int(json.as_i64().unwrap()),
        Space::Box(space) => array(&space.shape, space.dtype),
        Space::MultiDiscrete { nvec } => array(&[nvec.len()], sorn_env::Dtype::I64),
        Space::MultiBinary { shape } => array(shape, sorn_env::Dtype::I8),
        Space::Dict(members) => {
            let member = |(name, space): &(String, Space)| (name.clone(), action(space, &json[name]));
            Value::Map(members.iter().map(member).collect())
        }
        Space::Tuple(members) => {
            let items = json.as_array().unwrap();
            Value::List(members.iter().zip(items).map(|(space, item)| action(space, item)).collect())
        }
    }
}

/// Takes Python's actions and compares what comes back; how many episodes ended.
fn compare(case: &Case, theirs: &Trace) -> usize {
    let mut env = GymnasiumEnv::make(&case.id, case.kwargs.as_object().unwrap(), &case.wrappers).unwrap();
    let space = env.action_space();
    let mut resets = theirs.resets.iter();
    let (obs, _) = env.reset(Some(case.seed), None).unwrap();
    assert_eq!(env.observation_space().check(&obs), Ok(()), "{}", case.id);
    assert_eq!(Some(&checksum(&obs, 0)), resets.next(), "{}, seed {}: reset", case.id, case.seed);
    assert_eq!(theirs.actions.len(), case.steps);
    for (i, (json, expected)) in theirs.actions.iter().zip(&theirs.steps).enumerate() {
        let step = env.step(&action(&space, json)).unwrap();
        let (sum, reward, terminated, truncated) = expected;
        let what = format!("{}, seed {}, step {}", case.id, case.seed, i + 1);
        assert_eq!(checksum(&step.obs, 0), *sum, "{what}: {:?}", step.obs);
        assert_eq!(step.reward.to_bits(), reward.to_bits(), "{what}: {} or {reward}", step.reward);
        assert_eq!((step.terminated, step.truncated), (*terminated, *truncated), "{what}");
        if step.done() {
            let (obs, _) = env.reset(None, None).unwrap();
            assert_eq!(Some(&checksum(&obs, 0)), resets.next(), "{what}: reset");
        }
    }
    assert_eq!(resets.next(), None, "{}", case.id);
    theirs.resets.len() - 1
}

fn same_as_python(cases: &[Case]) -> usize {
    start_python();
    let traces: Vec<Trace> = Peer::from_env().unwrap().json("gymnasium_trace.py", cases).unwrap();
    assert_eq!(traces.len(), cases.len());
    cases.iter().zip(&traces).map(|(case, trace)| compare(case, trace)).sum()
}

#[test]
fn all_of_gymnasiums_environments() {
    let peer = Peer::from_env().unwrap();
    let ids: Vec<String> = peer.json("gymnasium_trace.py", &json!({ "ids": "families" })).unwrap();
    for family in ["CartPole-v1", "Taxi-v", "LunarLander-v3", "BipedalWalker-v3", "Humanoid-v5"] {
        assert!(ids.iter().any(|id| id.starts_with(family)), "{family} is not among {ids:?}");
    }
    assert!(ids.len() >= 28, "{ids:?}");
    let cases: Vec<Case> = ids.iter().enumerate().map(|(i, id)| case(id, 100 + i as u64, 1000)).collect();
    let ended = same_as_python(&cases);
    assert!(ended > 100, "{ended} episodes ended");
}

#[test]
fn composite_spaces() {
    let odd = Case { id: "peers.odd_envs:Composite-v0".into(), ..case("", 3, 200) };
    assert_eq!(same_as_python(&[odd]), 6);
}

#[test]
fn arguments_and_wrappers() {
    let wrapper = |kind: &str, kwargs: Json| PythonWrapper {
        kind: format!("gymnasium.wrappers:{kind}"),
        kwargs: kwargs.as_object().unwrap().clone(),
    };
    let cases = [
        Case {
            kwargs: json!({ "max_episode_steps": 17, "sutton_barto_reward": true }),
            ..case("CartPole-v1", 1, 200)
        },
        Case { kwargs: json!({ "map_name": "8x8", "is_slippery": false }), ..case("FrozenLake-v1", 2, 200) },
        Case { kwargs: json!({ "desc": ["SFFF", "FHFH", "FFFH", "HFFG"] }), ..case("FrozenLake-v1", 2, 200) },
        Case {
            wrappers: vec![
                wrapper("NormalizeObservation", json!({ "epsilon": 1e-6 })),
                wrapper("NormalizeReward", json!({ "gamma": 0.9 })),
                wrapper("FrameStackObservation", json!({ "stack_size": 3 })),
            ],
            ..case("Pendulum-v1", 4, 450)
        },
        Case {
            wrappers: vec![wrapper("RescaleAction", json!({ "min_action": -0.5, "max_action": 0.5 }))],
            ..case("MountainCarContinuous-v0", 5, 300)
        },
    ];
    let ended = same_as_python(&cases);
    assert!(ended > 20, "{ended}");
}
