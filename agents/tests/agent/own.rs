//! Encoders, learners and rules of one's own: made by name, saved, loaded, checked.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_agents::own::conformance::{check_encoder, check_learner, check_own, check_rule};
use sorn_agents::*;
use sorn_core::{Degree, Initial, Params, PlasticityRule, Rule, RuleContext};
use sorn_env::seeding::Generator;
use sorn_env::{Space, Value};

/// The observation, over and over, minus its mean so far.
#[derive(Clone, Debug)]
struct Centred {
    inputs: usize,
    mean: f64,
    count: f64,
    /// What may be wrong with it.
    wrong: &'static str,
}

impl Encoder for Centred {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn encode(&mut self, observation: &[f64], input: &mut [f64], learns: bool) -> Result<(), String> {
        if learns || self.wrong == "learns" {
            self.count += 1.0;
            self.mean += (observation[0] - self.mean) / self.count;
        }
        match self.wrong {
            "fails" => return Err("the sensor is gone".into()),
            "number" => input.fill(f64::NAN),
            "unwritten" => input[1..].fill(0.0),
            _ => input.fill(observation[0] - self.mean),
        }
        Ok(())
    }
    fn save(&self, state: &mut AgentState) {
        if self.wrong != "unsaved" {
            state.put("mean", &[2], &[self.mean, self.count]);
        }
    }
    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        if self.wrong != "unsaved" {
            let mut both = [0.0; 2];
            state.read("mean", &mut both)?;
            [self.mean, self.count] = both;
        }
        Ok(())
    }
    fn clone_box(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

/// Goes on with an action as long as it is rewarded.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stay {
    n: i64,
    last: i64,
    rng: Generator,
    wrong: String,
}

impl Learner for Stay {
    fn act(&mut self, _features: &[f64], greedy: bool) -> Result<Value, String> {
        if greedy && self.wrong == "greedy" {
            self.last = (self.last + 1) % self.n;
        }
        match self.wrong.as_str() {
            "outside" => Ok(Value::Int(self.n)),
            "fails" => Err("no idea".into()),
            _ => Ok(Value::Int(self.last)),
        }
    }
    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), String> {
        if transition.reward <= 0.0 {
            self.last = (self.rng.random() * self.n as f64) as i64;
        }
        Ok(())
    }
    fn save(&self, state: &mut AgentState) {
        state.note("all", self);
    }
    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        let rng = self.rng.clone();
        *self = state.entry("all")?;
        if self.wrong == "unsaved" {
            self.rng = rng;
        }
        Ok(())
    }
    fn clone_box(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}

/// Thresholds wander; its memory is how often it ran.
#[derive(Clone, Debug)]
struct Wander {
    by: f64,
    runs: f64,
    forgets: bool,
}

impl PlasticityRule for Wander {
    fn name(&self) -> &str {
        "wander"
    }
    fn apply(&mut self, context: &mut RuleContext<'_>) {
        self.runs += 1.0;
        let by = self.by * (self.runs % 3.0 - 1.0);
        context.te().iter_mut().for_each(|te| *te += by);
    }
    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(self.clone())
    }
    fn state(&self) -> Vec<f64> {
        if self.forgets { vec![0.0] } else { vec![self.runs] }
    }
    fn set_state(&mut self, state: &[f64]) -> Result<(), String> {
        let [runs] = state else { return Err("one number".into()) };
        self.runs = *runs;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Wrong {
    #[serde(default)]
    wrong: String,
}

#[derive(Deserialize)]
struct By {
    by: f64,
    #[serde(default)]
    forgets: bool,
}

/// Registers all, once for all tests of this program.
fn register() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let encoder = |keys: Wrong, setup: EncoderSetup<'_>| {
            let names = ["", "learns", "fails", "number", "unwritten", "unsaved"];
            let wrong = names.into_iter().find(|name| *name == keys.wrong);
            let wrong = wrong.ok_or(format!("wrong: expected one of {names:?}, found {:?}", keys.wrong))?;
            Ok(Box::new(Centred { inputs: setup.inputs, mean: 0.0, count: 0.0, wrong }) as Box<dyn Encoder>)
        };
        EncoderEntry::new("centred", "Minus the mean.", encoder).register().unwrap();
        LearnerEntry::new("stay", "Goes on while rewarded.", |keys: Wrong, setup| match *setup.actions {
            Space::Discrete { n, start: 0 } => {
                Ok(Box::new(Stay { n, last: 0, rng: setup.generator(), wrong: keys.wrong }))
            }
            _ => Err("expected actions of a Discrete from 0".into()),
        })
        .register()
        .unwrap();
        RuleEntry::new("wander", "Thresholds wander.", |keys: By, _| {
            Ok(Box::new(Wander { by: keys.by, runs: 0.0, forgets: keys.forgets }))
        })
        .register()
        .unwrap();
    });
}

