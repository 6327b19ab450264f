#!/usr/bin/env bash
# Formatting and static analysis of the whole project: setup/check.sh BUILD_FOLDER. Any finding fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1

mapfile -t sources < <(find include src tests examples bench fuzz -name '*.h' -o -name '*.cpp' | sort)
echo "check: clang-format, ${#sources[@]} files"
clang-format --dry-run -Werror "${sources[@]}"

echo "check: cppcheck"
mkdir -p "$build/cppcheck"
cppcheck --project="$build/compile_commands.json" --cppcheck-build-dir="$build/cppcheck" --quiet -j "$(nproc)" \
  --inline-suppr -i deps -i "$build" --suppressions-list=setup/cppcheck.supp --enable=warning,performance,portability --error-exitcode=1

echo "check: clang-tidy (takes minutes; the log is $build/clang-tidy.log)"
mkdir -p "$build/clang-tidy"
# GCC's own flags are errors to Clang.
sed 's/ -fno-gnu-unique//g' "$build/compile_commands.json" >"$build/clang-tidy/compile_commands.json"
run-clang-tidy-19 -quiet -p "$build/clang-tidy" -j "$(nproc)" >"$build/clang-tidy.log" 2>&1 || {
  grep -E -A 8 '(error|warning):' "$build/clang-tidy.log" || cat "$build/clang-tidy.log"
  exit 1
}
echo "check: no findings"
