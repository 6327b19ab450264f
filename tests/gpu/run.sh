#!/usr/bin/env bash
# Runs on a machine with a GPU what the target gpu-bundle has put together; its results go to stdout.
# Usage: run.sh [ITERATIONS]. TensorRT-RTX's libraries are found by LD_LIBRARY_PATH or POLYGRAPH_TENSORRT_RTX.
set -uo pipefail
cd "$(dirname "$0")"
export LD_LIBRARY_PATH=$PWD${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
work=${WORK:-$(mktemp -d)}
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm --format=csv,noheader
python3 make_models.py "$work/models" || exit
cp magika.onnx "$work/models/"
failed=0
./gpu_tests "$work/models" "$work/saved" "${1:-1000}" || failed=1
python3 compare_with_onnxruntime.py "$work/models" "$work/saved" || failed=1
exit $failed
