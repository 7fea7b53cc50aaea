//! The cells that are read of every row, and what their values are.

use gfn_input::{Decimal, NumberError, Rejected, Row, number};
use gfn_text::quoted;

use crate::assay::{Assay, Findings, is_concentration, letters};
use crate::columns::choose;
use crate::error::TableError;
use crate::filters::{Filters, frequencies, in_words};
use crate::reading::{Censored, Merge, Reading, Transform, molar};
use crate::source::Source;
use crate::table::{BadRow, Raw, read_all};

/// Values that span so many orders of magnitude are better fitted to by their logarithms.
const WIDE: f64 = 1000.0;

/// The places of the molecules' and of the values' column. Where a ChEMBL export has the column that is meant in all likelihood, it is
/// gone on with, to tell at once all that has to be said.
pub(crate) fn places(source: &Source, reading: &Reading) -> Result<((usize, usize), Findings), TableError> {
    let refused = match choose(source, &reading.columns) {
        Ok(places) => return Ok((places, Findings::default())),
        Err(error) => error,
    };
    let names = &source.text.names;
    let usual = names.iter().find(|name| letters(name) == "standardvalue");
    let (TableError::WhichValue { .. }, Some(usual)) = (&refused, usual) else {
        return Err(refused);
    };
    let mut columns = reading.columns.clone();
    columns.value = Some(usual.clone());
    let Ok(places) = choose(source, &columns) else {
        return Err(refused);
    };
    let findings = Findings {
        texts: vec![format!(
            "several columns could be the value, {} and `pChEMBL Value` of a ChEMBL export among them",
            quoted(usual)
        )],
        options: vec![format!("--value \"{usual}\"")],
    };
    Ok((places, findings))
}

/// What the values are.
pub(crate) struct Quantity {
    pub(crate) name: String,
    pub(crate) unit: Option<String>,
    transform: Transform,
    /// What the unit is of mol/L.
    scale: Option<f64>,
    pub(crate) warnings: Vec<String>,
}

/// The cells of a row that are read.
pub(crate) struct Cells<'a> {
    pub(crate) source: &'a Source,
    pub(crate) place: (usize, usize),
    pub(crate) assay: Assay,
    pub(crate) decimal: Decimal,
}

