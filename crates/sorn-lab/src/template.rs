//! The experiment file that `sorn new experiment` writes.

use sorn_envs::EnvSpec;

/// A commented experiment named `name` on the environment `spec`, ready to run.
pub fn experiment_template(name: &str, spec: &EnvSpec) -> String {
    let threshold = spec.reward_threshold.map_or_else(
        || {
            "# threshold = 0.0           # this environment names none: without it runs are judged by evaluation"
                .to_string()
        },
        |t| format!("# threshold = {t:?}         # default: the environment's own, {t:?}"),
    );
    let listed = match spec.id.contains(':') {
        true => format!("`sorn envs {}` shows it", spec.id),
        false => "`sorn envs` lists them all".to_string(),
    };
    format!(
        r#"# {name}: {description}
# Run:      sorn run {name}.toml
# Seeds:    sorn run {name}.toml --seeds 0..20
# Controls: sorn run {name}.toml --seeds 0..20 --controls all

name = "{name}"
question = "What does a self-organising reservoir learn here?"

[env]
id = "{id}"                 # {listed}

[agent.reservoir]                # "sorn"; its controls: "static" (no plasticity), "none" (the input code alone), "rewired", "esn"
kind = "sorn"

[agent.reservoir.params]
ne = 400                         # excitatory neurons; inhibitory ones are a fifth of them

[agent.plasticity]
mode = "first_steps"             # plastic for so many steps, then frozen
steps = 5000

[agent.learner]
kind = "actor_critic"            # its steps are bounded, unless actor_step or critic_step is given

[run]
episodes = 1000                  # at most
# steps = 100000                 # at most, in steps of the environment; beside episodes or in their place
num_envs = 1                     # environments in which the one agent learns at once
window = 100                     # solved: mean return of so many consecutive episodes at or above the threshold
{threshold}
stop_when_solved = true
checkpoint_every = 25            # episodes

[eval]
episodes = 100                   # after training, with the greedy policy
# every = 100                    # evaluate while training, in episodes, and keep the best agent
"#,
        description = spec.description,
        id = spec.id,
    )
}
