"""`inspect data`, `data concat` and `data merge`."""

import base64
import json
import os
import struct
import unittest

from program import ProgramTest, run


def array(values, shape=None):
    """A float32 array as Polygraphy saves it."""
    shape = shape or (len(values),)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values)
    return {"array": base64.b64encode(data).decode(), "polygraphy_class": "ndarray"}


def results(**runners):
    def iteration(name, outputs):
        return {"outputs": {key: {"values": value, "polygraphy_class": "LazyArray"} for key, value in outputs.items()},
                "runtime": 0.5, "runner_name": name, "polygraphy_class": "IterationResult"}

    return {"lst": [[name, [iteration(name, outputs) for outputs in iterations]] for name, iterations in runners.items()],
            "polygraphy_class": "RunResults"}


class DataTools(ProgramTest):
    def save(self, name, value):
        return self.write(name, json.dumps(value).encode())

    def setUp(self):
        super().setUp()
        self.inputs = self.save("inputs.json", [{"x": array([1, 2])}, {"x": array([3, 4])}])
        self.outputs = self.save("outputs.json", results(first=[{"y": array([5])}, {"y": array([6])}], second=[{"z": array([7, 8, 9])}]))

    def test_inspect_results(self):
        result = run("inspect", "data", self.outputs, "--histogram", "--show-values")
        self.check(result, 0, stdout=[
            "==== Run Results (2 runners) ====\n\n---- first  (2 iterations) ----\n\ny [dtype=float32, shape=(1,)] | Stats: mean=5, std-dev=0,",
            "---- second (1 iterations) ----\n\nz [dtype=float32, shape=(3,)] | Stats: mean=8, std-dev=0.8165, var=0.66667, median=8, "
            "min=7 at (0,), max=9 at (2,), avg-magnitude=8, p90=8.8, p95=8.9, p99=8.98\n    ---- Histogram ----\n    Bin Range  |  Num Elems | Visualization\n",
            "\n    [7. 8. 9.]\n"], stderr="")
        self.assertNotIn("Iteration", result.stdout)
        self.assertNotIn("mean=6", result.stdout)

    def test_inspect_all_inputs(self):
        self.check(run("inspect", "data", self.inputs, "-a", "-s"), 0, stdout=[
            "==== Data (2 iterations) ====\n\n-- Iteration: 0\n    x [dtype=float32, shape=(2,)] | Stats: mean=1.5,", "        [1. 2.]\n",
            "-- Iteration: 1\n    x [dtype", "        [3. 4.]\n"], stderr="")

    def test_items_and_width(self):
        large = self.save("large.json", {"x": array(list(range(1100)))})
        self.check(run("inspect", "data", large, "-s", "-n", 1), 0, stdout=["[   0. ... 1099.]"])
        self.assertIn(" 5.550e+02 ", run("inspect", "data", large, "-s", "-n", -1).stdout)
        lines = run("inspect", "data", large, "-s", "-n", -1, "--line-width", -1).stdout.splitlines()
        self.assertTrue(any(len(line) > 5000 for line in lines))
        self.check_error(run("inspect", "data", large, "-n", "0"), 2, "--num-items", "'0' is not a count")

    def test_json(self):
        description = json.loads(run("inspect", "data", self.outputs, "--json", "--all", "--histogram").stdout)
        self.assertEqual(description["kind"], "results")
        self.assertEqual([(runner["name"], runner["iterations"]) for runner in description["runners"]], [("first", 2), ("second", 1)])
        tensor = description["runners"][1]["shown"][0]["tensors"][0]
        self.assertEqual((tensor["name"], tensor["dtype"], tensor["shape"]), ("z", "float32", [3]))
        self.assertEqual(tensor["statistics"]["max_index"], [2])
        self.assertEqual(sum(tensor["statistics"]["histogram"]["counts"]), 3)
        self.assertEqual(json.loads(run("inspect", "data", self.inputs, "--json").stdout)["iterations"], 2)

    def test_accuracy_results(self):
        threshold = {"threshold": 1e-5, "polygraphy_class": "L2Threshold"}
        outputs = {"y": {"l2_norm": 0.25, "thresholds": threshold, "polygraphy_class": "L2Result"}, "z": True}
        saved = self.save("accuracy.json", {"lst": [{"lst": [[["a", "b"], [outputs]]], "aggregation": "per_sample", "polygraphy_class": "AccuracyResult"}],
                                            "polygraphy_class": "AccuracyResults"})
        self.check(run("inspect", "data", saved), 0, stdout=[
            "==== Accuracy Results (1 comparison(s)) ====\n\n---- Aggregation: per_sample ----\n\na vs. b | 0/1 iteration(s) matched\n",
            "-- Iteration: 0\n", "y | FAILED | l2_norm=0.25\n", "z | PASSED\n"], stderr="")
        pair = json.loads(run("inspect", "data", saved, "--json").stdout)["comparisons"][0]["pairs"][0]
        self.assertEqual(pair["shown"][0]["outputs"][0], {"name": "y", "passed": False, "metrics": {"l2_norm": 0.25}})

    def test_bad_input(self):
        self.check_error(run("inspect", "data", self.path("none")), 3, "none")
        self.check_error(run("inspect", "data", self.write("text", b"hello")), 3, "no JSON object or array")
        os.mkdir(self.path("empty"))
        self.check_error(run("inspect", "data", self.path("empty")), 3, "no .json files")
        self.check_error(run("inspect", "data", self.inputs, "--json", self.inputs), 2, "--json")

    def test_concat(self):
        self.check(run("data", "concat", self.inputs, self.inputs, "-o", self.path("all.npz")), 0, stdout="", stderr="")
        self.check(run("inspect", "data", self.path("all.npz")), 0, stdout=["(4 iterations)"])
        self.check(run("data", "concat", self.outputs, self.outputs, "-o", self.path("all")), 0, stdout="", stderr="")
        self.assertEqual(len(os.listdir(self.path("all"))), 4)
        self.check(run("inspect", "data", self.path("all")), 0, stdout=["first  (4 iterations)", "second (2 iterations)"])
        self.check_error(run("data", "concat", self.inputs, self.outputs, "-o", self.path("x.json")), 3, "it holds results, not inputs")
        self.check_error(run("data", "concat", self.outputs, "-o", self.path("all")), 3, "it is not empty")
        other = self.save("other.json", {"w": array([1])})
        self.check(run("data", "concat", self.inputs, other, "-o", self.path("x.json")), 0, stderr=["has other names than those before: w, not x"])

    def test_merge_keeps_iterations_apart(self):
        merged = self.path("merged.json")
        self.check(run("data", "merge", self.inputs, self.outputs, "-o", merged), 0, stdout="", stderr="")
        with open(merged, encoding="utf-8") as file:
            iterations = json.load(file)
        self.assertEqual(iterations, [{"x": array([1, 2]), "y": array([5]), "z": array([7, 8, 9])}, {"x": array([3, 4]), "y": array([6])}])

    def test_merge_warns(self):
        one = self.save("one.json", {"x": array([0, 0])})
        self.check(run("data", "merge", self.inputs, one, "-o", self.path("m.json")), 0, stderr=[
            "has an array 'x' again", "ends after 1 iterations"])


if __name__ == "__main__":
    unittest.main()