fn observations() -> Space {
    Space::box_f32(&[-1.0], &[1.0]).unwrap()
}

fn config() -> AgentConfig {
    register();
    toml::from_str(
        r#"
        [encoder]
        kind = "centred"
        [reservoir]
        rules = [{ kind = "wander", by = 0.01, before = "ip" }]
        [reservoir.params]
        ne = 40
        lambda_ee = 5.0
        [learner]
        kind = "stay"
        "#,
    )
    .unwrap()
}

fn agent(config: &AgentConfig) -> Result<Agent, AgentError> {
    Agent::new(config, &observations(), &Space::discrete(3).unwrap(), 5)
}

/// Actions of some steps on observations that depend on them.
fn play(agent: &mut Agent, steps: usize) -> Vec<i64> {
    let mut action = agent.begin(&[0.1_f32]).unwrap().as_i64().unwrap();
    let mut actions = vec![action];
    for step in 0..steps {
        let obs = [((step * 7 + action as usize) % 11) as f32 / 11.0];
        agent
            .observe(if (step as i64 + action) % 3 == 0 { 1.0 } else { 0.0 }, false, step + 1 == steps, &obs)
            .unwrap();
        if step + 1 < steps {
            action = agent.act().unwrap().as_i64().unwrap();
            actions.push(action);
        }
    }
    actions
}

#[test]
fn what_is_saved_goes_on_to_the_bit() {
    let config = config();
    let mut one = agent(&config).unwrap();
    play(&mut one, 40);
    let (mut loaded, _) = Agent::from_bytes(&one.to_bytes(&json!(null))).unwrap();
    assert_eq!(loaded.config(), &config);
    assert_eq!(loaded.state(), one.state());
    let mut restored =
        Agent::restore(&config, &observations(), &Space::discrete(3).unwrap(), 5, &one.state()).unwrap();
    let actions = play(&mut one, 60);
    assert!(actions.contains(&1) && actions.contains(&2), "{actions:?}");
    assert_eq!(play(&mut loaded, 60), actions);
    assert_eq!(play(&mut restored, 60), actions);
    assert_eq!(loaded.state(), one.state());
    assert_eq!(restored.state(), one.state());
    // What was learnt is there, and counts.
    let arrays = one.state().arrays;
    assert_eq!(arrays["encoder/mean"].as_slice().unwrap()[1], 102.0);
    assert_eq!(one.state().meta["reservoir"]["memories"], json!([[102.0]]));
}

#[test]
fn a_frozen_agent_learns_nothing() {
    let mut one = agent(&config()).unwrap();
    play(&mut one, 30);
    let mut frozen = one.frozen();
    let before = frozen.state();
    play(&mut frozen, 30);
    let after = frozen.state();
    assert_eq!(after.arrays["encoder/mean"], before.arrays["encoder/mean"]);
    assert_eq!(after.meta["learner"], before.meta["learner"]);
    assert_eq!(after.meta["reservoir"]["memories"], before.meta["reservoir"]["memories"]);
}

