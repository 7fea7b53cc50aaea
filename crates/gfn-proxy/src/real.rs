//! The two precisions that the network computes in, and its two bent functions in each.

use ndarray::LinalgScalar;

/// `f32` or `f64`.
pub trait Real: LinalgScalar + Default + PartialOrd + std::ops::AddAssign + Send + Sync {
    /// The nearest number of this kind.
    fn of(value: f64) -> Self;

    /// This number in double precision.
    fn widen(self) -> f64;

    /// e to this power.
    fn exp(self) -> Self;

    /// 1 / (1 + e^−x).
    fn sigmoid(self) -> Self {
        Self::one() / (Self::one() + (Self::zero() - self).exp())
    }

    /// The hyperbolic tangent.
    fn tanh(self) -> Self {
        let two = Self::one() + Self::one();
        two * (two * self).sigmoid() - Self::one()
    }

    /// x where it is positive, x / 100 elsewhere.
    fn leaky(self) -> Self {
        if self > Self::zero() {
            self
        } else {
            self * Self::of(0.01)
        }
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn widen(self) -> f64 {
        self
    }

    fn exp(self) -> Self {
        f64::exp(self)
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }

    /// Right to two units in the last place, by the polynomial of the Cephes library. Without a branch or a call, so that the
    /// compiler takes several numbers at once: a molecule needs some 70,000 of these.
    #[inline(always)]
    fn exp(self) -> Self {
        /// 1.5 · 2^23: added to a small number it leaves the nearest whole one in the low bits.
        const ROUND: f32 = 12_582_912.0;
        let x = self.clamp(-87.0, 88.0);
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let whole = shifted - ROUND;
        let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
        // x − whole · ln 2, with ln 2 in two pieces.
        let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
        let mut sum = 1.987_569_1e-4;
        for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
            sum = sum * rest + coefficient;
        }
        (sum * rest * rest + rest + 1.0) * power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_exponential_is_right() {
        let mut worst: f64 = 0.0;
        for step in -8700..8800 {
            let x = step as f32 / 100.0 + 0.001_7;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(Real::exp(x)) - exact).abs() / exact);
        }
        assert!(worst < 3e-7, "{worst}");
        assert_eq!(Real::exp(0f32), 1.0);
        assert!(Real::exp(-1e9f32) < 1e-37 && Real::exp(1e9f32) > 1e37);
    }

    #[test]
    fn bent_functions_agree_in_both_precisions() {
        for step in -400..=400 {
            let x = f64::from(step) / 20.0;
            assert!(
                (Real::sigmoid(x as f32).widen() - Real::sigmoid(x)).abs() < 3e-7,
                "{x}"
            );
            assert!((Real::tanh(x as f32).widen() - x.tanh()).abs() < 3e-7, "{x}");
        }
        assert_eq!((Real::leaky(2.0), Real::leaky(-2.0)), (2.0, -0.02));
    }
}
