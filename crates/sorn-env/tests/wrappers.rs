//! Wrappers over a small environment whose every number is known.

use std::convert::Infallible;

use sorn_env::wrappers::{
    ClipAction, ClipReward, FrameSkip, MaskObservation, NoiseObservation, NormalizeObservation,
    RecordEpisodeStatistics, RescaleAction, RescaleObservation, ScaleObservation, ScaleReward, TimeLimit,
    WrapperConfig,
};
use sorn_env::{AnyEnv, Array, BoxSpace, Dtype, Env, Info, Options, Space, Step, Value};

/// Adds its action to a counter; observes [counter, -counter]; terminates at 10.
#[derive(Clone, Default)]
struct Counter(f32);

impl Env for Counter {
    type Obs = [f32; 2];
    type Act = [f32; 1];
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[-20.0, -20.0], &[20.0, 20.0]).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::Box(BoxSpace::uniform(-1.0, 3.0, vec![1], Dtype::F32).unwrap())
    }
    fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 2], Info), Infallible> {
        self.0 = 0.0;
        Ok(([0.0, 0.0], Info::new()))
    }
    fn step(&mut self, action: &[f32; 1]) -> Result<Step<[f32; 2]>, Infallible> {
        self.0 += action[0];
        let terminated = self.0 >= 10.0;
        let reward = f64::from(action[0]);
        Ok(Step { obs: [self.0, -self.0], reward, terminated, truncated: false, info: Info::new() })
    }
}

fn begun<E: Env>(mut env: E) -> E {
    env.reset(Some(0), None).unwrap();
    env
}

#[test]
fn time_limit_truncates_until_reset() {
    let mut env = begun(TimeLimit::new(Counter::default(), 2));
    let truncated: Vec<bool> = (0..3).map(|_| env.step(&[0.0]).unwrap().truncated).collect();
    assert_eq!(truncated, [false, true, true]);
    env.reset(None, None).unwrap();
    assert!(!env.step(&[0.0]).unwrap().truncated);
}

#[test]
fn frame_skip_sums_and_stops() {
    let mut env = begun(FrameSkip::new(Counter::default(), 4).unwrap());
    let step = env.step(&[2.0]).unwrap();
    assert_eq!((step.obs, step.reward, step.terminated), ([8.0, -8.0], 8.0, false));
    let step = env.step(&[2.0]).unwrap();
    assert_eq!((step.obs, step.reward, step.terminated), ([10.0, -10.0], 2.0, true));
    assert!(FrameSkip::new(Counter::default(), 0).is_err());
}

#[test]
fn actions_are_rescaled_and_clipped() {
    let mut env = begun(RescaleAction::new(Counter::default(), -1.0, 1.0).unwrap());
    assert_eq!(env.action_space().to_string(), "Box(-1, 1, (1,), float32)");
    assert_eq!(env.step(&[0.0]).unwrap().reward, 1.0);
    assert_eq!(env.step(&[1.0]).unwrap().reward, 3.0);
    let mut env = begun(ClipAction::new(Counter::default()).unwrap());
    assert_eq!(env.action_space().to_string(), "Box(-inf, inf, (1,), float32)");
    assert_eq!(env.step(&[7.0]).unwrap().reward, 3.0);
    assert!(RescaleAction::new(ClipAction::new(Counter::default()).unwrap(), -1.0, 1.0).is_err());
}

#[test]
fn rewards_are_scaled_and_clipped() {
    assert_eq!(begun(ScaleReward::new(Counter::default(), -0.5).unwrap()).step(&[3.0]).unwrap().reward, -1.5);
    assert_eq!(
        begun(ClipReward::new(Counter::default(), -1.0, 1.0).unwrap()).step(&[3.0]).unwrap().reward,
        1.0
    );
    assert!(ClipReward::new(Counter::default(), 1.0, f64::NAN).is_err());
}

#[test]
fn statistics_are_recorded() {
    let mut env = begun(RecordEpisodeStatistics::new(Counter::default(), 2).unwrap());
    for _ in 0..3 {
        assert!(env.step(&[4.0]).unwrap().info.is_empty());
        env.step(&[4.0]).unwrap();
        let info = env.step(&[2.5]).unwrap().info;
        let Some(Value::Map(episode)) = info.get("episode") else { panic!("{info:?}") };
        assert_eq!((&episode["r"], &episode["l"]), (&Value::Float(10.5), &Value::Int(3)));
        env.reset(None, None).unwrap();
    }
    assert_eq!(env.latest().len(), 2);
}

