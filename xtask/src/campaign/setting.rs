//! Random experiments: small, valid, and of every kind that a file can name.

use super::rng::Rng;

/// An experiment file, and the seed in it.
pub(crate) struct Setting {
    pub(crate) toml: String,
    pub(crate) seed: u64,
}

/// Name of every experiment here.
pub(crate) const NAME: &str = "tried";

const DISCRETE: [&str; 5] =
    ["CartPole-v1", "MaskedCartPole-v1", "CartPole-v0", "MountainCar-v0", "Acrobot-v1"];
const CONTINUOUS: [&str; 2] = ["Pendulum-v1", "MountainCarContinuous-v0"];
const VALUES: [&str; 5] = ["actor_critic", "sarsa", "q_lambda", "true_online_sarsa", "random"];

impl Setting {
    /// One that takes well under a second.
    pub(crate) fn random(rng: &mut Rng) -> Setting {
        let continuous = rng.one_in(4);
        let id = if continuous { *rng.pick(&CONTINUOUS) } else { *rng.pick(&DISCRETE) };
        let reservoir = *rng.pick(&["sorn", "sorn", "static", "none"]);
        let num_envs = if rng.one_in(3) { rng.within(2, 4) } else { 1 };
        let learner = match (continuous, num_envs > 1) {
            (true, _) => "actor_critic",
            (false, false) if rng.one_in(6) => "ars",
            (false, false) if rng.one_in(6) => "reinforce",
            _ => *rng.pick(&VALUES),
        };
        let seed = rng.below(1000);
        let (ne, episodes) = (rng.within(10, 60), rng.within(3, 24));
        let mut wrappers =
            vec![format!("{{ kind = \"time_limit\", max_episode_steps = {} }}", rng.within(3, 60))];
        if num_envs == 1 && rng.one_in(4) {
            wrappers.push("{ kind = \"normalize_observation\" }".into());
        }
        if rng.one_in(4) {
            wrappers.push("{ kind = \"frame_skip\", steps = 2 }".into());
        }
        let plasticity = match (reservoir, num_envs) {
            ("sorn", 1) if rng.one_in(3) => "mode = \"always\"".to_string(),
            _ => format!("mode = \"first_steps\"\nsteps = {}", rng.within(1, 300)),
        };
        let probes = reservoir != "none" && rng.one_in(2);
        let record = match probes {
            true => {
                format!("probes = [\"TE:{}\", \"ExcitatoryActivation\", \"WEE:50\"]\n", rng.within(1, 20))
            }
            false => String::new(),
        };
        let toml = format!(
            r#"name = "{NAME}"
[env]
id = "{id}"
wrappers = [{}]
[agent.reservoir]
kind = "{reservoir}"
[agent.reservoir.params]
ne = {ne}
lambda_ee = {}
lambda_ei = {}
[agent.plasticity]
{plasticity}
[agent.learner]
kind = "{learner}"
[run]
seed = {seed}
episodes = {episodes}
num_envs = {}
window = {}
stop_when_solved = {}
checkpoint_every = {}
[eval]
episodes = {}
[record]
tensorboard = {}
{record}"#,
            wrappers.join(", "),
            rng.within(3, 8),
            rng.within(3, 8),
            num_envs.min(episodes),
            rng.within(1, 10),
            rng.one_in(2),
            rng.within(1, 7),
            rng.below(4),
            rng.one_in(3),
        );
        Setting { toml, seed }
    }
}
