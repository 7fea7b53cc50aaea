//! The rewards of the hypergrid literature.

use gfn_core::{ObjectKind, Objects, Remark, Reward, RewardError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rewards of the hypergrid literature: a floor everywhere, and modes in its corners.
///
/// Bands are decided in integers, so every height has the modes that the formula says.
///
/// Formula: a = |x/(H−1) − 1/2| of each coordinate, and products over the coordinates. `original`:
/// R0 + R1·∏ 1\[a > 1/4\] + R2·∏ 1\[0.3 < a < 0.4\]. `cosine`: R0 + R1·∏ (cos 50a + 1)·N(5a; 0, 1). `sparse`: 1 where k
/// coordinates are 1 and the others H − 2, k < d, and 1e-12 elsewhere. `deceptive`:
/// R0 + R1·(1 − ∏ 1\[a > 0.1\]) + R2·∏ 1\[0.3 < a < 0.4\].
///
/// References: Bengio et al. 2021, "Flow network based generative models for non-iterative diverse candidate generation",
/// arXiv 2106.04399 (`original`); Lahlou et al. 2023, "torchgfn: a PyTorch GFlowNet library", arXiv 2305.14594 (`cosine`); Pan
/// et al. 2023, "Generative augmented flow networks", arXiv 2210.03308 (`sparse`); Kim et al. 2025, "Adaptive teachers for
/// amortized samplers", arXiv 2410.01432 (`deceptive`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Which of the rewards.
    pub function: Function,
    /// R0, the reward everywhere.
    #[schemars(extend("minimum" = 0, "x-unit" = "reward"))]
    pub r0: f64,
    /// R1, added in the outer corners.
    #[schemars(extend("minimum" = 0, "x-unit" = "reward"))]
    pub r1: f64,
    /// R2, added in the modes.
    #[schemars(extend("minimum" = 0, "x-unit" = "reward"))]
    pub r2: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            function: Function::Original,
            r0: 0.1,
            r1: 0.5,
            r2: 2.0,
        }
    }
}

/// Which of the rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Corners with modes in them.
    #[default]
    Original,
    /// A product of cosines under a bell.
    Cosine,
    /// A few cells, and almost nothing elsewhere.
    Sparse,
    /// Corners whose way there is rewarded less than staying.
    Deceptive,
}

/// A reward on grid cells; see [`Params`].
#[derive(Clone, Debug)]
pub struct HypergridReward {
    params: Params,
    dimensions: usize,
    height: i64,
}

impl HypergridReward {
    /// The reward for objects of `kind`.
    ///
    /// # Errors
    /// Where the objects are not grid cells.
    pub fn new(params: Params, kind: &ObjectKind) -> Result<Self, String> {
        match *kind {
            ObjectKind::Grid { dimensions, height } => Ok(Self {
                params,
                dimensions,
                height: height as i64,
            }),
            ref other => Err(format!("grid cells (environment `hypergrid`), not {other}")),
        }
    }

    /// t = 10 (H − 1) a of a coordinate, a whole number, so that the bands are exact.
    fn t(&self, x: i32) -> i64 {
        (10 * i64::from(x) - 5 * (self.height - 1)).abs()
    }

    /// Whether 0.3 < a < 0.4.
    fn in_band(&self, t: i64) -> bool {
        3 * (self.height - 1) < t && t < 4 * (self.height - 1)
    }

