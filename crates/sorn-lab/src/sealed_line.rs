//! Lines of JSON with a checksum of their own: `metrics.jsonl` and `evaluations.jsonl`.
//!
//! The last key of a line, `checksum`, is that of the text before it. Lines without it are those of earlier versions: they
//! stand before the first line that has it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sorn_agents::Checksum;

/// What stands between the text that a checksum is of and its digits, and after these.
const MARK: &str = ",\"checksum\":\"";
const END: &str = "\"}\n";

/// The line of a struct, with its checksum and its end.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_else(|e| unreachable!("plain numbers: {e}"));
    text.pop(); // The brace, which follows the checksum.
    let sum = Checksum::of(text.as_bytes());
    format!("{text}{MARK}{sum}{END}")
}

/// Reads the lines of a file one after the other.
#[derive(Default)]
pub(crate) struct Reader {
    /// A line with a checksum was read.
    sealed: bool,
}

impl Reader {
    /// What a line with its end says, or what is wrong with it.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, line: &[u8]) -> Result<T, String> {
        let text = text_of(line)?;
        if self.sealed && text.is_none() {
            return Err("expected a checksum, as the lines before it have, found none".into());
        }
        self.sealed |= text.is_some();
        let read = match text {
            Some(text) => serde_json::from_slice(&[text, b"}"].concat()),
            None => serde_json::from_slice(line),
        };
        read.map_err(|e| e.to_string())
    }
}

/// The text that the checksum of a line is of; `None` of a line without one.
fn text_of(line: &[u8]) -> Result<Option<&[u8]>, String> {
    let parts = line.strip_suffix(END.as_bytes()).and_then(|rest| {
        let (text, digits) = rest.split_at_checked(rest.len().checked_sub(Checksum::DIGITS)?)?;
        Some((text.strip_suffix(MARK.as_bytes())?, digits))
    });
    let Some((text, digits)) = parts else { return Ok(None) };
    let found = Checksum::of(text).to_string();
    match found.as_bytes() == digits {
        true => Ok(Some(text)),
        false => {
            let expected = String::from_utf8_lossy(digits);
            Err(format!("it is damaged: expected checksum {expected}, found {found}"))
        }
    }
}
