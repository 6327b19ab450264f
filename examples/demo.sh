#!/usr/bin/env bash
# The main job, on a small network and on a real model: examples/demo.sh BUILD_FOLDER. Files are made in BUILD_FOLDER/demo.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "$1" && pwd)
PATH=$build/bin:$PATH
examples=$build/bin/examples

# step <what it shows> -- <command>...: prints the command as a person would type it, then runs it.
step() {
  local title=$1
  shift 2
  printf '\n# %s\n$ %s\n' "$title" "${*//$examples\//}"
  "$@"
}

rm -rf "$build/demo"
mkdir -p "$build/demo"
cd "$build/demo"
cp "$root/README.md" "$root/examples/file_type/"{graph.png,file_type.cpp} "$root/setup/install.sh" "$root/Makefile" .

printf '== ONNX -> network -> edit -> FP16 engine -> run -> save -> load -> run\n'
step 'A network with one identity layer' -- python3 "$root/examples/make_identity.py" identity.onnx
step 'What is in it?' -- polygraph inspect model identity.onnx
step 'Add a second identity layer, build an engine with FP16 allowed, save it, run it on ones' -- \
  "$examples/immediate_eval_api/build_and_run" identity.onnx identity.engine
step 'What is in the engine?' -- polygraph inspect model identity.engine --show layers
step 'Load the engine and run it again' -- "$examples/immediate_eval_api/load_and_run" identity.engine

printf '\n== A real model: what type is a file?\n'
step 'The model reads the first and the last bytes of each file' -- \
  "$examples/file_type/file_type" "$root/deps/magika/models/standard_v3_3" README.md graph.png file_type.cpp install.sh Makefile

printf '\nThe files of this demo are in %s.\n' "$PWD"
