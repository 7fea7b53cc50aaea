//! The rewards of the hypergrid literature.

use gfn_core::{ObjectKind, Objects, Reward, RewardError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rewards of the hypergrid literature, on a = |x/(H−1) − 1/2| of each coordinate.
///
/// `original` (Bengio et al. 2021): R0 + R1·∏ 1\[a > 1/4\] + R2·∏ 1\[0.3 < a < 0.4\]. `cosine` (torchgfn):
/// R0 + R1·∏ (cos 50a + 1)·N(5a; 0, 1). `sparse` (Pan et al. 2022): 1 where k coordinates are 1 and the others H − 2,
/// k < d, and 1e-12 elsewhere. `deceptive` (Kim et al. 2025): R0 + R1·(1 − ∏ 1\[a > 0.1\]) + R2·∏ 1\[0.3 < a < 0.4\].
/// Bands are decided in integers, so every height has the modes that the formula says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Which of the rewards.
    pub function: Function,
    /// R0, the reward everywhere.
    #[schemars(extend("minimum" = 0))]
    pub r0: f64,
    /// R1, added in the outer corners.
    #[schemars(extend("minimum" = 0))]
    pub r1: f64,
    /// R2, added in the modes.
    #[schemars(extend("minimum" = 0))]
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

    /// The reward of a cell.
    pub fn reward(&self, cell: &[i32]) -> f64 {
        let Params { function, r0, r1, r2 } = self.params;
        let edge = self.height - 1;
        // t = 10 (H − 1) a, a whole number, so that the bands are exact.
        let t = |x: i32| (10 * i64::from(x) - 5 * edge).abs();
        let all = |within: &dyn Fn(i64) -> bool| f64::from(u8::from(cell.iter().all(|&x| within(t(x)))));
        let band = |t: i64| 3 * edge < t && t < 4 * edge;
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

    #[test]
    fn molecules_are_refused() {
        let refusal = HypergridReward::new(Params::default(), &ObjectKind::Molecule).unwrap_err();
        assert_eq!(refusal, "grid cells (environment `hypergrid`), not molecules");
    }
}
