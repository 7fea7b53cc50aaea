//! Tables as Apache Parquet: one row group a file, every column optional, compressed by Snappy.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use crate::cell::{Cell, Kind};
use crate::error::ExportError;
use crate::table::{Column, Table};

/// Writes a table.
pub(crate) fn write(table: &Table, path: &Path) -> Result<(), ExportError> {
    let file = File::create(path).map_err(ExportError::io(path))?;
    encode(table, file).map_err(ExportError::encoding(path))
}

fn encode(table: &Table, file: File) -> Result<(), ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("gfn ", env!("CARGO_PKG_VERSION")).into())
        .build();
    let mut writer = SerializedFileWriter::new(file, schema(table)?, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for column in &table.columns {
        if let Some(mut open) = group.next_column()? {
            fill(open.untyped(), column)?;
            open.close()?;
        }
    }
    group.close()?;
    writer.close().map(drop)
}

fn schema(table: &Table) -> Result<TypePtr, ParquetError> {
    let fields = table.columns.iter().map(|column| {
        let (physical, logical) = match column.kind() {
            Kind::Truth => (Physical::BOOLEAN, None),
            Kind::Whole => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    });
    let fields = fields.collect::<Result<_, _>>()?;
    Type::group_type_builder(table.name)
        .with_fields(fields)
        .build()
        .map(Arc::new)
}

/// Values that are there, and for each row whether one is.
fn fill(writer: &mut ColumnWriter<'_>, column: &Column) -> Result<(), ParquetError> {
    let present: Vec<i16> = column
        .cells
        .iter()
        .map(|cell| i16::from(cell.is_some()))
        .collect();
    let levels = Some(&present[..]);
    let cells = || column.cells.iter().flatten();
    match writer {
        ColumnWriter::BoolColumnWriter(writer) => {
            let values: Vec<bool> = cells().map(|cell| *cell == Cell::Truth(true)).collect();
            writer.write_batch(&values, levels, None)
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let whole = |cell: &Cell| match cell {
                Cell::Whole(value) => Some(*value),
                _ => None,
            };
            writer.write_batch(&cells().filter_map(whole).collect::<Vec<_>>(), levels, None)
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let values: Vec<f64> = cells().filter_map(Cell::number).collect();
            writer.write_batch(&values, levels, None)
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let text = |cell: &Cell| ByteArray::from(cell.to_string().into_bytes());
            writer.write_batch(&cells().map(text).collect::<Vec<_>>(), levels, None)
        }
        _ => unreachable!("the schema has these four types alone"),
    }
    .map(drop)
}