#[test]
fn observations_are_scaled_masked_and_rescaled() {
    let mut env = begun(ScaleObservation::scale(Counter::default(), vec![0.5, -0.1]).unwrap());
    assert_eq!(env.observation_space().to_string(), "Box([-10, -2], [10, 2], (2,), float32)");
    assert_eq!(env.step(&[2.0]).unwrap().obs, [1.0, 0.2]);
    let mut env = begun(MaskObservation::new(Counter::default(), vec![1]).unwrap());
    assert_eq!(env.observation_space().to_string(), "Box(-20, 20, (1,), float32)");
    assert_eq!(env.step(&[2.0]).unwrap().obs, [-2.0]);
    let mut env = begun(RescaleObservation::rescale(Counter::default(), 0.0, 1.0).unwrap());
    assert_eq!(env.step(&[10.0]).unwrap().obs, [0.75, 0.25]);
    assert_eq!(env.step(&[10.0]).unwrap().obs, [1.0, 0.0]);
    assert!(MaskObservation::new(Counter::default(), vec![2]).is_err());
    assert!(MaskObservation::new(Counter::default(), vec![0, 0]).is_err());
    assert!(ScaleObservation::scale(Counter::default(), vec![1.0]).is_err());
}

#[test]
fn noise_is_seeded_and_has_its_size() {
    let mut env = NoiseObservation::new(Counter::default(), 0.5).unwrap();
    let mut sample = |seed| env.reset(seed, None).unwrap().0;
    assert_eq!(sample(Some(3)), sample(Some(3)));
    assert_ne!(sample(Some(3)), sample(None));
    let n = 20_000;
    let power: f64 = (0..n).map(|_| f64::from(sample(None)[0]).powi(2)).sum();
    assert!((power / f64::from(n) - 0.25).abs() < 0.01);
}

#[test]
fn normalised_observations_have_mean_0_and_sd_1() {
    let noisy = || NoiseObservation::new(Counter::default(), 2.0).unwrap();
    let mut env = NormalizeObservation::new(noisy(), 1e-8).unwrap();
    env.reset(Some(1), None).unwrap();
    let obs: Vec<f64> = (0..10_000).map(|_| f64::from(env.reset(None, None).unwrap().0[1])).collect();
    let late = &obs[1000..];
    let mean = late.iter().sum::<f64>() / late.len() as f64;
    let variance = late.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / late.len() as f64;
    assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");

    // Its memory, through another wrapper and a hidden type, gives another one the same eyes.
    let memory = TimeLimit::new(env.clone(), 9).memory().unwrap();
    let mut other = AnyEnv::new(TimeLimit::new(NormalizeObservation::new(noisy(), 1e-8).unwrap(), 9));
    other.set_memory(&memory).unwrap();
    let theirs = other.reset(Some(4), None).unwrap().0;
    let ours = env.reset(Some(4), None).unwrap().0;
    assert_eq!(theirs, Value::Array(Array::vector(ours.to_vec())));
    assert!(Counter::default().set_memory(&memory).is_err());
    assert!(other.set_memory(&Value::Int(1)).is_err());

    other.freeze().unwrap();
    let memory = other.memory();
    other.reset(None, None).unwrap();
    assert_eq!(other.memory(), memory);

    env.map_mut().set_updating(false);
    let mean = env.map().mean().to_vec();
    env.reset(None, None).unwrap();
    assert_eq!(env.map().mean(), mean);
}

#[test]
fn a_file_names_them() {
    let file = r#"[
        { "kind": "rescale_action", "min": -1, "max": 1 },
        { "kind": "clip_action" },
        { "kind": "frame_skip", "steps": 2 },
        { "kind": "normalize_observation" },
        { "kind": "mask_observation", "keep": [1] },
        { "kind": "record_episode_statistics" },
        { "kind": "scale_reward", "factor": 0.1 },
        { "kind": "time_limit", "max_episode_steps": 3 }
    ]"#;
    let wrappers: Vec<WrapperConfig> = serde_json::from_str(file).unwrap();
    let env = AnyEnv::new(Counter::default());
    let mut env = wrappers.iter().try_fold(env, |env, wrapper| wrapper.wrap(env)).unwrap();
    assert_eq!(env.observation_space().to_string(), "Box(-inf, inf, (1,), float32)");
    env.reset(Some(0), None).unwrap();
    let step = env.step(&Value::Array(Array::vector(vec![9.0f32]))).unwrap();
    assert!((step.reward - 0.6).abs() < 1e-12);

    let message = |json: &str| serde_json::from_str::<WrapperConfig>(json).unwrap_err().to_string();
    assert!(message(r#"{ "kind": "frame_skip", "step": 2 }"#).contains("unknown field `step`"));
    assert!(
        message(r#"{ "kind": "frame_skipp" }"#).contains("unknown variant `frame_skipp`, expected one of")
    );
    let skip = WrapperConfig::FrameSkip { steps: 0 };
    let message = skip.wrap(AnyEnv::new(Counter::default())).err().unwrap().to_string();
    assert_eq!(message, "FrameSkip: expected steps >= 1, found 0");
}

#[test]
fn a_wrong_action_is_refused_behind_any_wrapper() {
    let mut env =
        WrapperConfig::RescaleAction { min: -1.0, max: 1.0 }.wrap(AnyEnv::new(Counter::default())).unwrap();
    env.reset(Some(0), None).unwrap();
    for wrong in [Value::Int(1), Value::Array(Array::vector(vec![0.0f32; 3])), Value::Text("left".into())] {
        assert!(env.step(&wrong).is_err(), "{wrong:?}");
    }
}
