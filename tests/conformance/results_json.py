#!/usr/bin/env python3
"""Inputs and results that Polygraphy saved are read and written again byte for byte, and what Polygraph saves is read by it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

# Run by the peer's Python in an empty folder: writes files.
WRITE = r"""
import os
import numpy as np
from polygraphy.comparator import IterationResult, RunResults
from polygraphy.json import save_json

random = np.random.RandomState(0)

def feed():
    arrays = {}
    for dtype in "float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128".split():
        for shape in [(), (1,), (0,), (2, 0, 3), (2, 3), (4, 5, 6), (997,)]:
            arrays[f"{dtype} {shape}"] = np.asarray(random.uniform(0, 100, shape)).astype(dtype)
    arrays["text"] = np.array(["\u00e4", "bcd"])
    arrays['/na/me "q" \\ \u00e9 \U0001F600 \n\x00\x7f'] = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-45], dtype="float32")
    return arrays

save_json([feed() for _ in range(3)], "feeds.json")
save_json([], "none.json")
save_json([{}], "no_inputs.json")
results = RunResults()
runtimes = [0.1, 1e-5, None, 1e16, float("nan"), float("inf"), 2.0, 1e22, 0.00012345678901234567, 5e-324]
results.append(("onnxrt-runner-N0-11/25/26-16:24:07", [IterationResult(feed() if i < 2 else {}, t, "a") for i, t in enumerate(runtimes)]))
results.append(("b", [IterationResult({"y": np.arange(200, dtype="float32").reshape(10, 20)}, 0.5, "b")]))
results.save("results.json")
RunResults().save("empty.json")
os.mkdir("folder")
for i in range(3):
    save_json(feed(), f"folder/{i:010d}.json")
"""

# Reads files of both and compares.
READ = r"""
import sys
import numpy as np
from polygraphy.comparator import RunResults, StreamingDataLoader
from polygraphy.json import load_json

def same(a, b):
    assert list(a.keys()) == list(b.keys()), (list(a.keys()), list(b.keys()))
    for name in a.keys():
        assert a[name].dtype == b[name].dtype and a[name].shape == b[name].shape, name
        assert a[name].tobytes() == b[name].tobytes(), name

theirs, ours = load_json(sys.argv[1]), sys.argv[2]
if isinstance(theirs, RunResults):
    got = RunResults.concat(RunResults.load_streaming(ours))
    for (name, left), (other, right) in zip(theirs.items(), got.items()):
        assert name == other
        for a, b in zip(left, right, strict=True):
            same(a, b)
else:
    for a, b in zip(theirs, StreamingDataLoader(ours), strict=True):
        same(a, b)
"""


class ResultsJson(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.peer(WRITE)

    def peer(self, program, *arguments):
        done = subprocess.run([os.environ["POLYGRAPH_PEER"], "-c", program, *arguments], cwd=self.folder, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def concat(self, *paths):
        done = subprocess.run([os.environ["POLYGRAPH"], "data", "concat", *paths[:-1], "-o", paths[-1]], cwd=self.folder, text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_read_and_written_again(self):
        for name in ("feeds", "none", "no_inputs", "results", "empty"):
            with self.subTest(file=name):
                self.concat(name + ".json", "again.json")
                self.assertEqual((self.folder / "again.json").read_bytes(), (self.folder / f"{name}.json").read_bytes())

    def test_folders(self):
        self.concat("folder", "again")
        files = sorted((self.folder / "folder").iterdir())
        self.assertEqual([file.name for file in files], [file.name for file in sorted((self.folder / "again").iterdir())])
        for file in files:
            self.assertEqual(file.read_bytes(), (self.folder / "again" / file.name).read_bytes())

    def test_the_peer_reads_ours(self):
        self.concat("results.json", "split_results")
        self.peer(READ, "results.json", "split_results")
        self.concat("feeds.json", "split_feeds")
        self.peer(READ, "feeds.json", "split_feeds")
        self.concat("feeds.json", "feeds.npz")
        self.concat("feeds.npz", "again.json")
        self.assertEqual((self.folder / "again.json").read_bytes(), (self.folder / "feeds.json").read_bytes())

    def test_numpy_reads_our_archives(self):
        self.concat("feeds.json", "feeds.npz")
        self.peer("import numpy as np; a = np.load('feeds.npz'); assert a['0000000001/float32 (2, 3)'].shape == (2, 3), list(a)[:3]\n"
                  "for name in a: a[name]  # checks the checksums\n"
                  "np.savez_compressed('deflated.npz', x=np.arange(1000.0), y=np.asfortranarray(np.ones((2, 3))))")
        self.concat("deflated.npz", "deflated.json")
        self.peer("from polygraphy.json import load_json; d, = load_json('deflated.json')\n"
                  "assert d['x'].sum() == 499500 and d['y'].shape == (2, 3)")

    def test_types_that_numpy_lacks(self):
        self.peer("import numpy as np; from polygraphy.json import save_json\n"
                  "save_json([{'x': np.arange(6, dtype='u2').view('V2')}], 'raw.json')")
        self.concat("raw.json", "bf16.json")
        self.assertIn('"dtype": "bfloat16"', (self.folder / "bf16.json").read_text())
        self.peer("from polygraphy.json import load_json; d, = load_json('bf16.json')\n"
                  "assert d['x'].dtype == 'V2' and d['x'].view('u2').tolist() == [0, 1, 2, 3, 4, 5]")


if __name__ == "__main__":
    unittest.main()
