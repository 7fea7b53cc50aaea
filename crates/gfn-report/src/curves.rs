//! Curves of runs, laid over one another: a line for each, their mean, and its confidence band.

use crate::axis::{Axis, Scale, span};
use crate::plot::{Chart, Ink, Mark, Readout};
use crate::statistics::{Point, mean, smoothed, thinned};

/// A running mean is over this share of a curve's points.
const WINDOWS: usize = 40;
/// So few points are each marked with a dot.
const FEW: usize = 16;

/// One quantity, in one or more runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    /// What it is.
    pub(crate) name: String,
    /// Which ink it has.
    pub(crate) series: usize,
    /// Its values in each run.
    pub(crate) runs: Vec<Vec<Point>>,
    /// Whether it scatters from one update to the next, so that a running mean is easier to read.
    pub(crate) is_noisy: bool,
}

/// A picture of curves with what is to be said of it.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// What it shows.
    pub(crate) title: String,
    /// Names and inks.
    pub(crate) keys: Vec<(String, Ink)>,
    /// Nothing where there is nothing to draw.
    pub(crate) chart: Option<Chart>,
    /// What has to be known to read it.
    pub(crate) notes: Vec<String>,
}

/// What to make of curves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// What is shown.
    pub(crate) title: String,
    /// What is across, with the unit.
    pub(crate) x_label: &'static str,
    /// What is up, with the unit.
    pub(crate) y_label: &'static str,
    /// Logarithmic where the values allow it and span more than a decade.
    pub(crate) may_be_log: bool,
    /// Begin at 0 where nothing is below it.
    pub(crate) from_zero: bool,
    /// What curves should come to: names and values.
    pub(crate) levels: Vec<(String, f64)>,
}

impl Plan {
    /// Draws curves; one without a value in any run is left out.
    pub(crate) fn draw(&self, curves: &[Curve]) -> Panel {
        let curves: Vec<&Curve> = curves
            .iter()
            .filter(|curve| curve.values().next().is_some())
            .collect();
        let values = || curves.iter().flat_map(|curve| curve.values());
        let scale = match self.may_be_log {
            true => Scale::fitting(values().chain(self.levels.iter().map(|level| level.1))),
            false => Scale::Linear,
        };
        let lines: Vec<Lines> = curves.iter().map(|curve| Lines::of(curve, scale)).collect();
        let mut panel = Panel {
            title: self.title.clone(),
            keys: Vec::new(),
            chart: None,
            notes: Vec::new(),
        };
        panel.notes.extend(missing(values(), scale));
        let has_place = lines.iter().flat_map(Lines::all).any(|(_, y)| y.is_finite());
        if !has_place {
            return panel;
        }
        let named = curves.len() + self.levels.len() > 1;
        let keys = curves
            .iter()
            .filter(|_| named)
            .map(|curve| (curve.name.clone(), Ink::Series(curve.series)));
        panel.keys = keys
            .chain(self.levels.iter().map(|(name, _)| (name.clone(), Ink::Truth)))
            .collect();
        panel.notes.extend(reading(&curves));
        panel.chart = Some(self.chart(&curves, &lines, scale));
        panel
    }

    fn chart(&self, curves: &[&Curve], lines: &[Lines], scale: Scale) -> Chart {
        let levels: Vec<f64> = self
            .levels
            .iter()
            .filter_map(|level| scale.place(level.1))
            .collect();
        let places = lines
            .iter()
            .flat_map(Lines::all)
            .map(|point| point.1)
            .chain(levels.iter().copied());
        let x_places = curves
            .iter()
            .flat_map(|curve| curve.runs.iter().flatten())
            .map(|point| point.0);
        let (first, last) = span(x_places);
        let x = match first < last {
            true => Axis::exactly(self.x_label, Scale::Linear, (first.min(0.0), last)),
            false => Axis::around(self.x_label, Scale::Linear, [first].into_iter()),
        };
        let places: Vec<f64> = places.collect();
        let y = match self.from_zero {
            true => Axis::from_zero(self.y_label, scale, places.iter().copied()),
            false => Axis::around(self.y_label, scale, places.iter().copied()),
        };
        let mut chart = Chart::new(&self.title, Chart::USUAL, x, y);
        let ends = chart.x.range;
        let level = |place: f64| Mark::Line {
            points: vec![(ends.0, place), (ends.1, place)],
            ink: Ink::Truth,
            width: 1.3,
            opacity: 1.0,
        };
        chart.marks.extend(levels.into_iter().map(level));
        for (curve, lines) in curves.iter().zip(lines) {
            chart.marks.extend(lines.marks(curve.series));
            chart.readouts.push(Readout {
                name: curve.name.clone(),
                series: curve.series,
                points: lines.main.clone(),
            });
        }
        chart
    }
}

impl Curve {
    /// The values of all runs.
    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.runs.iter().flatten().map(|point| point.1)
    }

    /// How many points a running mean is over; 1 where there is none.
    fn window(&self) -> usize {
        let longest = self.runs.iter().map(Vec::len).max().unwrap_or(0);
        if self.is_noisy {
            (longest / WINDOWS).max(1) | 1
        } else {
            1
        }
    }
}

/// A curve's lines, by places.
struct Lines {
    /// Behind: the scatter of a single run, or every run of several.
    faint: Vec<Vec<Point>>,
    /// The line to read: a run's, or the mean.
    main: Vec<Point>,
    /// Around it, where there are several runs.
    band: Vec<(f64, f64, f64)>,
}

