"""Engines of TensorRT are described as Polygraphy does.

    POLYGRAPH=build/bin/polygraph POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/inspect_engine.py

POLYGRAPH is the program, which loads plans with the stand-ins for TensorRT-RTX and CUDA in its build folder; POLYGRAPH_PEER a
Python with polygraphy, which is given an engine that says the same through a module made here in place of TensorRT.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("POLYGRAPH", "polygraph")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")
STAND_INS = pathlib.Path(PROGRAM).parents[1] / "stand-in" / "trt_runner"

TENSORRT = """
import enum, os
__version__ = os.environ["TENSORRT_VERSION"]

class Anything:
    def __init__(self, *arguments): pass
    def __getattr__(self, name): return Anything()
    def __call__(self, *arguments): return Anything()

class ILogger:
    Severity = Anything()
class TensorIOMode(enum.Enum):
    INPUT, OUTPUT, NONE = range(3)
class TensorFormat(enum.Enum):
    LINEAR, CHW32, HWC, HWC8, CHW4, CHW16 = range(6)
class DataType(enum.Enum):
    FLOAT = 0
float32 = DataType.FLOAT
class LayerInformationFormat(enum.Enum):
    ONELINE, JSON = range(2)
class ProfilingVerbosity(enum.Enum):
    LAYER_NAMES_ONLY, NONE, DETAILED = range(3)

def nptype(dtype):
    import numpy
    return numpy.float32

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything()
"""

# Prints what Polygraphy says of the engine that is described on standard input.
PEER_PROGRAM = r"""
import json, sys
import tensorrt as trt
from polygraphy.backend.trt import util

told = json.load(sys.stdin)
tensors = told["tensors"]
document = {"Layers": told["layers"], "Bindings": list(tensors)}

class Inspector:
    execution_context = None
    def get_engine_information(self, form):
        return json.dumps(document)
    def get_layer_information(self, index, form):
        return json.dumps(document["Layers"][index])

class Context:
    def __getattr__(self, name):
        return lambda *arguments: True
    def get_tensor_shape(self, name):
        return tuple(tensors[name]["shape"])

class Engine:
    name = told["name"]
    refittable = told["refittable"]
    num_optimization_profiles = len(told["profiles"])
    num_io_tensors = len(tensors)
    num_bindings = len(tensors) * num_optimization_profiles
    num_layers = len(told["layers"])
    device_memory_size = device_memory_size_v2 = told["memory"]
    has_implicit_batch_dimension = False
    profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    def __getitem__(self, index): return list(tensors)[index]
    def __iter__(self): return iter(tensors)
    get_tensor_name = __getitem__
    def get_tensor_mode(self, name): return trt.TensorIOMode.INPUT if tensors[name]["input"] else trt.TensorIOMode.OUTPUT
    def get_tensor_dtype(self, name): return trt.DataType.FLOAT
    def get_tensor_shape(self, name): return tuple(tensors[name]["shape"])
    def get_tensor_format(self, name, *profile): return trt.TensorFormat.LINEAR
    def get_tensor_profile_shape(self, name, profile): return [tuple(shape) for shape in told["profiles"][profile][name]]
    def create_engine_inspector(self): return Inspector()

text = util.str_from_engine(Engine(), Context(), show_layers="layers" in told["show"], show_attrs="attrs" in told["show"],
                            combine_tensor_info=told["info"])
print("==== TensorRT Engine ====")
print(text)
"""

SAVE_RESULTS = r"""
import sys
import numpy as np
from polygraphy.comparator import RunResults
from polygraphy.comparator.struct import IterationResult

