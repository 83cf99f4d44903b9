//! Agents in files.

use std::fs;

use proptest::prelude::*;
use sorn_agents::{Agent, AgentConfig, FileFault};
use sorn_env::{BoxSpace, Dtype, Env, Space};

use crate::whole::{ENCODERS, LEARNERS, Line, advance, agent, config, with_encoder};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Saved at any step, in the middle of an episode or between two, a loaded agent does and becomes the same.
    #[test]
    fn a_loaded_agent_continues_bit_for_bit(seed: u64, before in 0..120_u32, kind in 0..5_usize, learner in 0..LEARNERS.len(), encoder in 0..ENCODERS.len() + 1) {
        let mut config = config(["sorn", "static", "none", "rewired", "esn"][kind], LEARNERS[learner]);
        if encoder < ENCODERS.len() {
            config = with_encoder(&config, encoder);
        }
        let (mut env, mut first, mut action, mut episode) = (Line::default(), agent(&config, seed), None, 0);
        for _ in 0..before {
            advance(&mut env, &mut first, &mut action, &mut episode);
        }
        let bytes = first.to_bytes(&serde_json::json!({ "episodes": episode }));
        let (mut second, notes) = Agent::from_bytes(&bytes).unwrap();
        prop_assert_eq!(notes["episodes"].as_u64(), Some(episode));
        prop_assert_eq!(second.state(), first.state());
        prop_assert_eq!(second.to_bytes(&notes), bytes);
        let mut twin = env.clone();
        let (mut twin_action, mut twin_episode) = (action, episode);
        for _ in 0..60 {
            let a = advance(&mut env, &mut first, &mut action, &mut episode);
            let b = advance(&mut twin, &mut second, &mut twin_action, &mut twin_episode);
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(first.state(), second.state());
    }

    #[test]
    fn a_damaged_file_is_refused(at: prop::sample::Index, bit in 0..8_u8, cut: prop::sample::Index, learner in 0..LEARNERS.len()) {
        let config = config("sorn", LEARNERS[learner]);
        let (mut env, mut agent, mut action, mut episode) = (Line::default(), agent(&config, 1), None, 0);
        for _ in 0..60 {
            advance(&mut env, &mut agent, &mut action, &mut episode);
        }
        let whole = agent.to_bytes(&serde_json::Value::Null);
        let mut flipped = whole.clone();
        flipped[at.index(whole.len())] ^= 1 << bit;
        prop_assert!(Agent::from_bytes(&flipped).is_err());
        prop_assert!(Agent::from_bytes(&whole[..cut.index(whole.len())]).is_err());
    }
}

/// The last digits of a number often stand for the same one as their neighbours, so that only the text tells.
#[test]
fn another_digit_for_the_same_number_is_damage() {
    let whole = agent(&config("sorn", LEARNERS[0]), 1).to_bytes(&serde_json::Value::Null);
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let last = (16..header - 1).filter(|&at| digits(&whole[at - 15..=at]) && !whole[at + 1].is_ascii_digit());
    let mut tried = 0;
    for at in last.take(200) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        assert!(Agent::from_bytes(&flipped).is_err(), "byte {at}");
        tried += 1;
    }
    assert!(tried > 20, "{tried}");
}

/// A thousand damages of five sorts, of whole agents and of policies: each is refused, by the file's name.
#[test]
fn a_thousand_damaged_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.safetensors");
    let mut rng = sorn_env::seeding::Generator::new(11);
    let mut below = |n: usize| (rng.random() * n as f64) as usize;
    let whole = [agent(&config("sorn", LEARNERS[0]), 1), agent(&config("static", LEARNERS[1]), 2).frozen()]
        .map(|agent| agent.to_bytes(&serde_json::Value::Null));
    for case in 0..1000 {
        let whole = &whole[case % 2];
        let mut bytes = whole.clone();
        let (at, other) = (below(whole.len()), below(whole.len()));
        match case / 2 % 5 {
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, below(256) as u8),
            3 => {
                bytes.drain(at.min(other)..=at.max(other));
            }
            _ => bytes[at.min(other)..=at.max(other)].iter_mut().for_each(|byte| *byte = !*byte),
        }
        fs::write(&path, &bytes).unwrap();
        match Agent::load(&path) {
            Ok(_) => panic!("case {case} was read"),
            Err(error) => assert!(error.to_string().contains("agent.safetensors: "), "case {case}: {error}"),
        }
    }
}

