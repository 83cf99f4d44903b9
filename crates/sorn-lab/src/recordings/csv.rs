//! `metrics.csv`: the columns of `metrics.jsonl`, for spreadsheets and data frames.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::WRITE;
use crate::files::write_whole;
use crate::{Diagnostics, Episode, LabError};

const HEAD: &str = "episode,env_steps,return,length,wall_secs";
/// Columns of a run in several environments.
const MORE: &str = ",env,begun";

pub(super) struct Writer {
    path: PathBuf,
    file: File,
    line: String,
}

impl Writer {
    /// Writes the file with `lines`, and opens it to append; `several` environments and `diagnostics` have more columns.
    pub(super) fn open(
        path: &Path,
        lines: &[Episode],
        (several, diagnostics): (bool, bool),
    ) -> Result<Writer, LabError> {
        let mut text = format!("{HEAD}{}", if several { MORE } else { "" });
        for name in Diagnostics::NAMES.iter().filter(|_| diagnostics) {
            text.push(',');
            text.push_str(name);
        }
        text.push('\n');
        lines.iter().for_each(|line| put(&mut text, line));
        write_whole(path, text.as_bytes())?;
        let file = OpenOptions::new().append(true).open(path).map_err(LabError::io(path, WRITE))?;
        Ok(Writer { path: path.to_path_buf(), file, line: String::new() })
    }

    /// Appends one line, in one write.
    pub(super) fn append(&mut self, episode: &Episode) -> Result<(), LabError> {
        self.line.clear();
        put(&mut self.line, episode);
        self.file.write_all(self.line.as_bytes()).map_err(LabError::io(&self.path, WRITE))
    }
}

fn put(text: &mut String, line: &Episode) {
    let Episode { episode, env_steps, ret, length, wall_secs, env, begun, diagnostics } = line;
    // Writing to a string cannot fail. Numbers are written with as many digits as bring them back exactly.
    let _ = write!(text, "{episode},{env_steps},{ret},{length},{wall_secs}");
    for number in [env, begun].into_iter().flatten() {
        let _ = write!(text, ",{number}");
    }
    for number in diagnostics.iter().flat_map(Diagnostics::numbers) {
        text.push(',');
        let _ = number.map_or(Ok(()), |number| write!(text, "{number}"));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_goes_on_has_no_line_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        let line = |episode| Episode {
            episode,
            env_steps: 9,
            ret: 0.1,
            length: 9,
            wall_secs: 1.5,
            env: None,
            begun: None,
            diagnostics: None,
        };
        let mut writer = Writer::open(&path, &[], (false, false)).unwrap();
        (0..3).for_each(|n| writer.append(&line(n)).unwrap());
        let mut writer = Writer::open(&path, &[line(0)], (false, false)).unwrap();
        writer.append(&line(1)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{HEAD}\n0,9,0.1,9,1.5\n1,9,0.1,9,1.5\n"));
        let several = Episode { env: Some(3), begun: Some(0), ..line(0) };
        drop(Writer::open(&path, &[several], (true, false)).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "episode,env_steps,return,length,wall_secs,env,begun\n0,9,0.1,9,1.5,3,0\n");
        let diagnostics = Diagnostics { entropy: Some(0.5), activity: 0.25, ..Diagnostics::default() };
        let diagnosed = Episode { diagnostics: Some(diagnostics), ..line(0) };
        drop(Writer::open(&path, &[diagnosed], (false, true)).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        let names = "entropy,value,td_error,step,weights,traces,activity,silent";
        assert_eq!(text, format!("{HEAD},{names}\n0,9,0.1,9,1.5,0.5,,,,,,0.25,0\n"));
    }
}
