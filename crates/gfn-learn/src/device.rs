//! Where tensors live. One binary serves CPU and GPU: it links the CPU library, and loads the CUDA one when asked.
#![allow(unsafe_code)]

use std::path::PathBuf;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
pub use tch::Device;

use crate::LearnError;
use crate::determinism::{LOOPS, MATRICES, Variable, WORKSPACE};

/// Tells the libraries to give the same bits whatever the number of threads, and on a GPU from run to run; a variable that is
/// set already stays. To be called first of all: the libraries read them once.
pub fn prepare() {
    set_unless_set(&MATRICES);
    // Told so, libtorch would take a processor without AVX2 for one with it.
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        set_unless_set(&LOOPS);
    }
    set_unless_set(&WORKSPACE);
}

fn set_unless_set(variable: &Variable) {
    if std::env::var_os(variable.name).is_none() {
        // SAFETY: called at the start of `main` or of a test's process, when no other thread reads the environment.
        unsafe { std::env::set_var(variable.name, variable.values[0]) };
    }
}

/// Ends the process with an exit code, at once. The ordinary way out first unregisters every operator of libtorch, which takes
/// a tenth of a second and serves nobody; files are written by then, and what is left in the standard streams is flushed.
pub fn leave(code: u8) -> ! {
    use std::io::Write;
    let _ = gfn_text::stdout().flush();
    let _ = gfn_text::stderr().flush();
    // SAFETY: `_exit` may be called at any time; it runs no destructors, and none are needed.
    unsafe { libc::_exit(code.into()) }
}

/// Threads of matrix products that wait in a loop crawl where another process wants their cores. How long they do is read
/// from the environment when the program is loaded, so the program starts once more, from the top, with a short time set.
pub fn rest_between_products(threads: usize) {
    use std::os::unix::process::CommandExt;
    const SPINS: &str = "GOMP_SPINCOUNT";
    if threads > 1
        && [SPINS, "OMP_WAIT_POLICY"]
            .iter()
            .all(|name| std::env::var_os(name).is_none())
    {
        let mut arguments = std::env::args_os();
        if let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) {
            // Where this fails, the run goes on as it is.
            let _ = std::process::Command::new(program)
                .arg0(name)
                .args(arguments)
                .env(SPINS, "1000")
                .exec();
        }
    }
}

/// What a device's name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeviceRequest {
    Auto,
    Cpu,
    Cuda(usize),
}

fn parse(name: &str) -> Result<DeviceRequest, String> {
    let index = |text: &str| text.strip_prefix("cuda:")?.parse().ok();
    match name {
        "auto" => Ok(DeviceRequest::Auto),
        "cpu" => Ok(DeviceRequest::Cpu),
        "cuda" => Ok(DeviceRequest::Cuda(0)),
        other => index(other).map(DeviceRequest::Cuda).ok_or_else(|| {
            format!("`hardware.device` is `{other}`; expected `auto`, `cpu`, `cuda` or `cuda:N` with a device number N")
        }),
    }
}

/// Checks a device's name, not whether the device is there.
///
/// # Errors
/// A sentence that says what names there are.
pub fn check_name(name: &str) -> Result<(), String> {
    parse(name).map(|_| ())
}

/// Whether a device's name asks for a GPU; `None` where that is found out later, or the name is wrong.
pub fn asks_for_gpu(name: &str) -> Option<bool> {
    match parse(name).ok()? {
        DeviceRequest::Auto => None,
        wanted => Some(wanted != DeviceRequest::Cpu),
    }
}

/// Finds the device that `name` asks for: `auto`, `cpu`, `cuda` or `cuda:N`.
///
/// # Errors
/// Where `name` is none of these, or a GPU that cannot be used; the message says what is missing.
pub fn find(name: &str) -> Result<Device, LearnError> {
    let index = match parse(name).map_err(LearnError::Device)? {
        DeviceRequest::Cpu => return Ok(Device::Cpu),
        DeviceRequest::Auto if cuda_devices().is_ok_and(|count| count > 0) => return Ok(Device::Cuda(0)),
        DeviceRequest::Auto => return Ok(Device::Cpu),
        DeviceRequest::Cuda(index) => index,
    };
    let refuse = |reason: String| {
        Err(LearnError::Device(format!(
            "`hardware.device` is `{name}`, but {reason}"
        )))
    };
    match cuda_devices() {
        Err(reason) => refuse(reason),
        Ok(0) => {
            refuse("no NVIDIA GPU is visible (is the driver there? is CUDA_VISIBLE_DEVICES empty?)".into())
        }
        Ok(count) if index >= count => refuse(format!("this machine has {count} GPU(s), numbered from 0")),
        Ok(_) => Ok(Device::Cuda(index)),
    }
}

/// Sets the number of threads of matrix products, for the whole process.
pub fn set_threads(threads: usize) {
    tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX).max(1));
}

/// The number of threads of matrix products.
pub fn threads() -> usize {
    usize::try_from(tch::get_num_threads()).unwrap_or(1)
}

/// How many CUDA devices there are, once the CUDA part of libtorch is loaded.
fn cuda_devices() -> Result<usize, String> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    LOADED.get_or_init(load_cuda).clone()?;
    Ok(tch::Cuda::device_count() as usize)
}

/// Loads `libtorch_cuda.so` into this process, so that its kernels register themselves.
fn load_cuda() -> Result<(), String> {
    let places = cuda_places();
    let Some(path) = places.iter().find(|path| path.exists()) else {
        return Err("the CUDA part of libtorch is not there; `scripts/libtorch --cuda` fetches it".into());
    };
    // SAFETY: loading runs the initializers of libtorch's own library of the same version; nothing else of the process
    // depends on their order. The library is never unloaded.
    match unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(error) => Err(format!("{} cannot be loaded: {error}", path.display())),
    }
}

/// Where `libtorch_cuda.so` may lie: beside the loaded `libtorch_cpu.so`, or in the folder `cuda` next to its folder.
fn cuda_places() -> Vec<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let loaded = maps
        .lines()
        .filter_map(|line| line.find('/').map(|start| PathBuf::from(&line[start..])));
    let Some(cpu) = loaded.into_iter().find(|path| path.ends_with("libtorch_cpu.so")) else {
        return Vec::new();
    };
    let folder = cpu.parent().map(PathBuf::from).unwrap_or_default();
    vec![
        folder.join("libtorch_cuda.so"),
        folder.join("../cuda/libtorch_cuda.so"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_by_name() {
        assert_eq!(find("cpu").unwrap(), Device::Cpu);
        assert!(find("auto").is_ok());
        let asked = ["auto", "cpu", "cuda", "cuda:3", "gpu"].map(asks_for_gpu);
        assert_eq!(asked, [None, Some(false), Some(true), Some(true), None]);
        let error = find("gpu").unwrap_err().to_string();
        assert_eq!(
            error,
            "`hardware.device` is `gpu`; expected `auto`, `cpu`, `cuda` or `cuda:N` with a device number N"
        );
        if find("auto").unwrap() == Device::Cpu {
            let error = find("cuda").unwrap_err().to_string();
            assert!(error.starts_with("`hardware.device` is `cuda`, but "), "{error}");
        }
    }
}
