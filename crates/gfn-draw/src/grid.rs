//! Objects that are cells of a grid: their probabilities along its coordinates.

use gfn_record::distribution::Row;

/// A map has at most so many cells on a side; beyond, it shows blocks of cells.
const MAX_ON_A_SIDE: usize = 64;
/// No coordinate is larger.
const MOST: usize = 100_000;

/// The cells of a grid with what is aimed at and what was learned of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// How many cells lie along each coordinate.
    pub sides: Vec<usize>,
    /// Coordinates, target and learned probability.
    cells: Vec<(Vec<usize>, f64, f64)>,
}

/// Probabilities along two coordinates, row by row from the bottom; not a number where there is no object.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// How many cells lie along the first coordinate.
    pub across: usize,
    /// How many along the second.
    pub up: usize,
    /// So many cells of the grid on each side are one of the plane.
    pub block: usize,
    /// What each should have.
    pub target: Vec<f64>,
    /// What the policy gives each.
    pub learned: Vec<f64>,
}

impl Grid {
    /// The grid that objects are the cells of; none where they are something else.
    pub fn of(rows: &[Row]) -> Option<Self> {
        let cell = |row: &Row| Some((coordinates(&row.object)?, row.target, row.probability));
        let cells: Vec<(Vec<usize>, f64, f64)> = rows.iter().map(cell).collect::<Option<_>>()?;
        let dimensions = cells.first()?.0.len();
        if cells.iter().any(|cell| cell.0.len() != dimensions) {
            return None;
        }
        let side = |dimension: usize| cells.iter().map(|cell| cell.0[dimension] + 1).max().unwrap_or(0);
        Some(Self {
            sides: (0..dimensions).map(side).collect(),
            cells,
        })
    }

    /// Probabilities along one coordinate: target and learned.
    pub fn marginal(&self, dimension: usize) -> (Vec<f64>, Vec<f64>) {
        let mut sums = (vec![0.0; self.sides[dimension]], vec![0.0; self.sides[dimension]]);
        for (coordinates, target, learned) in &self.cells {
            sums.0[coordinates[dimension]] += target;
            sums.1[coordinates[dimension]] += learned;
        }
        sums
    }

    /// Probabilities along the first two coordinates; none where there is but one.
    pub fn plane(&self) -> Option<Plane> {
        let [across, up] = *self.sides.get(..2)? else {
            return None;
        };
        let block = across.max(up).div_ceil(MAX_ON_A_SIDE).max(1);
        let (across, up) = (across.div_ceil(block), up.div_ceil(block));
        let empty = vec![f64::NAN; across * up];
        let mut plane = Plane {
            across,
            up,
            block,
            target: empty.clone(),
            learned: empty,
        };
        for (coordinates, target, learned) in &self.cells {
            let cell = coordinates[1] / block * across + coordinates[0] / block;
            add(&mut plane.target[cell], *target);
            add(&mut plane.learned[cell], *learned);
        }
        Some(plane)
    }
}

fn add(sum: &mut f64, value: f64) {
    *sum = if sum.is_nan() { value } else { *sum + value };
}

/// Whole numbers with spaces between them.
fn coordinates(object: &str) -> Option<Vec<usize>> {
    let numbers: Option<Vec<usize>> = object.split(' ').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.iter().all(|number| *number < MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(object: &str, target: f64, probability: f64) -> Row {
        Row {
            object: object.into(),
            reward: 1.0,
            target,
            probability,
        }
    }

    #[test]
    fn cells_are_summed_along_coordinates() {
        let rows = [
            row("0 0 0", 0.1, 0.2),
            row("0 0 1", 0.2, 0.2),
            row("1 0 0", 0.3, 0.1),
            row("1 2 1", 0.4, 0.5),
        ];
        let grid = Grid::of(&rows).unwrap();
        assert_eq!(grid.sides, [2, 3, 2]);
        let close = |found: &[f64], expected: &[f64]| {
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan()))
        };
        assert!(close(&grid.marginal(1).0, &[0.6, 0.0, 0.4]));
        let plane = grid.plane().unwrap();
        assert_eq!((plane.across, plane.up, plane.block), (2, 3, 1));
        assert!(
            close(&plane.target, &[0.3, 0.3, f64::NAN, f64::NAN, f64::NAN, 0.4]),
            "{plane:?}"
        );
    }

    #[test]
    fn large_planes_are_shown_by_blocks() {
        let rows: Vec<Row> = (0..200).map(|x| row(&format!("{x} 0"), 0.005, 0.005)).collect();
        let plane = Grid::of(&rows).unwrap().plane().unwrap();
        assert_eq!((plane.across, plane.up, plane.block), (50, 1, 4));
        assert!((plane.target[0] - 0.02).abs() < 1e-12);
    }

    #[test]
    fn other_objects_are_no_grid() {
        for objects in [
            vec!["CCO"],
            vec![""],
            vec!["1 2", "1"],
            vec!["-1 0"],
            vec!["99999999999 1"],
            vec![],
        ] {
            let rows: Vec<Row> = objects.iter().map(|object| row(object, 0.5, 0.5)).collect();
            assert!(Grid::of(&rows).is_none(), "{objects:?}");
        }
        assert!(Grid::of(&[row("3", 1.0, 1.0)]).unwrap().plane().is_none());
    }
}
