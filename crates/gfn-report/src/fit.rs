//! The page of a fitted proxy: how far its predictions are from molecules that it never saw.

use maud::{Markup, html};

use crate::axis::{Axis, Scale, span};
use crate::curves::{Curve, Plan};
use crate::number::{count, figure, per_cent, short_figure, signed};
use crate::page::{Head, whole};
use crate::plot::{Chart, Ink, Mark, Readout};
use crate::sections::{Cell, Column, Section, Table, Tile, keys, panel, tiles};
use crate::statistics::{Bins, Point};

/// All that the page of a fitted proxy shows, in the target's unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitPage {
    /// What is predicted.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// In a line, what it was fitted to.
    pub subtitle: String,
    /// Root of the mean squared error and mean absolute error on the test molecules.
    pub errors: [f64; 2],
    /// The same of always predicting the mean.
    pub mean_errors: [f64; 2],
    /// The share of the variance that is explained.
    pub r2: Option<f64>,
    /// Spearman's correlation.
    pub spearman: Option<f64>,
    /// The molecules of the test.
    pub test: Vec<TestedMolecule>,
    /// For shares of a normal distribution, the share of errors within as many standard deviations.
    pub coverage: Vec<(f64, f64)>,
    /// The networks.
    pub members: Vec<FittedMember>,
    /// Names and values of what else is to be known.
    pub facts: Vec<(String, String)>,
    /// What the user should know before relying on it.
    pub warnings: Vec<String>,
}

/// A molecule of the test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestedMolecule {
    /// Its SMILES.
    pub smiles: String,
    /// Its value.
    pub value: f64,
    /// What was predicted.
    pub predicted: f64,
    /// The standard deviation that the error was expected to have.
    pub deviation: f64,
}

/// How a network learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FittedMember {
    /// The error of training molecules in each epoch.
    pub training: Vec<f64>,
    /// That of validation molecules.
    pub validation: Vec<f64>,
}

/// The page of a fitted proxy.
pub fn fit_page(fit: &FitPage) -> String {
    let head = Head {
        title: format!("Proxy of {}", fit.name),
        subtitle: fit.subtitle.clone(),
        description: None,
        made_from: None,
    };
    let section = |id, title, body| Section { id, title, body };
    let sections = [
        section("errors", "Errors on held-out molecules", overview(fit)),
        section("learning", "Learning", learning(fit)),
        section("molecules", "Test molecules", molecules(fit)),
        section("proxy", "Proxy", facts(fit)),
    ];
    whole(&head, &sections)
}

impl FitPage {
    /// A quantity with its unit.
    fn label(&self, what: &str) -> String {
        match &self.unit {
            Some(unit) => format!("{what} ({unit})"),
            None => what.into(),
        }
    }

    fn differences(&self) -> Vec<f64> {
        let difference = |tested: &TestedMolecule| tested.predicted - tested.value;
        self.test.iter().map(difference).collect()
    }
}

fn overview(fit: &FitPage) -> Markup {
    let beside = |value: f64| Some(format!("always the mean: {}", short_figure(value)));
    let optional = |value: Option<f64>| value.map_or("–".into(), short_figure);
    let shown = [
        Tile::new(
            "root mean square error",
            short_figure(fit.errors[0]),
            beside(fit.mean_errors[0]),
        ),
        Tile::new(
            "mean absolute error",
            short_figure(fit.errors[1]),
            beside(fit.mean_errors[1]),
        ),
        Tile::new(
            "R²",
            optional(fit.r2),
            Some("share of the variance explained".into()),
        ),
        Tile::new(
            "rank correlation",
            optional(fit.spearman),
            Some("Spearman's".into()),
        ),
        Tile::new("test molecules", count(fit.test.len() as u64), None),
    ];
    html! {
        @for warning in &fit.warnings { p.notice.bad role="alert" { strong { "Warning: " } (warning) } }
        (tiles(&shown))
        div.panels {
            (picture("Predicted against true", &parity(fit), &[("as it should be", Ink::Truth)], None))
            (picture("Errors", &histogram(fit), &[], None))
            (picture(
                "Coverage of the uncertainty",
                &coverage(fit),
                &[("as it should be", Ink::Truth)],
                Some("Above the line errors are smaller than was expected, below it greater."),
            ))
            (picture(
                "Error against expected error",
                &expected(fit),
                &[("one and two standard deviations", Ink::Truth)],
                None,
            ))
        }
    }
}

