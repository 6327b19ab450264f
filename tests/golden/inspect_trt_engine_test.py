"""`polygraph inspect model` of plans that can be loaded: stand-ins for TensorRT-RTX and CUDA load plans that are text behind the
first bytes of a plan."""

import json
import os
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from program import PROGRAM, ProgramTest, run  # noqa: E402

STAND_INS = pathlib.Path(PROGRAM).parents[1] / "stand-in" / "trt_runner"
MODULE = pathlib.Path(PROGRAM).parents[1] / "lib" / "libpolygraph-trt-rtx.so"
ENVIRONMENT = {
    "POLYGRAPH_TENSORRT_RTX": str(STAND_INS / "libtensorrt_rtx.so"),
    "POLYGRAPH_CUDART": str(STAND_INS / "libcudart.so"),
}
HEADER = b"vtrt" + bytes(20) + bytes([1, 6, 1]) + bytes(5)


def tensor(name, dims, form):
    return {"Name": name, "Dimensions": dims, "Format/Datatype": form}


CONV = {
    "Name": "conv + relu",
    "LayerType": "CaskConvolution",
    "Inputs": [tensor("x", [1, 3], "Row major linear FP32"), tensor("w", [3], "Half")],
    "Outputs": [tensor("mid", [-1, 3], "N/A due to dynamic shapes")],
    "ParameterType": "Convolution",
    "Kernel": [3, 3],
    "Weights": {"Type": "Half", "Count": 108},
    "TacticName": "sm80_xmma",
    "TacticValue": "0x12ab",
    "StreamId": 1,
    "Origin": "CONVOLUTION",
    "Metadata": "[ONNX Layer: conv]\x1f[ONNX Layer: relu]",
}
LAST = {
    "Name": "last",
    "LayerType": "kgen",
    "Inputs": [],
    "Outputs": [tensor("y", [1, 3], "FP16")],
    "TacticName": "__myl_0",
}
DYNAMIC = "name net\ninput x float32 -1,3\nhost_input s int64 2\noutput y float16 -1,3 packed x\n"
PROFILES = "profile x 1,3 2,3 4,3 s 1,3 2,3 8,3\n"


