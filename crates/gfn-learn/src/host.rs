//! Tensors in host memory, seen as slices.
#![allow(unsafe_code)]

use tch::{Device, Kind, Tensor};

/// A tensor's numbers, where they lie in host memory.
fn assert_plain(tensor: &Tensor) {
    assert!(tensor.device() == Device::Cpu && tensor.kind() == Kind::Float && tensor.is_contiguous());
}

/// The numbers of a contiguous f32 tensor on the CPU.
///
/// # Panics
/// Where the tensor is anything else: a mistake in the calling code.
pub fn slice(tensor: &Tensor) -> &[f32] {
    assert_plain(tensor);
    // SAFETY: the tensor is contiguous f32 in host memory, lives as long as the borrow, and has `numel` elements; a
    // tensor without elements may have a null pointer, which the dangling one replaces.
    unsafe { std::slice::from_raw_parts(pointer(tensor), tensor.numel()) }
}

/// The numbers of a contiguous f32 tensor on the CPU, to write to.
///
/// # Panics
/// Where the tensor is anything else: a mistake in the calling code.
pub fn slice_mut(tensor: &mut Tensor) -> &mut [f32] {
    assert_plain(tensor);
    // SAFETY: as for `slice`; the exclusive borrow keeps this handle from being read meanwhile. Other handles onto the
    // same storage (views of a flat buffer) are not used while the slice lives: every caller holds it for one loop.
    unsafe { std::slice::from_raw_parts_mut(pointer(tensor), tensor.numel()) }
}

fn pointer(tensor: &Tensor) -> *mut f32 {
    if tensor.numel() == 0 {
        std::ptr::NonNull::dangling().as_ptr()
    } else {
        tensor.data_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_see_and_change_the_tensor() {
        let mut tensor = Tensor::from_slice(&[1f32, 2.0, 3.0]);
        slice_mut(&mut tensor)[1] = 5.0;
        assert_eq!(slice(&tensor), [1.0, 5.0, 3.0]);
        assert!(slice(&Tensor::zeros([0, 4], (Kind::Float, Device::Cpu))).is_empty());
    }
}