fn picture(title: &str, chart: &Chart, named: &[(&str, Ink)], note: Option<&str>) -> Markup {
    let named: Vec<(String, Ink)> = named
        .iter()
        .map(|(name, ink)| ((*name).to_string(), *ink))
        .collect();
    html! {
        figure.panel {
            figcaption { h3 { (title) } @if !named.is_empty() { (keys(&named)) } }
            (chart.draw())
            @if let Some(note) = note { p.note { (note) } }
        }
    }
}

fn line(points: Vec<Point>) -> Mark {
    Mark::Line {
        points,
        ink: Ink::Truth,
        width: 1.3,
        opacity: 1.0,
    }
}

fn dots(points: Vec<Point>) -> Mark {
    Mark::Dots {
        points,
        ink: Ink::Series(0),
        radius: 2.6,
        opacity: 0.5,
    }
}

fn parity(fit: &FitPage) -> Chart {
    let values = fit
        .test
        .iter()
        .flat_map(|tested| [tested.value, tested.predicted]);
    let axis = |what: &str| Axis::around(&fit.label(what), Scale::Linear, values.clone());
    let (x, y) = (axis("true"), axis("predicted"));
    let (low, high) = x.range;
    let mut chart = Chart::new(
        "Predicted against true values of the test molecules",
        Chart::USUAL,
        x,
        y,
    );
    chart.marks.push(line(vec![(low, low), (high, high)]));
    let points = fit.test.iter().map(|tested| (tested.value, tested.predicted));
    chart.marks.push(dots(points.collect()));
    chart
}

fn histogram(fit: &FitPage) -> Chart {
    let differences = fit.differences();
    let bins = Bins::of(&differences).unwrap_or(Bins {
        low: 0.0,
        width: 1.0,
        count: 1,
    });
    let shares = bins.shares(differences.iter().map(|difference| (*difference, 1.0)));
    let label = fit.label("predicted − true");
    let high = bins.low + bins.width * bins.count as f64;
    let x = Axis::exactly(
        &label,
        Scale::Linear,
        (bins.low - 0.5 * bins.width, high + 0.5 * bins.width),
    );
    let y = Axis::from_zero("share", Scale::Linear, shares.iter().copied());
    let mut chart = Chart::new("Errors of the test molecules", Chart::USUAL, x, y);
    let half = 0.5 * bins.width;
    for (bar, share) in shares.iter().enumerate() {
        let middle = bins.low + (bar as f64 + 0.5) * bins.width;
        chart
            .marks
            .push(Mark::bar(middle, 0.94 * half, *share, Ink::Series(0)));
    }
    chart
}

fn coverage(fit: &FitPage) -> Chart {
    let axis = |label: &str| Axis::exactly(label, Scale::Linear, (0.0, 1.0));
    let (x, y) = (axis("share expected within"), axis("share found within"));
    let mut chart = Chart::new("Coverage of the uncertainty", Chart::USUAL, x, y);
    chart.marks.push(line(vec![(0.0, 0.0), (1.0, 1.0)]));
    chart.marks.push(Mark::Line {
        points: fit.coverage.clone(),
        ink: Ink::Series(0),
        width: 1.8,
        opacity: 1.0,
    });
    chart.readouts.push(Readout {
        name: "found".into(),
        series: 0,
        points: fit.coverage.clone(),
    });
    chart
}

fn expected(fit: &FitPage) -> Chart {
    let points: Vec<Point> = fit
        .test
        .iter()
        .map(|tested| (tested.deviation, (tested.predicted - tested.value).abs()))
        .collect();
    let x = Axis::around(
        &fit.label("expected standard deviation"),
        Scale::Linear,
        points.iter().map(|point| point.0),
    );
    let (_, highest) = span(points.iter().map(|point| point.1));
    let y = Axis::from_zero(
        &fit.label("size of the error"),
        Scale::Linear,
        [0.0, highest, 2.0 * x.range.0].into_iter(),
    );
    let (low, high) = x.range;
    let mut chart = Chart::new("Size of the error against what was expected", Chart::USUAL, x, y);
    for times in [1.0, 2.0] {
        // Ends within the picture.
        let high = high.min(chart.y.range.1 / times);
        chart.marks.push(line(vec![
            (low.max(0.0), times * low.max(0.0)),
            (high, times * high),
        ]));
    }
    chart.marks.push(dots(points));
    chart
}

