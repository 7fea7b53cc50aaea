//! Rows of numbers, and their product with a matrix of weights.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::real::Real;

/// Rows of the same length, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows<T> {
    pub(crate) width: usize,
    pub(crate) values: Vec<T>,
}

impl<T: Real> Rows<T> {
    /// `count` rows of zeros.
    pub(crate) fn zeros(count: usize, width: usize) -> Self {
        Self {
            width,
            values: vec![T::zero(); count * width],
        }
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.width
    }

    pub(crate) fn row(&self, index: usize) -> &[T] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    pub(crate) fn row_mut(&mut self, index: usize) -> &mut [T] {
        &mut self.values[index * self.width..(index + 1) * self.width]
    }

    /// Makes this the product of `rows`, `[n, k]`, and `weights`, `[k, m]`.
    pub(crate) fn set_product(&mut self, rows: &Self, weights: &Array2<T>) {
        self.width = weights.ncols();
        self.values.resize(rows.count() * self.width, T::zero());
        let shape = (rows.count(), self.width);
        let left = ArrayView2::from_shape((rows.count(), rows.width), &rows.values);
        let result = ArrayViewMut2::from_shape(shape, &mut self.values);
        general_mat_mul(
            T::one(),
            &left.expect("rows are whole"),
            weights,
            T::zero(),
            &mut result.expect("rows are whole"),
        );
    }

    /// The product of these rows and `weights`.
    pub(crate) fn times(&self, weights: &Array2<T>) -> Self {
        let mut product = Self::zeros(0, weights.ncols());
        product.set_product(self, weights);
        product
    }
}