@unittest.skipUnless(STAND_INS.exists() and MODULE.exists(), "SKIPPED: the module for TensorRT-RTX is not built")
class InspectPlan(ProgramTest):
    def plan(self, text, layers=None, name="m.plan"):
        if layers is not None:
            text += "inspector " + json.dumps({"Layers": layers, "Bindings": ["x", "y"]}) + "\n"
        return self.write(name, HEADER + text.encode())

    def inspect(self, *arguments, **options):
        return run("inspect", "model", *arguments, environment=ENVIRONMENT, **options)

    def test_text(self):
        plan = self.plan("refittable\nalias y x\n" + DYNAMIC + PROFILES, [CONV, LAST])
        size = os.path.getsize(plan)
        result = self.inspect(plan, "--show", "layers", "attrs")
        self.check(result, 0, stderr="")
        self.assertEqual(result.stdout, f"""==== TensorRT Engine ====
Name: net | Refittable Explicit Batch Engine

---- 2 Engine Input(s) ----
{{x [dtype=float32, shape=(-1, 3)],
 s [dtype=int64, shape=(2,), Location: Host]}}

---- 1 Engine Output(s) ----
{{y [dtype=float16, shape=(-1, 3), Format: four-element vectors, Memory of: x]}}

---- Memory ----
Device Memory: 256 bytes
Weights: 5000 bytes
Stripped Weights: 40 bytes
Streamable Weights: 3000 bytes

---- Build ----
Made by: TensorRT-RTX 1.6.1 | Size: {size} bytes
Loaded by: TensorRT-RTX 1.6.1
Capability: standard | Profiling Verbosity: detailed | Hardware Compatibility: none | Strongly Typed: yes | Auxiliary Streams: 2

---- 1 Profile(s) (3 Tensor(s) Each) ----
- Profile: 0
    Tensor: x          (Input), Index: 0 | Shapes: min=(1, 3), opt=(2, 3), max=(4, 3)
    Tensor: s          (Input), Index: 1 | Values: min=(1, 3), opt=(2, 3), max=(8, 3)
    Tensor: y         (Output), Index: 2 | Shape: (-1, 3)

---- 2 Layer(s) ----
Layer 0    | conv + relu [Op: CaskConvolution]
    {{x [dtype=float32, shape=(1, 3), Format: Row major linear FP32],
     w [dtype=float16, shape=(3,), Format: Half]}}
     -> {{mid [shape=(-1, 3)]}}
    ---- Attributes ----
    Origin = CONVOLUTION
    Tactic = 0x12ab
    Kernel = sm80_xmma
    ONNX Nodes = conv, relu
    Stream = 1
    ParameterType = Convolution
    Kernel = [3,3]
    Weights = {{"Type":"Half","Count":108}}

Layer 1    | last [Op: kgen]
    {{}} -> {{y [dtype=float16, shape=(1, 3), Format: FP16]}}
    ---- Attributes ----
    Tactic = __myl_0
    Precision = float16
""")
        brief = self.inspect(plan)
        self.check(brief, 0, stdout=["---- 2 Layer(s) ----\n"], stderr="")
        self.assertNotIn("Layer 0", brief.stdout)
        self.assertNotIn("Attributes", self.inspect(plan, "--show", "layers").stdout)
        self.check(self.inspect(plan, "--show", "weights"), 0, stderr="weights are compiled into it")

    def test_several_profiles(self):
        second = [{**layer, "Name": layer["Name"] + " [profile 1]"} for layer in (CONV, LAST)]
        plan = self.plan(DYNAMIC + PROFILES + "profile x 3,3 8,3 16,3 s 1,1 1,1 1,1\n", [CONV, LAST, *second])
        result = self.inspect(plan, "--show", "layers")
        self.check(result, 0, stdout=[
            "Name: net | Explicit Batch Engine\n", "Device Memory, Profile 0: 128 bytes\nDevice Memory, Profile 1: 128 bytes\n",
            "---- 2 Profile(s) (3 Tensor(s) Each) ----\n",
            "Shape: (-1, 3)\n\n- Profile: 1\n    Tensor: x          (Input), Index: 0 | Shapes: min=(3, 3), opt=(8, 3), max=(16, 3)\n",
            "---- 2 Layer(s) Per Profile ----\n- Profile: 0\n    Layer 0    | conv + relu [Op: CaskConvolution]\n        {x [",
            "\n\n- Profile: 1\n    Layer 0    | conv + relu [profile 1] [Op: CaskConvolution]\n",
            "\n    Layer 1    | last [profile 1] [Op: kgen]\n        {} -> {y "])
        # Layers that the profiles share are listed once.
        shared = self.inspect(self.plan(DYNAMIC + PROFILES + PROFILES, [CONV, LAST]), "--show", "layers")
        self.check(shared, 0, stdout="---- 2 Layer(s) ----\nLayer 0    | conv + relu [Op")

    def test_less_verbosity(self):
        names = self.plan("verbosity layer_names_only\n" + DYNAMIC + PROFILES, ["conv + relu", "last"])
        self.check(self.inspect(names, "--show", "layers", "attrs"), 0,
                   stdout="---- 2 Layer(s) ----\nLayer 0    | conv + relu\n\nLayer 1    | last\n",
                   stderr=["layer_names_only", "--profiling-verbosity detailed"])
        none = self.plan("verbosity none\n" + DYNAMIC + PROFILES)
        self.check(self.inspect(none), 0, stdout="---- 3 Layer(s) ----\n", stderr="")
        self.check(self.inspect(none, "--show", "layers"), 0, stderr="only the number can be told")

    def test_json(self):
        plan = self.plan("alias y x\n" + DYNAMIC + PROFILES, [CONV, LAST])
        told = json.loads(self.inspect(plan, "--json").stdout)
        self.assertEqual((told["kind"], told["loaded"], told["problem"], told["cut_off"]), ("plan", True, "", False))
        self.assertEqual(told["loaded_by"], "TensorRT-RTX 1.6.1")
        self.assertEqual((told["name"], told["refittable"], told["strongly_typed"], told["aux_streams"]), ("net", False, True, 2))
        self.assertEqual((told["device_memory"], told["profile_memory"], told["streamable_weights"]), (256, [128], 3000))
        self.assertEqual(told["inputs"], [
            {"name": "x", "dtype": "float32", "shape": [None, 3], "format": None, "index": 0, "on_host": False},
            {"name": "s", "dtype": "int64", "shape": [2], "format": None, "index": 1, "on_host": True}])
        self.assertEqual(told["outputs"][0]["aliased_input"], "x")
        self.assertEqual(told["profiles"], [[
            {"input": "x", "of": "shape", "min": [1, 3], "opt": [2, 3], "max": [4, 3]},
            {"input": "s", "of": "values", "min": [1, 3], "opt": [2, 3], "max": [8, 3]}]])
        conv, last = told["layers"]
        self.assertEqual(conv, {
            "name": "conv + relu", "type": "CaskConvolution", "precision": "", "kernel": "sm80_xmma", "tactic": "0x12ab",
            "origin": "CONVOLUTION", "profile": 0, "stream": 1, "onnx_nodes": ["conv", "relu"],
            "inputs": [{"name": "x", "dtype": "float32", "shape": [1, 3], "format": "Row major linear FP32"},
                       {"name": "w", "dtype": "float16", "shape": [3], "format": "Half"}],
            "outputs": [{"name": "mid", "dtype": None, "shape": [None, 3], "format": None}],
            "attributes": {"ParameterType": "Convolution", "Kernel": "[3,3]", "Weights": '{"Type":"Half","Count":108}'}})
        self.assertEqual((last["stream"], last["attributes"]), (None, {}))
        self.check(self.inspect(plan, "--json", self.path("out.json")), 0, stdout="Name: net")
        self.assertEqual(json.loads(self.read("out.json")), told)

    def save(self, name, *arrays):
        """Saved results: a runner with an iteration for each dictionary of arrays."""
        import base64

        def array(values):
            data = struct.pack(f"<{len(values)}f", *values)
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)},), }}"
            header += " " * (118 - len(header) - 1) + "\n"
            npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data
            return {"array": base64.b64encode(npy).decode(), "polygraphy_class": "ndarray"}

        def iteration(outputs):
            return {"outputs": {k: array(v) for k, v in outputs.items()}, "runtime": 0.1, "runner_name": "r",
                    "polygraphy_class": "IterationResult"}

        results = {"lst": [["r", [iteration(outputs) for outputs in arrays]]], "polygraphy_class": "RunResults"}
        return self.write(name, json.dumps(results).encode())

    def test_combine_tensor_info(self):
        plan = self.plan(DYNAMIC + PROFILES, [CONV, LAST])
        info = self.save("r.json", {"mid": [-3, 9.999, 1], "y": [float("nan")], "w": [], "other": [1]}, {"mid": [1]})
        result = self.inspect(plan, "--show", "layers", "--combine-tensor-info", info)
        self.check(result, 0, stdout=["-> {mid [shape=(-1, 3), min=-3.00, max=10.00, avg=2.67]}",
                                      "{y [dtype=float16, shape=(1, 3), Format: FP16, min=nan, max=nan, avg=nan]}",
                                      "{x [dtype=float32, shape=(1, 3), Format: Row major linear FP32],"],
                   stderr="only the first runner and the first iteration")
        told = json.loads(self.inspect(plan, "--json", "--combine-tensor-info", info).stdout)
        self.assertEqual(told["layers"][0]["outputs"][0]["min"], -3)
        self.assertNotIn("min", told["layers"][0]["inputs"][1])
        self.check(self.inspect(plan, "--show", "layers", "--combine-tensor-info", self.save("o.json", {"other": [1]})), 0,
                   stderr="No layer of the engine has a tensor of a name")
        self.check_error(self.inspect(plan, "--combine-tensor-info", info), 2, "no use without the layers")
        self.check_error(self.inspect(plan, "--show", "layers", "--combine-tensor-info", "/none.json"), 3, "/none.json")
        self.check_error(self.inspect(plan, "--show", "layers", "--combine-tensor-info", plan), 3, plan)

    def test_what_cannot_be_loaded(self):
        plan = self.plan("unloadable\n")
        self.check(self.inspect(plan, "--show", "layers"), 0, stderr="", stdout=[
            "Made by: TensorRT-RTX 1.6.1", "can be told only with TensorRT-RTX and a GPU;", f"Loading '{plan}' (made by TensorRT-RTX 1.6.1)"])
        told = json.loads(self.inspect(plan, "--json").stdout)
        self.assertFalse(told["loaded"])
        self.assertIn(f"Loading '{plan}'", told["problem"])
        self.assertNotIn("layers", told)
        missing = run("inspect", "model", plan, environment={"POLYGRAPH_TENSORRT_RTX": "/nowhere"})
        self.check(missing, 0, stderr="", stdout="TensorRT-RTX was not found: POLYGRAPH_TENSORRT_RTX '/nowhere'")

    def test_plugins_and_runtime(self):
        plan = self.plan(DYNAMIC + PROFILES, [LAST])
        self.check(self.inspect(plan, "--plugins", "libmine.so"), 0, stdout="'libmine.so': TensorRT-RTX has no plugins")
        self.check_error(self.inspect(plan, "--load-runtime", "/none.so"), 3, "/none.so")
        self.check(self.inspect(plan, "--load-runtime", plan), 0, stdout=f"cannot load the runtime '{plan}'")

    def test_what_does_not_go_together(self):
        for option in ("--plugins", "--load-runtime", "--combine-tensor-info"):
            self.check_error(self.inspect(self.model, option, "f"), 2, f"{option} is about engines of TensorRT, and '{self.model}' is none")
        self.check_error(self.inspect(self.model, "--display-as", "trt-rtx", "--load-runtime", "f"), 2,
                         "--load-runtime is about engines, and a network")
        plan = self.plan(DYNAMIC + PROFILES, [LAST])
        self.check_error(self.inspect(plan, "--strongly-typed"), 2, "--strongly-typed is about networks")
        self.check_error(self.inspect(plan, "--html", self.path("p.html")), 2, "no picture of a model of type 'plan'")
        self.check_error(self.inspect(self.model, "--model-type", "plan"), 3, "is not a plan")


if __name__ == "__main__":
    unittest.main()