#[test]
fn the_rule_acts_at_its_place() {
    let config = config();
    let te = |config: &AgentConfig| {
        let mut agent = agent(config).unwrap();
        play(&mut agent, 20);
        agent.network().unwrap().te().to_vec()
    };
    let without = AgentConfig {
        reservoir: ReservoirConfig { rules: vec![], ..config.reservoir.clone() },
        ..config.clone()
    };
    assert_ne!(te(&config), te(&without));
    let mut absent = config.clone();
    absent.reservoir.rules[0].before = Some(Rule::Rmstdp);
    let error = agent(&absent).unwrap_err().to_string();
    let expected = "reservoir.rules[0].before: expected a rule of reservoir.params.rules, found \"rmstdp\"";
    assert_eq!(error, expected);
}

#[test]
fn an_agent_begins_with_thresholds_of_ones_own() {
    let mut one = agent(&config()).unwrap();
    let te = vec![0.25; 40];
    one.begin_with(&Initial { te: Some(te.clone()), ..Initial::default() }).unwrap();
    assert_eq!(one.network().unwrap().te(), te);
    let (loaded, _) = Agent::from_bytes(&one.to_bytes(&json!(null))).unwrap();
    assert_eq!(loaded.state(), one.state());
    let short = Initial { te: Some(vec![0.25; 39]), ..Initial::default() };
    let error = one.begin_with(&short).unwrap_err().to_string();
    assert_eq!(error, "state `te`: expected 40 values, found 39");
    assert_eq!(one.state(), loaded.state());
}

#[test]
fn configurations_are_written_as_they_are_read() {
    let config = config();
    let text = toml::to_string(&config).unwrap();
    assert!(text.contains("kind = \"centred\"") && text.contains("before = \"ip\""), "{text}");
    assert_eq!(toml::from_str::<AgentConfig>(&text).unwrap(), config);
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<AgentConfig>(&json).unwrap(), config);
    // The built-in ones are read and written as ever.
    let plain = serde_json::to_value(AgentConfig::default()).unwrap();
    assert_eq!(plain["learner"]["kind"], "actor_critic");
    assert!(plain["reservoir"].get("rules").is_none());
    assert_eq!(serde_json::from_value::<AgentConfig>(plain).unwrap(), AgentConfig::default());
}

#[test]
fn wrong_keys_are_refused_by_name() {
    let config = config();
    let refusal = |learner: OwnConfig| {
        agent(&AgentConfig { learner: LearnerConfig::Own(learner), ..config.clone() })
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal(OwnConfig::new("stay").with("wrnog", "")),
        "learner.wrnog: unknown key of kind \"stay\" (expected one of wrong)"
    );
    let text = refusal(OwnConfig::new("stay").with("wrong", 7));
    assert!(text.starts_with("learner.wrong: invalid type: integer `7`"), "{text}");
    let text = refusal(OwnConfig::new("go"));
    assert!(text.starts_with("learner.kind: expected a registered kind ("), "{text}");
    assert!(text.ends_with(", found \"go\""), "{text}");
    let unknown = toml::from_str::<AgentConfig>("learner = { kind = \"sty\" }").unwrap_err().to_string();
    assert!(unknown.contains("`actor_critic`") && unknown.contains("`stay`"), "{unknown}");
    let infinite = toml::from_str::<AgentConfig>("learner = { kind = \"stay\", wrong = inf }").unwrap_err();
    assert!(infinite.to_string().contains("wrong: expected a finite number, found inf"), "{infinite}");
    // Numbers that JSON does not have still reach the built-in parts, which refuse them.
    let gain: AgentConfig = toml::from_str("encoder = { kind = \"raw\", gain = inf }").unwrap();
    assert!(matches!(gain.encoder, EncoderConfig::Raw(RawConfig { gain }) if gain.is_infinite()));
    let policy = AgentConfig { policy: Some(toml::from_str("kind = \"softmax\"").unwrap()), ..config };
    assert!(agent(&policy).unwrap_err().to_string().contains("learner.kind = \"stay\" has no policy"));
}

