use super::*;
use crate::Actions;
use sorn_env::{Element, Env, Space, Value};

fn kwargs(json: serde_json::Value) -> Kwargs {
    json.as_object().unwrap().clone()
}

fn refusal(id: &str, json: serde_json::Value) -> String {
    make(id, &kwargs(json)).err().expect("refused").to_string()
}

#[test]
fn an_id_with_an_empty_part_is_refused() {
    for (id, place) in [(":X", "before"), ("module:", "behind"), (":", "before")] {
        let text = refusal(id, serde_json::json!({}));
        assert!(text.contains(&format!("found nothing {place} the colon")), "{text}");
    }
}

#[test]
fn all_are_made_with_spaces_that_hold_their_observations() {
    for spec in specs() {
        let (mut env, made) = make(&spec.id, &Kwargs::new()).unwrap();
        assert_eq!(made, spec);
        let (obs, _) = env.reset(Some(0), None).unwrap();
        env.observation_space().validate().unwrap();
        assert_eq!(env.observation_space().check(&obs), Ok(()), "{}", spec.id);
    }
}

#[test]
fn all_draw_themselves_after_a_reset() {
    for spec in specs() {
        let (mut env, _) = make(&spec.id, &Kwargs::new()).unwrap();
        assert_eq!(env.render().unwrap(), None, "{}", spec.id);
        env.reset(Some(0), None).unwrap();
        let frame = env.render().unwrap().unwrap();
        assert_eq!(frame.rgb.len(), frame.width * frame.height * 3, "{}", spec.id);
        let drawn = frame.rgb.chunks(3).filter(|pixel| *pixel != [255; 3]).count();
        assert!(drawn > 1000 && drawn < frame.width * frame.height / 2, "{}: {drawn}", spec.id);
    }
}

#[test]
fn all_keep_the_contract() {
    for spec in specs() {
        let (mut env, _) = make(&spec.id, &Kwargs::new()).unwrap();
        let report = sorn_env::conformance::check(&mut env, &Default::default());
        // A bandit begins with the same observation always; symbols and single bits of two episodes may be the same.
        let few = !matches!(env.observation_space(), Space::Box(_)) || spec.id == "bsuite-MemoryLen-v0";
        assert!(report.passed() && (few || report.findings.is_empty()), "{}: {report}", spec.id);
        assert_eq!(report.failures, 0, "{}", spec.id);
    }
}

#[test]
fn batches_equal_single_environments() {
    for spec in specs().filter(|spec| spec.batched) {
        let json = kwargs(serde_json::json!({ "max_episode_steps": 9 }));
        let (mut batch, made) = make_batch(&spec.id, &json, 2, AutoresetMode::SameStep).unwrap();
        let mut envs: Vec<AnyEnv> = (0..2).map(|_| make(&spec.id, &json).unwrap().0).collect();
        assert_eq!(made.max_episode_steps, Some(9));
        assert_eq!(batch.single_observation_space(), envs[0].observation_space());
        assert_eq!(batch.single_action_space(), envs[0].action_space());
        batch.reset_where(&[true; 2], &[Some(3), Some(4)], None).unwrap();
        envs.iter_mut().zip(3..).for_each(|(env, seed)| drop(env.reset(Some(seed), None).unwrap()));
        for step in 1..=20 {
            let (integers, floats) = ([1, 0], [0.5, -0.25]);
            let actions = match batch.single_action_space() {
                Space::Discrete { .. } => Actions::Discrete(&integers),
                _ => Actions::Box(&floats),
            };
            batch.step(actions).unwrap();
            for (i, env) in envs.iter_mut().enumerate() {
                let action = match actions {
                    Actions::Discrete(_) => Value::Int(integers[i]),
                    Actions::Box(_) => [floats[i]].to_value(),
                };
                let expected = env.step(&action).unwrap();
                let rows = batch.rows();
                let of =
                    |obs: &[f32], i: usize, n: usize| Vec::from(&obs[i * obs.len() / n..][..obs.len() / n]);
                assert_eq!(rows.rewards[i], expected.reward, "{} {step}", spec.id);
                assert_eq!(
                    (rows.terminated[i], rows.truncated[i]),
                    (expected.terminated, expected.truncated)
                );
                let mut obs = of(rows.obs, i, 2);
                if expected.done() {
                    let place = rows.ended.iter().position(|&ended| ended == i).unwrap();
                    let (first, _) = env.reset(None, None).unwrap();
                    assert_eq!(obs.to_value(), first);
                    obs = of(rows.final_obs, place, rows.ended.len());
                }
                assert_eq!(obs.to_value(), expected.obs, "{} {step}", spec.id);
            }
        }
    }
    let none =
        make_batch("popgym-AutoencodeEasy-v0", &Kwargs::new(), 2, AutoresetMode::NextStep).err().unwrap();
    assert!(
        none.to_string().starts_with("environment \"popgym-AutoencodeEasy-v0\" has no batches"),
        "{none}"
    );
    assert_eq!(
        make_batch("CartPole-v1", &Kwargs::new(), 0, AutoresetMode::NextStep).err().unwrap().to_string(),
        "environment \"CartPole-v1\", kwargs: num_envs: expected at least 1, found 0"
    );
}