impl Cells<'_> {
    fn name(&self, column: usize) -> &str {
        &self.source.text.names[column]
    }

    pub(crate) fn has_value(&self, row: &Row) -> bool {
        row.cell(self.place.1)
            .is_ok_and(|cell| !matches!(number(cell, self.decimal), Err(NumberError::Missing(_))))
    }

    /// The mark of a bound, in the value's cell or in a column of its own.
    pub(crate) fn bound(&self, row: &Row) -> Option<String> {
        let cell = row.cell(self.place.1).ok()?;
        let (inline, _) = gfn_input::bound(cell);
        inline.or_else(|| self.assay.bound(row)).map(|bound| bound.0)
    }

    pub(crate) fn check_bounds(&self, rows: &[&Row], declared: Option<Censored>) -> Findings {
        let bounds: Vec<String> = rows.iter().filter_map(|row| self.bound(row)).collect();
        match declared {
            None if !bounds.is_empty() => Findings {
                texts: vec![format!(
                    "bounds in place of values: {}",
                    in_words(&frequencies(bounds.iter().map(String::as_str)))
                )],
                options: vec!["--censored drop".into()],
            },
            _ => Findings::default(),
        }
    }

    /// Options that the rows would ask for which remain after those that were found to be needed.
    pub(crate) fn further_options(
        &self,
        rows: &[&Row],
        reading: &Reading,
        findings: &Findings,
    ) -> Vec<String> {
        let prefix = "--where \"";
        let wanted = findings
            .options
            .iter()
            .filter_map(|option| option.strip_prefix(prefix)?.strip_suffix('"'));
        let wanted: Vec<String> = wanted.map(str::to_string).collect();
        let Ok(filters) = Filters::of(self.source, &wanted) else {
            return Vec::new();
        };
        let remain = |row: &&Row| filters.take(row) && self.bound(row).is_none();
        let rest: Vec<&Row> = rows.iter().copied().filter(remain).collect();
        let valued: Vec<&Row> = rest.iter().copied().filter(|row| self.has_value(row)).collect();
        let values = valued.iter().filter_map(|row| {
            let cell = row.cell(self.place.1).ok()?;
            Some(number(cell, self.decimal).ok()?.value)
        });
        let positive = values.filter(|value| *value > 0.0);
        let (least, most) = positive.fold((f64::INFINITY, 0.0f64), |(least, most), value| {
            (value.min(least), value.max(most))
        });
        let unit = Assay::only(self.assay.unit, &valued);
        let mut options = Vec::new();
        if reading.transform == Transform::None && is_concentration(unit.as_deref()) && most > WIDE * least {
            options.push("--transform negative-log10".into());
        }
        let quantity = Quantity {
            name: String::new(),
            unit: None,
            transform: Transform::None,
            scale: None,
            warnings: Vec::new(),
        };
        let raw: Vec<Raw> = rest
            .iter()
            .map(|row| Raw {
                line: row.line,
                read: self.read(row, &quantity),
            })
            .collect();
        if !reading.skip_bad && read_all(&raw, None).iter().any(Result::is_err) {
            options.push("--skip-bad".into());
        }
        options
    }

    /// What the values of these rows are once they are transformed.
    pub(crate) fn quantity(&self, rows: &[&Row], reading: &Reading) -> Result<Quantity, TableError> {
        let column = Assay::only(self.assay.unit, rows);
        let unit = match (&reading.unit, column) {
            (Some(given), Some(column)) if *given != column => {
                return Err(TableError::Option {
                    file: self.source.path.clone(),
                    message: format!("`--unit {given}` is not the unit in the table, {column}"),
                });
            }
            (Some(given), _) => Some(given.clone()),
            (None, column) => column,
        };
        let scale = unit.as_deref().and_then(molar);
        let kind = Assay::only(self.assay.kind, rows);
        let column = self.name(self.place.1);
        let (name, unit, warnings) = match reading.transform {
            Transform::None => (column.to_string(), unit, Vec::new()),
            Transform::Log10 => {
                let unit = unit.map(|unit| format!("log10 {unit}"));
                (format!("log10 {column}"), unit, Vec::new())
            }
            Transform::NegativeLog10 => match (scale, &unit) {
                (Some(_), _) => (
                    format!("p{}", kind.as_deref().unwrap_or(column)),
                    None,
                    Vec::new(),
                ),
                (None, unit) => {
                    let known = unit.as_ref().map_or("no unit is known".into(), |unit| {
                        format!("{} is no concentration", quoted(unit))
                    });
                    let warning = format!(
                        "{known}, so the negative logarithms are of the numbers as they stand; `--unit nM` or the like makes them those of mol/L"
                    );
                    (format!("-log10 {column}"), None, vec![warning])
                }
            },
        };
        Ok(Quantity {
            name,
            unit,
            transform: reading.transform,
            scale,
            warnings,
        })
    }

    /// The molecule and the value of a row.
    pub(crate) fn read(&self, row: &Row, quantity: &Quantity) -> Result<(String, f64), BadRow> {
        let (smiles, value) = self.place;
        let bad = |column: usize, reason: String| Rejected {
            line: row.line,
            column: Some(self.name(column).into()),
            value: row.cell(column).unwrap_or_default().into(),
            reason,
        };
        if let Some((reason, text)) = row.fault() {
            return Err(Rejected {
                line: row.line,
                column: None,
                value: text.into(),
                reason: reason.into(),
            });
        }
        let cell = row.cell(value).map_err(|reason| bad(value, reason))?;
        let found = number(cell, self.decimal).map_err(|error| bad(value, error.to_string()))?;
        let found = quantity.transform.of(found.value, quantity.scale);
        let found = found.map_err(|reason| bad(value, reason))?;
        let text = row.cell(smiles).map_err(|reason| bad(smiles, reason))?;
        match text.is_empty() {
            true => Err(bad(smiles, "no molecule".into())),
            false => Ok((text.into(), found)),
        }
    }
}

/// How a table was read, where that is not the usual way.
pub(crate) fn choices(source: &Source, reading: &Reading) -> Vec<String> {
    let mut choices = Vec::new();
    if source.is_unusual {
        choices.push(format!("cells parted by {}", source.text.separator));
    }
    if reading.decimal == Decimal::Comma {
        choices.push("decimal comma".into());
    }
    choices.extend(reading.filters.iter().cloned());
    choices.extend(
        reading
            .censored
            .map(|censored| format!("censored: {}", censored.name())),
    );
    if reading.transform != Transform::None {
        choices.push(format!("transform: {}", reading.transform.name()));
    }
    if reading.merge != Merge::Mean {
        choices.push(format!("merge: {}", reading.merge.name()));
    }
    choices
}
