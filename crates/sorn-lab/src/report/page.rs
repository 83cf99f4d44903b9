//! The HTML file itself.

use serde_json::json;

use super::gather::{Arm, Run};
use crate::{Aggregate, Spread, counted, decimal, quartile};

pub(super) const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The page. Everything is in it: style, script, data, pictures.
pub(super) fn html(arms: &[Arm], problems: &[String]) -> String {
    let names: Vec<&str> = arms.iter().map(|arm| arm.name.as_str()).collect();
    let title = escape(&names.join(", "));
    let mut body = String::new();
    body.push_str(&format!("<h1>{title}</h1>\n"));
    if !arms[0].question.is_empty() {
        body.push_str(&format!("<p class=\"question\">{}</p>\n", escape(&arms[0].question)));
    }
    if !problems.is_empty() {
        let items: String = problems.iter().map(|p| format!("<li>{}</li>", escape(p))).collect();
        body.push_str(&format!(
            "<section class=\"problems\"><h2>Missing or damaged</h2><ul>{items}</ul></section>\n"
        ));
    }
    body.push_str(&format!("<section><h2>Summary</h2>\n{}</section>\n", summary(arms)));
    body.push_str(CURVES);
    for (index, arm) in arms.iter().enumerate() {
        body.push_str(&within(index, arm));
    }
    body.push_str(&format!("<section><h2>Runs</h2>\n{}</section>\n", runs(arms)));
    body.push_str(&format!("<section><h2>How to do it again</h2>\n{}</section>\n", again(arms)));
    // In a script element only "<" could end it early.
    let data = json!({ "arms": arms }).to_string().replace('<', "\\u003c");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>\n{SCRIPT}</script>\n\
         </body>\n</html>\n"
    )
}

const CURVES: &str = "<section><h2>Learning curves</h2>\n\
    <div class=\"controls\" id=\"arms\"></div>\n\
    <div class=\"controls\" id=\"over\"></div>\n\
    <div class=\"controls\" id=\"seeds\"></div>\n\
    <div class=\"chart\"><canvas id=\"curves\" height=\"420\"></canvas><div class=\"tip\" hidden></div></div>\n\
    <p class=\"hint\">Median and quartiles over the seeds of the mean return of the last episodes; a run that ended keeps its \
    last mean. Wheel: zoom, drag: move, double click: all.</p>\n</section>\n";

fn summary(arms: &[Arm]) -> String {
    // What no environment has a threshold for is neither solved nor not solved.
    let judges = arms.iter().any(|arm| arm.threshold.is_some());
    let head: Vec<&str> = [
        ("arm", true),
        ("environment", true),
        ("solved", judges),
        ("episodes to solve", judges),
        ("p", judges),
        ("environment steps", true),
        ("greedy policy, mean return", true),
        ("interquartile mean (95 % interval)", !judges),
        ("p of the greedy policy", true),
        ("mean return while training", true),
        ("p of the training", !judges),
        ("seconds", true),
    ]
    .into_iter()
    .filter_map(|(name, shown)| shown.then_some(name))
    .collect();
    let rows: Vec<Vec<String>> = arms.iter().map(|arm| row(arm, judges)).collect();
    let note = match judges {
        true => {
            "Median (quartiles) over the finished runs. A run that did not solve the task counts with the most episodes that any \
             run had. p: two-sided Mann-Whitney test of the episodes to solve against the first arm; p of the greedy policy: of its \
             mean returns."
        }
        false => {
            "Median (quartiles) over the finished runs; the interquartile mean has a bootstrap interval (Agarwal et al. 2021). The \
             mean return while training is the area under the learning curve, divided by its length. p: two-sided Mann-Whitney \
             tests against the first arm."
        }
    };
    format!("{}<p class=\"hint\">{note}</p>\n", table(&head, &rows))
}

fn row(arm: &Arm, judges: bool) -> Vec<String> {
    let none = || "–".to_string();
    let three = |values: [f64; 3], digits: usize| {
        let [middle, low, high] = values.map(|value| decimal(value, digits));
        format!("{middle} ({low}, {high})")
    };
    let spread = |of: fn(&Aggregate) -> Option<Spread>, digits: usize| {
        arm.aggregate.as_ref().and_then(of).map_or_else(none, |s| three([s.median, s.q1, s.q3], digits))
    };
    let p = |p: Option<f64>| {
        p.map_or_else(none, |p| if p < 1e-3 { format!("{p:.0e}") } else { format!("{p:.3}") })
    };
    let mut cells = vec![arm.name.clone(), arm.env.clone()];
    if judges {
        let solved = arm.aggregate.as_ref().map_or(0, |a| a.solved);
        let to_solve = arm.aggregate.as_ref().and_then(|a| a.threshold.and(a.episodes_to_solve_spread));
        cells.push(arm.threshold.map_or_else(none, |_| format!("{solved}/{}", arm.runs.len())));
        cells.push(to_solve.map_or_else(none, |s| {
            format!("{} ({}, {})", quartile(s.median), quartile(s.q1), quartile(s.q3))
        }));
        cells.push(p(arm.p));
    }
    cells.extend([spread(|a| a.env_steps, 0), spread(|a| a.eval_mean, 1)]);
    if !judges {
        let iqm = arm.aggregate.as_ref().and_then(|a| a.eval_iqm);
        cells.push(iqm.map_or_else(none, |e| three([e.value, e.low, e.high], 1)));
    }
    cells.extend([p(arm.p_eval), spread(|a| a.area, 1)]);
    if !judges {
        cells.push(p(arm.p_area));
    }
    cells.push(spread(|a| a.wall_secs, 1));
    cells
}

