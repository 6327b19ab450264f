"""`polygraph check lint`: its text, its report and its exit status."""

import json
import os
import pathlib
import unittest

from program import run
from text_models import CHAIN, HEADER, ModelTest


class CheckLint(ModelTest):
    def lint(self, text, *options):
        return run("check", "lint", self.model_of(text), *options)

    def report(self, text, *options):
        return json.loads(self.lint(text, "--json", *options).stdout)

    def entries(self, report):
        return [(entry["level"], entry["source"], entry.get("nodes", [])) for entry in report["lint_entries"]]

    def test_a_good_model(self):
        result = self.lint(CHAIN, "--static")
        self.check(result, 0, stderr="")
        self.assertEqual(result.stdout, "Valid\n3 nodes passing, 0 failing | not run: static checks only\n")

    def test_double_names(self):
        text = CHAIN.replace("relu_2", "relu_1")
        self.check(self.lint(text, "--static"), 1, stderr="",
                   stdout=["Invalid: 1 exception\n", "exception (onnx_graphsurgeon) | node 'relu_1' | "])
        report = self.report(text, "--static")
        self.assertEqual(report["summary"], {"passing": ["sigmoid"], "failing": ["relu_1"]})
        self.assertEqual(self.entries(report), [("exception", "onnx_graphsurgeon", ["relu_1"])])

    def test_every_failing_node(self):
        text = CHAIN.replace("Relu (x)", "Relu (nowhere)").replace("Sigmoid (a)", "Sigmoid <wrong = 1> (a)")
        report = self.report(text, "--static")
        self.assertEqual(report["summary"], {"passing": ["relu_2"], "failing": ["relu_1", "sigmoid"]})

    def test_types_that_contradict(self):
        text = HEADER + "g (float[2,3] x) => (float[2,2] y) { [bad] y = MatMul (x, x) }"
        self.check(self.lint(text, "--static"), 1, stdout="exception (onnx_checker)")

    def test_report_file(self):
        self.check(self.lint(CHAIN, "--static", "-o", self.path("report.json")), 0, stdout="Valid\n")
        self.assertEqual(json.loads(self.read("report.json")),
                         {"summary": {"passing": ["relu_1", "sigmoid", "relu_2"], "failing": []}, "lint_entries": []})
        self.check_error(self.lint(CHAIN, "-o", self.path("model.onnx")), 2, "is the model itself")

    def test_files_that_are_no_models(self):
        for content in (b"", b"some text", b"\x08\x08\x3a\xff"):
            result = run("check", "lint", self.write("bad.onnx", content), "--json")
            self.check(result, 1, stderr="")
            self.assertEqual(self.entries(json.loads(result.stdout)), [("exception", "onnx_loader", [])])
        self.check_error(run("check", "lint", self.path("missing.onnx")), 3, "missing.onnx")

    def test_running(self):
        text = HEADER + """g (float[2,3] x) => (float[2,3] y, float[2,3] z) {
          [bad] a = MatMul (x, x)
          [after] y = Relu (a)
          [good] z = Relu (x)
          [worse] w = Concat <axis = 9> (x, z)
          [last] v = Relu (w)
        }"""
        result = self.lint(text, "--json")
        report = json.loads(result.stdout)
        if any("was not run" in entry["message"] for entry in report["lint_entries"]):
            self.skipTest("ONNX Runtime is not installed")
        self.check(result, 1)
        self.assertEqual(report["summary"], {"passing": ["good"], "failing": ["bad", "worse"]})
        self.assertEqual(self.entries(report)[:2], [("exception", "onnxruntime", ["bad"]),
                                                    ("exception", "onnxruntime", ["worse"])])

    def test_a_crash_of_the_engine_is_a_finding(self):
        folder = pathlib.Path(os.environ["POLYGRAPH_TEST_ONNXRUNTIME"])
        libraries = sorted(folder.glob("onnxruntime/capi/libonnxruntime.so.*"))
        if not libraries:
            self.skipTest("ONNX Runtime is not installed")
        environment = {"POLYGRAPH_STAND_IN_OVER": str(libraries[0]),
                       "POLYGRAPH_ONNXRUNTIME": os.environ["POLYGRAPH_STAND_INS"] + "/libonnxruntime_crashing.so"}
        result = run("check", "lint", self.model_of(CHAIN), "--json", environment=environment)
        self.check(result, 1, stderr="")
        report = json.loads(result.stdout)
        self.assertEqual(report["summary"], {"passing": ["relu_1"], "failing": ["sigmoid"]})
        self.assertEqual(self.entries(report), [("exception", "onnxruntime", ["sigmoid"])])
        self.assertIn("crashed (Segmentation fault)", report["lint_entries"][0]["message"])

    def test_providers(self):
        result = self.lint(CHAIN, "--providers", "cpu", "--graph-optimization-level", "ORT_DISABLE_ALL", "--json")
        if "was not run" in result.stdout:
            self.skipTest("ONNX Runtime is not installed")
        self.check(result, 0)
        self.check_error(self.lint(CHAIN, "--providers", "nonsense"), 2, "nonsense")


if __name__ == "__main__":
    unittest.main()
