//! Continuous, factored and binary actions: agents act within the space, learn, and go on from a saved state.

use sorn_agents::{Agent, AgentConfig};
use sorn_env::{Space, Value};

/// The light is left or right; the action is to point at it.
fn light(step: u64) -> f32 {
    if (step * 7 + step / 3).is_multiple_of(2) { 0.5 } else { -0.5 }
}

/// What an action earns: minus the squared distance to the light, in every number of the action.
fn reward(space: &Space, action: &Value, light: f32) -> f64 {
    assert!(space.contains(action), "{space}: {action:?}");
    if let (Space::Tuple(spaces), Value::List(members)) = (space, action) {
        let each = spaces.iter().zip(members).map(|(space, member)| reward(space, member, light));
        return each.sum::<f64>() / spaces.len() as f64;
    }
    let numbers: Vec<f64> = action.as_array().expect("an array").iter().collect();
    let aim = match space {
        Space::Box(_) => f64::from(light),
        _ => f64::from(u8::from(light > 0.0)),
    };
    -numbers.iter().map(|a| (a - aim) * (a - aim)).sum::<f64>() / numbers.len() as f64
}

const EPISODE: u64 = 20;

/// Mean reward per step of `episodes` episodes.
fn play(agent: &mut Agent, space: &Space, episodes: u64) -> f64 {
    let mut sum = 0.0;
    for episode in 0..episodes {
        let mut at = light(episode);
        let mut action = agent.begin(&[at]).unwrap();
        for step in 1..=EPISODE {
            let reward = reward(space, &action, at);
            sum += reward;
            at = light(episode + step);
            agent.observe(reward, false, step == EPISODE, &[at]).unwrap();
            if step < EPISODE {
                action = agent.act().unwrap();
            }
        }
    }
    sum / (episodes * EPISODE) as f64
}

fn agent(space: &Space, learner: &str) -> Agent {
    let config = config(learner);
    let observations = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    Agent::new(&config, &observations, space, 3).unwrap()
}

fn config(learner: &str) -> AgentConfig {
    toml::from_str(&format!(
        "reservoir = {{ params = {{ ne = 30, lambda_ee = 5, lambda_ei = 6 }} }}\n{learner}"
    ))
    .unwrap()
}

fn cases() -> Vec<(Space, &'static str)> {
    let numbers = Space::box_f32(&[-1.0, -2.0], &[1.0, f32::INFINITY]).unwrap();
    let ars = r#"learner = { kind = "ars", directions = 4, best = 4, alpha = 0.03, nu = 0.03 }"#;
    let actor_critic = r#"learner = { kind = "actor_critic", actor_step = 0.02, gamma = 0.0, lambda = 0.0 }"#;
    vec![
        (numbers.clone(), ars),
        (numbers.clone(), actor_critic),
        (
            numbers.clone(),
            r#"learner = { kind = "actor_critic", actor_step = 0.02, gamma = 0.0, lambda = 0.0 }
               policy = { kind = "gaussian", sd = 0.5, spread = "state_independent" }"#,
        ),
        (
            numbers.clone(),
            r#"learner = { kind = "reinforce", policy_step = 0.01, gamma = 0.0 }
               policy = { kind = "gaussian", sd = 0.5, spread = "linear" }"#,
        ),
        (Space::MultiBinary { shape: vec![2, 2] }, actor_critic),
        (Space::MultiDiscrete { nvec: vec![2, 2, 2] }, ars),
        (
            Space::MultiDiscrete { nvec: vec![2, 2, 2] },
            r#"learner = { kind = "reinforce", policy_step = 0.1, gamma = 0.0 }"#,
        ),
        (Space::Tuple(vec![Space::MultiBinary { shape: vec![2] }, numbers.clone()]), actor_critic),
        (Space::Tuple(vec![numbers, Space::MultiDiscrete { nvec: vec![2] }]), ars),
    ]
}

#[test]
fn agents_learn_to_point_at_the_light() {
    for (space, learner) in cases() {
        let mut agent = agent(&space, learner);
        let before = play(&mut agent.frozen(), &space, 20);
        play(&mut agent, &space, 1_500);
        let after = play(&mut agent.frozen(), &space, 20);
        assert!(after > 0.3 * before && after > -0.1, "{space}, {learner}: {before} before, {after} after");
    }
}

#[test]
fn a_restored_agent_goes_on_bit_for_bit() {
    let observations = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    for (space, learner) in cases() {
        let mut first = agent(&space, learner);
        play(&mut first, &space, 9);
        first.begin(&[0.5_f32]).unwrap();
        let saved = first.state();
        let mut second = Agent::restore(&config(learner), &observations, &space, 3, &saved).unwrap();
        assert_eq!(play(&mut first, &space, 9), play(&mut second, &space, 9), "{learner}");
        assert_eq!(first.state(), second.state(), "{learner}");
    }
}

#[test]
fn spaces_without_scores_are_refused() {
    let observations = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    let space = Space::Tuple(vec![]);
    let refused = |learner: &str, space: &Space| {
        Agent::new(&config(learner), &observations, space, 0).unwrap_err().to_string()
    };
    let error = refused(r#"learner = { kind = "ars" }"#, &space);
    assert!(
        error.starts_with("learner.kind = \"ars\" needs an action space with at least one choice or number"),
        "{error}"
    );
    let numbers = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    let error = refused(r#"learner = { kind = "sarsa" }"#, &numbers);
    assert!(error.starts_with("learner.kind = \"sarsa\" needs a Discrete action space"), "{error}");
}

/// Wide noise ends these episodes in the third step at the latest, narrow noise never before the twentieth.
#[test]
fn narrow_episodes_are_tried_kept_and_restored() {
    let observations = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    let space = Space::box_f32(&[-1.0], &[1.0]).unwrap();
    let learner = r#"learner = { kind = "actor_critic", perturbation = 0.0 }"#;
    let is_narrow = |agent: &Agent| agent.state().meta["widths"]["is_narrow"].as_bool().unwrap();
    let episode = |agent: &mut Agent| -> Vec<f64> {
        let mut action = agent.begin(&[0.5_f32]).unwrap();
        let narrow = is_narrow(agent);
        let mut actions = Vec::new();
        for step in 1..=EPISODE {
            actions.extend(action.as_array().unwrap().iter());
            let ends = step == EPISODE || (step == 3 && !narrow);
            agent.observe(1.0, ends, false, &[0.5]).unwrap();
            if ends {
                break;
            }
            action = agent.act().unwrap();
        }
        actions
    };
    let mut first = agent(&space, learner);
    let narrow = (0..60).filter(|_| episode(&mut first).len() > 3).count();
    assert!((30..=50).contains(&narrow), "{narrow} of 60 episodes narrow");
    first.begin(&[0.5_f32]).unwrap();
    assert!(is_narrow(&first));
    let mut second = Agent::restore(&config(learner), &observations, &space, 3, &first.state()).unwrap();
    for _ in 0..20 {
        assert_eq!(episode(&mut first), episode(&mut second));
    }
    assert_eq!(first.state(), second.state());
}
