//! `sorn envs`: what there is to act in.

use std::path::Path;

use serde_json::json;
use sorn_lab::Experiment;
use sorn_lab::sorn_env::{AnyEnv, Env};
use sorn_lab::sorn_envs::{self, EnvSpec, Kwargs};

use crate::ExitStatus;
use crate::args::Envs;
use crate::output::{Usage, result, table};

pub(crate) fn run(args: &Envs) -> anyhow::Result<ExitStatus> {
    let text = match &args.env {
        None => list(args.json)?,
        Some(name) => {
            let shown = if is_file(name) { of_file(name, args)? } else { of_id(name, args)? };
            if args.json { shown.json()? } else { shown.text() }
        }
    };
    result(&text)?;
    Ok(ExitStatus::Done)
}

fn list(json: bool) -> anyhow::Result<String> {
    let specs: Vec<_> = sorn_envs::specs().collect();
    if json {
        let list: Vec<_> = specs.iter().map(of_spec).collect();
        return Ok(serde_json::to_string_pretty(&list)? + "\n");
    }
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let mut text = vec![["id", "steps", "solved at"].map(String::from).to_vec()];
    for spec in &specs {
        let steps = dash(spec.max_episode_steps.map(|n| n.to_string()));
        text.push(vec![spec.id.clone(), steps, dash(spec.reward_threshold.map(|t| t.to_string()))]);
    }
    let described = std::iter::once("what it is").chain(specs.iter().map(|s| s.description.as_str()));
    Ok(table(&text).lines().zip(described).map(|(l, d)| format!("{l:<40}  {d}\n")).collect())
}

fn of_spec(s: &EnvSpec) -> serde_json::Value {
    json!({
        "id": s.id, "max_episode_steps": s.max_episode_steps, "reward_threshold": s.reward_threshold,
        "render_fps": s.render_fps, "description": s.description, "kwargs": s.kwargs,
    })
}

/// One environment.
struct Shown {
    env: AnyEnv,
    spec: EnvSpec,
    /// The kinds of its wrappers, the innermost first.
    wrappers: Vec<String>,
}

fn of_id(id: &str, args: &Envs) -> anyhow::Result<Shown> {
    no_overrides(id, &args.set)?;
    let (env, spec) = sorn_envs::make(id, &kwargs(&args.kwarg)?).map_err(|e| Usage(e.to_string()))?;
    Ok(Shown { env, spec, wrappers: vec![] })
}

fn of_file(file: &str, args: &Envs) -> anyhow::Result<Shown> {
    only_overrides(file, &args.kwarg)?;
    // The agent may not fit yet: the user may be asking for the spaces in order to configure it.
    let experiment = Experiment::read(Path::new(file), &args.set)?;
    let (env, spec) = experiment.make_env(file)?;
    let wrappers = experiment.env.wrappers.iter().map(ToString::to_string).collect();
    Ok(Shown { env, spec, wrappers })
}

/// Whether it is an experiment file, and no id.
pub(super) fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"))
}

/// Refuses `--set` for an id.
pub(super) fn no_overrides(id: &str, set: &[String]) -> Result<(), Usage> {
    if set.is_empty() {
        return Ok(());
    }
    Err(Usage(format!("--set overrides values of an experiment file, and {id:?} is none (FILE.toml)")))
}

/// Refuses `--kwarg` for an experiment file.
pub(super) fn only_overrides(file: &str, kwarg: &[String]) -> Result<(), Usage> {
    if kwarg.is_empty() {
        return Ok(());
    }
    Err(Usage(format!("--kwarg is for an id; {file} is an experiment file: --set env.kwargs.KEY=VALUE")))
}

/// Keyword arguments given as KEY=VALUE.
pub(super) fn kwargs(given: &[String]) -> anyhow::Result<Kwargs> {
    let mut kwargs = Kwargs::new();
    for text in given {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Usage(format!("--kwarg {text}: expected KEY=VALUE")).into());
        };
        let value = sorn_lab::argument(value).map_err(|e| Usage(format!("--kwarg {key}: {e}")))?;
        if kwargs.insert(key.into(), value).is_some() {
            return Err(Usage(format!("--kwarg {text}: {key} is given twice")).into());
        }
    }
    Ok(kwargs)
}

/// The two spaces, a line each.
pub(super) fn spaces(env: &AnyEnv) -> [(&'static str, String); 2] {
    [
        ("observation space", env.observation_space().to_string()),
        ("action space", env.action_space().to_string()),
    ]
}

/// Lines of a name and what it stands for.
pub(super) fn lines(rows: &[(&str, String)]) -> String {
    rows.iter().map(|(name, text)| format!("{name:<17}  {text}\n")).collect()
}

impl Shown {
    fn text(&self) -> String {
        let EnvSpec { id, max_episode_steps, reward_threshold, description, kwargs, .. } = &self.spec;
        let or = |text: Option<String>, none: &str| text.unwrap_or_else(|| none.into());
        let mut rows = vec![("environment", format!("{id}: {description}"))];
        if !self.wrappers.is_empty() {
            rows.push(("wrappers", self.wrappers.join(", ")));
        }
        rows.extend(spaces(&self.env));
        let limit = max_episode_steps.map(|n| match self.wrappers.is_empty() {
            true => format!("{n} steps"),
            false => format!("{n} steps of the environment itself"),
        });
        rows.push(("time limit", or(limit, "none")));
        rows.push(("solved at", or(reward_threshold.map(|t| t.to_string()), "-")));
        // What an adapter's environment takes is not known.
        if !id.contains(':') {
            let all: Vec<&str> = kwargs.iter().map(String::as_str).chain(["max_episode_steps"]).collect();
            rows.push(("arguments", all.join(", ")));
        }
        lines(&rows)
    }

    fn json(&self) -> anyhow::Result<String> {
        let mut json = of_spec(&self.spec);
        json["wrappers"] = self.wrappers.clone().into();
        json["observation_space"] = self.env.observation_space().to_string().into();
        json["action_space"] = self.env.action_space().to_string().into();
        Ok(serde_json::to_string_pretty(&json)? + "\n")
    }
}
