//! The experiment files that `sorn new experiment` writes.

use sorn_envs::EnvSpec;

use crate::TaskSort;

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

/// A commented experiment named `name` of a task without an agent, ready to run.
pub fn task_template(name: &str, sort: TaskSort) -> String {
    let (does, rest) = match sort {
        TaskSort::Sequence => ("a network hears symbols, and a readout says the next one", SEQUENCE),
        TaskSort::Series => ("a network is fed numbers, and a readout gives others", SERIES),
        TaskSort::Dynamics => ("a network left to itself, and statistics of its activity", DYNAMICS),
    };
    let controls = if sort == TaskSort::Dynamics { "" } else { " --controls all" };
    format!(
        r#"# {name}: {does}
# Run:      sorn run {name}.toml
# Seeds:    sorn run {name}.toml --seeds 0..20{controls}
# Keys:     sorn explain task

name = "{name}"
{rest}
[run]
checkpoint_every = 200000        # steps
"#
    )
}

const SEQUENCE: &str = r#"question = "Does self-organisation help a network to count?"
report = ["of_ceiling", "last_symbol"]    # scores of the table; all if this is left out

[task]
kind = "sequence"
n = 4                            # what n stands for in words

[task.source]                    # or "random", "repeated", "grammar", "text"
kind = "words"
words = ["A B*n C", "D E*n F"]

[task.readout]
kind = "logistic"                # or "least_squares", "ridge"

[[task.phases]]
name = "organise"                # every rule acts
steps = 20000

[[task.phases]]
name = "fit"                     # the readout is fitted to these steps
role = "fit"
steps = 5000
freeze = "all"

[[task.phases]]
name = "score"                   # and scored on these
role = "score"
steps = 5000
freeze = "all"

[network]
preset = "counting"
"#;

const SERIES: &str = r#"question = "Does self-organisation help a network to follow a series?"
report = ["input_reader", "nrmse"]    # scores of the table; all if this is left out

[task]
kind = "series"

[task.source]                    # or "mackey_glass", "lorenz", "memory_capacity", "parity"; "file" for numbers of your own
kind = "narma"
# kind = "file"
# file = "mine.csv"              # rows of numbers, or an array (.npy)
# inputs = [0]                   # columns, from 0
# targets = [1]

[task.readout]
kind = "ridge"
features = ["traces", "activity", "bias"]
trace_decays = [0.2, 0.5, 0.7, 0.8, 0.9]
penalty = 1.0

[[task.phases]]
name = "organise"                # every rule acts
steps = 5000

[[task.phases]]
name = "fit"                     # the readout is fitted to these steps
role = "fit"
steps = 10000
freeze = "all"

[[task.phases]]
name = "score"                   # and scored on these
role = "score"
steps = 2000
freeze = "all"

[network]
ne = 200
input = "direct"                 # each neuron sees the inputs in a direction of its own
noise_sd = 0.0
"#;

const DYNAMICS: &str = r#"question = "What avalanches does a network have that organises itself?"
report = ["mean_activity", "size_exponent", "duration_exponent"]    # scores of the table; all if this is left out

[task]
kind = "dynamics"

[[task.phases]]
name = "transient"
steps = 200000

[[task.phases]]
name = "measure"
steps = 300000

[[task.measures]]                # `sorn explain task.measures` lists all kinds
kind = "activity"
phases = ["measure"]

[[task.measures]]
kind = "avalanches"
phases = ["measure"]
thresholds = ["half_mean"]

[network]
preset = "delpapa2017"
"#;
