"""Every tool for ONNX models on models that people use: those in the wheels of magika, silero-vad and rapidocr."""

import functools
import json
import os
import pathlib
import tempfile
import unittest

import engines
from program import run

# What models need to run; others run on what is made up for them.
SHAPES = {"silero_vad.onnx": ["input:[1,512]"], "silero_vad_half.onnx": ["input:[1,576]"],
          "silero_vad_16k_op15.onnx": ["input:[1,512]"], "silero_vad_op18_ifless.onnx": ["input:[1,512]"],
          "ch_PP-OCRv4_det_infer.onnx": ["x:[1,3,64,64]"], "ch_PP-OCRv4_rec_infer.onnx": ["x:[1,3,48,64]"]}
RANGES = {"silero_vad.onnx": ["sr:[16000,16000]"], "silero_vad_half.onnx": ["sr:[16000,16000]"],
          "silero_vad_16k_op15.onnx": ["sr:[16000,16000]"], "silero_vad_op18_ifless.onnx": ["sr:[16000,16000]"]}
DEPS = pathlib.Path(os.environ["POLYGRAPH_DEPS"])
MODELS = sorted(path for name in ("magika", "silero_vad", "rapidocr_onnxruntime") for path in (DEPS / name).rglob("*.onnx"))
# 15 nodes of this model have one name.
NAMED_TWICE = {"silero_vad_openvino_16k.onnx": ["F0::anon"]}


def for_each_model(test):
    """Calls test(self, model, folder) for every model, with a folder that is gone afterwards."""
    @functools.wraps(test)
    def all_models(self):
        if not (DEPS / "silero_vad").exists():
            self.skipTest("setup/install.sh test fetches the models")
        self.assertEqual(len(MODELS), 10)
        for model in MODELS:
            with self.subTest(model=model.name), tempfile.TemporaryDirectory() as folder:
                test(self, model, pathlib.Path(folder))
    return all_models


def data_for(model):
    """Options that say what the model is run with."""
    shapes, ranges = SHAPES.get(model.name), RANGES.get(model.name)
    return (["--input-shapes", *shapes] if shapes else []) + (["--val-range", *ranges] if ranges else [])


class RealModelsTest(unittest.TestCase):
    def succeed(self, *arguments, status=0):
        result = run(*arguments)
        self.assertEqual(result.returncode, status, f"{' '.join(map(str, arguments))}\n{result.stdout[-2000:]}{result.stderr}")
        return result.stdout

    def graph(self, model):
        return json.loads(self.succeed("inspect", "model", model, "--show", "layers", "--json"))

    def lint(self, model, report, like):
        """Nothing is wrong with the model but what was wrong with the one it was made from."""
        names = [node["name"] for node in self.graph(model)["nodes"]]
        known = [name for name in NAMED_TWICE.get(like.name, []) if names.count(name) > 1]
        self.succeed("check", "lint", model, *data_for(like), "-o", report, status=1 if known else 0)
        self.assertEqual(json.loads(report.read_text())["summary"]["failing"], known)

    @for_each_model
    def test_inspect(self, model, folder):
        self.assertIn("Graph Input(s)", self.succeed("inspect", "model", model, "--show", "layers", "attrs", "weights"))
        self.succeed("inspect", "model", model, "--stats", "--list-unbounded-dds")
        self.succeed("inspect", "sparsity", model)
        self.succeed("inspect", "model", model, "--html", folder / "model.html")
        self.assertGreater((folder / "model.html").stat().st_size, 10_000)

    @for_each_model
    def test_lint(self, model, folder):
        self.lint(model, folder / "lint.json", model)

    @for_each_model
    def test_a_copy_is_the_same(self, model, folder):
        self.succeed("convert", model, "-o", folder / "copy.onnx")
        self.succeed("diff", model, folder / "copy.onnx")
        self.succeed("convert", model, "-o", folder / "external.onnx", "--save-external-data")
        self.succeed("diff", model, folder / "external.onnx")

    @for_each_model
    def test_extract(self, model, folder):
        nodes = self.graph(model)["nodes"]
        value = next(output for output in nodes[len(nodes) // 2]["outputs"] if output)
        self.succeed("surgeon", "extract", model, "--outputs", f"{value}:auto", "-o", folder / "part.onnx")
        part = self.graph(folder / "part.onnx")
        self.assertEqual([output["name"] for output in part["outputs"]], [value])
        if len(nodes) > 3:
            self.assertLess(len(part["nodes"]), len(nodes))
        self.lint(folder / "part.onnx", folder / "lint.json", model)

    @for_each_model
    def test_insert(self, model, folder):
        value = self.graph(model)["inputs"][0]["name"]
        self.succeed("surgeon", "insert", model, "--op", "Identity", "--name", "added", "--inputs", value, "--outputs", value,
                     "-o", folder / "more.onnx")
        self.assertEqual(len(self.graph(folder / "more.onnx")["nodes"]), len(self.graph(model)["nodes"]) + 1)

    @engines.needs_openvino
    @for_each_model
    def test_fold_and_simplify(self, model, folder):
        self.succeed("surgeon", "sanitize", model, "--cleanup", "--toposort", "--fold-constants", "-o", folder / "folded.onnx")
        before, folded = (len(self.graph(m)["nodes"]) for m in (model, folder / "folded.onnx"))
        self.assertLessEqual(folded, before)
        self.lint(folder / "folded.onnx", folder / "lint.json", model)
        self.assertIn("Verified", self.succeed("surgeon", "simplify", model, "-o", folder / "simple.onnx", *data_for(model)))
        self.assertLessEqual(len(self.graph(folder / "simple.onnx")["nodes"]), folded)

    @for_each_model
    def test_float16_and_bfloat16(self, model, folder):
        if model.name == "silero_vad_half.onnx":
            return  # float16 as it is
        self.succeed("convert", model, "-o", folder / "half.onnx", "--fp-to-fp16")
        self.lint(folder / "half.onnx", folder / "lint.json", model)
        self.assertLess((folder / "half.onnx").stat().st_size, 0.75 * model.stat().st_size)
        self.succeed("convert", model, "-o", folder / "bf16.onnx", "--opset", "18", "--fp-to-bf16")
        self.succeed("check", "lint", folder / "bf16.onnx", "--static", status=1 if model.name in NAMED_TWICE else 0)

    @for_each_model
    def test_weights(self, model, folder):
        self.succeed("surgeon", "weight-strip", model, "-o", folder / "stripped.onnx")
        self.assertLess((folder / "stripped.onnx").stat().st_size, 0.7 * model.stat().st_size)
        self.succeed("surgeon", "weight-reconstruct", folder / "stripped.onnx", "-o", folder / "proxy.onnx")
        self.lint(folder / "proxy.onnx", folder / "lint.json", model)
        self.succeed("surgeon", "prune", model, "-o", folder / "pruned.onnx")
        self.lint(folder / "pruned.onnx", folder / "lint.json", model)


if __name__ == "__main__":
    unittest.main()
