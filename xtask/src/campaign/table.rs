//! What was promised, how often it was tried, how often it did not hold.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Failures of one promise that are shown in full.
const TOLD: usize = 5;

/// One promise of one kind of case.
struct Row {
    kind: &'static str,
    promise: String,
    tried: u64,
    failed: u64,
    failures: Vec<(String, String)>,
}

/// All promises, in the order in which they were first tried.
#[derive(Default)]
pub(crate) struct Table {
    rows: Mutex<Vec<Row>>,
    notes: Mutex<Vec<String>>,
}

impl Table {
    /// Counts one trial of a promise; `repeat` is the command that tries it again.
    pub(crate) fn tried(
        &self,
        kind: &'static str,
        promise: &str,
        repeat: impl FnOnce() -> String,
        outcome: Result<(), String>,
    ) {
        let failure = outcome.err().map(|said| (repeat(), said));
        if let Some((repeat, said)) = &failure {
            eprintln!("FAILED {kind}: {promise}: {said}\n       {repeat}");
        }
        self.add(kind, promise, 1, u64::from(failure.is_some()), failure.into_iter().collect());
    }

    /// Adds trials that were counted elsewhere.
    pub(crate) fn add(
        &self,
        kind: &'static str,
        promise: &str,
        tried: u64,
        failed: u64,
        failures: Vec<(String, String)>,
    ) {
        let mut rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = match rows.iter().position(|row| row.kind == kind && row.promise == promise) {
            Some(at) => at,
            None => {
                let promise = promise.to_string();
                rows.push(Row { kind, promise, tried: 0, failed: 0, failures: Vec::new() });
                rows.len() - 1
            }
        };
        rows[at].tried += tried;
        rows[at].failed += failed;
        let free = TOLD.saturating_sub(rows[at].failures.len());
        rows[at].failures.extend(failures.into_iter().take(free));
    }

    /// Adds a remark: what was not tried here, a figure that was measured.
    pub(crate) fn note(&self, text: String) {
        println!("{text}");
        let mut notes = self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        notes.push(text);
    }

    /// Trials of a kind so far.
    pub(crate) fn failed(&self) -> u64 {
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rows.iter().map(|row| row.failed).sum()
    }

    /// The table as text, with the first failures in full.
    pub(crate) fn text(&self) -> String {
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let width = rows.iter().map(|row| row.promise.chars().count()).max().unwrap_or(0).max(7);
        let mut text = format!("\n{:<13}{:<width$}  {:>9}  {:>6}\n", "kind", "promise", "tried", "failed");
        for row in rows.iter() {
            let _ = writeln!(
                text,
                "{:<13}{:<width$}  {:>9}  {:>6}",
                row.kind, row.promise, row.tried, row.failed
            );
        }
        for row in rows.iter() {
            for (repeat, said) in &row.failures {
                let _ = write!(text, "\n{}: {}\n  {said}\n  repeat: {repeat}\n", row.kind, row.promise);
            }
        }
        for note in self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            let _ = writeln!(text, "{note}");
        }
        text
    }

    pub(crate) fn json(&self, seed: u64, command: &str) -> Value {
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let rows: Vec<Value> = rows
            .iter()
            .map(|row| {
                let failures: Vec<Value> =
                    row.failures.iter().map(|(repeat, said)| json!({"repeat": repeat, "said": said})).collect();
                json!({"kind": row.kind, "promise": row.promise, "tried": row.tried, "failed": row.failed, "failures": failures})
            })
            .collect();
        let notes = self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        json!({"command": command, "seed": seed, "rows": rows, "notes": notes})
    }

    /// The table in Markdown.
    fn markdown(&self, command: &str) -> String {
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = format!("`{command}`\n\n| Kind | Promise | Tried | Failed |\n|---|---|---:|---:|\n");
        for row in rows.iter() {
            let _ = writeln!(text, "| {} | {} | {} | {} |", row.kind, row.promise, row.tried, row.failed);
        }
        let notes = self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !notes.is_empty() {
            text.push('\n');
        }
        for note in notes.iter() {
            let _ = writeln!(text, "- {note}");
        }
        text
    }

    /// Puts the table between the two markers of a Markdown file.
    pub(crate) fn put_into(&self, file: &Path, command: &str) -> Result<()> {
        let text = self.with_table(file, command)?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    fn with_table(&self, file: &Path, command: &str) -> Result<String> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        replaced(&text, &self.markdown(command))
            .with_context(|| format!("{}: expected the lines {BEGIN:?} and {END:?}", file.display()))
    }

    /// Fails where nothing was tried, which would look like success.
    pub(crate) fn check(&self) -> Result<()> {
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if rows.iter().all(|row| row.tried == 0) {
            bail!("nothing was tried: too little time, or no such case");
        }
        Ok(())
    }
}

/// Fails if `file` has no place for a table.
pub(crate) fn check_place(file: &Path) -> Result<()> {
    Table::default().with_table(file, "").map(|_| ())
}

const BEGIN: &str = "<!-- table: begin -->";
const END: &str = "<!-- table: end -->";

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_are_counted_and_failures_told_with_their_command() {
        let table = Table::default();
        assert!(table.check().is_err());
        for case in 0..3 {
            let outcome = if case == 1 { Err("row 7 differs".to_string()) } else { Ok(()) };
            table.tried("kill", "same bits", || format!("--case {case}"), outcome);
        }
        assert_eq!(table.failed(), 1);
        assert!(table.check().is_ok());
        let text = table.text();
        assert!(text.contains("row 7 differs") && text.contains("repeat: --case 1"), "{text}");
        let json = table.json(4, "campaign");
        assert_eq!((&json["rows"][0]["tried"], &json["rows"][0]["failed"]), (&json!(3), &json!(1)));
    }

    #[test]
    fn the_table_takes_the_place_between_the_markers() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(replaced(&text, "new\n").unwrap(), format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
        assert!(replaced("a", "new").is_none());
    }
}
