//! The environment variables that a plugin's process sees.
//!
//! Environments hold secrets under any name, so only variables that are known to hold none are passed on: where programs,
//! modules and models lie, languages and time zones, and how many threads libraries use. Others are named in the experiment
//! (`env`), which has to be approved.

use std::ffi::OsString;

use crate::options::Confinement;

/// Variables that are passed on.
const NAMES: [&str; 57] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TZ",
    "TZDIR",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    // Python.
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONNOUSERSITE",
    "PYTHONUNBUFFERED",
    "PYTHONUTF8",
    "PYTHONIOENCODING",
    "PYTHONHASHSEED",
    "PYTHONWARNINGS",
    "PYTHONFAULTHANDLER",
    "PYTHONOPTIMIZE",
    "PYTHONMALLOC",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    // Other languages.
    "R_HOME",
    "R_LIBS",
    "R_LIBS_SITE",
    "R_LIBS_USER",
    "JULIA_DEPOT_PATH",
    "JULIA_LOAD_PATH",
    "JULIA_PROJECT",
    "JULIA_NUM_THREADS",
    "JAVA_HOME",
    "CLASSPATH",
    "NODE_PATH",
    "PERL5LIB",
    "RUBYLIB",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RAYON_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "MALLOC_ARENA_MAX",
    "ATEN_CPU_CAPABILITY",
    // Where chemistry and models keep their data.
    "RDBASE",
    "BABEL_DATADIR",
    "BABEL_LIBDIR",
    "TORCH_HOME",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
];

/// The beginnings of more of them: locales, and libraries that compute in threads.
const BEGINNINGS: [&str; 10] = [
    "LC_",
    "OMP_",
    "GOMP_",
    "KMP_",
    "MKL_",
    "OPENBLAS_",
    "BLIS_",
    "NUMEXPR_",
    "DNNL_",
    "ONEDNN_",
];

/// Those that are passed on with `network`: whom to trust. Addresses of proxies often hold passwords.
const NETWORK: [&str; 4] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// The beginnings of those that are passed on with `gpu`.
const GPU: [&str; 11] = [
    "CUDA_", "CUBLAS_", "CUDNN_", "NVIDIA_", "NCCL_", "PYTORCH_", "HIP_", "HSA_", "ROCR_", "ROCM_", "XLA_",
];

/// Words for secrets: a variable with one in its name is passed on only if it is named in full.
const SECRET: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL"];

/// What a plugin that is allowed this much sees of `variables`.
pub(super) fn of(
    allowed: &Confinement,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    variables.filter(|(name, _)| name.to_str().is_some_and(|name| is_passed_on(allowed, name)))
}

fn is_passed_on(allowed: &Confinement, name: &str) -> bool {
    let is_secret = SECRET.iter().any(|word| name.contains(word));
    let begins = |beginnings: &[&str]| !is_secret && beginnings.iter().any(|start| name.starts_with(start));
    NAMES.contains(&name)
        || begins(&BEGINNINGS)
        || allowed.network && NETWORK.contains(&name)
        || allowed.gpu && begins(&GPU)
        || allowed.env.iter().any(|named| named == name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_passed_on_only_where_they_are_named() {
        let set = [
            "PATH",
            "LC_ALL",
            "OMP_NUM_THREADS",
            "HF_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "SSH_AUTH_SOCK",
            "HTTPS_PROXY",
            "PYTHON_KEYRING",
            "CUDA_VISIBLE_DEVICES",
            "SSL_CERT_FILE",
            "LD_PRELOAD",
            "GFN_APPROVALS",
            "NVIDIA_API_KEY",
        ];
        let seen = |allowed: serde_json::Value| {
            let allowed = serde_json::from_value(allowed).unwrap();
            let variables = set.iter().map(|name| (OsString::from(name), OsString::new()));
            let names = of(&allowed, variables).map(|(name, _)| name.into_string().unwrap());
            names.collect::<Vec<_>>()
        };
        let usual = ["PATH", "LC_ALL", "OMP_NUM_THREADS"];
        assert_eq!(seen(serde_json::json!({})), usual);
        let more = |name| usual.iter().copied().chain([name]).collect::<Vec<_>>();
        assert_eq!(seen(serde_json::json!({"env": ["HF_TOKEN"]})), more("HF_TOKEN"));
        assert_eq!(
            seen(serde_json::json!({"gpu": true})),
            more("CUDA_VISIBLE_DEVICES")
        );
        assert_eq!(seen(serde_json::json!({"network": true})), more("SSL_CERT_FILE"));
    }
}
