//! Errors have one form, `NAME: expected X, found Y` (`docs/style.md`): no string of the sources says it the other way around.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders with nothing of our own in them.
const SKIPPED: [&str; 4] = ["target", "shared", "node_modules", "__pycache__"];

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
            all.push(path);
        }
    }
}

/// The string literals of Rust or Python code, each with the line on which it begins. Comments are skipped.
fn literals(text: &str, python: bool) -> Vec<(usize, String)> {
    let bytes = text.as_bytes();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let rest = &text[at..];
        let comment = if python { rest.starts_with('#') } else { rest.starts_with("//") };
        if comment {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let hashes = bytes[at + 1..].iter().take_while(|&&byte| byte == b'#').count();
        let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let raw = !python && !in_word && bytes[at] == b'r' && bytes.get(at + 1 + hashes) == Some(&b'"');
        // A quotation mark, a lifetime, or a text of Python's.
        let single = bytes[at] == b'\'';
        let end = match (raw, single, python) {
            (true, ..) => format!("\"{}", "#".repeat(hashes)),
            (_, true, false) => {
                at += if rest.starts_with("'\"'") || rest.starts_with("'\\") { 3 } else { 1 };
                continue;
            }
            (_, true, true) => if rest.starts_with("'''") { "'''" } else { "'" }.to_string(),
            _ if bytes[at] == b'"' => {
                if python && rest.starts_with("\"\"\"") { "\"\"\"" } else { "\"" }.to_string()
            }
            _ => {
                line += usize::from(bytes[at] == b'\n');
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        };
        let begin = at + if raw { 2 + hashes } else { end.len() };
        let (first, mut escaped) = (line, false);
        at = begin;
        while at < bytes.len() && (escaped || !text[at..].starts_with(&end)) {
            escaped = !escaped && !raw && bytes[at] == b'\\';
            line += usize::from(bytes[at] == b'\n');
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        found.push((first, text[begin..at.min(text.len())].to_string()));
        at += end.len();
    }
    found
}

/// What is wrong with the form of a message.
fn inverted(literal: &str) -> Option<&'static str> {
    // A line that ends with a backslash goes on where the next one begins.
    let parts = literal.split("\\\n").map(str::trim_start).collect::<Vec<_>>();
    let message = parts.concat();
    let inverted =
        [" expected, found", " expected; ", " expected ("].iter().any(|form| message.contains(form));
    // What ends so is a message, unless it is the beginning of one.
    let ends = message.strip_suffix(" expected").is_some_and(|before| !before.ends_with([',', ':']));
    if inverted || ends {
        return Some("\"X expected\"");
    }
    let allowed = ["allowed: ", ", allowed is "].iter().any(|form| message.contains(form));
    allowed.then_some("\"allowed: X\"")
}

#[test]
fn errors_say_what_was_expected_and_then_what_was_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    sources(&root, &mut all);
    assert!(all.len() > 500, "{}", all.len());
    let mut wrong = Vec::new();
    for path in all.iter().filter(|path| !path.ends_with("tests/dialect.rs")) {
        let text = fs::read_to_string(path).unwrap();
        for (line, literal) in literals(&text, path.extension().is_some_and(|end| end == "py")) {
            if let Some(form) = inverted(&literal) {
                let file = path.strip_prefix(&root).unwrap_or(path).display();
                wrong.push(format!("{file}:{line}: expected \"expected X, found Y\", found {form}"));
            }
        }
    }
    assert!(wrong.is_empty(), "see docs/style.md:\n{}", wrong.join("\n"));
}

#[test]
fn other_forms_are_seen() {
    for text in [
        "f(\"a: 1 or more expected, found 0\")",
        "f(\"a: 1 or more \\\n   expected, found 0\")",
        "f(r#\"a: \"x\" expected\"#)",
        "f('\"', \"a: found 0, allowed: 1\")",
        "f(\"0 is 0, allowed is 1\")",
    ] {
        assert!(literals(text, false).iter().any(|(_, l)| inverted(l).is_some()), "{text}");
    }
    for text in
        ["wrong('a: 1 or more expected')", "f\"\"\"a: found {x!r}, allowed: 1\"\"\"", "f'it\\'s 1 expected'"]
    {
        assert!(literals(text, true).iter().any(|(_, l)| inverted(l).is_some()), "{text}");
    }
    for text in
        ["// 1 expected, found 0\nf(\"a: expected 1, found 0\")", "Wrong { expected, found }", "&'a str \"\""]
    {
        assert!(literals(text, false).iter().all(|(_, l)| inverted(l).is_none()), "{text}");
    }
    assert_eq!(literals("a\n\"b\"", false), [(2, "b".to_string())]);
}
