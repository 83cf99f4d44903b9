//! Probes of a run's network: streams `probes/NAME.npy` while it runs, `probes.npz` when it is finished.
//!
//! A stream's header tells the rows of the last checkpoint, so NumPy reads it at any time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use sorn_core::Network;
use zip::{ZipArchive, ZipWriter};

use crate::error::{READ, WRITE};
use crate::files::{Whole, create_dir, remove};
use crate::npy::{self, NpyType};
use crate::simulation::{add, npy_scalar};
use crate::steady::Steady;
use crate::{LabError, Probe, ProbeKind, SpikeFormat, counted};

const FOLDER: &str = "probes";
const WHOLE: &str = "probes.npz";
/// Length of every header: no number of rows makes it longer.
const HEADER: usize = 128;

pub(crate) struct Streams {
    streams: Vec<Stream>,
    row: Vec<u8>,
}

struct Stream {
    probe: Probe,
    path: PathBuf,
    file: BufWriter<File>,
    dtype: NpyType,
    shape: Vec<u64>,
    rows: u64,
}

impl Streams {
    /// Opens a stream per probe in the run directory `dir`, cut back to as many rows as the last checkpoint knows of.
    pub(crate) fn open(
        dir: &Path,
        probes: impl Iterator<Item = (Probe, u64)>,
        network: &Network,
    ) -> Result<Streams, LabError> {
        let mut streams = Vec::new();
        for (probe, rows) in probes {
            probe.kind.check_room(network, SpikeFormat::Bool).map_err(|reason| {
                let origin = dir.join("config.toml").display().to_string();
                LabError::Memory { origin, reason: format!("record.probes: {reason}") }
            })?;
            create_dir(&dir.join(FOLDER))?;
            streams.push(Stream::open(dir, probe, rows, network)?);
        }
        Ok(Streams { streams, row: Vec::new() })
    }

    /// Streams of nothing.
    pub(crate) fn none() -> Streams {
        Streams { streams: Vec::new(), row: Vec::new() }
    }

    /// Appends a row to those streams whose time it is at the step `step`, counted from 1.
    pub(crate) fn step(&mut self, step: u64, network: &Network) -> Result<(), LabError> {
        for stream in self.streams.iter_mut().filter(|s| step.is_multiple_of(s.probe.every)) {
            self.row.clear();
            stream.probe.kind.write(network, SpikeFormat::Bool, &mut self.row);
            stream.file.write_all(&self.row).map_err(LabError::io(&stream.path, WRITE))?;
            stream.rows += 1;
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), LabError> {
        self.streams.iter_mut().try_for_each(Stream::sync)
    }

    /// Gathers the streams in `probes.npz`, and the arrays `beside` them. They are taken away by [`clear`] once the run is known to be finished.
    pub(crate) fn finish(mut self, dir: &Path, beside: &[(String, Vec<u64>)]) -> Result<(), LabError> {
        if self.streams.is_empty() {
            return Ok(());
        }
        self.sync()?;
        let path = dir.join(WHOLE);
        let mut whole = Whole::create(&path)?;
        let full = || LabError::io(&path, WRITE);
        let mut zip = ZipWriter::new(Steady::new(BufWriter::new(whole.file())));
        let first = npy_scalar(0);
        add(&mut zip, "first_step", first.len() as u64, &mut first.as_slice()).map_err(full())?;
        for stream in &self.streams {
            let mut data = File::open(&stream.path).map_err(LabError::io(&stream.path, READ))?;
            let size = data.metadata().map_or(u64::MAX, |m| m.len());
            let mut source = BufReader::new(&mut data);
            add(&mut zip, &stream.probe.kind.to_string(), size, &mut source).map_err(full())?;
        }
        for (name, steps) in beside {
            let mut bytes = npy::header(NpyType::I64, &[steps.len() as u64]);
            bytes.extend(steps.iter().flat_map(|step| (*step as i64).to_le_bytes()));
            add(&mut zip, name, bytes.len() as u64, &mut bytes.as_slice()).map_err(full())?;
        }
        let rest = zip.finish().map_err(|e| full()(e.into()))?;
        rest.finish().map_err(full())?;
        whole.finish()
    }
}

impl Stream {
    fn open(dir: &Path, probe: Probe, rows: u64, network: &Network) -> Result<Stream, LabError> {
        let path = stream_path(dir, probe.kind);
        let io = |what| LabError::io(&path, what);
        // What was recorded after the last checkpoint, or before the first, is recorded again.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(rows == 0).truncate(rows == 0);
        // A stream that a checkpoint knows of must be there.
        let mut file = options.open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound if rows > 0 => {
                let reason = format!(
                    "expected the {} up to the checkpoint, found no such file; restore it, or begin again in another directory",
                    counted(rows, "row")
                );
                LabError::damaged(&path, reason)
            }
            _ => io(WRITE)(e),
        })?;
        let (dtype, shape) = probe.kind.layout(network, SpikeFormat::Bool);
        let bytes = HEADER as u64 + rows * shape.iter().product::<u64>() * dtype.size();
        let found = file.metadata().map_err(io(READ))?.len();
        if rows > 0 && found < bytes {
            let reason = format!("expected {bytes} bytes ({rows} rows up to the checkpoint), found {found}");
            return Err(LabError::damaged(&path, reason));
        }
        file.set_len(bytes).map_err(io(WRITE))?;
        file.seek(SeekFrom::End(0)).map_err(io(WRITE))?;
        let mut stream = Stream { probe, path, file: BufWriter::new(file), dtype, shape, rows };
        stream.sync()?;
        Ok(stream)
    }

    /// Writes what is buffered, then the header with the rows there are.
    fn sync(&mut self) -> Result<(), LabError> {
        let rows: Vec<u64> = std::iter::once(self.rows).chain(self.shape.iter().copied()).collect();
        let mut header = npy::header(self.dtype, &rows);
        debug_assert_eq!(header.len(), HEADER);
        header.truncate(HEADER);
        let mut write = || {
            self.file.flush()?;
            let file = self.file.get_mut();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.seek(SeekFrom::End(0))?;
            file.sync_data()
        };
        write().map_err(LabError::io(&self.path, WRITE))
    }
}

