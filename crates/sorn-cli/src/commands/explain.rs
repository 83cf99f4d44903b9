//! `sorn explain`: what the keys of an experiment file mean.

mod page;

use serde_json::Value;
use sorn_lab::{ALIKE, near};

use crate::ExitStatus;
use crate::args::Explain;
use crate::output::{Usage, result};
use crate::reference::{self, Key};
use crate::registered;

pub(crate) fn run(args: &Explain) -> anyhow::Result<ExitStatus> {
    if args.schema {
        let text = match registered::any() {
            // As the file of this crate is written.
            false => reference::SCHEMA.into(),
            true => serde_json::to_string_pretty(&reference::schema())? + "\n",
        };
        result(&text)?;
        return Ok(ExitStatus::Done);
    }
    let root = reference::schema();
    if args.markdown {
        result(&page::markdown(&root))?;
        return Ok(ExitStatus::Done);
    }
    let text = match &args.key {
        None => whole(&root),
        Some(key) => {
            let found = reference::find(&root, key);
            if found.is_empty() {
                return Err(Usage(unknown(&root, key)).into());
            }
            found.iter().map(one).collect::<Vec<_>>().join("\n")
        }
    };
    result(&text)?;
    Ok(ExitStatus::Done)
}

/// The tables of all kinds of file.
fn whole(root: &Value) -> String {
    let mut text = String::new();
    for (kind, title, named) in reference::kinds(root) {
        text.push_str(&format!("{title}{named}\n"));
        text.push_str(&list(&reference::below(root, kind)));
        text.push('\n');
    }
    text + "sorn explain KEY shows one, e.g. sorn explain agent.learner; --schema prints the JSON Schema\n"
}

fn one(key: &Key) -> String {
    let mut text = key.name.clone();
    if !key.when.is_empty() {
        text.push_str(&format!("  ({})", key.when));
    }
    text.push_str(&format!("\n  {}", key.kind()));
    if let Some(default) = key.default() {
        text.push_str(&format!(", {default} by default"));
    }
    text.push('\n');
    for paragraph in key.description().split("\n\n").filter(|p| !p.is_empty()) {
        text.push_str(&format!("  {paragraph}\n"));
    }
    for (name, meaning) in key.choices() {
        text.push_str(&format!("    {name:<24}  {meaning}\n"));
    }
    let keys = key.below();
    if !keys.is_empty() {
        text.push_str("  keys:\n");
        text.push_str(&list(&keys));
    }
    text
}

/// A line per key: its last name, its type and default, its first sentence.
fn list(keys: &[Key]) -> String {
    let mut text = String::new();
    let mut when = "";
    for key in keys {
        if key.when != when {
            when = &key.when;
            text.push_str(&format!("  {when}\n"));
        }
        let default = key.default().map_or_else(String::new, |default| format!(" = {default}"));
        let name = format!("{}{default}", key.last());
        text.push_str(&format!("    {name:<32}  {}\n", key.first_sentence()));
    }
    text
}

fn unknown(root: &Value, key: &str) -> String {
    let known = reference::all(root);
    let near = near(key, &known, ALIKE);
    let near = near.first().map_or_else(String::new, |near| format!("; did you mean {near}?"));
    format!("expected a key of an experiment file, found {key:?}{near} (sorn explain lists them)")
}