#[test]
fn time_limits_apply() {
    for (json, limit) in [
        (serde_json::json!({}), 200),
        (serde_json::json!({ "max_episode_steps": 3 }), 3),
        (serde_json::json!({ "max_episode_steps": -1 }), u64::MAX),
    ] {
        let (mut env, _) = make("CartPole-v0", &kwargs(json)).unwrap();
        env.reset(Some(0), None).unwrap();
        let steps = (1..=1000).find(|_| env.step(&Value::Int(0)).unwrap().truncated);
        assert_eq!(steps.unwrap_or(u64::MAX), limit);
    }
}

#[test]
fn wrong_names_are_told() {
    let message = refusal("cartpole-v1", serde_json::json!({}));
    assert!(
        message.starts_with("unknown environment \"cartpole-v1\"; did you mean CartPole-v1 or CartPole-v0"),
        "{message}"
    );
    assert_eq!(
        refusal("CartPole-v1", serde_json::json!({ "sutton": true })),
        "environment \"CartPole-v1\", kwargs: unknown argument \"sutton\" (expected one of sutton_barto_reward, max_episode_steps)"
    );
    assert!(
        refusal("CartPole-v1", serde_json::json!({ "sutton_barto_reward": 1 }))
            .contains("expected a boolean")
    );
    assert!(refusal("CartPole-v1", serde_json::json!({ "max_episode_steps": 0 })).contains("found 0"));
}

#[test]
fn adapters_are_features() {
    let message = |id: &str| make(id, &Kwargs::new()).err().map(|e| e.to_string());
    if cfg!(not(feature = "gymnasium")) {
        let text = message("gymnasium:Acrobot-v1").unwrap();
        assert!(text.contains("needs the feature \"gymnasium\"") && text.contains("--features"), "{text}");
        assert_eq!(
            message("my_robots:Robot-v0").unwrap(),
            text.replace("gymnasium:Acrobot-v1", "my_robots:Robot-v0")
        );
    }
    if cfg!(not(feature = "gym-rs")) {
        let text = message("gym-rs:CartPole-v1").unwrap();
        assert!(text.contains("needs the feature \"gym-rs\""), "{text}");
    }
    let wrapper = PythonWrapper { kind: "gymnasium.wrappers:ClipReward".into(), kwargs: Kwargs::new() };
    for id in ["CartPole-v1", "gym-rs:CartPole-v1"] {
        let error =
            make_wrapped(id, &Kwargs::new(), std::slice::from_ref(&wrapper)).err().unwrap().to_string();
        assert!(error.contains("\"gymnasium.wrappers:ClipReward\" is Python's"), "{error}");
    }
}
