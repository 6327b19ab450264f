#!/usr/bin/env python3
"""Comparing arrays gives Polygraphy's verdicts, its numbers to five digits, its words, and byte for byte its JSON.

    POLYGRAPH_COMPARE_ARRAYS=build/bin/compare-arrays POLYGRAPH_PEER=venv/bin/python python3 tests/conformance/compare_functions.py
"""

import json
import math
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

COMPARE = os.environ.get("POLYGRAPH_COMPARE_ARRAYS", "compare-arrays")
PEER = os.environ.get("POLYGRAPH_PEER", "python3")

# Makes pairs of arrays in the folder named, compares each with each function, and prints
# {pair: {function: {"json": ..., "log": [...]}}, "top_k": {...}}; saved results of several iterations go into files.
PEER_PROGRAM = r"""
import json, os, sys
import numpy as np
from polygraphy.comparator import *
from polygraphy.comparator import util as comparator_util
from polygraphy.comparator.struct import AccuracyResult, AccuracyResults
from polygraphy.logger import G_LOGGER
from polygraphy import util

folder = sys.argv[1]
random = np.random.RandomState(3)
G_LOGGER.module_severity = G_LOGGER.EXTRA_VERBOSE

def noisy(dtype, shape=(3, 7, 11), scale=1, error=0.01):
    first = random.randn(*shape) * scale
    return first.astype(dtype), (first + random.randn(*shape) * scale * error).astype(dtype)

inf, nan = float("inf"), float("nan")
pairs = {
    "float32": noisy(np.float32),
    "float64": noisy(np.float64, scale=1e3),
    "float16": noisy(np.float16, error=0.05),
    "int8": noisy(np.int8, scale=30, error=0.1),
    "uint8": tuple((np.abs(each) * 20 + 1).astype(np.uint8) for each in noisy(np.float64, error=0.3)),
    "int32": tuple(each + 5000 for each in noisy(np.int32, scale=1000, error=0.1)),
    "int64": tuple(each + 2**40 for each in noisy(np.int64, scale=1e6, error=0.1)),
    "large": noisy(np.float32, (40, 1000), error=0.001),
    "large_int8": tuple(np.clip(each, 1, 100) for each in noisy(np.int8, (40, 1000), scale=30, error=0.1)),
    "small": noisy(np.float32, (5,)),
    "mixed": (noisy(np.float32)[0], noisy(np.float64)[1]),
    "integer_and_float": (noisy(np.int32, scale=10)[0], noisy(np.float32, scale=10)[1]),
    "equal": (np.arange(12, dtype=np.float32) + 1,) * 2,
    "zeros": (np.array([0, 1, 2], np.float32), np.array([0, 0, 2], np.float32)),
    "nan": (np.array([0, nan, 2], np.float32), np.array([1, nan, 2], np.float32)),
    "infinities": (np.array([inf, 1, -inf], np.float32), np.array([inf, 1, inf], np.float32)),
    "scalar": (np.float32(1.5).reshape(()), np.float32(1.25).reshape(())),
    "booleans": (np.array([True, False, True, True]), np.array([True, True, True, True])),
    "exact": (np.array([[1, 2], [3, 4]], np.float32), np.array([[1, 4], [2, 4]], np.float32)),
    "other_shape": (np.ones((2, 3), np.float32), np.ones((3, 2), np.float32)),
}
functions = {
    "simple": SimpleCompareFunc(),
    "simple,atol=0.1,rtol=0.1": SimpleCompareFunc(atol=0.1, rtol=0.1),
    "simple,check_error_stat=max": SimpleCompareFunc(check_error_stat="max"),
    "simple,check_error_stat=mean,atol=0.01": SimpleCompareFunc(check_error_stat="mean", atol=0.01),
    "simple,check_error_stat=median,atol=y:0.01,atol=0.5": SimpleCompareFunc(check_error_stat="median", atol={"y": 0.01, "": 0.5}),
    "simple,check_error_stat=quantile,error_quantile=0.75": SimpleCompareFunc(check_error_stat="quantile", error_quantile=0.75),
    "simple,infinities_compare_equal=true": SimpleCompareFunc(infinities_compare_equal=True),
    "l2": L2CompareFunc(),
    "l2,l2_threshold=10": L2CompareFunc(10.0),
    "cosine_similarity": CosineSimilarityCompareFunc(),
    "psnr": PsnrCompareFunc(),
    "snr": SnrCompareFunc(),
}
lines = []
def collect(self, message, severity, *args, **kwargs):
    lines.append(message() if callable(message) else message)
type(G_LOGGER).log = collect

results = {}
for name, (first, second) in pairs.items():
    np.save(os.path.join(folder, name + "_0.npy"), first)
    np.save(os.path.join(folder, name + "_1.npy"), second)
    results[name] = {}
    for function_name, function in functions.items():
        lines.clear()
        a, b = IterationResult({"y": first}, runner_name="r0"), IterationResult({"y": second}, runner_name="r1")
        try:
            found = function(a, b)
            comparator_util.log_compared_output_stats(a, b, [found], "r0", "r1")
        except Exception as error:
            results[name][function_name] = None
            continue
        text = AccuracyResults([AccuracyResult({("r0", "r1"): [found]})]).to_json()
        results[name][function_name] = {"json": text, "log": [line for line in lines if line]}

# Whole files: several iterations, functions and outputs.
def outputs(count):
    return [IterationResult({"a": random.randn(4).astype(np.float32), "b\n\u00e9\"": np.arange(3)}, runner_name="r") for _ in range(count)]
for aggregation in ("per_sample", "average"):
    first, second = outputs(3), outputs(3)
    accuracy = [AccuracyResult({("r0", "r1"): [f(a, b) for a, b in zip(first, second)],
                                ("r1", "\U0001f600"): [f(a, a) for a in first]}, aggregation=aggregation)
                for f in [*functions.values(), IndicesCompareFunc()]]
    AccuracyResults(accuracy).save(os.path.join(folder, aggregation + ".json"))
AccuracyResults([]).save(os.path.join(folder, "empty.json"))

top_k = {f"{name} {k} {axis}": [str(util.array.topk(pairs[name][0], k, axis)[1].shape),
                                util.array.topk(pairs[name][0], k, axis)[1].ravel().tolist()]
         for name in ("float32", "int32", "large_int8") for k in (1, 5, 1000) for axis in (-1, 0)}
top_k["nan 2 -1"] = ["(2,)", util.array.topk(pairs["nan"][0], 2, -1)[1].tolist()]
print("RESULTS" + json.dumps({"pairs": results, "top_k": top_k}))
"""