fn runs(arms: &[Arm]) -> String {
    let mut text = String::new();
    for arm in arms {
        let mut head = vec!["seed", "episodes", "environment steps"];
        if arm.threshold.is_some() {
            head.push("solved in episode");
        }
        head.extend(["mean return, last 100", "greedy policy: mean ± sd, min", "seconds"]);
        let rows: Vec<Vec<String>> = arm
            .runs
            .iter()
            .map(|run| {
                let mut row = cells(run, arm.threshold.is_some());
                row.resize(head.len(), String::new());
                row
            })
            .collect();
        let name = escape(&arm.name);
        text.push_str(&format!(
            "<details><summary>{name}, {}</summary>\n",
            counted(arm.runs.len() as u64, "run")
        ));
        text.push_str(&format!("{}</details>\n", table(&head, &rows)));
    }
    text
}

/// The cells of a run.
fn cells(run: &Run, judges: bool) -> Vec<String> {
    let Some(s) = &run.summary else {
        return vec![run.seed.to_string(), run.episodes.to_string(), "not finished".to_string()];
    };
    let none = || "–".to_string();
    let mut row = vec![run.seed.to_string(), s.episodes.to_string(), s.env_steps.to_string()];
    if judges {
        row.push(s.episodes_to_solve.map_or_else(none, |n| n.to_string()));
    }
    row.push(s.mean_return_last_100.map_or_else(none, |mean| decimal(mean, 1)));
    row.push(s.eval.map_or_else(none, |e| {
        format!("{} ± {}, {}", decimal(e.mean, 1), decimal(e.sd, 1), decimal(e.min, 1))
    }));
    row.push(format!("{:.1}", s.wall_secs));
    row
}

/// An arm from within: its episode and its weights.
fn within(index: usize, arm: &Arm) -> String {
    let Some(sample) = &arm.sample else { return String::new() };
    let name = escape(&arm.name);
    let mut text =
        format!("<section><h2>{name}, seed {}: an episode of the greedy policy</h2>\n", sample.seed);
    let height = 240 + 90 * sample.panels.len();
    text.push_str(&format!(
        "<div class=\"chart\"><canvas class=\"episode\" data-arm=\"{index}\" height=\"{height}\"></canvas>\
         <div class=\"tip\" hidden></div></div>\n"
    ));
    let cut = match sample.spikes.len() as u64 {
        shown if shown < sample.steps => format!("The first {shown} of {} steps. ", sample.steps),
        _ => String::new(),
    };
    text.push_str(&format!("<p class=\"hint\">{cut}Wheel: zoom, drag: move, double click: all.</p>\n"));
    if !sample.weights.is_empty() {
        text.push_str("<h3>Excitatory weights</h3>\n<div class=\"pictures\">\n");
        for (what, png) in &sample.weights {
            text.push_str(&format!(
                "<figure><img alt=\"Excitatory weights {what}\" src=\"data:image/png;base64,{}\">\
                 <figcaption>{what}</figcaption></figure>\n",
                base64(png)
            ));
        }
        text.push_str("</div>\n");
    }
    text + "</section>\n"
}

fn again(arms: &[Arm]) -> String {
    let mut versions: Vec<&str> =
        arms.iter().filter_map(|a| a.aggregate.as_ref()).map(|a| a.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    let by =
        if versions.is_empty() { String::new() } else { format!("Runs by sorn {}. ", versions.join(", ")) };
    let mut text = format!("<p>{}Report by sorn {}.</p>\n", escape(&by), env!("CARGO_PKG_VERSION"));
    for arm in arms {
        text.push_str(&format!(
            "<pre class=\"command\">{}</pre>\n<details><summary>configuration of {}</summary><pre>{}</pre></details>\n",
            escape(&arm.command),
            escape(&arm.name),
            escape(&arm.config)
        ));
    }
    text
}

pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |tag: &str, row: &mut dyn Iterator<Item = &str>| -> String {
        row.map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect()
    };
    let mut text =
        format!("<table><thead><tr>{}</tr></thead>\n<tbody>\n", cells("th", &mut head.iter().copied()));
    for row in rows {
        text.push_str(&format!("<tr>{}</tr>\n", cells("td", &mut row.iter().map(String::as_str))));
    }
    text + "</tbody></table>\n"
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= group.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_published_one() {
        let known = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (n, wanted) in known.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..n]), wanted);
        }
    }

    #[test]
    fn nothing_escapes_its_place() {
        assert_eq!(escape("<script>&\""), "&lt;script&gt;&amp;&quot;");
        assert!(!table(&["<b>"], &[vec!["</td>".into()]]).contains("<b>"));
    }
}