#[test]
fn kinds_that_cannot_be_are_refused() {
    register();
    let entry = |kind: &str| LearnerEntry::new(kind, "", |_: NoKeys, _| Err("never made".into()));
    let refusal = |kind: &str| entry(kind).register().unwrap_err().to_string();
    assert_eq!(
        refusal("ppo"),
        "learner.kind \"ppo\" cannot be registered: expected a kind that is not registered yet"
    );
    assert!(refusal("stay").ends_with("expected a kind that is not registered yet"));
    for kind in ["", "two words", "module:Name"] {
        assert!(refusal(kind).ends_with("expected letters, digits, '-', '_' and '.'"), "{kind}");
    }
}

#[test]
fn failures_end_the_step_and_are_told() {
    let config = config();
    let mut failing = config.clone();
    failing.encoder = EncoderConfig::Own(OwnConfig::new("centred").with("wrong", "fails"));
    let error = agent(&failing).unwrap().begin(&[0.0_f32]).unwrap_err().to_string();
    assert_eq!(error, "encoder: the sensor is gone");
    failing.encoder = EncoderConfig::Own(OwnConfig::new("centred").with("wrong", "number"));
    let error = agent(&failing).unwrap().begin(&[0.0_f32]).unwrap_err().to_string();
    assert_eq!(error, "encoder: expected a finite number, found NaN (input number 0)");
    let mut failing = config;
    failing.learner = LearnerConfig::Own(OwnConfig::new("stay").with("wrong", "outside"));
    let error = agent(&failing).unwrap().begin(&[0.0_f32]).unwrap_err().to_string();
    assert!(error.starts_with("learner: expected an action of Discrete(3), found "), "{error}");
    failing.learner = LearnerConfig::Own(OwnConfig::new("stay").with("wrong", "fails"));
    let error = agent(&failing).unwrap().begin(&[0.0_f32]).unwrap_err().to_string();
    assert_eq!(error, "learner: no idea");
}

#[test]
fn the_check_finds_what_breaks_the_contract() {
    let config = config();
    let actions = Space::discrete(3).unwrap();
    let reports = check_own(&config, &observations(), &actions, 3);
    assert_eq!(reports.len(), 3);
    reports.iter().for_each(|(part, report)| assert!(report.passed(), "{part}: {report}"));

    let encoder = |wrong: &str| {
        check_encoder(&OwnConfig::new("centred").with("wrong", wrong), &observations(), 9, 3).to_string()
    };
    assert!(encoder("learns").contains("nothing new to save if it is not to learn"), "{}", encoder("learns"));
    assert!(encoder("fails").contains("encode: the sensor is gone"));
    assert!(encoder("number").contains("a finite number for every input"));
    assert!(encoder("unwritten").contains("was not written"));
    assert!(encoder("unsaved").contains("go on to the same bits"), "{}", encoder("unsaved"));

    let learner = |wrong: &str| {
        check_learner(&OwnConfig::new("stay").with("wrong", wrong), 20, &actions, 3).to_string()
    };
    assert!(learner("outside").contains("act: expected an action of Discrete(3)"));
    assert!(learner("fails").contains("act: no idea"));
    assert!(learner("greedy").contains("nothing new to save after a greedy action"), "{}", learner("greedy"));
    assert!(learner("unsaved").contains("go on to the same bits"), "{}", learner("unsaved"));

    let params = Params {
        ne: 30,
        nu: 4,
        lambda_ee: Degree::Count(5.0),
        lambda_ei: Degree::Count(5.0),
        ..Params::default()
    };
    let rule = |forgets: bool| {
        let own = OwnConfig::new("wander").with("by", 0.01).with("forgets", forgets);
        check_rule(&RuleConfig::new(own), &params, 3)
    };
    assert!(rule(false).passed(), "{}", rule(false));
    assert!(rule(true).to_string().contains("go on to the same bits"));
    let mut wrong = config;
    wrong.reservoir.rules[0].own.keys.remove("by");
    let reports = check_own(&wrong, &observations(), &actions, 3);
    assert!(reports[1].1.to_string().contains("missing field `by`"), "{}", reports[1].1);
}
