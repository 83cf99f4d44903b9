//! The checksum of a whole file, kept in the file itself: any changed bit outside of it or in it is noticed.
//!
//! The sum is over all bytes, its own digits taken as zeros. A mark stands right before the digits.

use std::ops::Range;

use sorn_agents::Checksum;

/// Digits of a checksum that is not known yet.
pub(super) const BLANK: &str = "0000000000000000";

/// Where a file keeps its checksum.
#[derive(Clone, Copy)]
pub(super) enum Seal {
    /// In the metadata of safetensors, JSON within a JSON string, of which it is among the first entries.
    Safetensors,
    /// In the comment of a ZIP archive, which ends the file.
    Npz,
}

/// What the comment of a ZIP archive says before the digits.
pub(super) const COMMENT: &str = "sorn checksum ";

impl Seal {
    fn digits(self, bytes: &[u8]) -> Option<Range<usize>> {
        let start = match self {
            Seal::Safetensors => {
                let mark = br#"\"checksum\":\""#;
                bytes.windows(mark.len()).position(|part| part == mark)? + mark.len()
            }
            Seal::Npz => {
                let start = bytes.len().checked_sub(Checksum::DIGITS)?;
                bytes[..start].ends_with(COMMENT.as_bytes()).then_some(start)?
            }
        };
        let end = start + Checksum::DIGITS;
        (end <= bytes.len()).then_some(start..end)
    }

    /// Fills in the checksum of a file that has [`BLANK`] in its place.
    pub(super) fn fill(self, bytes: &mut [u8]) {
        if let Some(digits) = self.digits(bytes) {
            let sum = sum(bytes, &digits);
            bytes[digits].copy_from_slice(sum.as_bytes());
        }
    }

    /// Whether the file has a checksum, as those of earlier versions have not.
    ///
    /// # Errors
    /// The checksum is another than that of the bytes.
    pub(super) fn check(self, bytes: &[u8]) -> Result<bool, String> {
        let Some(digits) = self.digits(bytes) else { return Ok(false) };
        let found = sum(bytes, &digits);
        let expected = &bytes[digits];
        if expected == found.as_bytes() {
            return Ok(true);
        }
        let expected = String::from_utf8_lossy(expected);
        Err(format!("the file is damaged: expected checksum {expected}, found {found}"))
    }
}

fn sum(bytes: &[u8], digits: &Range<usize>) -> String {
    let mut sum = Checksum::of(&bytes[..digits.start]);
    sum.update(BLANK.as_bytes());
    sum.update(&bytes[digits.end..]);
    sum.to_string()
}
