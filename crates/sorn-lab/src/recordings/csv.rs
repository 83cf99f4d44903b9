//! `metrics.csv`: the columns of `metrics.jsonl`, for spreadsheets and data frames.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::WRITE;
use crate::files::write_whole;
use crate::{Episode, LabError};

const HEAD: &str = "episode,env_steps,return,length,wall_secs\n";

pub(super) struct Writer {
    path: PathBuf,
    file: File,
    line: String,
}

impl Writer {
    /// Writes the file with `lines`, and opens it to append.
    pub(super) fn open(path: &Path, lines: &[Episode]) -> Result<Writer, LabError> {
        let mut text = HEAD.to_string();
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
    let Episode { episode, env_steps, ret, length, wall_secs } = line;
    // Writing to a string cannot fail. Numbers are written with as many digits as bring them back exactly.
    let _ = writeln!(text, "{episode},{env_steps},{ret},{length},{wall_secs}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_goes_on_has_no_line_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        let line = |episode| Episode { episode, env_steps: 9, ret: 0.1, length: 9, wall_secs: 1.5 };
        let mut writer = Writer::open(&path, &[]).unwrap();
        (0..3).for_each(|n| writer.append(&line(n)).unwrap());
        let mut writer = Writer::open(&path, &[line(0)]).unwrap();
        writer.append(&line(1)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{HEAD}0,9,0.1,9,1.5\n1,9,0.1,9,1.5\n"));
    }
}
