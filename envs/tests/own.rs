//! Environments of one's own in the registry: a program of its own, since what is registered is known in the whole process.

use std::convert::Infallible;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use sorn_env::{Array, Env, Info, Options, Space, Step, Value};
use sorn_envs::{EnvEntry, Kwargs, NoKwargs, make, spec, specs};

/// Counts its steps.
#[derive(Deserialize)]
#[serde(default)]
struct Counter {
    by: f32,
    #[serde(skip)]
    count: f32,
}

impl Default for Counter {
    fn default() -> Self {
        Counter { by: 1.0, count: 0.0 }
    }
}

impl Env for Counter {
    type Obs = [f32; 1];
    type Act = i64;
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[0.0], &[1e6]).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).unwrap()
    }
    fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 1], Info), Infallible> {
        self.count = 0.0;
        Ok(([0.0], Info::new()))
    }
    fn step(&mut self, _: &i64) -> Result<Step<[f32; 1]>, Infallible> {
        self.count += self.by;
        Ok(Step { obs: [self.count], reward: 1.0, terminated: false, truncated: false, info: Info::new() })
    }
}

fn counter(id: &str) -> EnvEntry {
    EnvEntry::new(id, "Counts its steps.", |counter: Counter| match counter.by > 0.0 {
        true => Ok(counter),
        false => Err(format!("by: expected a positive number, found {}", counter.by)),
    })
}

fn kwargs(json: Json) -> Kwargs {
    json.as_object().unwrap().clone()
}

#[test]
fn one_that_is_registered_is_made_by_its_id() {
    counter("Counter-v0").max_episode_steps(3).reward_threshold(2.5).register().unwrap();
    let (mut env, made) = make("Counter-v0", &kwargs(json!({ "by": 2.0 }))).unwrap();
    env.reset(Some(0), None).unwrap();
    let steps: Vec<_> = (0..3).map(|_| env.step(&Value::Int(0)).unwrap()).collect();
    assert_eq!(steps[2].obs, Value::Array(Array::vector(vec![6.0_f32])));
    assert!(steps[2].truncated && !steps[1].truncated);
    assert_eq!(made, spec("Counter-v0").unwrap());
    assert_eq!((made.kwargs, made.reward_threshold), (vec!["by".to_string()], Some(2.5)));
    assert_eq!(specs().filter(|spec| spec.id == "Counter-v0").count(), 1);
    let (_, limited) = make("Counter-v0", &kwargs(json!({ "max_episode_steps": -1 }))).unwrap();
    assert_eq!(limited.max_episode_steps, None);
}

#[test]
fn its_arguments_are_checked() {
    counter("Checked-v0").register().unwrap();
    let refusal = |json: Json| make("Checked-v0", &kwargs(json)).err().unwrap().to_string();
    let of = "environment \"Checked-v0\", kwargs: ";
    let unknown = "unknown argument \"bye\" (expected one of by, max_episode_steps)";
    assert_eq!(refusal(json!({ "bye": 1 })), format!("{of}{unknown}"));
    assert_eq!(refusal(json!({ "by": 0.0 })), format!("{of}by: expected a positive number, found 0"));
    assert!(refusal(json!({ "by": "x" })).starts_with(&format!("{of}by: invalid type: string \"x\"")));
    let none = EnvEntry::new("Plain-v0", "Counts.", |_: NoKwargs| Ok::<_, String>(Counter::default()));
    none.register().unwrap();
    let text = make("Plain-v0", &kwargs(json!({ "by": 1.0 }))).err().unwrap().to_string();
    assert!(text.ends_with("unknown argument \"by\" (expected one of max_episode_steps)"), "{text}");
    let any = EnvEntry::new("Any-v0", "Counts.", |given: Kwargs| {
        if given.len() == 1 { Ok(Counter::default()) } else { Err("expected one argument") }
    });
    any.register().unwrap();
    assert!(make("Any-v0", &kwargs(json!({ "whatever": 1 }))).is_ok());
}

#[test]
fn ids_that_cannot_be_are_refused() {
    let refusal = |entry: EnvEntry| entry.register().unwrap_err().to_string();
    for id in ["", "my:Robot-v0", "My Robot"] {
        assert!(refusal(counter(id)).ends_with("a name without colons and spaces, e.g. MyRobot-v0"), "{id}");
    }
    let text = "environment \"CartPole-v1\" cannot be registered: expected an id that is not registered yet";
    assert_eq!(refusal(counter("CartPole-v1")), text);
    counter("Twice-v0").register().unwrap();
    assert!(refusal(counter("Twice-v0")).ends_with("expected an id that is not registered yet"));
    assert!(
        refusal(counter("Zero-v0").max_episode_steps(0)).contains("max_episode_steps: expected 1 or more")
    );
    let likely = make("Twice-v1", &Kwargs::new()).err().unwrap().to_string();
    assert!(likely.contains("did you mean Twice-v0?"), "{likely}");
}

/// A camera that is no number to learn from, and a distance.
#[derive(Default)]
struct Sensors(i64);

impl Env for Sensors {
    type Obs = Value;
    type Act = i64;
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        let distance = Space::box_f32(&[0.0], &[100.0]).unwrap();
        Space::Dict(vec![("distance".into(), distance), ("gear".into(), Space::discrete(5).unwrap())])
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).unwrap()
    }
    fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<(Value, Info), Infallible> {
        self.0 = 0;
        Ok((self.seen(), Info::new()))
    }
    fn step(&mut self, _: &i64) -> Result<Step<Value>, Infallible> {
        self.0 += 1;
        Ok(Step {
            obs: self.seen(),
            reward: 0.0,
            terminated: false,
            truncated: self.0 == 9,
            info: Info::new(),
        })
    }
}

impl Sensors {
    fn seen(&self) -> Value {
        let distance = Value::Array(Array::vector(vec![self.0 as f32]));
        Value::Map([("distance".to_string(), distance), ("gear".to_string(), Value::Int(self.0 % 5))].into())
    }
}

#[test]
fn members_of_its_observations_may_be_chosen() {
    let entry =
        EnvEntry::new("Sensors-v0", "Two sensors.", |_: NoKwargs| Ok::<_, String>(Sensors::default()));
    entry.register().unwrap();
    let of = |observe: &[&str]| {
        let observe: Vec<String> = observe.iter().map(ToString::to_string).collect();
        sorn_envs::make_observing("Sensors-v0", &Kwargs::new(), &[], &observe)
    };
    let (mut env, _) = of(&["gear"]).unwrap();
    assert_eq!(env.observation_space().to_string(), "Dict('gear': Discrete(5))");
    env.reset(Some(0), None).unwrap();
    let obs = env.step(&Value::Int(0)).unwrap().obs;
    assert_eq!(obs, Value::Map([("gear".to_string(), Value::Int(1))].into()));
    assert!(sorn_env::conformance::check(&mut env, &Default::default()).passed());
    let text = of(&["gaer"]).err().unwrap().to_string();
    assert!(
        text.ends_with("observe: expected members of [\"distance\", \"gear\"], found \"gaer\""),
        "{text}"
    );
    assert!(of(&["gear", "gear"]).err().unwrap().to_string().ends_with("found \"gear\" twice"));
}
