//! RM-SORN on the counting task (Lazar, Pipa & Triesch 2009, 10.3389/neuro.10.023.2009; Aswolinskiy & Pipa 2015,
//! 10.3389/fncom.2015.00036): predict the next letter of the words ABBBC and DEEEF, drawn with equal probability.

use std::convert::Infallible;
use std::ops::ControlFlow;

use sorn_agents::{Agent, AgentConfig, EpisodeEvent, Observer, run};
use sorn_env::seeding::Generator;
use sorn_env::{Env, Info, Options, Space, Step};

/// Letters 0 to 5; reward 1 for the right prediction. Every word of five letters has four that can be known and one that cannot.
struct Counting {
    words: Generator,
    second: bool,
    place: i64,
    steps: u32,
}

const STEPS: u32 = 1_000;

impl Counting {
    fn letter(&self) -> i64 {
        let in_word = [0, 1, 1, 1, 2][self.place as usize];
        in_word + if self.second { 3 } else { 0 }
    }
}

impl Env for Counting {
    type Obs = i64;
    type Act = i64;
    type Error = Infallible;

    fn observation_space(&self) -> Space {
        Space::discrete(6).unwrap()
    }
    fn action_space(&self) -> Space {
        Space::discrete(6).unwrap()
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> Result<(i64, Info), Infallible> {
        self.words = Generator::new(seed.unwrap_or(0));
        (self.place, self.steps) = (0, 0);
        Ok((self.letter(), Info::new()))
    }
    fn step(&mut self, action: &i64) -> Result<Step<i64>, Infallible> {
        self.place = (self.place + 1) % 5;
        if self.place == 0 {
            self.second = self.words.integers(0, 2) == 1;
        }
        self.steps += 1;
        let obs = self.letter();
        let reward = f64::from(u8::from(*action == obs));
        Ok(Step { obs, reward, terminated: false, truncated: self.steps == STEPS, info: Info::new() })
    }
}

struct Last(f64);

impl Observer for Last {
    fn on_episode(&mut self, event: &EpisodeEvent, _: &Agent) -> ControlFlow<()> {
        self.0 = event.ret / f64::from(STEPS);
        ControlFlow::Continue(())
    }
}

/// Part of right predictions in the last of `episodes`.
fn accuracy(kind: &str, learner: &str, episodes: u64, seed: u64) -> f64 {
    let text = format!(
        r#"
        encoder = {{ kind = "one_hot" }}
        reservoir = {{ kind = "{kind}", params = {{ ne = 200, nu = 6, input = {{ pools = {{ size = 10 }} }}, lambda_ee = 10, h_ip = 0.1, rules = ["rmstdp", "ip", "ss"], trace_decay = 0.0, eta_rmstdp = 0.001, eta_ip = 0.001 }} }}
        plasticity = {{ mode = "always" }}
        features = {{ names = ["activity"] }}
        learner = {learner}
        "#
    );
    let config: AgentConfig = toml::from_str(&text).unwrap();
    let mut env = Counting { words: Generator::new(0), second: false, place: 0, steps: 0 };
    let mut agent = Agent::new(&config, &env.observation_space(), &env.action_space(), seed).unwrap();
    let mut last = Last(f64::NAN);
    run(&mut env, &mut agent, 0..episodes, |k| 1_000 * seed + k, &mut last).unwrap();
    last.0
}

const RATES: &str = "target_rates = [0.1, 0.3, 0.1, 0.1, 0.3, 0.1]";

/// Who sees the present letter alone can be right in 7 of 10 steps, who counts in 9 of 10.
#[test]
fn rm_sorn_counts() {
    let learner = format!("{{ kind = \"rm_sorn\", {RATES} }}");
    for seed in 0..3 {
        let right = accuracy("sorn", &learner, 30, seed);
        assert!(right > 0.8, "seed {seed}: {right}");
    }
    let without_reservoir = accuracy("none", &learner, 30, 0);
    assert!(without_reservoir <= 0.72, "{without_reservoir}");
    let without_learning =
        accuracy("sorn", &format!("{{ kind = \"rm_sorn\", eta_stdp = 0.0, {RATES} }}"), 30, 0);
    assert!(without_learning < 0.4, "{without_learning}");
}
