//! `results.parquet`: the table of a sweep with types, for pandas, Polars and DuckDB.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::Value as Json;

use super::dir::SweepDir;
use super::results::SweepTable;
use crate::LabError;
use crate::files::write_whole;

/// A column; what is absent is null.
enum Column {
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Truth(Vec<Option<bool>>),
    Text(Vec<Option<String>>),
}

impl SweepDir {
    /// Writes `results.parquet`; gives its path.
    ///
    /// # Errors
    /// [`LabError`] if the file cannot be made or written.
    pub fn write_parquet(&self, table: &SweepTable) -> Result<PathBuf, LabError> {
        let path = self.path().join("results.parquet");
        let tasks: Vec<_> = table.rows.iter().filter_map(|row| self.plan().task(row.task)).collect();
        let mut columns = vec![
            ("task", Column::Whole(tasks.iter().map(|task| Some(task.number as i64)).collect())),
            ("name", Column::Text(tasks.iter().map(|task| Some(task.name.clone())).collect())),
            ("seed", Column::Whole(tasks.iter().map(|task| Some(task.seed as i64)).collect())),
        ];
        for key in self.plan().keys() {
            columns.push((key, Column::of(tasks.iter().map(|task| task.values.get(key)).collect())));
        }
        for (place, name) in table.columns.iter().enumerate() {
            let number =
                |row: &super::results::SweepRow| Some(row.numbers[place]).filter(|number| number.is_finite());
            columns.push((name, Column::Real(table.rows.iter().map(number).collect())));
        }
        write(&path, &columns)
    }
}

impl Column {
    /// Whole numbers, numbers or truth values if all are, else text.
    fn of(values: Vec<Option<&Json>>) -> Column {
        let all = |is: fn(&Json) -> bool| values.iter().flatten().all(|value| is(value));
        if all(Json::is_i64) {
            Column::Whole(values.iter().map(|value| value.and_then(Json::as_i64)).collect())
        } else if all(Json::is_number) {
            Column::Real(values.iter().map(|value| value.and_then(Json::as_f64)).collect())
        } else if all(Json::is_boolean) {
            Column::Truth(values.iter().map(|value| value.and_then(Json::as_bool)).collect())
        } else {
            let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), String::from);
            Column::Text(values.iter().map(|value| value.map(text)).collect())
        }
    }

    fn schema(&self, name: &str) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Column::Whole(_) => (Physical::INT64, None),
            Column::Real(_) => (Physical::DOUBLE, None),
            Column::Truth(_) => (Physical::BOOLEAN, None),
            Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        builder.with_logical_type(logical).build()
    }

    fn write(&self, rows: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>) -> Result<(), ParquetError> {
        match self {
            Column::Whole(values) => column::<Int64Type, _>(rows, values, |value| *value),
            Column::Real(values) => column::<DoubleType, _>(rows, values, |value| *value),
            Column::Truth(values) => column::<BoolType, _>(rows, values, |value| *value),
            Column::Text(values) => {
                column::<ByteArrayType, _>(rows, values, |value| ByteArray::from(value.as_str()))
            }
        }
    }
}

fn column<T: DataType, V>(
    rows: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[Option<V>],
    of: impl Fn(&V) -> T::T,
) -> Result<(), ParquetError> {
    let mut column = rows.next_column()?.ok_or_else(|| ParquetError::General("too many columns".into()))?;
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.iter().flatten().map(of).collect();
    column.typed::<T>().write_batch(&present, Some(&levels), None)?;
    column.close()
}

fn write(path: &Path, columns: &[(&str, Column)]) -> Result<PathBuf, LabError> {
    let bytes = bytes(columns).map_err(|e| LabError::damaged(path, format!("cannot be made: {e}")))?;
    write_whole(path, &bytes)?;
    Ok(path.to_path_buf())
}

fn bytes(columns: &[(&str, Column)]) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(|(name, column)| column.schema(name).map(Arc::new));
    let schema = Type::group_type_builder("results").with_fields(fields.collect::<Result<_, _>>()?);
    let mut bytes = Vec::new();
    let properties = Arc::new(WriterProperties::default());
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema.build()?), properties)?;
    let mut rows = file.next_row_group()?;
    columns.iter().try_for_each(|(_, column)| column.write(&mut rows))?;
    rows.close()?;
    file.close()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_with_its_types() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("results.parquet");
        let values = [json!(1), json!(2.5), json!(true), json!("sorn")];
        let of =
            |indices: [usize; 2]| Column::of(indices.iter().map(|index| Some(&values[*index])).collect());
        let columns = [
            ("a.whole", of([0, 0])),
            ("a.real", of([0, 1])),
            ("truth", of([2, 2])),
            ("text", of([0, 3])),
            ("eval.mean", Column::Real(vec![None, Some(0.5)])),
        ];
        write(&path, &columns).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(
            rows,
            [
                "{a.whole: 1, a.real: 1.0, truth: true, text: \"1\", eval.mean: null}",
                "{a.whole: 1, a.real: 2.5, truth: true, text: \"sorn\", eval.mean: 0.5}"
            ]
        );
    }
}
