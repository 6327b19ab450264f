#!/usr/bin/env bash
# Runs on a machine with a GPU what the target gpu-bundle has put together; its results go to stdout.
# Usage: run.sh [ITERATIONS [BACKEND]], BACKEND trt-rtx (default) or trt. TensorRT's libraries are found by LD_LIBRARY_PATH,
# POLYGRAPH_TENSORRT_RTX or POLYGRAPH_TENSORRT.
set -uo pipefail
cd "$(dirname "$0")"
iterations=${1:-1000} backend=${2:-trt-rtx}
export LD_LIBRARY_PATH=$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
work=${WORK:-$(mktemp -d)}
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm --format=csv,noheader
python3 make_models.py "$work/models" || exit
cp magika.onnx "$work/models/"
failed=0
examples=(build_and_run load_and_run)
if [ -n "${TACTIC_SOURCES:-}" ]; then
  echo "SKIPPED: the examples, which use TensorRT's own choice of tactic sources"
  examples=()
fi
for example in "${examples[@]}"; do
  echo "$example, with TensorRT:"
  arguments=("$work/identity.engine")
  [ "$example" = load_and_run ] || arguments=("$work/models/identity.onnx" "${arguments[@]}")
  "./bin/${example}_${backend/-/_}" "${arguments[@]}" || failed=1
done
"./bin/gpu_tests-$backend" "$work/models" "$work/saved" "$iterations" || failed=1
python3 compare_with_onnxruntime.py "$work/models" "$work/saved" || failed=1
./tools.sh "$backend" "$work/models" "$work/tools" || failed=1
exit $failed
