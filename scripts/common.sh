# Sourced by scripts/gfn and scripts/test: checks the tools, puts libtorch in place, and settles where cargo builds.
# The caller sets `program`, the name that messages begin with. Sets `top` and `target`.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() { echo "$program: $*" >&2; exit 1; }

need_tools() {
  local least found
  least=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$top/Cargo.toml")
  command -v cargo >/dev/null || die "no cargo: install Rust $least or later (see rustup.rs)"
  command -v "${RUSTC:-rustc}" >/dev/null || die "no \`${RUSTC:-rustc}\`: install Rust $least or later (see rustup.rs)"
  found=$(cd "$top" && "${RUSTC:-rustc}" --version 2>&1) || die "\`${RUSTC:-rustc}\` does not run: ${found##*$'\n'}"
  found=${found#rustc } found=${found%%[ -]*}
  [ "$(printf '%s\n' "$least" "$found" | sort -V | head -n 1)" = "$least" ] ||
    die "rustc is version $found; gfn needs $least or later (with rustup: rustup update stable)"
  command -v cc >/dev/null || die "no C compiler (\`cc\`), which links: install gcc and g++ (Debian: apt-get install g++)"
  local compiler=${CXX:-c++}
  command -v "${compiler%% *}" >/dev/null ||
    die "no C++ compiler (\`${compiler%% *}\`): install g++ (Debian: apt-get install g++)"
}

# The flags in .cargo/config.toml write into the binaries where libtorch lies. RUSTFLAGS in the environment, even if
# empty, would replace them, so the place is added to it.
keep_rpath() {
  local -a flags
  if [ -n "${CARGO_ENCODED_RUSTFLAGS+set}" ]; then
    IFS=$'\x1f' read -ra flags <<< "$CARGO_ENCODED_RUSTFLAGS"
  elif [ -n "${RUSTFLAGS+set}" ]; then
    read -ra flags <<< "$RUSTFLAGS"
  else
    return 0
  fi
  unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
  if [ ${#flags[@]} -gt 0 ]; then
    flags+=(-C "link-arg=-Wl,-rpath,$top/.libtorch/lib")
    CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
    export CARGO_ENCODED_RUSTFLAGS
  fi
}

# All of it. `--cpu` as the first argument declines the CUDA parts of libtorch; `GFN_CPU=1` does the same.
set_up() {
  need_tools
  if [ "${1:-}" = --cpu ]; then "$top/scripts/libtorch" --cpu; else "$top/scripts/libtorch"; fi
  keep_rpath
  target=${CARGO_TARGET_DIR:-${CARGO_BUILD_TARGET_DIR:-$top/target}}
  case $target in /*) ;; *) target=$PWD/$target ;; esac
  export CARGO_TARGET_DIR=$target
  # Binaries are looked for in $target/release, whatever the environment says of other machines.
  unset CARGO_BUILD_TARGET CARGO_BUILD_TARGET_DIR
  # The place written into the binaries is relative to the usual target folder.
  if [ "$target" != "$top/target" ] || [ "$(uname -m)" != x86_64 ]; then
    export LD_LIBRARY_PATH=$top/.libtorch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  fi
}

# Dies where a first build has no room: $1 MB are needed in all.
need_room() {
  mkdir -p "$target" 2>/dev/null || die "cannot create $target; set CARGO_TARGET_DIR to a folder that can be written"
  local free
  free=$(df -Pm "$target" | awk 'NR == 2 { print $4 }')
  [ "${free:-$1}" -ge "$1" ] ||
    die "the build needs $1 MB in $target, which has $free MB free; make room, or set CARGO_TARGET_DIR to another disk"
}
