//! The page of tasks without an agent: their tables, and their figures.

use std::path::{Path, PathBuf};

use sorn_sequence::Task;

use super::page::{STYLE, escape, table};
use crate::dynamics::{kinds, picture};
use crate::files::read_text;
use crate::task::TaskKind;
use crate::task::figure::Scored;
use crate::{DynamicsTask, LabError, SeriesTask, TaskSort, TaskSweep};

/// The page, and what is missing or damaged. The directories hold tasks, all of them.
pub(super) fn page(dirs: &[PathBuf]) -> Result<(String, Vec<String>), LabError> {
    let (mut names, mut body, mut problems) = (Vec::new(), String::new(), Vec::new());
    for dir in dirs {
        let part = match TaskSort::of_dir(dir)? {
            Some(TaskSort::Dynamics) => {
                let sweep = TaskSweep::<DynamicsTask>::read(dir)?;
                let mut pictures = String::new();
                for kind in kinds(&sweep.experiment().task) {
                    match picture(dir, kind) {
                        Ok(figure) => pictures.push_str(&format!("<figure>{}</figure>\n", figure.svg())),
                        Err(error) => problems.push(error.to_string()),
                    }
                }
                one(&sweep, &pictures)?
            }
            Some(TaskSort::Series) => one(&TaskSweep::<SeriesTask>::read(dir)?, "")?,
            Some(TaskSort::Sequence) | None => one(&TaskSweep::<Task>::read(dir)?, "")?,
        };
        names.push(part.0);
        body.push_str(&part.1);
    }
    let title = names.join(", ");
    if !problems.is_empty() {
        let items: String = problems.iter().map(|p| format!("<li>{}</li>", escape(p))).collect();
        body.push_str(&format!(
            "<section class=\"problems\"><h2>Missing or damaged</h2><ul>{items}</ul></section>\n"
        ));
    }
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    );
    Ok((html, problems))
}

/// Name and part of the page of one task.
fn one<T: TaskKind>(sweep: &TaskSweep<T>, pictures: &str) -> Result<(String, String), LabError> {
    let scored = Scored::of(sweep)?;
    let figures = scored.figures();
    let of_scores = figures.iter().map(|figure| format!("<figure>{}</figure>\n", figure.svg()));
    let pictures: String = of_scores.chain([pictures.to_string()]).collect();
    let found = scored.table;
    let experiment = sweep.experiment();
    let name = escape(&experiment.name);
    let mut text = format!("<h1>{name}</h1>\n");
    if !experiment.question.is_empty() {
        text.push_str(&format!("<p class=\"question\">{}</p>\n", escape(&experiment.question)));
    }
    let rows_of = |title: &str, rows: Vec<Vec<String>>, hint: &str| match rows.split_first() {
        None => String::new(),
        Some((head, rows)) => {
            let head: Vec<&str> = head.iter().map(String::as_str).collect();
            let table = table(&head, rows);
            format!("<section><h2>{title}</h2>\n{table}<p class=\"hint\">{hint}</p></section>\n")
        }
    };
    let over = format!("Median (quartiles) over {}.", crate::counted(found.seeds.len() as u64, "seed"));
    text.push_str(&rows_of("Scores", found.rows(), &over));
    if !found.problems.is_empty() {
        let items: String = found.problems.iter().map(|p| format!("<li>{}</li>", escape(p))).collect();
        text.push_str(&format!("<section class=\"problems\"><h2>Problems</h2><ul>{items}</ul></section>\n"));
    }
    let hint = "All runs together if the score can be pooled, else the mean over runs; 95 % bootstrap interval over runs. A value \
                agrees within its tolerance; it is undecided where its interval alone reaches there.";
    text.push_str(&rows_of("Published values", found.reference_rows(), hint));
    let hint = "A claim about a number holds if the whole interval does, one about runs if a two-sided Mann-Whitney test has p below .05.";
    text.push_str(&rows_of("Claims", found.claim_rows(), hint));
    if !pictures.is_empty() {
        text.push_str(&format!("<section><h2>Figures</h2>\n{pictures}</section>\n"));
    }
    text.push_str(&again(sweep.path())?);
    Ok((name, text))
}

fn again(dir: &Path) -> Result<String, LabError> {
    let file = dir.join("experiment.toml");
    let file = if file.is_file() { file } else { dir.join("config.toml") };
    Ok(format!(
        "<section><h2>How to do it again</h2>\n<p>Report by sorn {}.</p>\n<pre class=\"command\">sorn run {} --out again</pre>\n\
         <details><summary>configuration</summary><pre>{}</pre></details></section>\n",
        env!("CARGO_PKG_VERSION"),
        escape(&file.display().to_string()),
        escape(&read_text(&file)?)
    ))
}
