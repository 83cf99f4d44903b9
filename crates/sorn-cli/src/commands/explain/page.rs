//! Every key as a page in Markdown.

use std::fmt::Write as _;

use serde_json::Value;
use sorn_lab::sorn_core::Params;

use crate::reference::{self, Key};

const HEAD: &str = "\
# The experiment file

Every key that an experiment file may have, from the program itself (`sorn explain --markdown`). `sorn explain KEY` shows one in the
terminal, and `sorn explain --schema` prints the JSON Schema for editors: with `#:schema experiment.schema.json` as the first line of a
file, an editor that knows TOML schemas completes and checks its keys. `--set KEY=VALUE` overrides a key for one run. An unknown key
is an error. Files of an agent in an environment, of a sequence task, of a task of series and of a task of dynamics have tables of their own. In `--set`
an element of a list is meant by its name, kind or number: `task.phases.measure.steps=1000`.
";

/// Keys of the network's parameters have a section of their own: they stand in all kinds of file.
const NETWORKS: [&str; 2] = ["agent.reservoir.params", "network"];

pub(super) fn markdown(root: &Value) -> String {
    let mut page = String::from(HEAD);
    for (kind, title, _) in reference::kinds(root) {
        let _ = write!(page, "\n## {title}\n");
        table(&mut page, &reference::below(root, kind));
        for key in reference::below(root, kind) {
            section(&mut page, &key);
        }
    }
    page.push_str("\n## Parameters of a network\n\nThe keys of `agent.reservoir.params` and of `network`. ");
    page.push_str("`preset = \"NAME\"` names where to start from; each other key overrides one parameter.\n");
    for key in reference::find(root, NETWORKS[1]) {
        let mut keys = key.below();
        keys.retain(|key| key.last() != "preset");
        table(&mut page, &keys);
    }
    presets(&mut page);
    page
}

fn section(page: &mut String, key: &Key) {
    if NETWORKS.contains(&key.name.as_str()) {
        return;
    }
    let keys = key.below();
    if keys.is_empty() {
        return;
    }
    let when = if key.when.is_empty() { String::new() } else { format!(" ({})", key.when) };
    let _ = write!(page, "\n### `{}`{when}\n\n{}\n", key.name, cell(key.description()));
    table(page, &keys);
    for inner in keys {
        section(page, &inner);
    }
}

fn table(page: &mut String, keys: &[Key]) {
    page.push_str("\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
    let mut when = "";
    for key in keys {
        if key.when != when {
            when = &key.when;
            let _ = writeln!(page, "| **{when}** | | | |");
        }
        let default = key.default().map_or_else(String::new, |default| format!("`{default}`"));
        let mut meaning = cell(key.description());
        for (name, says) in key.choices() {
            let _ = write!(meaning, "<br>`{name}`: {}", cell(says));
        }
        let _ = writeln!(page, "| `{}` | {} | {default} | {meaning} |", key.last(), key.kind());
    }
}

/// Where the presets differ from upstream's parameters.
fn presets(page: &mut String) {
    page.push_str("\n### Presets\n\nThe parameters in which a preset differs from `upstream`, which has the defaults above.\n");
    let value = |name: &str| {
        let params = Params::preset(name).unwrap_or_else(|e| unreachable!("a preset's name: {e}"));
        serde_json::to_value(params).unwrap_or_else(|e| unreachable!("plain data: {e}"))
    };
    let upstream = value("upstream");
    for name in Params::PRESETS.iter().skip(1) {
        let preset = value(name);
        let entries = preset.as_object().into_iter().flatten();
        let differing = entries.filter(|(key, value)| upstream[key.as_str()] != **value);
        let list: Vec<String> = differing.map(|(key, value)| format!("`{key} = {value}`")).collect();
        let _ = write!(page, "\n- `{name}`: {}", list.join(", "));
    }
    page.push('\n');
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|")
}