fn learning(fit: &FitPage) -> Markup {
    let curve = |name: &str, series, pick: fn(&FittedMember) -> &Vec<f64>| Curve {
        name: name.into(),
        series,
        runs: fit.members.iter().map(|member| numbered(pick(member))).collect(),
        is_noisy: false,
    };
    let curves = [
        curve("training molecules", 1, |member| &member.training),
        curve("validation molecules", 0, |member| &member.validation),
    ];
    let drawn = Plan {
        title: "Root mean square error by epoch".into(),
        x_label: "epochs",
        y_label: "error",
        may_be_log: true,
        ..Plan::default()
    };
    html! {
        div.panels { (panel(&drawn.draw(&curves))) }
        p.note { "A line a network, and their mean. Each network is as it was at the least error of validation molecules." }
    }
}

fn numbered(values: &[f64]) -> Vec<Point> {
    let points = values.iter().enumerate();
    points
        .map(|(index, value)| (1.0 + index as f64, *value))
        .collect()
}

fn molecules(fit: &FitPage) -> Markup {
    let row = |tested: &TestedMolecule| {
        let difference = tested.predicted - tested.value;
        vec![
            Cell::text(tested.smiles.clone()),
            Cell::of(Some(tested.value), figure),
            Cell::of(Some(tested.predicted), figure),
            Cell::of(Some(difference), signed),
            Cell::of(Some(tested.deviation), figure),
        ]
    };
    let heads = [
        ("molecule", Column::Objects),
        ("true", Column::Numbers),
        ("predicted", Column::Numbers),
        ("error", Column::Numbers),
        ("expected error", Column::Numbers),
    ];
    let table = Table::new(heads).with(fit.test.iter().map(row));
    let within = fit
        .test
        .iter()
        .filter(|tested| (tested.predicted - tested.value).abs() <= tested.deviation);
    html! {
        p.note {
            (per_cent(within.count() as f64 / fit.test.len().max(1) as f64))
            " are within one expected standard deviation; of a normal distribution 68 % are."
        }
        (table.draw())
    }
}

fn facts(fit: &FitPage) -> Markup {
    html! { dl.facts { @for (name, value) in &fit.facts { div { dt { (name) } dd { (value) } } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> FitPage {
        let test = (0..40).map(|index| TestedMolecule {
            smiles: "C".repeat(index + 1),
            value: index as f64,
            predicted: index as f64 + 0.1 * (index as f64 - 20.0),
            deviation: 1.0 + 0.05 * index as f64,
        });
        FitPage {
            name: "<b>energy</b>".into(),
            unit: Some("kcal/mol".into()),
            errors: [1.2, 1.0],
            mean_errors: [11.0, 9.0],
            r2: Some(0.9),
            test: test.collect(),
            coverage: vec![(0.0, 0.0), (0.5, 0.4), (1.0, 1.0)],
            members: vec![FittedMember {
                training: vec![3.0, 2.0, 1.0],
                validation: vec![3.0, 2.5, 2.6],
            }],
            facts: vec![("table".into(), "dock.csv".into())],
            ..FitPage::default()
        }
    }

    #[test]
    fn a_page_shows_all_that_it_is_given() {
        let page = fit_page(&fit());
        assert_eq!(page.matches("<svg class=\"plot\"").count(), 5);
        for part in [
            "always the mean: 11",
            "predicted (kcal/mol)",
            "dock.csv",
            "Proxy of &lt;b&gt;energy",
            "Root mean square error by epoch",
        ] {
            assert!(page.contains(part), "{part}");
        }
        let told = page.replace(include_str!("page/report.js"), "");
        assert!(told.len() < page.len(), "the page has its script");
        for fault in ["<b>", "cannot be drawn", "NaN"] {
            assert!(!told.contains(fault), "{fault}");
        }
    }

    #[test]
    fn a_warning_comes_first() {
        let page = fit_page(&FitPage {
            warnings: vec!["no better than <the> mean".into()],
            ..fit()
        });
        let warning = page.find("no better than &lt;the&gt; mean").expect("the warning");
        assert!(warning < page.find("root mean square error").expect("the errors"));
        assert!(!fit_page(&fit()).contains("role=\"alert\""));
    }

    #[test]
    fn little_is_shown_without_harm() {
        let page = fit_page(&FitPage {
            test: vec![TestedMolecule::default()],
            ..FitPage::default()
        });
        assert!(page.contains("Proxy of") && !page.contains("cannot be drawn"));
        fit_page(&FitPage::default());
    }
}
