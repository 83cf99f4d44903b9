//! [`Recording`]: probes streamed to the disk, and from there into one `.npz` file.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write, copy};
use std::path::{Path, PathBuf};

use sorn_core::Network;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::LabError;
use crate::error::WRITE;
use crate::files::{Whole, folder};
use crate::npy::{self, NpyType};
use crate::steady::Steady;

use super::Probe;

/// How activity is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpikeFormat {
    /// One byte per neuron and step.
    #[default]
    Bool,
    /// One bit per neuron and step, as `np.packbits(activity, axis=1)` has them.
    Bits,
}

/// Probes on their way into an `.npz` file. Until then each streams into a file without a name on the same disk, so that memory
/// holds one row at a time, and nothing is left if the process is killed.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    spikes: SpikeFormat,
    streams: Vec<Stream>,
    /// Steps of the network before the first one recorded.
    first: u64,
    row: Vec<u8>,
}

#[derive(Debug)]
struct Stream {
    probe: Probe,
    file: BufWriter<File>,
    dtype: NpyType,
    shape: Vec<u64>,
    rows: u64,
}

impl Recording {
    /// Begins a recording of `network` into the file `path`.
    ///
    /// # Errors
    /// [`LabError`] where `path` exists already, a probe is named twice, or a file cannot be made.
    pub fn begin(
        path: &Path,
        probes: &[Probe],
        spikes: SpikeFormat,
        network: &Network,
    ) -> Result<Recording, LabError> {
        if path.exists() {
            return Err(LabError::directory(path, "exists already; give another name"));
        }
        let mut recording = Recording {
            path: path.to_path_buf(),
            spikes,
            streams: Vec::new(),
            first: network.steps(),
            row: Vec::new(),
        };
        for &probe in probes {
            if recording.streams.iter().any(|stream| stream.probe.kind == probe.kind) {
                return Err(LabError::directory(path, format!("probe {} is named twice", probe.kind)));
            }
            probe.kind.check_room(network, spikes).map_err(|reason| LabError::Memory {
                origin: path.display().to_string(),
                reason: format!("probe {reason}"),
            })?;
            let file = tempfile::tempfile_in(folder(path)).map_err(LabError::io(path, WRITE))?;
            let (dtype, shape) = probe.kind.layout(network, spikes);
            recording.streams.push(Stream { probe, file: BufWriter::new(file), dtype, shape, rows: 0 });
        }
        Ok(recording)
    }

    /// Records the last step of `network`, where it is one of those to record.
    ///
    /// # Errors
    /// [`LabError::Io`] where the disk refuses.
    pub fn record(&mut self, network: &Network) -> Result<(), LabError> {
        for stream in &mut self.streams {
            if network.steps().is_multiple_of(stream.probe.every) {
                self.row.clear();
                stream.probe.kind.write(network, self.spikes, &mut self.row);
                stream.file.write_all(&self.row).map_err(LabError::io(&self.path, WRITE))?;
                stream.rows += 1;
            }
        }
        Ok(())
    }

    /// Writes the `.npz` file: an array per probe, its first axis the recorded steps, and `first_step`, the number of steps
    /// the network had done before.
    ///
    /// # Errors
    /// [`LabError::Io`] where the disk refuses.
    pub fn finish(mut self) -> Result<(), LabError> {
        let full = || LabError::io(&self.path, WRITE);
        let mut whole = Whole::create(&self.path)?;
        let mut zip = ZipWriter::new(Steady::new(BufWriter::new(whole.file())));
        let first = npy_scalar(self.first);
        add(&mut zip, "first_step", first.len() as u64, &mut first.as_slice()).map_err(full())?;
        for stream in &mut self.streams {
            stream.file.flush().map_err(full())?;
            let rows: Vec<u64> = std::iter::once(stream.rows).chain(stream.shape.iter().copied()).collect();
            let header = npy::header(stream.dtype, &rows);
            let data = stream.file.get_mut();
            data.seek(SeekFrom::Start(0)).map_err(full())?;
            let size = header.len() as u64 + data.metadata().map_or(u64::MAX, |m| m.len());
            let mut source = std::io::Read::chain(header.as_slice(), BufReader::new(data));
            add(&mut zip, &stream.probe.kind.to_string(), size, &mut source).map_err(full())?;
        }
        let rest = zip.finish().map_err(|e| full()(e.into()))?;
        rest.finish().map_err(full())?;
        whole.finish()
    }
}

/// A whole number as an array without dimensions.
pub(crate) fn npy_scalar(value: u64) -> Vec<u8> {
    let mut bytes = npy::header(NpyType::I64, &[]);
    bytes.extend((value as i64).to_le_bytes());
    bytes
}

/// Adds the array `name` to a `.npz` file, uncompressed as `np.savez` does.
pub(crate) fn add<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    size: u64,
    source: &mut dyn std::io::Read,
) -> std::io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(size > u64::from(u32::MAX) / 2);
    zip.start_file(format!("{name}.npy"), options)?;
    copy(source, zip).map(drop)
}
