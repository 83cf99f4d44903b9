//! The page of a sweep: what was tried, what each key comes to, the best configurations, and the claim with fresh seeds.

use std::path::Path;

use super::page::{STYLE, escape, table};
use crate::files::read_text;
use crate::sweep::{figures::importance, summary_number};
use crate::{Goal, LabError, Spread, SweepDir, counted, significant};

/// Configurations that the page shows.
const SHOWN: usize = 50;

/// The page, and what is missing or damaged.
pub(super) fn page(dir: &Path) -> Result<(String, Vec<String>), LabError> {
    let sweep = SweepDir::read(dir)?;
    let plan = sweep.plan();
    let found = sweep.results();
    let mut problems = found.damaged.clone();
    problems
        .extend(found.failed.iter().map(|place| format!("{}: failed, error.txt says why", place.display())));
    let missing = found.tasks - found.rows.len() as u64;
    if missing > 0 {
        problems.push(format!(
            "{missing} of {} not done ({} of them failed)",
            counted(found.tasks, "task"),
            found.failures
        ));
    }
    let name = escape(plan.name());
    let mut body = format!("<h1>{name}: a sweep</h1>\n");
    let question = plan.question()?;
    if !question.is_empty() {
        body.push_str(&format!("<p class=\"question\">{}</p>\n", escape(&question)));
    }
    let mut rest = String::new();
    match sweep.ranking(&found) {
        Err(error) => problems.push(error.to_string()),
        Ok(ranking) => {
            let best = match ranking.goal {
                Goal::Maximize => "largest",
                Goal::Minimize => "smallest",
            };
            let keys: Vec<&str> = plan.keys().collect();
            let head = keys.iter().copied().chain(["mean", "q1", "median", "q3"]).collect::<Vec<_>>();
            let none = || "–".to_string();
            let rows = ranking.configurations.iter().take(SHOWN).map(|ranked| {
                let value = |key: &&str| {
                    let value = ranked.values.get(*key);
                    value.map_or_else(none, |value| value.as_str().map_or(value.to_string(), String::from))
                };
                let spread = ranked.spread;
                let numbers =
                    [ranked.mean, spread.map(|s| s.q1), spread.map(|s| s.median), spread.map(|s| s.q3)];
                let numbers = numbers.map(|number| number.map_or_else(none, significant));
                keys.iter().map(value).chain(numbers).collect::<Vec<String>>()
            });
            let rows: Vec<Vec<String>> = rows.collect();
            rest.push_str(&format!(
                "<section><h2>Configurations</h2>\n{}<p class=\"hint\">{} over {}, the {best} mean first: {} of {}. These seeds \
                 chose the best, so that its mean is optimistic.</p></section>\n",
                table(&head, &rows),
                escape(&ranking.measure),
                counted(ranking.seeds.len() as u64, "seed"),
                rows.len(),
                counted(plan.configurations(), "configuration"),
            ));
            rest.push_str(&claim(&sweep, &ranking.measure, &mut problems));
            if let Some(measured) = found.column(&ranking.measure) {
                let shares = importance(&sweep.levels(&found, &measured), &measured);
                let rows: Vec<Vec<String>> = shares
                    .iter()
                    .map(|key| vec![key.key.clone(), format!("{:.1} %", 100.0 * key.share)])
                    .collect();
                rest.push_str(&format!(
                    "<section><h2>Keys</h2>\n{}<p class=\"hint\">Share of the variance of {} between all runs that lies between the \
                     values of the key.</p></section>\n",
                    table(&["key", "share of the variance"], &rows),
                    escape(&ranking.measure)
                ));
            }
            let mut pictures = String::new();
            for (stem, figure) in sweep.figures(&found, &ranking.measure) {
                match figure {
                    Ok(figure) => pictures.push_str(&format!("<figure>{}</figure>\n", figure.svg())),
                    Err(error) => problems.push(format!("{stem}: {error}")),
                }
            }
            if !pictures.is_empty() {
                rest.push_str(&format!("<section><h2>Figures</h2>\n{pictures}</section>\n"));
            }
        }
    }
    if !problems.is_empty() {
        let items: String = problems.iter().map(|p| format!("<li>{}</li>", escape(p))).collect();
        body.push_str(&format!(
            "<section class=\"problems\"><h2>Missing or damaged</h2><ul>{items}</ul></section>\n"
        ));
    }
    body.push_str(&rest);
    let file = dir.join("sweep.toml");
    body.push_str(&format!(
        "<section><h2>How to do it again</h2>\n<p>Report by sorn {}.</p>\n<pre class=\"command\">sorn sweep {} --out again</pre>\n\
         <details><summary>configuration</summary><pre>{}</pre></details></section>\n",
        env!("CARGO_PKG_VERSION"),
        escape(&file.display().to_string()),
        escape(&read_text(&file)?)
    ));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}: a sweep</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    );
    Ok((html, problems))
}

/// What the best configuration came to with seeds that did not choose it.
fn claim(sweep: &SweepDir, measure: &str, problems: &mut Vec<String>) -> String {
    let dir = sweep.path().join("best");
    let seeds = sweep.plan().fresh_seeds();
    if seeds.is_empty() || !dir.is_dir() {
        return String::new();
    }
    let mut values = Vec::new();
    for seed in seeds {
        match summary_number(&dir.join(format!("seed-{seed}")), measure) {
            Ok(Some(value)) => values.push(value),
            Ok(None) => {}
            Err(error) => problems.push(error.to_string()),
        }
    }
    let Some(spread) = Spread::of(&values) else { return String::new() };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let numbers = [mean, spread.q1, spread.median, spread.q3, spread.min, spread.max].map(significant);
    format!(
        "<section><h2>The best configuration with fresh seeds</h2>\n{}<p class=\"hint\">{} of {} that did not choose it, of {}.</p>\
         </section>\n",
        table(&["mean", "q1", "median", "q3", "min", "max"], &[numbers.to_vec()]),
        escape(measure),
        counted(values.len() as u64, "finished run"),
        counted(seeds.len() as u64, "fresh seed"),
    )
}
