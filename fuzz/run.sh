#!/usr/bin/env bash
# Runs every fuzz target: fuzz/run.sh BUILD_FOLDER SECONDS_EACH. Starts from the inputs in fuzz/corpus/<target>, keeps what it
# learns in BUILD_FOLDER/corpus and what breaks in BUILD_FOLDER/findings. Any finding fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1
seconds=$2

mkdir -p "$build/findings"
failed=()
for program in "$build"/bin/fuzz-*; do
  name=${program##*/fuzz-}
  mkdir -p "$build/corpus/$name"
  seeds=()
  [[ -d fuzz/corpus/$name ]] && seeds=("fuzz/corpus/$name")
  echo "fuzz: $name for $seconds s"
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$name-" "$build/corpus/$name" "${seeds[@]}" >"$build/fuzz-$name.log" 2>&1; then
    sed -n 's/^stat::number_of_executed_units: */fuzz: inputs tried: /p' "$build/fuzz-$name.log"
  else
    tail -n 40 "$build/fuzz-$name.log"
    failed+=("$name")
  fi
done
if ((${#failed[@]})); then
  echo "fuzz: findings in ${failed[*]}; the inputs are in $build/findings" >&2
  exit 1
fi
echo "fuzz: no findings"