impl Lines {
    fn of(curve: &Curve, scale: Scale) -> Self {
        let place = |(x, y): &Point| (*x, scale.place(*y).unwrap_or(f64::NAN));
        let placed: Vec<Vec<Point>> = curve
            .runs
            .iter()
            .map(|run| run.iter().map(place).collect())
            .collect();
        let window = curve.window();
        let smooth = |run: &Vec<Point>| {
            if window > 1 {
                smoothed(run, window)
            } else {
                thinned(run)
            }
        };
        if let [only] = &placed[..] {
            let faint = if window > 1 {
                vec![thinned(only)]
            } else {
                Vec::new()
            };
            return Self {
                faint,
                main: smooth(only),
                band: Vec::new(),
            };
        }
        let faint: Vec<Vec<Point>> = placed.iter().map(smooth).collect();
        let mean = mean(&faint);
        Self {
            faint,
            main: mean.line,
            band: mean.band,
        }
    }

    fn all(&self) -> impl Iterator<Item = Point> + '_ {
        self.faint.iter().flatten().chain(&self.main).copied()
    }

    fn marks(&self, series: usize) -> Vec<Mark> {
        let ink = Ink::Series(series);
        let mut marks = vec![Mark::Band {
            edges: self.band.clone(),
            ink,
        }];
        let line = |points: &Vec<Point>, width, opacity| Mark::Line {
            points: points.clone(),
            ink,
            width,
            opacity,
        };
        marks.extend(self.faint.iter().map(|points| line(points, 1.0, 0.35)));
        marks.push(line(&self.main, 2.0, 1.0));
        if self.main.len() <= FEW {
            marks.push(Mark::Dots {
                points: self.main.clone(),
                ink,
                radius: 2.6,
                opacity: 1.0,
            });
        }
        marks
    }
}

/// What cannot be drawn.
fn missing(values: impl Iterator<Item = f64>, scale: Scale) -> Option<String> {
    let missing = values.filter(|value| scale.place(*value).is_none()).count();
    match missing {
        0 => None,
        1 => Some("One value is not a finite number and is left out.".into()),
        several => Some(format!(
            "{several} values are not finite numbers and are left out."
        )),
    }
}

/// How the lines are to be read.
fn reading(curves: &[&Curve]) -> Option<String> {
    let window = curves.iter().map(|curve| curve.window()).max().unwrap_or(1);
    let is_alone = curves.iter().all(|curve| curve.runs.len() == 1);
    let thin = if is_alone {
        "Thin: as written down. Thick: running"
    } else {
        "Running"
    };
    (window > 1).then(|| format!("{thin} means over {window} points."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(runs: Vec<Vec<Point>>) -> Curve {
        Curve {
            name: "loss".into(),
            runs,
            is_noisy: true,
            ..Curve::default()
        }
    }

    fn plan() -> Plan {
        Plan {
            may_be_log: true,
            ..Plan::default()
        }
    }

    #[test]
    fn nothing_or_nothing_finite_draws_no_picture() {
        assert!(plan().draw(&[]).chart.is_none());
        assert!(plan().draw(&[curve(vec![vec![], vec![]])]).chart.is_none());
        let panel = plan().draw(&[curve(vec![vec![(1.0, f64::NAN), (2.0, f64::INFINITY)]])]);
        assert!(panel.chart.is_none());
        assert_eq!(panel.notes, ["2 values are not finite numbers and are left out."]);
    }

    #[test]
    fn one_point_is_a_dot() {
        let panel = plan().draw(&[curve(vec![vec![(10.0, 3.0)]])]);
        let svg = panel.chart.unwrap().draw().into_string();
        assert!(svg.contains("<circle") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn a_line_is_broken_where_it_is_no_number() {
        let points = vec![(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 2.0), (4.0, 1.0)];
        let panel = plan().draw(&[curve(vec![points])]);
        let svg = panel.chart.unwrap().draw().into_string();
        let lines = svg.matches(r##"stroke="#000010" stroke-width="20""##).count();
        assert_eq!(lines, 2, "{svg}");
        assert_eq!(panel.notes, ["One value is not a finite number and is left out."]);
    }

    #[test]
    fn several_runs_have_a_mean_and_a_band_and_those_of_other_lengths_take_part() {
        let run = |length: usize, shift: f64| (0..length).map(|x| (x as f64, shift + x as f64)).collect();
        let panel = plan().draw(&[curve(vec![run(30, 1.0), run(20, 2.0), run(25, 1.5), run(0, 0.0)])]);
        let svg = panel.chart.unwrap().draw().into_string();
        assert_eq!(svg.matches("<polygon").count(), 1);
        assert!(panel.notes.is_empty(), "{:?}", panel.notes);
    }

    #[test]
    fn long_noisy_curves_are_smoothed_and_levels_are_within_the_picture() {
        let noisy = (0..1_000).map(|x| (f64::from(x), f64::from(x % 7))).collect();
        let plan = Plan {
            levels: vec![("true".into(), 100.0)],
            ..plan()
        };
        let panel = plan.draw(&[curve(vec![noisy])]);
        assert!(
            panel.notes[0].contains("running means over 25 points"),
            "{:?}",
            panel.notes
        );
        assert!(panel.chart.unwrap().y.range.1 > 100.0);
        assert_eq!(panel.keys.len(), 2);
    }
}
