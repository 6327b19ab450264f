#!/usr/bin/env python3
"""The inputs that Polygraph makes up are, bit for bit, those of Polygraphy's DataLoader."""

import json
import os
import subprocess
import unittest

# Run by the peer's Python: reads the cases as JSON and prints the bytes of each input.
PEER = """
import json, sys
import numpy as np
from polygraphy.common import TensorMetadata
from polygraphy.comparator import DataLoader

for case in json.load(sys.stdin):
    metadata = TensorMetadata()
    ranges = {}
    for name, dtype, shape, bounds in case["inputs"]:
        metadata.add(name, np.dtype(dtype), shape)
        if bounds:
            ranges[name] = tuple(bounds)
    loader = DataLoader(seed=case["seed"], iterations=case["iteration"] + 1, val_range=ranges or None)
    loader.input_metadata = metadata
    for name, array in loader[case["iteration"]].items():
        print(name, array.tobytes().hex())
"""

FLOATS = ["float64", "float32", "float16"]
INTEGERS = ["int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"]
SHAPES = [[], [1], [0], [7], [2, 3, 5], [33]]
FLOAT_RANGES = [None, (-1.0, 1.0), (0.1, 0.3), (-1e300, 1e300), (5.0, 5.0), (0.0, float("inf")),
                (float("-inf"), 0.0), (3, 70000)]


def integer_ranges(dtype):
    bits = int(dtype.lstrip("uint"))
    low, high = (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    ranges = [None, (0, 100), (3, 3), (low, high), (low + 1, high), (high - 1, high), (0.9, 5.9)]
    if low < 0:
        ranges += [(-100, 100), (-1, 0), (-5.9, -0.9)]
    if bits > 16:
        ranges += [(0, 65535), (1, 65537)]
    if bits > 32:
        ranges += [(0, 2**32 - 1), (0, 2**32), (7, 2**40)]
    return ranges


def cases():
    kinds = [(dtype, bounds) for dtype in FLOATS for bounds in FLOAT_RANGES]
    kinds += [(dtype, bounds) for dtype in INTEGERS for bounds in integer_ranges(dtype)]
    kinds += [("bool", bounds) for bounds in (None, (0, 0), (1, 1), (0, 1))]
    for i, (dtype, bounds) in enumerate(kinds):
        yield {"seed": i, "iteration": i % 3, "inputs": [[f"x{k}", dtype, shape, bounds] for k, shape in enumerate(SHAPES)]}
    # All types from one generator, one after the other.
    for seed in (0, 1, 12345, 2**32 - 2):
        yield {"seed": seed, "iteration": 1,
               "inputs": [[f"{dtype}_{k}", dtype, [5], None] for k in range(2) for dtype in [*INTEGERS, *FLOATS, "bool"]]}


def argument(name, dtype, shape, bounds):
    low, high = (str(bound) for bound in bounds) if bounds else ("", "")
    return f"{name}|{dtype}|{','.join(map(str, shape))}|{low}|{high}"


class DataLoaderTest(unittest.TestCase):
    def test_same_bits(self):
        all_cases = list(cases())
        peer = subprocess.run([os.environ["POLYGRAPH_PEER"], "-c", PEER], input=json.dumps(all_cases), text=True,
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        theirs = peer.stdout.splitlines()
        self.assertEqual(len(theirs), sum(len(case["inputs"]) for case in all_cases))
        for case in all_cases:
            ours = subprocess.run(
                [os.environ["POLYGRAPH_PRINT_FEED"], str(case["seed"]), str(case["iteration"]),
                 *(argument(*given) for given in case["inputs"])],
                text=True, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.splitlines()
            with self.subTest(case=case):
                self.assertEqual(ours, theirs[: len(ours)])
            theirs = theirs[len(ours):]


if __name__ == "__main__":
    unittest.main()
