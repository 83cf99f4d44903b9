//! `sorn envs`: what there is to act in.

use crate::ExitStatus;
use crate::args::Envs;
use crate::output::{result, table};

pub(crate) fn run(args: &Envs) -> anyhow::Result<ExitStatus> {
    let specs: Vec<_> = sorn_lab::sorn_envs::specs().collect();
    if args.json {
        let list: Vec<_> = specs
            .iter()
            .map(|s| {
                serde_json::json!({
                    "id": s.id, "max_episode_steps": s.max_episode_steps, "reward_threshold": s.reward_threshold,
                    "render_fps": s.render_fps, "description": s.description, "kwargs": s.kwargs,
                })
            })
            .collect();
        result(&(serde_json::to_string_pretty(&list)? + "\n"))?;
        return Ok(ExitStatus::Done);
    }
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let mut text = vec![["id", "steps", "solved at"].map(String::from).to_vec()];
    for spec in &specs {
        let steps = dash(spec.max_episode_steps.map(|n| n.to_string()));
        text.push(vec![spec.id.clone(), steps, dash(spec.reward_threshold.map(|t| t.to_string()))]);
    }
    let described = std::iter::once("what it is").chain(specs.iter().map(|s| s.description.as_str()));
    let lines: Vec<String> =
        table(&text).lines().zip(described).map(|(l, d)| format!("{l:<40}  {d}\n")).collect();
    result(&lines.concat())?;
    Ok(ExitStatus::Done)
}