# Where the numbers or verdicts are not Polygraphy's, each with the reason.
DIFFERENT = {
    ("int8", "*"): "an integer 0 that equals a 0 differs from it by 0, relatively, too; Polygraphy's quotient is NaN",
    ("int64", "cosine_similarity"): "squares of int64 wrap in Polygraphy",
    ("int64", "snr"): "the same",
    ("booleans", "*"): "the same for False; and Polygraphy subtracts no booleans",
}


def is_close(ours, theirs):
    if ours is None or theirs is None or isinstance(theirs, bool):
        return ours == theirs
    if math.isnan(theirs) or math.isinf(theirs):
        return str(ours) == str(theirs)
    return math.isclose(ours, theirs, rel_tol=2e-5, abs_tol=1e-12)


def differing(ours, theirs, path=""):
    """The paths of numbers that are not the same to five digits, and of all else that is not equal."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(ours) != list(theirs):
            return [path + ": keys"]
        return [each for key in theirs for each in differing(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        return [each for i, pair in enumerate(zip(ours, theirs)) for each in differing(*pair, f"{path}[{i}]")]
    if isinstance(theirs, (float, int)) and isinstance(ours, (float, int)):
        return [] if is_close(ours, theirs) else [f"{path}: {ours} vs. {theirs}"]
    return [] if ours == theirs else [f"{path}: {ours} vs. {theirs}"]


def run(*arguments):
    done = subprocess.run([COMPARE, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class CompareFunctions(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        done = subprocess.run([PEER, "-c", PEER_PROGRAM, cls.folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=True)
        theirs = json.loads(done.stdout.split("RESULTS")[1])
        cls.pairs, cls.top_k = theirs["pairs"], theirs["top_k"]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def ours(self, mode, pair, function):
        return run(mode, function, self.folder / f"{pair}_0.npy", self.folder / f"{pair}_1.npy")

    def compared(self):
        """(pair, function, theirs) where Polygraphy has a result and is followed."""
        found = [(pair, function, theirs) for pair, functions in self.pairs.items() for function, theirs in functions.items()
                 if theirs is not None and (pair, function) not in DIFFERENT and (pair, "*") not in DIFFERENT]
        self.assertGreater(len(found), 180)
        return found

    def test_numbers_and_verdicts(self):
        for pair, function, theirs in self.compared():
            with self.subTest(pair=pair, function=function):
                self.assertEqual(differing(json.loads(self.ours("json", pair, function)), json.loads(theirs["json"])), [])

    def test_bytes_where_no_sum_is_rounded(self):
        for pair in ("exact", "equal", "infinities", "other_shape"):
            for function, theirs in self.pairs[pair].items():
                if function not in ("psnr", "snr", "cosine_similarity"):
                    with self.subTest(pair=pair, function=function):
                        self.assertEqual(self.ours("json", pair, function), theirs["json"])

    def test_files_come_back_byte_for_byte(self):
        for name in ("per_sample", "average", "empty"):
            path = self.folder / f"{name}.json"
            self.assertEqual(run("rewrite", path), path.read_text(encoding="utf-8"))

    def test_top_k(self):
        for case, (shape, indices) in self.top_k.items():
            name, k, axis = case.split()
            with self.subTest(case=case):
                ours = run("top_k", k, axis, self.folder / f"{name}_0.npy").splitlines()
                self.assertEqual(ours, [shape, *map(str, indices)])

    def test_known_differences_are_real(self):
        for (pair, function), _ in DIFFERENT.items():
            names = self.pairs[pair] if function == "*" else [function]
            with self.subTest(pair=pair, function=function):
                self.assertTrue(any(self.pairs[pair][name] is None or
                                    differing(json.loads(self.ours("json", pair, name)), json.loads(self.pairs[pair][name]["json"]))
                                    for name in names))

    # Lines of the log that programs search for.
    WORDS = re.compile(r"^(Tolerance: |Error Metrics: |Minimum Required Tolerance: |PASSED|FAILED|L2 Norm: |PSNR: |SNR: |"
                       r"Cosine Similarity: |\(.*\| +\d+ \| |Bin Range)|\| Stats: ")

    def words(self, lines):
        lines = [line.strip() for text in lines for line in text.splitlines()]
        return [re.sub(r"np\.int64\((\d+)\)", r"\1", line) for line in lines if self.WORDS.search(line)]

    def same_line(self, ours, theirs):
        """The same words, and numbers equal to five digits."""
        number = re.compile(r"(?<![\w.])-?(?:\d+\.?\d*(?:e[+-]\d+)?|nan|inf)(?!\w)")
        if number.sub("#", ours).split() != number.sub("#", theirs).split():
            return False
        return all(math.isclose(float(a), float(b), rel_tol=3e-5, abs_tol=1e-9) or a == b
                   for a, b in zip(number.findall(ours), number.findall(theirs)))

    def test_words(self):
        for pair, function, theirs in self.compared():
            if pair in ("nan", "infinities", "float16", "zeros"):
                continue  # there we say more; NumPy rounds quantiles of float16 to float16
            with self.subTest(pair=pair, function=function):
                ours, wanted = self.words(self.ours("text", pair, function).splitlines()), self.words(theirs["log"])
                if pair == "other_shape":  # tolerances that nothing was held against
                    wanted = [line for line in wanted if not line.startswith("Tolerance")]
                self.assertEqual(len(ours), len(wanted), (ours, wanted))
                for mine, other in zip(ours, wanted):
                    self.assertTrue(self.same_line(mine, other), f"{mine}\n{other}")


if __name__ == "__main__":
    unittest.main()
