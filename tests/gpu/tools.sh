#!/usr/bin/env bash
# Drives the program on a GPU: what a user would type, and what must come of it. ONNX Runtime is the one of `python3`.
# Usage: tools.sh BACKEND MODELS WORK, BACKEND trt or trt-rtx. TACTIC_SOURCES in the environment: none, where TensorRT 8 has
# neither cuBLAS nor cuDNN.
set -uo pipefail
backend=$1 models=$2 work=$3
polygraph=$(dirname "$0")/bin/polygraph
sources=()
[ -z "${TACTIC_SOURCES:-}" ] || sources=(--tactic-sources "$TACTIC_SOURCES")
mkdir -p "$work"
failed=0

# check STATUS TEXT ARGUMENTS...: the exit status, and a text that stdout or stderr must have.
check() {
  local status=$1 text=$2 found output
  shift 2
  output=$("$polygraph" "$@" 2>&1)
  found=$?
  if [ "$found" = "$status" ] && grep -qF -- "$text" <<<"$output"; then
    echo "ok   polygraph $*"
    grep -E 'Accuracy Summary|Completed|^\[!\]|FAILED' <<<"$output" | sed 's/^/     | /'
  else
    echo "FAIL polygraph $* (exit $found, expected $status with '$text')"
    tail -n 25 <<<"$output" | sed 's/^/     | /'
    failed=1
  fi
}

check 0 "(--$backend): found" doctor
check 0 "Pass Rate: 100.00%" run "$models/identity.onnx" "--$backend" "${sources[@]}" --onnxrt --fp16 --atol 1e-3 --rtol 1e-3 \
  --save-engine "$work/identity.engine"
check 0 "Completed 1 iteration(s)" run "$work/identity.engine" "--$backend"
check 0 "Pass Rate: 100.00%" run "$models/relu.onnx" "--$backend" "${sources[@]}" --onnxrt --iterations 100
# Products of matrices in TensorRT 8 need cuBLAS.
[ -n "${TACTIC_SOURCES:-}" ] || check 0 "Pass Rate: 100.00%" run "$models/magika.onnx" "--$backend" "${sources[@]}" --onnxrt --iterations 20 --val-range "[0,255]" --atol 1e-4
check 0 "Pass Rate: 100.00%" run "$models/resnet50.onnx" "--$backend" "${sources[@]}" --onnxrt --iterations 3 --atol 0.05 --rtol 0.05
if [ "$backend" = trt-rtx ]; then
  check 0 "Pass Rate: 100.00%" run "$models/magika.onnx" "--$backend" --onnxrt --onnx-outputs '*' --val-range "[0,255]" \
    --atol 0.05 --rtol 0.05
  check 0 "Conv2D:0.1_myl0 [dtype=float16" run "$models/magika.onnx" "--$backend" --fp16 --mark-unfused-tensors-as-debug-tensors \
    --debug-tensors
  check 0 "gave no debug tensors" run "$models/magika.onnx" "--$backend" --debug-tensors
  check 0 "Layer Times" run "$models/magika.onnx" "--$backend" --layer-times --iterations 3
fi
check 0 "Finished building" convert "$models/dynamic.onnx" -o "$work/dynamic.engine" --convert-to "$backend" "${sources[@]}" \
  --trt-min-shapes "x:[1,3]" --trt-opt-shapes "x:[2,3]" --trt-max-shapes "x:[4,3]"
check 0 "Completed 3 iteration(s)" run "$work/dynamic.engine" "--$backend" --input-shapes "x:[4,3]" --iterations 3
check 0 "The shape (5, 3) cannot be that of the input" run "$work/dynamic.engine" "--$backend" --input-shapes "x:[5,3]"
check 0 "Completed 10 iteration(s)" run "$work/dynamic.engine" "--$backend" --iterations 10 --allocation-strategy runtime \
  --cuda-graphs off --optimization-profile 0 --direct-output-limit 0 --trt-wait spin
check 2 "there is no optimization profile 3" run "$work/dynamic.engine" "--$backend" --optimization-profile 3
check 0 "==== TensorRT Engine ====" inspect model "$work/dynamic.engine"
check 0 "---- 1 Profile(s) (2 Tensor(s) Each) ----" inspect model "$work/dynamic.engine" --show layers attrs
check 0 "Shapes: min=(1, 3), opt=(2, 3), max=(4, 3)" inspect model "$work/dynamic.engine" --show layers attrs
check 0 "Layer 0    | " inspect model "$work/dynamic.engine" --show layers attrs
check 0 "---- Attributes ----" inspect model "$work/dynamic.engine" --show layers attrs
check 0 '"loaded": true' inspect model "$work/dynamic.engine" --json
check 0 "Completed 1 iteration(s)" run "$work/dynamic.engine" "--$backend" --save-outputs "$work/outputs.json"
check 0 ", avg=" inspect model "$work/dynamic.engine" --show layers --combine-tensor-info "$work/outputs.json"
check 0 "Name: " inspect model "$work/identity.engine" --show layers attrs
head -c 5000 "$work/dynamic.engine" >"$work/cut.engine"
check 3 "is cut off" run "$work/cut.engine" "--$backend"
exit $failed