/// Takes away the streams of a finished run, whose rows are in `probes.npz`.
pub(crate) fn clear(dir: &Path) -> Result<(), LabError> {
    let folder = dir.join(FOLDER);
    match folder.is_dir() && dir.join(WHOLE).is_file() {
        true => fs::remove_dir_all(&folder).map_err(LabError::io(&folder, WRITE)),
        false => Ok(()),
    }
}

/// Makes streams again of what a finished run recorded, so that it can go on.
pub(super) fn reopen(dir: &Path) -> Result<(), LabError> {
    let whole = dir.join(WHOLE);
    if !whole.is_file() {
        return Ok(());
    }
    let damaged = |reason: String| LabError::damaged(&whole, reason);
    let file = File::open(&whole).map_err(LabError::io(&whole, READ))?;
    let mut zip =
        ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(format!("not a whole NPZ file: {e}")))?;
    create_dir(&dir.join(FOLDER))?;
    for kind in ProbeKind::ALL {
        let mut entry = match zip.by_name(&format!("{kind}.npy")) {
            Ok(entry) => entry,
            Err(zip::result::ZipError::FileNotFound) => continue,
            Err(e) => return Err(damaged(format!("{kind}: {e}"))),
        };
        let mut stream = Whole::create(&stream_path(dir, kind))?;
        io::copy(&mut entry, stream.file()).map_err(|e| damaged(format!("{kind}: {e}")))?;
        stream.finish()?;
    }
    // As long as it is there, the streams are made from it once more.
    remove(&whole)
}

fn stream_path(dir: &Path, kind: ProbeKind) -> PathBuf {
    dir.join(FOLDER).join(format!("{kind}.npy"))
}

/// What a run recorded of a quantity, steps along the first axis, whether it is finished or not; `None` of nothing.
pub(crate) fn read(dir: &Path, kind: ProbeKind) -> Result<Option<ArrayD<f64>>, LabError> {
    let whole = dir.join(WHOLE);
    if whole.is_file() {
        let bytes = fs::read(&whole).map_err(LabError::io(&whole, READ))?;
        let damaged = |reason: String| LabError::damaged(&whole, reason);
        let mut zip =
            ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(format!("not a whole NPZ file: {e}")))?;
        return match zip.by_name(&format!("{kind}.npy")) {
            Ok(entry) => npy::read_from(entry).map(Some).map_err(|e| damaged(format!("{kind}: {e}"))),
            Err(zip::result::ZipError::FileNotFound) => Ok(None),
            Err(e) => Err(damaged(format!("{kind}: {e}"))),
        };
    }
    let path = stream_path(dir, kind);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(&path).map_err(LabError::io(&path, READ))?;
    // Rows after the last checkpoint are not in the header yet.
    npy::read_told(&bytes).map(Some).map_err(|reason| LabError::damaged(&path, reason))
}
