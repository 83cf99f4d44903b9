use sorn_env::Env;

use super::*;
use crate::ControlError;

#[test]
fn the_card_of_k_is_asked_for() {
    for k in [1, 4, 51] {
        let mut env = RepeatPrevious::new(RepeatPreviousConfig { k, ..Default::default() }).unwrap();
        let mut cards = vec![env.reset(Some(3), None).unwrap().0];
        let mut total = 0.0;
        loop {
            let asked = cards.len().checked_sub(k as usize).map_or(0, |i| cards[i]);
            let step = env.step(&asked).unwrap();
            total += step.reward;
            cards.push(step.obs);
            if step.terminated {
                break;
            }
        }
        assert_eq!(cards.len(), 52);
        assert!((total - 1.0).abs() < 1e-12, "{k}: {total}");
        assert!((0..4).all(|suit| cards.iter().filter(|&&card| card == suit).count() == 13));
        assert_eq!(env.step(&0).unwrap_err(), ControlError::Over);
        env.reset(None, None).unwrap();
    }
}

#[test]
fn the_first_card_is_asked_for_in_every_step() {
    let mut env = RepeatFirst::new(RepeatFirstConfig::default()).unwrap();
    let (first, _) = env.reset(Some(1), None).unwrap();
    let steps: Vec<_> = (0..51).map(|_| env.step(&first).unwrap()).collect();
    assert!((steps.iter().map(|step| step.reward).sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(steps.iter().position(|step| step.terminated), Some(50));
    assert_eq!(env.step(&0).unwrap_err(), ControlError::Over);
}

#[test]
fn cards_are_recited_in_reverse() {
    let mut env = Autoencode::new(AutoencodeConfig::default()).unwrap();
    let mut seen = vec![env.reset(Some(1), None).unwrap().0];
    while seen.len() < 52 {
        let step = env.step(&0).unwrap();
        assert_eq!(step.reward, 0.0);
        seen.push(step.obs);
    }
    assert!(seen[..51].iter().all(|(mode, _)| *mode == 1) && seen[51].0 == 0);
    let steps: Vec<_> = seen.iter().rev().map(|(_, suit)| env.step(suit).unwrap()).collect();
    assert!((steps.iter().map(|step| step.reward).sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(steps.iter().position(|step| step.terminated), Some(51));
    assert!(steps.iter().all(|step| step.obs == (0, 0)));
    assert_eq!(env.step(&0).unwrap_err(), ControlError::Over);
}

#[test]
fn cards_of_a_kind_are_counted() {
    let config = CountRecallConfig { num_decks: 2, deck_type: DeckType::Ranks };
    let mut env = CountRecall::new(config).unwrap();
    assert_eq!(env.action_space().to_string(), "Discrete(9)");
    let (mut obs, _) = env.reset(Some(1), None).unwrap();
    let (mut counts, mut total) = ([0; 13], 0.0);
    loop {
        counts[obs[0] as usize] += 1;
        let step = env.step(&counts[obs[1] as usize]).unwrap();
        total += step.reward;
        obs = step.obs;
        if step.terminated {
            break;
        }
    }
    assert!((total - 1.0).abs() < 1e-12, "{total}");
    assert_eq!(env.step(&0).unwrap_err(), ControlError::Over);
}

#[test]
fn arms_pay_by_their_chances() {
    let mut env =
        MultiarmedBandit::new(MultiarmedBanditConfig { num_bandits: 3, episode_length: 30_000 }).unwrap();
    assert_eq!(env.reset(Some(1), None).unwrap().0, 0);
    let mut paid = [0.0; 3];
    for step in 1..=30_000 {
        let arm = step % 3;
        let step_taken = env.step(&(arm as i64)).unwrap();
        paid[arm] += step_taken.obs as f64 / 10_000.0;
        assert_eq!(step_taken.truncated, step == 30_000);
        assert_eq!(step_taken.reward > 0.0, step_taken.obs == 1);
    }
    let found = format!("{env:?}");
    let chances: Vec<f64> = found
        .split_once("chances: [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0
        .split(", ")
        .map(|chance| chance.parse().unwrap())
        .collect();
    assert!(paid.iter().zip(&chances).all(|(a, b)| (a - b).abs() < 0.02), "{paid:?} {chances:?}");
}

#[test]
fn a_bit_is_shown_first_and_asked_for_last() {
    // memory_length = 3, num_bits = 2, as bsuite 0.3.6 plays it: the first observation comes twice.
    let config = MemoryChainConfig { memory_length: 3, num_bits: 2 };
    for (seed, action) in (0..20).flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let mut env = MemoryChain::new(config).unwrap();
        let (first, _) = env.reset(Some(seed), None).unwrap();
        assert!(first[0] == 1.0 && first[1] == 0.0 && first[2..].iter().all(|bit| bit.abs() == 1.0));
        let steps: Vec<_> = (0..4).map(|_| env.step(&action).unwrap()).collect();
        assert_eq!(steps[0].obs, first);
        assert_eq!(steps[1].obs, [2.0 / 3.0, 0.0, 0.0, 0.0]);
        let query = steps[2].obs[1];
        assert_eq!(steps[2].obs, [(1.0 - 2.0 / 3.0_f64) as f32, query, 0.0, 0.0]);
        assert_eq!(steps[3].obs, [0.0; 4]);
        let right = first[2 + query as usize] == if action == 1 { 1.0 } else { -1.0 };
        let rewards: Vec<f64> = steps.iter().map(|step| step.reward).collect();
        assert_eq!(rewards, [0.0, 0.0, 0.0, if right { 1.0 } else { -1.0 }]);
        assert_eq!(steps.iter().position(|step| step.terminated), Some(3));
        assert_eq!(env.step(&0).unwrap_err(), ControlError::Over);
    }
}

#[test]
fn the_sign_tells_where_the_goal_is() {
    let mut starts = vec![];
    for seed in 0..20 {
        let mut env = TMaze::new(TMazeConfig { corridor_length: 3 }).unwrap();
        let (start, _) = env.reset(Some(seed), None).unwrap();
        assert_eq!(env.step(&3).unwrap().reward, -0.1);
        assert_eq!(env.step(&0).unwrap().obs, start);
        let walk: Vec<_> = [1, 1, 3, 1, 1].iter().map(|action| env.step(action).unwrap()).collect();
        let seen: Vec<[i8; 3]> = walk.iter().map(|step| step.obs).collect();
        assert_eq!(seen, [[1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [0, 1, 0]]);
        assert!(walk.iter().all(|step| step.reward == 0.0));
        assert_eq!(env.step(&1).unwrap().reward, -0.1);
        let turn = if start == [0, 1, 1] { 0 } else { 2 };
        let end = env.step(&(if seed % 2 == 0 { turn } else { 2 - turn })).unwrap();
        assert_eq!((end.reward, end.terminated), (if seed % 2 == 0 { 4.0 } else { -0.1 }, true));
        assert_eq!(env.step(&0).unwrap_err(), ControlError::Over);
        starts.push(start);
    }
    assert!(starts.contains(&[0, 1, 1]) && starts.contains(&[1, 1, 0]));
}

#[test]
fn symbols_of_the_past_are_asked_for() {
    for (symbols, lag, terms) in [(4, 1, 1), (2, 1, 2), (5, 0, 1), (3, 2, 4)] {
        let mut env = SymbolRecall::new(SymbolRecallConfig { symbols, lag, terms }).unwrap();
        let mut shown = vec![env.reset(Some(7), None).unwrap().0];
        let (mut right, mut wrong) = (0.0, 0.0);
        for _ in 0..200 {
            let past = shown.len().checked_sub((lag + terms) as usize);
            let sum: Option<i64> = past.map(|first| shown[first..first + terms as usize].iter().sum());
            let answer = sum.map_or(0, |sum| sum % symbols as i64);
            let asked = env.clone().step(&((answer + 1) % symbols as i64)).unwrap();
            let step = env.step(&answer).unwrap();
            (right, wrong) = (right + step.reward, wrong + asked.reward);
            shown.push(step.obs);
        }
        assert_eq!((right, wrong), (201.0 - (lag + terms) as f64, 0.0));
        assert!((0..symbols as i64).all(|symbol| shown.contains(&symbol)));
    }
}

#[test]
fn words_are_counted() {
    for n in [1, 4] {
        let mut env = SymbolCounting::new(SymbolCountingConfig { n }).unwrap();
        let mut letters = vec![env.reset(Some(7), None).unwrap().0];
        for _ in 0..50 * (n + 2) {
            let next = env.clone().step(&0).unwrap().obs;
            let step = env.step(&next).unwrap();
            assert_eq!((step.reward, step.obs), (1.0, next));
            letters.push(step.obs);
        }
        let word = |first: i64| {
            let middle = std::iter::repeat_n(first + 1, n as usize);
            std::iter::once(first).chain(middle).chain([first + 2]).collect::<Vec<i64>>()
        };
        let words: Vec<&[i64]> = letters.chunks_exact(n as usize + 2).collect();
        assert!(words.iter().all(|found| *found == word(0) || *found == word(3)));
        assert!(words.contains(&word(0).as_slice()) && words.contains(&word(3).as_slice()));
    }
}

#[test]
fn wrong_arguments_and_actions_are_refused() {
    let refusal = |id: &str, kwargs: serde_json::Value| {
        crate::make(id, kwargs.as_object().unwrap()).err().expect("refused").to_string()
    };
    let previous = "popgym-RepeatPreviousEasy-v0";
    for (kwargs, reason) in [
        (serde_json::json!({ "k": 0 }), "k: expected at least 1, found 0"),
        (serde_json::json!({ "k": 52 }), "k: expected at most 51, found 52"),
        (serde_json::json!({ "num_decks": 0 }), "num_decks: expected at least 1, found 0"),
        (serde_json::json!({ "k": -1 }), "k: invalid value: integer `-1`, expected u64"),
        (
            serde_json::json!({ "decks": 2 }),
            "unknown argument \"decks\" (expected one of num_decks, k, max_episode_steps)",
        ),
    ] {
        assert_eq!(refusal(previous, kwargs), format!("environment {previous:?}, kwargs: {reason}"));
    }
    let kwargs = serde_json::json!({ "deck_type": "colours" });
    assert!(refusal("popgym-CountRecallHard-v0", kwargs).contains("deck_type: unknown variant `colours`"));
    let kwargs = serde_json::json!({ "noise_sigma": -0.1 });
    assert!(
        refusal("popgym-NoisyPositionOnlyCartPoleEasy-v0", kwargs)
            .ends_with("noise_sigma: expected a finite non-negative number, found -0.1")
    );
    let mut env = RepeatPrevious::new(RepeatPreviousConfig::default()).unwrap();
    assert_eq!(env.step(&0).unwrap_err(), ControlError::NotReset);
    env.reset(None, None).unwrap();
    assert_eq!(env.step(&4).unwrap_err().to_string(), "action: expected Discrete(4), found integer 4");
    let options = [("low".to_string(), sorn_env::Value::Float(0.0))].into();
    assert_eq!(
        env.reset(None, Some(&options)).unwrap_err().to_string(),
        "reset option \"low\": expected no options, found an unknown name"
    );
}
