//! The GPUs of this machine, to be dealt out.

use std::path::Path;

/// The GPUs that a process of this machine would see, by the names that `CUDA_VISIBLE_DEVICES` takes.
pub(crate) fn found() -> Vec<String> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let drivers = std::fs::read_dir("/proc/driver/nvidia/gpus");
    let cards = drivers.map_or(0, |found| found.count());
    named(
        visible.as_deref(),
        if Path::new("/dev/nvidiactl").exists() {
            cards
        } else {
            0
        },
    )
}

fn named(visible: Option<&str>, cards: usize) -> Vec<String> {
    match visible {
        Some(list) => {
            let names = list.split(',').map(str::trim);
            // As CUDA reads it: what comes after a name that is none is not seen.
            names
                .take_while(|name| !name.is_empty() && *name != "-1")
                .map(str::to_string)
                .collect()
        }
        None => (0..cards).map(|index| index.to_string()).collect(),
    }
}

/// Whether an experiment with this `hardware.device` takes any GPU that it finds.
pub(crate) fn are_wanted(device: &str) -> bool {
    ["auto", "cuda"].contains(&device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_visible_is_dealt_out() {
        assert_eq!(named(None, 2), ["0", "1"]);
        assert_eq!(named(Some("3, GPU-a"), 8), ["3", "GPU-a"]);
        assert_eq!(named(Some("1,-1,2"), 8), ["1"]);
        assert!(named(Some(""), 8).is_empty() && named(None, 0).is_empty());
    }
}
