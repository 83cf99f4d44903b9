//! Whether two folders hold the same results, but for the time of day and how long it took.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Files by their path below a folder, times taken out.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// Fields that say how long something took, or depend on it: documented as such (`Episode`, `Summary`, `Aggregate`).
const TIMES: [&str; 2] = ["wall_secs", "checksum"];

/// What `dir` holds.
pub(crate) fn tree(dir: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    gather(dir, dir, &mut tree)?;
    Ok(tree)
}

fn gather(root: &Path, dir: &Path, tree: &mut Tree) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let unread = |path: &Path| format!("cannot read {}", path.display());
    for entry in fs::read_dir(dir).with_context(|| unread(dir))? {
        let path = entry?.path();
        if path.is_dir() {
            gather(root, &path, tree)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let bytes = fs::read(&path).with_context(|| unread(&path))?;
        let bytes = timeless(&name, bytes);
        tree.insert(name, bytes);
    }
    Ok(())
}

/// The content of a file without its times; what cannot be read is left as it is, and will differ.
fn timeless(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let end = Path::new(name).extension().and_then(|end| end.to_str()).unwrap_or_default();
    match end {
        "json" => timeless_json(&bytes).unwrap_or(bytes),
        "jsonl" => bytes
            .split_inclusive(|&byte| byte == b'\n')
            .flat_map(|line| timeless_json(line).unwrap_or_else(|| line.to_vec()))
            .collect(),
        "csv" => timeless_csv(&bytes).unwrap_or(bytes),
        "html" => timeless_html(&bytes),
        _ if name.contains("tfevents") => timeless_events(&bytes).unwrap_or(bytes),
        _ => bytes,
    }
}

fn timeless_json(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    without_times(value.as_object_mut()?);
    Some(format!("{value}\n").into_bytes())
}

/// Takes the times out of an object and of those in it.
fn without_times(fields: &mut serde_json::Map<String, Value>) {
    fields.retain(|name, _| !TIMES.contains(&name.as_str()));
    fields.values_mut().filter_map(Value::as_object_mut).for_each(without_times);
}

/// Without the columns of times.
fn timeless_csv(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let names: Vec<&str> = text.lines().next()?.split(',').collect();
    let mut kept = String::new();
    for line in text.lines() {
        let columns = line.split(',').enumerate();
        let columns = columns.filter(|(at, _)| !names.get(*at).is_some_and(|name| TIMES.contains(name)));
        kept += &columns.map(|(_, column)| column).collect::<Vec<_>>().join(",");
        kept.push('\n');
    }
    Some(kept.into_bytes())
}

/// Numbers of seconds in the tables of a report are set in cells of their own; all numbers with one decimal are masked, as the
/// figures, which are compared as files of their own, show the others.
fn timeless_html(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut kept = String::with_capacity(text.len());
    for part in text.split_inclusive("</td>") {
        let cell = part.rsplit_once('>').and_then(|(before, _)| before.rsplit_once('>'));
        match cell {
            Some((before, value))
                if part.ends_with("</td>") && is_seconds(value.trim_end_matches("</td")) =>
            {
                kept += before;
                kept += "></td>";
            }
            _ => kept += part,
        }
    }
    kept.into_bytes()
}

/// `0.1`, or `0.1 (0.0, 0.2)`.
fn is_seconds(cell: &str) -> bool {
    cell.contains('.') && cell.chars().all(|c| c.is_ascii_digit() || ".,() ".contains(c))
}

/// Of TensorBoard's records the steps and the tags with their values, without times and what is derived from them.
fn timeless_events(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest.get(..8)?.try_into().ok()?);
        let end = 12_usize.checked_add(usize::try_from(length).ok()?)?;
        let data = rest.get(12..end)?;
        // The first field is the time: a key and eight bytes.
        let data = data.get(9..)?;
        let fps = data.windows(8).position(|part| part == b"time/fps");
        match fps {
            // The value follows the tag: a key and four bytes.
            Some(at) => {
                kept.extend(&data[..at]);
                kept.extend(data.get(at + 13..)?);
            }
            None => kept.extend(data),
        }
        rest = rest.get(end + 4..)?;
    }
    Some(kept)
}

/// Says which files differ.
pub(crate) fn difference(expected: &Tree, found: &Tree) -> Result<(), String> {
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let mut said = Vec::new();
    for name in names {
        match (expected.get(name), found.get(name)) {
            (Some(_), None) => said.push(format!("{name} is missing")),
            (None, Some(_)) => said.push(format!("{name} should not be there")),
            (Some(a), Some(b)) if a != b => {
                let at = a.iter().zip(b).take_while(|(a, b)| a == b).count();
                said.push(format!("{name} differs at byte {at} of {} (expected {})", b.len(), a.len()));
            }
            _ => {}
        }
    }
    if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_count_and_everything_else_does() {
        let json = |secs: f64, seed: u64| format!("{{\"wall_secs\": {secs}, \"seed\": {seed}}}").into_bytes();
        assert_eq!(timeless("a.json", json(0.1, 3)), timeless("a.json", json(0.2, 3)));
        assert_ne!(timeless("a.json", json(0.1, 3)), timeless("a.json", json(0.1, 4)));
        let csv = |secs: &str, ret: &str| format!("episode,wall_secs,return\n0,{secs},{ret}\n").into_bytes();
        assert_eq!(timeless("m.csv", csv("1", "2")), timeless("m.csv", csv("3", "2")));
        assert_ne!(timeless("m.csv", csv("1", "2")), timeless("m.csv", csv("1", "3")));
        let html = |cell: &str| format!("<tr><td>a</td><td>{cell}</td></tr>").into_bytes();
        assert_eq!(timeless("r.html", html("0.1")), timeless("r.html", html("0.3 (0.1, 0.4)")));
        assert_ne!(timeless("r.html", html("yes")), timeless("r.html", html("no")));
    }

    #[test]
    fn a_missing_an_additional_and_another_file_are_named() {
        let tree = |files: &[(&str, &str)]| -> Tree {
            files.iter().map(|(name, text)| ((*name).to_string(), text.as_bytes().to_vec())).collect()
        };
        let expected = tree(&[("a", "1"), ("b", "22"), ("c", "3")]);
        assert_eq!(difference(&expected, &expected), Ok(()));
        let said = difference(&expected, &tree(&[("b", "23"), ("c", "3"), ("d.tmp", "")])).unwrap_err();
        for part in ["a is missing", "b differs at byte 1", "d.tmp should not"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
