//! What the page's script reads off a picture under the pointer (`page/report.js`).

use serde::Serialize;

use super::Chart;
use crate::axis::{Axis, Scale};

/// The picture in numbers. Names are short because there are many.
#[derive(Serialize)]
struct Hover<'a> {
    /// What is between the axes: left, top, right, bottom.
    area: [i32; 4],
    x: Side<'a>,
    y: Side<'a>,
    rows: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<Cells>,
}

#[derive(Serialize)]
struct Side<'a> {
    label: &'a str,
    low: f64,
    high: f64,
    log: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    ink: usize,
    /// Places; single precision is more than the eye can tell, and shorter.
    at: Vec<(f32, f32)>,
}

#[derive(Serialize)]
struct Cells {
    across: usize,
    values: Vec<f32>,
}

/// As JSON.
pub(super) fn data(chart: &Chart, area: [i32; 4]) -> String {
    let rows = chart.readouts.iter().map(|readout| Row {
        name: &readout.name,
        ink: readout.series % super::ink::SERIES,
        at: readout
            .points
            .iter()
            .filter(|(_, y)| y.is_finite())
            .map(|(x, y)| (*x as f32, *y as f32))
            .collect(),
    });
    let cells = chart.cells.as_ref().map(|(across, values)| Cells {
        across: *across,
        values: values.iter().map(|value| *value as f32).collect(),
    });
    let hover = Hover {
        area,
        x: side(&chart.x),
        y: side(&chart.y),
        rows: rows.collect(),
        cells,
    };
    serde_json::to_string(&hover).unwrap_or_default()
}

fn side(axis: &Axis) -> Side<'_> {
    Side {
        label: &axis.label,
        low: axis.range.0,
        high: axis.range.1,
        log: axis.scale == Scale::Log,
    }
}
