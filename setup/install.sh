#!/usr/bin/env bash
# Installs what is missing for the given targets of the Makefile, and nothing else:
#
#   setup/install.sh build|test|bench|check|fuzz ...
#
# Debian packages come through apt-get (debian-packages.txt); wheels and source distributions through pip into deps/
# (wheels.txt, models.txt, onnxruntime_versions.txt, tensorrt.txt, sources.txt, peer.txt), never into the system's Python. apt's and pip's
# own configuration decides where from.
# Safe to run twice at once and to repeat after an interruption. With POLYGRAPH_PACKAGES=skip the Debian packages are taken
# as given (other distributions).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
deps=$(dirname "$here")/deps
python=/usr/bin/python3  # Debian's own: the hashes are those of the wheels for its version
changed=no

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }
stamp() { cat "$@" | sha256sum | cut -d ' ' -f 1; }
has_stamp() { [[ -f $1/.stamp && $(<"$1/.stamp") == "$2" ]]; }

# packages <target>...: installs the Debian packages of these targets that are absent or too old.
packages() {
  local name least target version missing=()
  local -A installed=()
  command -v dpkg-query >/dev/null ||
    fail "this is not Debian. Install what setup/debian-packages.txt names by hand and set POLYGRAPH_PACKAGES=skip."
  while IFS=$'\t' read -r name version; do
    installed[$name]=$version
  done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\t${Version}\n' | sed -n 's/^installed //p')
  while read -r name least target; do
    [[ $name == '#'* || " $* " != *" $target "* ]] && continue
    version=${installed[$name]-}
    if [[ -z $version ]] || ! dpkg --compare-versions "$version" ge "$least"; then
      missing+=("$name")
    fi
  done < "$here/debian-packages.txt"
  ((${#missing[@]})) || return 0

  local release sudo=()
  release=$(. /etc/os-release && printf '%s %s' "$ID" "${VERSION_ID-}")
  [[ $release == 'debian 12' ]] || fail "missing packages: ${missing[*]}. They are pinned for Debian 12 and this is" \
    "$release. Install them by hand and set POLYGRAPH_PACKAGES=skip."
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}. Neither root nor sudo is here: run" \
      "'apt-get install --no-install-recommends ${missing[*]}' as root, then try again."
    sudo=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600)
  { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } </dev/null >"$deps/apt.log" 2>&1 9>&- ||
    { tail -n 20 "$deps/apt.log" >&2; fail "apt-get could not install: ${missing[*]}. The whole log is in deps/apt.log."; }
  changed=yes
}

# venv <folder>: a virtual environment of Debian's Python, made afresh.
venv() {
  rm -rf "$1"
  "$python" -m venv "$1" || fail "cannot make a virtual environment with $python. Install python3-venv."
}

# pip <venv> <command>...: pip of that environment, unable to ask questions.
pip() {
  local folder=$1
  shift
  "$folder/bin/python" -m pip --quiet --no-input --disable-pip-version-check "$@"
}

# archives <list> <folders> <options of pip download>...: unpacks what the list names into those folders of deps/. A folder
# appears whole, with its stamp, or not at all.
archives() {
  local list=$here/$1 folders=$2 want tmp archive name missing=no
  shift 2
  want=$(stamp "$list" "$here/unpack.py")
  for name in $folders; do
    has_stamp "$deps/$name" "$want" || missing=yes
  done
  [[ $missing == yes ]] || return 0
  tmp=$deps/.unpacking
  rm -rf "$tmp"
  say "fetching into deps/: $(sed -n 's/^\([a-z][^ ]*\) .*/\1/p' "$list" | paste -sd ' ')"
  venv "$tmp/venv"
  "$python" "$here/no_build.py" "$tmp/venv/bin/python"
  pip "$tmp/venv" download --require-hashes --no-deps "$@" --dest "$tmp" --requirement "$list"
  for archive in "$tmp"/*.whl "$tmp"/*.tar.gz; do
    [[ -f $archive ]] || continue
    name=$("$python" "$here/unpack.py" "$archive" "$tmp/new")
    printf '%s\n' "$want" > "$tmp/new/$name/.stamp"
    rm -rf "${deps:?}/$name"
    mv "$tmp/new/$name" "$deps/$name"
  done
  rm -rf "$tmp"
  changed=yes
}

wheels() {
  archives wheels.txt "openvino onnxruntime magika" --only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64
}

# models: wheels that hold models to test with.
models() {
  archives models.txt "silero_vad rapidocr_onnxruntime" --only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64
}

# onnxruntime_versions: the library in older versions, each in a folder of its own, deps/onnxruntime-VERSION. pip takes one
# version of a package at a time.
onnxruntime_versions() {
  local line version want folder tmp=$deps/.unpacking
  while read -r line; do
    [[ $line == onnxruntime==* ]] || continue
    version=${line#*==}
    version=${version%% *}
    folder=$deps/onnxruntime-$version
    want=$(stamp "$here/unpack.py" - <<< "$line")
    has_stamp "$folder" "$want" && continue
    say "fetching into deps/: onnxruntime-$version"
    rm -rf "$tmp"
    venv "$tmp/venv"
    printf '%s\n' "$line" > "$tmp/list.txt"
    pip "$tmp/venv" download --require-hashes --no-deps --only-binary=:all: --python-version 3.11 \
      --platform manylinux_2_28_x86_64 --dest "$tmp" --requirement "$tmp/list.txt"
    "$python" "$here/unpack.py" "$tmp"/*.whl "$tmp/new" > /dev/null
    printf '%s\n' "$want" > "$tmp/new/onnxruntime/.stamp"
    rm -rf "$folder"
    mv "$tmp/new/onnxruntime" "$folder"
    rm -rf "$tmp"
    changed=yes
  done < "$here/onnxruntime_versions.txt"
}

# tensorrt: the library of TensorRT-RTX, which builds engines without a GPU.
tensorrt() {
  archives tensorrt.txt tensorrt_rtx_libs --only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64
}

sources() {
  archives sources.txt "onnx protobuf" --no-binary=:all: --no-build-isolation --use-pep517
}

# peer: the Python Polygraphy in deps/peer. A virtual environment cannot be moved, so its stamp is written last.
peer() {
  local want
  want=$(stamp "$here/peer.txt")
  has_stamp "$deps/peer" "$want" && return 0
  say "fetching the Python peer into deps/peer: $(sed -n 's/^\(polygraphy[^ ]*\) .*/\1/p' "$here/peer.txt") and what it needs"
  venv "$deps/peer"
  pip "$deps/peer" install --require-hashes --no-deps --only-binary=:all: --requirement "$here/peer.txt"
  printf '%s\n' "$want" > "$deps/peer/.stamp"
  changed=yes
}

(($#)) || fail "nothing asked for. Name one or more of: build test bench check fuzz."
groups=(build)
with_peer=no
with_models=no
for target in "$@"; do
  case $target in
    build) ;;
    test) groups+=(test) with_peer=yes with_models=yes ;;
    bench) groups+=(bench) with_peer=yes ;;
    check) groups+=(check) ;;
    fuzz) groups+=(fuzz) ;;
    *) fail "unknown target '$target'. It must be one of: build test bench check fuzz." ;;
  esac
done

mkdir -p "$deps"
exec 9> "$deps/.lock"
flock --nonblock 9 || { say "waiting for another run of setup to end"; flock 9; }
[[ ${POLYGRAPH_PACKAGES-} == skip ]] || packages "${groups[@]}"
wheels
sources
if [[ $with_models == yes ]]; then models; onnxruntime_versions; tensorrt; fi
if [[ $with_peer == yes ]]; then peer; fi
# CMake looks again at what is there when this file has changed.
if [[ $changed == yes || ! -f $deps/.installed ]]; then date +%s%N > "$deps/.installed"; fi
if [[ $changed == yes ]]; then say "done"; else say "nothing to install for: $*"; fi