#[test]
fn a_policy_file_is_small_and_acts_as_the_frozen_agent() {
    let observations =
        Space::Box(BoxSpace::uniform(f64::NEG_INFINITY, f64::INFINITY, vec![4], Dtype::F32).unwrap());
    let config = AgentConfig::default();
    let mut agent = Agent::new(&config, &observations, &Space::discrete(2).unwrap(), 5).unwrap();
    let observation = |step: usize| [0, 1, 2, 3].map(|k| ((step * 7 + k * 3) % 11) as f32 / 10.0 - 0.5);
    agent.begin(&observation(0)).unwrap();
    for step in 1..300 {
        agent.observe((step % 5) as f64, false, step % 50 == 0, &observation(step)).unwrap();
        match step % 50 {
            0 => agent.begin(&observation(step)).unwrap(),
            _ => agent.act().unwrap(),
        };
    }
    let mut frozen = agent.frozen();
    for sampling in [false, true] {
        frozen.set_sampling(sampling);
        let bytes = frozen.to_bytes(&serde_json::Value::Null);
        assert!(bytes.len() < 200_000, "{} bytes", bytes.len());
        let (mut policy, _) = Agent::from_bytes(&bytes).unwrap();
        assert!(policy.is_frozen());
        let mut original = frozen.clone();
        assert_eq!(policy.begin(&observation(0)).unwrap(), original.begin(&observation(0)).unwrap());
        for step in 1..100 {
            for agent in [&mut policy, &mut original] {
                agent.observe(0.0, false, false, &observation(step)).unwrap();
            }
            assert_eq!(policy.act().unwrap(), original.act().unwrap());
        }
    }
}

#[test]
fn what_is_no_agent_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.safetensors");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = Agent::load(&path).unwrap_err();
        assert_eq!(error.path, path);
        error.to_string()
    };
    assert!(refused(b"").ends_with("the file is damaged: the file is empty"));
    assert!(refused(b"PK\x03\x04....").contains("found a ZIP archive, such as NumPy's .npz"));
    assert!(refused(b"name = \"cartpole\"\n").contains("found a file of another kind (18 bytes)"));
    assert!(refused(b"\x40\0\0\0\0\0\0\0{").contains("damaged: not a whole safetensors file (9 bytes)"));
    let other = safetensors::serialize(std::iter::empty::<(&str, safetensors::tensor::TensorView)>(), None);
    assert!(refused(&other.unwrap()).contains("found safetensors of another program"));
    let error = Agent::load(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("found a directory"), "{error}");
    fs::write(dir.path().join("config.toml"), "").unwrap();
    let error = Agent::load(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("found the directory of a run"), "{error}");
    let missing = Agent::load(dir.path().join("none")).unwrap_err();
    assert!(matches!(missing.fault, FileFault::Io(e) if e.kind() == std::io::ErrorKind::NotFound));
    #[cfg(target_os = "linux")]
    assert!(Agent::load("/dev/zero").unwrap_err().to_string().ends_with("found no regular file"));
}

#[test]
fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.safetensors");
    let agent = agent(&config("sorn", LEARNERS[0]), 3);
    agent.save(&path).unwrap();
    agent.frozen().save(&path).unwrap();
    assert!(Agent::load(&path).unwrap().is_frozen());
    assert!(agent.save(dir.path()).is_err() && agent.save(dir.path().join("none/agent")).is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn another_environments_spaces_are_named() {
    let agent = agent(&config("sorn", LEARNERS[0]), 3);
    let (observations, actions) = (Line::default().observation_space(), Line::default().action_space());
    agent.check_spaces(&observations, &actions).unwrap();
    let error = agent.check_spaces(&observations, &Space::discrete(3).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "the saved agent's action space: expected Discrete(2), found Discrete(3)");
}