    /// The reward of a cell.
    pub fn reward(&self, cell: &[i32]) -> f64 {
        let Params { function, r0, r1, r2 } = self.params;
        let edge = self.height - 1;
        let t = |x: i32| self.t(x);
        let all = |within: &dyn Fn(i64) -> bool| f64::from(u8::from(cell.iter().all(|&x| within(t(x)))));
        let band = |t: i64| self.in_band(t);
        match function {
            Function::Original => r0 + r1 * all(&|t| 2 * t > 5 * edge) + r2 * all(&band),
            Function::Deceptive => r0 + r1 * (1.0 - all(&|t| t > edge)) + r2 * all(&band),
            Function::Cosine => {
                let factor = |x: i32| {
                    let a = t(x) as f64 / (10 * edge) as f64;
                    ((50.0 * a).cos() + 1.0) * normal_density(5.0 * a)
                };
                r0 + r1 * cell.iter().map(|&x| factor(x)).product::<f64>()
            }
            Function::Sparse => {
                let ones = cell.iter().filter(|&&x| x == 1).count();
                let far = cell
                    .iter()
                    .filter(|&&x| i64::from(x) == self.height - 2 && x != 1)
                    .count();
                let corner = ones + far == cell.len() && (far > 0 || self.height == 3);
                if corner { 1.0 } else { 1e-12 }
            }
        }
    }
}

fn normal_density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

impl Reward for HypergridReward {
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String> {
        Self::new(self.params.clone(), kind).map(|_| ())
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        for (index, value) in log_reward.iter_mut().enumerate() {
            *value = self.reward(&objects.state(index)[..self.dimensions]).ln();
        }
        Ok(())
    }

    fn mode_threshold(&self) -> Option<f64> {
        let Params { function, r0, r1, r2 } = self.params;
        let bell = 0.8 * 2.0 / std::f64::consts::TAU.sqrt();
        Some(match function {
            Function::Original => r0 + r1 + r2,
            Function::Deceptive => r0 + r2,
            Function::Cosine => r0 + r1 * bell.powi(self.dimensions as i32),
            Function::Sparse => 0.5,
        })
    }

    fn can_be_zero(&self) -> bool {
        // Where some cell has no reward, one on the diagonal has none: each term is there or not by conditions on all
        // coordinates alike.
        let on_diagonal = |x: i64| self.reward(&vec![x as i32; self.dimensions]);
        self.params.r0 == 0.0 && (0..self.height).any(|x| on_diagonal(x) == 0.0)
    }

    fn greatest(&self) -> Option<f64> {
        let Params { function, r0, r1, r2 } = self.params;
        Some(match function {
            Function::Original | Function::Deceptive => r0 + r1 + r2,
            Function::Cosine => r0 + r1 * (2.0 * normal_density(0.0)).powi(self.dimensions as i32),
            Function::Sparse => 1.0,
        })
    }

    fn remarks(&self) -> Vec<Remark> {
        let (given, usual) = (&self.params, Params::default());
        let unread = |name: &'static str, value: f64, default: f64, reader: &str| {
            (value != default).then(|| {
                let message = format!(
                    "`reward.{name}` is {value}, but function `{reader}` does not read it; remove the key"
                );
                Remark::new(name, message)
            })
        };
        let remarks = match given.function {
            Function::Sparse => vec![
                unread("r0", given.r0, usual.r0, "sparse"),
                unread("r1", given.r1, usual.r1, "sparse"),
                unread("r2", given.r2, usual.r2, "sparse"),
            ],
            Function::Cosine => vec![unread("r2", given.r2, usual.r2, "cosine")],
            Function::Original | Function::Deceptive => Vec::new(),
        };
        remarks
            .into_iter()
            .flatten()
            .chain(self.without_modes())
            .collect()
    }
}

