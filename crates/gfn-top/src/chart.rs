//! Curves made of dots.

use gfn_runs::summary::figure;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

/// A curve to draw.
#[derive(Debug, Default)]
pub(crate) struct Curve {
    pub(crate) title: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
    /// What it should come to.
    pub(crate) truth: Option<f64>,
    /// Logarithmic, where its values allow it and span more than a decade.
    pub(crate) may_be_log: bool,
}

/// Draws a curve; nothing where it has no value.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, curve: &Curve) {
    let points: Vec<(f64, f64)> = curve
        .points
        .iter()
        .copied()
        .filter(|point| point.1.is_finite())
        .collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    let (low, high) = span(&points);
    let is_log = curve.may_be_log && low > 0.0 && high > 10.0 * low;
    let place = |value: f64| if is_log { value.log10() } else { value };
    let value = |place: f64| if is_log { 10f64.powf(place) } else { place };
    // Two dots a column.
    let binned = binned(&points, 2 * usize::from(area.width));
    let placed: Vec<(f64, f64)> = binned.iter().map(|(x, y)| (*x, place(*y))).collect();
    let (low, high) = span(&placed);
    let (low, high) = curve
        .truth
        .map_or((low, high), |truth| (low.min(truth), high.max(truth)));
    let room = if high > low { 0.05 * (high - low) } else { 0.5 };
    let (low, high) = (low - room, high + room);
    let ends = (first.0.min(0.0), last.0.max(first.0 + 1.0));
    let truth: Vec<(f64, f64)> = curve
        .truth
        .map(|truth| vec![(ends.0, truth), (ends.1, truth)])
        .unwrap_or_default();
    let line = |points, color| {
        Dataset::default()
            .data(points)
            .graph_type(GraphType::Line)
            .marker(Marker::Braille)
            .style(Style::new().fg(color))
    };
    let datasets = vec![line(&truth, Color::DarkGray), line(&placed, Color::Cyan)];
    let title = Line::from(vec![
        format!(" {} ", curve.title).into(),
        format!("{} ", figure(last.1)).bold(),
    ]);
    let axis = |low: f64, high: f64, shown: [String; 2]| {
        Axis::default()
            .bounds([low, high])
            .labels(shown)
            .style(Style::new().fg(Color::DarkGray))
    };
    let x = axis(ends.0, ends.1, [figure(ends.0), figure(ends.1)]);
    let y = axis(low, high, [figure(value(low)), figure(value(high))]);
    let chart = Chart::new(datasets)
        .block(
            Block::bordered()
                .title(title)
                .border_style(Style::new().fg(Color::DarkGray)),
        )
        .x_axis(x)
        .y_axis(y)
        .legend_position(None);
    frame.render_widget(chart, area);
}

fn span(points: &[(f64, f64)]) -> (f64, f64) {
    let values = points.iter().map(|point| point.1);
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// At most so many points, each the mean of those near it.
fn binned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let size = points.len().div_ceil(most.max(1)).max(1);
    let mean = |bin: &[(f64, f64)]| {
        let (x, y) = bin
            .iter()
            .fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (x / bin.len() as f64, y / bin.len() as f64)
    };
    points.chunks(size).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_points_become_one() {
        let points: Vec<(f64, f64)> = (0..10).map(|x| (f64::from(x), f64::from(2 * x))).collect();
        assert_eq!(binned(&points, 5)[1], (2.5, 5.0));
        assert_eq!(binned(&points, 4).len(), 4);
        assert_eq!(binned(&points, 100), points);
        assert!(binned(&[], 0).is_empty());
    }
}