generator = np.random.default_rng(1)
results = RunResults()
outputs = {name: generator.normal(scale=40, size=(3, 5)).astype(np.float32) for name in ("mid", "y", "other")}
results.append(("runner", [IterationResult(outputs=outputs, runtime=0.1, runner_name="runner")]))
results.save(sys.argv[1])
"""


def tensor(name, dims, form):
    return {"Name": name, "Location": "Device", "Dimensions": dims, "Format/Datatype": form}


LAYERS = [
    {"Name": "conv + relu", "LayerType": "CaskConvolution", "Inputs": [tensor("x", [1, 3], "Row major linear FP32"), tensor("b", [], "Half")],
     "Outputs": [tensor("mid", [1, 4, 8], "Channel major FP16 format where channel % 8 == 0")], "TacticName": "sm80_xmma",
     "TacticValue": "0x12ab", "Origin": "CONVOLUTION"},
    {"Name": "none", "LayerType": "NoOp", "Inputs": [], "Outputs": [], "TacticValue": "0x0", "Origin": "NONE"},
    {"Name": "kgen", "LayerType": "kgen", "Inputs": [tensor("mid", [1, 4, 8], "Row major linear FP16 format")],
     "Outputs": [tensor("y", [-1, 3], "N/A due to dynamic shapes")], "TacticName": "__myl_0", "Origin": "KGEN"},
]
DYNAMIC = {"x": {"input": True, "shape": [-1, 3]}, "longer_name": {"input": True, "shape": [4]}, "y": {"input": False, "shape": [-1, 3]}}
PROFILE = {"x": [[1, 3], [2, 3], [4, 3]], "longer_name": [[4], [4], [4]]}
OTHER = {"x": [[1, 3], [8, 3], [16, 3]], "longer_name": [[4], [4], [4]]}


@unittest.skipUnless(STAND_INS.exists(), "SKIPPED: the stand-ins for TensorRT-RTX are not built")
class InspectEngine(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "tensorrt.py").write_text(TENSORRT)

    def peer(self, program, *arguments, told=None, version="10.16.0"):
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "TENSORRT_VERSION": version}
        found = subprocess.run([PEER, "-c", program, *arguments], input=json.dumps(told), capture_output=True, text=True, env=environment,
                               check=False, timeout=120)
        self.assertEqual(found.returncode, 0, found.stderr)
        # Log lines come before the answer.
        return found.stdout[found.stdout.find("===="):]

    def polygraph(self, told):
        lines = [f"name {told['name']}"] + ["refittable"] * told["refittable"]
        for name, one in told["tensors"].items():
            dims = ",".join(map(str, one["shape"]))
            lines.append(f"input {name} float32 {dims}" if one["input"] else f"output {name} float32 {dims} copy x")
        for profile in told["profiles"]:
            lines.append("profile " + " ".join(f"{name} " + " ".join(",".join(map(str, shape)) for shape in shapes) for name, shapes in profile.items()))
        lines.append("inspector " + json.dumps({"Layers": told["layers"]}))
        plan = self.folder / "m.plan"
        plan.write_bytes(b"vtrt" + bytes(20) + bytes([1, 6, 1]) + bytes(5) + "\n".join(lines).encode())
        environment = {**os.environ, "POLYGRAPH_TENSORRT_RTX": str(STAND_INS / "libtensorrt_rtx.so"),
                       "POLYGRAPH_CUDART": str(STAND_INS / "libcudart.so")}
        arguments = (["--show", *told["show"]] if told["show"] else []) + (["--combine-tensor-info", told["info"]] if told["info"] else [])
        found = subprocess.run([PROGRAM, "inspect", "model", plan, *arguments], capture_output=True, text=True, env=environment, check=False,
                               timeout=60)
        self.assertEqual(found.returncode, 0, found.stderr)
        return found.stdout

    def without_what_is_ours(self, text):
        """What docs/differences.md lists: the section Build, more about memory, more attributes."""
        lines = []
        build = False
        for line in text.splitlines():
            build = line.startswith("---- Build") or (build and not line.startswith("----"))
            ours = ("Device Memory, Profile", "Weights:", "Stripped", "Streamable", "Kernel =", "Precision =")
            if not build and not line.strip().startswith(ours):
                lines.append(line)
        return "\n".join(lines)

    def compare(self, version="10.16.0", **changes):
        told = {"name": "net", "refittable": False, "tensors": DYNAMIC, "profiles": [PROFILE], "memory": 256, "layers": LAYERS, "show": [], "info": None}
        told.update(changes)
        theirs = self.peer(PEER_PROGRAM, told=told, version=version)
        self.assertEqual(self.without_what_is_ours(self.polygraph(told)).rstrip(), theirs.rstrip())

    def test_layers(self):
        self.compare(show=["layers"])

    def test_attributes(self):
        self.compare(show=["layers", "attrs"], refittable=True)

    def test_profiles_with_layers_of_their_own(self):
        second = [{**layer, "Name": layer["Name"] + " [profile 1]"} for layer in LAYERS]
        self.compare(version="8.5.3.1", show=["layers", "attrs"], profiles=[PROFILE, OTHER], layers=LAYERS + second)

    def test_tensor_info(self):
        results = str(self.folder / "results.json")
        self.peer(SAVE_RESULTS, results)
        self.compare(show=["layers"], info=results, layers=LAYERS[:2])

    def test_without_layers(self):
        self.compare()


if __name__ == "__main__":
    unittest.main()