impl HypergridReward {
    /// That a function with modes has none at this height, which public libraries differ in.
    fn without_modes(&self) -> Option<Remark> {
        let banded = matches!(self.params.function, Function::Original | Function::Deceptive);
        let in_band = |x: i64| self.in_band(self.t(x as i32));
        (banded && self.params.r2 > 0.0 && !(0..self.height).any(in_band)).then(|| {
            let message = format!(
                "`reward.r2` is {}, but in a grid of height {} no cell lies in the band 0.3 < a < 0.4 where it is added: there \
                 are no modes; choose another `environment.height`, or set `reward.r2` to 0",
                self.params.r2, self.height
            );
            Remark::new("r2", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reward(function: Function, height: usize, dimensions: usize) -> HypergridReward {
        let params = Params {
            function,
            ..Params::default()
        };
        HypergridReward::new(params, &ObjectKind::Grid { dimensions, height }).unwrap()
    }

    fn band_cells(height: usize) -> Vec<usize> {
        let reward = reward(Function::Original, height, 1);
        (0..height)
            .filter(|&x| reward.reward(&[x as i32]) > 2.0)
            .collect()
    }

    /// The heights at which public libraries disagree, decided exactly (band indices per axis).
    #[test]
    fn bands_are_exact() {
        let counts = [
            (8, 2),
            (11, 0),
            (16, 2),
            (21, 2),
            (31, 4),
            (36, 6),
            (41, 6),
            (64, 12),
            (256, 50),
        ];
        for (height, count) in counts {
            assert_eq!(band_cells(height).len(), count, "height {height}");
        }
        assert_eq!(band_cells(16), [2, 13]);
        assert_eq!(band_cells(8), [1, 6]);
    }

    #[test]
    fn values_by_hand() {
        let original = reward(Function::Original, 8, 2);
        assert!((original.reward(&[1, 6]) - 2.6).abs() < 1e-12);
        assert!((original.reward(&[0, 7]) - 0.6).abs() < 1e-12);
        assert!((original.reward(&[3, 6]) - 0.1).abs() < 1e-12);
        let deceptive = reward(Function::Deceptive, 8, 2);
        assert!((deceptive.reward(&[1, 6]) - 2.1).abs() < 1e-12);
        assert!((deceptive.reward(&[3, 6]) - 0.6).abs() < 1e-12);
        let cosine = reward(Function::Cosine, 9, 1);
        assert!((cosine.reward(&[4]) - (0.1 + 0.5 * 2.0 / std::f64::consts::TAU.sqrt())).abs() < 1e-12);
    }

    /// k ones and d − k coordinates at H − 2, k < d: 2^d − 1 cells.
    #[test]
    fn sparse_cells() {
        let sparse = reward(Function::Sparse, 8, 3);
        let cells = (0..512).map(|n| [n % 8, n / 8 % 8, n / 64]);
        assert_eq!(cells.filter(|cell| sparse.reward(cell) > 0.5).count(), 7);
        assert!(sparse.reward(&[1, 1, 6]) > 0.5 && sparse.reward(&[1, 1, 1]) < 0.5);
    }

    /// What is said of the reward as a whole holds of every cell.
    #[test]
    fn bounds_hold_of_every_cell() {
        for function in [
            Function::Original,
            Function::Cosine,
            Function::Sparse,
            Function::Deceptive,
        ] {
            for (height, r0) in [(2, 0.0), (3, 0.0), (4, 0.0), (8, 0.0), (8, 0.1)] {
                let params = Params {
                    function,
                    r0,
                    ..Params::default()
                };
                let kind = ObjectKind::Grid {
                    dimensions: 2,
                    height,
                };
                let reward = HypergridReward::new(params, &kind).unwrap();
                let side = height as i32;
                let rewards: Vec<f64> = (0..side * side)
                    .map(|n| reward.reward(&[n % side, n / side]))
                    .collect();
                let zero = rewards.contains(&0.0);
                assert_eq!(reward.can_be_zero(), zero, "{function:?} {height} {r0}");
                let greatest = reward.greatest().unwrap() * (1.0 + 1e-12);
                assert!(
                    rewards.iter().all(|reward| *reward <= greatest),
                    "{function:?} {height}"
                );
                let modes = rewards.iter().any(|reward| *reward >= 2.0);
                let banded = matches!(function, Function::Original | Function::Deceptive);
                assert_eq!(
                    reward.without_modes().is_some(),
                    banded && !modes,
                    "{function:?} {height}"
                );
            }
        }
    }

    #[test]
    fn molecules_are_refused() {
        let refusal = HypergridReward::new(Params::default(), &ObjectKind::Molecule).unwrap_err();
        assert_eq!(refusal, "grid cells (environment `hypergrid`), not molecules");
    }
}
