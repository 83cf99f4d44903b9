//! `metrics.parquet`: the columns of `metrics.jsonl`, typed and compact, for pandas, Polars and DuckDB.

use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::files::write_whole;
use crate::{Diagnostics, Episode, LabError};

const SCHEMA: &str = "message metrics {
    REQUIRED INT64 episode;
    REQUIRED INT64 env_steps;
    REQUIRED DOUBLE return;
    REQUIRED INT64 length;
    REQUIRED DOUBLE wall_secs;
";
/// Columns of a run in several environments.
const MORE: &str = "
    REQUIRED INT64 env;
    REQUIRED INT64 begun;
";

/// Writes the file whole.
pub(super) fn write(path: &Path, lines: &[Episode]) -> Result<(), LabError> {
    let bytes = bytes(lines).map_err(|e| LabError::damaged(path, format!("cannot be made: {e}")))?;
    write_whole(path, &bytes)
}

fn bytes(lines: &[Episode]) -> Result<Vec<u8>, ParquetError> {
    let several = lines.iter().all(|line| line.env.is_some() && line.begun.is_some()) && !lines.is_empty();
    let diagnosed = lines.iter().all(|line| line.diagnostics.is_some()) && !lines.is_empty();
    let mut schema = format!("{SCHEMA}{}", if several { MORE } else { "" });
    for name in Diagnostics::NAMES.iter().filter(|_| diagnosed) {
        schema.push_str(&format!("OPTIONAL DOUBLE {name};\n"));
    }
    schema.push('}');
    let schema = Arc::new(parse_message_type(&schema)?);
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default()))?;
    let mut rows = file.next_row_group()?;
    let whole = |of: fn(&Episode) -> u64| lines.iter().map(|line| of(line) as i64).collect::<Vec<_>>();
    let real = |of: fn(&Episode) -> f64| lines.iter().map(of).collect::<Vec<_>>();
    column::<Int64Type>(&mut rows, &whole(|line| line.episode))?;
    column::<Int64Type>(&mut rows, &whole(|line| line.env_steps))?;
    column::<DoubleType>(&mut rows, &real(|line| line.ret))?;
    column::<Int64Type>(&mut rows, &whole(|line| line.length))?;
    column::<DoubleType>(&mut rows, &real(|line| line.wall_secs))?;
    if several {
        column::<Int64Type>(&mut rows, &whole(|line| line.env.unwrap_or_default()))?;
        column::<Int64Type>(&mut rows, &whole(|line| line.begun.unwrap_or_default()))?;
    }
    for index in (0..Diagnostics::NAMES.len()).filter(|_| diagnosed) {
        let numbers: Vec<Option<f64>> =
            lines.iter().map(|line| line.diagnostics.and_then(|d| d.numbers()[index])).collect();
        optional(&mut rows, &numbers)?;
    }
    rows.close()?;
    file.close()?;
    Ok(bytes)
}

/// Writes the next column of the schema.
fn column<T: DataType>(
    rows: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    let mut column = rows.next_column()?.ok_or_else(|| ParquetError::General("too many columns".into()))?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

/// Writes the next column of the schema, in which numbers may be absent.
fn optional(
    rows: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    numbers: &[Option<f64>],
) -> Result<(), ParquetError> {
    let mut column = rows.next_column()?.ok_or_else(|| ParquetError::General("too many columns".into()))?;
    let levels: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
    let present: Vec<f64> = numbers.iter().flatten().copied().collect();
    column.typed::<DoubleType>().write_batch(&present, Some(&levels), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.parquet");
        let line = |episode| Episode {
            episode,
            env_steps: 7 + episode,
            ret: 0.1,
            length: 7,
            wall_secs: 0.25,
            env: None,
            begun: None,
            diagnostics: None,
        };
        write(&path, &(0..3000).map(line).collect::<Vec<_>>()).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 3000);
        assert_eq!(rows[2], "{episode: 2, env_steps: 9, return: 0.1, length: 7, wall_secs: 0.25}");

        write(&path, &[Episode { env: Some(3), begun: Some(5), ..line(0) }]).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap().to_string();
        assert!(row.ends_with("wall_secs: 0.25, env: 3, begun: 5}"), "{row}");
    }
}
