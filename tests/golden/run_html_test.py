"""`polygraph run --html`, `check accuracy --html`, --save-heatmaps and --save-error-metrics-plot: the page is whole, needs no
network, takes nothing in a name for HTML, draws its plots in a browser, and stays small.

What runs in a browser is left out where there is no Chromium.
"""

import base64
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

from program import run
from text_models import HEADER, ModelTest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CURVE = HEADER + "g (float[6,50] x) => (float[6,50] y) { e = Exp (x)  s = Sigmoid (e)  t = Tanh (s)  y = Log (t) }"
LOG = HEADER + "g (float[4] x) => (float[4] y, float[4] z) { y = Log (x)  z = Neg (x) }"
EVIL = '</script><img src=x onerror="document.body.dataset.evil=1"><script>document.body.dataset.evil=2</script>@report@\u2028'


def data_of(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def array(values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)},), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values)
    return {"values": {"array": base64.b64encode(data).decode(), "polygraphy_class": "ndarray"}, "polygraphy_class": "LazyArray"}


def results_json(runner, iterations):
    """Outputs as --save-outputs writes them: of each iteration, lists of floats by name."""
    results = [{"outputs": {name: array(values) for name, values in outputs.items()}, "runtime": 0.001, "runner_name": runner,
                "polygraphy_class": "IterationResult"} for outputs in iterations]
    return {"lst": [[runner, results]], "polygraphy_class": "RunResults"}


def browse(page, hash_="", width=1200, tries=3):
    """The document after its scripts have run, and what the console said. On a machine that is busy Chromium may write the
    document before the scripts have run: then nothing is in the console, and it is asked again."""
    with tempfile.TemporaryDirectory() as profile:
        result = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", f"--window-size={width},1000",
             "--virtual-time-budget=5000", "--enable-logging=stderr", "--dump-dom", f"file://{page}{hash_}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=100, check=True)
    console = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
    if tries > 1 and not console and "data-ready" not in result.stdout:
        return browse(page, hash_, width, tries - 1)
    return result.stdout, console


class PageTest(ModelTest):
    def page_of(self, *arguments, status=0):
        result = run("run", *arguments, "--html", self.path("page.html"))
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.text = self.read("page.html")
        return data_of(self.text)

    def two_runs(self, first, second, *arguments, status=1):
        """A comparison of outputs that were saved: name -> list of floats, for each iteration."""
        for name, runs in (("a", first), ("b", second)):
            self.write(f"{name}.json", json.dumps(results_json(name, runs)).encode())
        return self.page_of("--load-outputs", self.path("a.json"), self.path("b.json"), *arguments, status=status)


class Page(PageTest):
    def test_holds_the_report(self):
        data = self.page_of(self.model_of(CURVE), "--reference", "--reference")
        self.assertTrue(data["passed"])
        self.assertEqual([runner["name"] for runner in data["runners"]], ["reference-runner-N0", "reference-runner-N1"])
        [pair] = data["pairs"]
        [output] = pair["outputs"]
        self.assertEqual((output["name"], output["shape"], output["max"], output["elements"]), ("y", [6, 50], 0, 300))
        self.assertEqual(output["map"]["heat"]["rows"], 6)
        self.assertIn("the output agrees", data["sentences"][0])

    def test_tells_where_outputs_differ(self):
        first = [[0.5] * 12]
        second = [[0.5] * 12]
        second[0][7] = 0.75
        data = self.two_runs([{"y": first[0]}], [{"y": second[0]}])
        [output] = data["pairs"][0]["outputs"]
        self.assertEqual((output["mismatches"], output["max"]), (1, 0.25))
        levels = base64.b64decode(output["map"]["heat"]["max"]["levels"])
        self.assertEqual([i for i, level in enumerate(levels) if level], [7])
        self.assertEqual(output["full"]["worst"], [["(7,)", "0.5", "0.75", 0.25, 0.333333]])
        self.assertEqual(output["full"]["first_mismatch"], "(7,)")
        self.assertIn("1 of 12 elements out of tolerance", data["sentences"][0])
        self.assertEqual(sum(output["map"]["density"][1::2]), 12)

    def test_tells_the_worst_iteration(self):
        runs = [{"y": [1.0 + (0.5 if i == 700 else 0)]} for i in range(1000)]
        data = self.two_runs(runs, [{"y": [1.0]}] * 1000)
        [output] = data["pairs"][0]["outputs"]
        [result] = output["results"]
        self.assertEqual((result["passed"], result["of"], result["first"], result["at"]), (999, 1000, 700, 700))
        [[_, strip]] = output["strips"]
        self.assertLessEqual(len(strip["worst"]), 240)
        self.assertEqual((strip["of"], strip["failed"].count("1"), strip["worst"][700 // strip["per"]]), (1000, 1, 0.5))
        self.assertEqual(output["map"]["absolute"]["zeros"], 0)

    def test_functions_without_differences(self):
        """They draw, too; shapes that differ do not."""
        for function in ("ulp", "kl_divergence", "indices", "top_k_agreement"):
            with self.subTest(function=function):
                result = run("run", self.model, "--reference", "--reference", "--compare", function, "--html", self.path("page.html"))
                [output] = data_of(self.read("page.html"))["pairs"][0]["outputs"]
                self.assertEqual((result.returncode, "map" in output, output["results"][0]["ok"]), (0, True, True))
        data = self.two_runs([{"y": [1.0, 2.0]}], [{"y": [1.0, 2.0, 3.0]}])
        [output] = data["pairs"][0]["outputs"]
        self.assertNotIn("map", output)
        self.assertIn("different shapes", output["full"]["problem"])

    def test_nan(self):
        data = self.page_of(self.model_of(LOG, "log.onnx"), "--reference", "--reference", "--val-range", "[-1,1]", "--validate", status=1)
        [y, z] = data["pairs"][0]["outputs"]
        self.assertEqual((y["rank"], z["rank"]), (0, 1))
        self.assertIn("NaN", [row[0] for row in y["full"]["stats"][0]])
        self.assertIn(255, base64.b64decode(y["map"]["heat"]["max"]["levels"]))
        self.assertEqual(data["invalid"][0]["output"], "y")

    def test_needs_no_network(self):
        self.page_of(self.model, "--reference", "--reference")
        self.assertEqual([url for url in re.findall(r"https?://[^\s\"'`]*|//cdn|@import|<link|src=|@[a-z_.]+@", self.text) if url != "http://www.w3.org/2000/svg"], [])
        self.assertIn("default-src 'none'", self.text)

    def test_takes_nothing_for_html(self):
        data = self.two_runs([{EVIL: [1.0, 2.0]}], [{EVIL: [1.0, 3.0]}], "--save-heatmaps", self.path("heat"))
        self.assertEqual(self.text.count("<img"), 0)
        self.assertEqual(self.text.count("</script>"), 2)
        self.assertEqual(data["pairs"][0]["outputs"][0]["name"], EVIL)
        [file] = os.listdir(self.path("heat"))
        self.assertTrue(re.fullmatch(r"0-000-[\w.-]+\.svg", file), file)
        self.assertIn(EVIL.splitlines()[0], "".join(xml.parse(self.path(f"heat/{file}")).getroot().itertext()))
        if CHROMIUM:
            document, console = browse(self.path("page.html"))
            self.assertEqual(console, [])
            self.assertNotIn("evil", re.search("<body[^>]*>", document)[0])

    def test_stays_small(self):
        outputs = {f"layer{i:04}": [1.0] * 3 for i in range(1100)}
        other = {name: [value[0] + (0 if i % 2 else 1e-3 * i)] * 3 for i, (name, value) in enumerate(outputs.items())}
        data = self.two_runs([outputs], [other])
        [pair] = data["pairs"]
        self.assertEqual((pair["count"], len(pair["outputs"])), (1100, 1000))
        self.assertEqual(sum("map" in output for output in pair["outputs"]), 24)
        self.assertEqual(sum("full" in output for output in pair["outputs"]), 200)
        self.assertEqual([output["place"] for output in pair["outputs"]], sorted(output["place"] for output in pair["outputs"]))
        worst = min(pair["outputs"], key=lambda output: output["rank"])
        self.assertEqual(worst["name"], "layer1098")
        self.assertIn("map", worst)
        self.assertIn("The first to fail, in the order of the outputs, is 'layer0002'.", data["sentences"][0])
        self.assertLess(len(self.text), 2_500_000)

    def test_pictures(self):
        values = [0.1 * i for i in range(24)]
        self.two_runs([{"y": values, "z": [1.0]}], [{"y": [value + 1e-3 * value for value in values], "z": [float("nan")]}],
                      "--save-heatmaps", self.path("heat"), "--save-error-metrics-plot", self.path("metrics"))
        for folder in ("heat", "metrics"):
            self.assertEqual(sorted(os.listdir(self.path(folder))), ["0-000-y.svg", "0-001-z.svg"])
            for name in os.listdir(self.path(folder)):
                root = xml.parse(self.path(f"{folder}/{name}")).getroot()
                self.assertTrue(root.tag.endswith("}svg"))
        cells = len(re.findall("<rect", self.read("heat/0-000-y.svg")))
        self.assertGreater(cells, 23)
        self.assertIn("red: NaN or infinite", self.read("heat/0-001-z.svg"))

    def test_accuracy_results(self):
        runs = [{"y": [1.0 + 0.1 * i]} for i in range(5)]
        self.two_runs(runs, [{"y": [1.0]}] * 5, "--compare", "simple", "l2", "--save-accuracy-results", self.path("accuracy.json"))
        result = run("check", "accuracy", self.path("accuracy.json"), "--html", self.path("check.html"))
        self.assertEqual(result.returncode, 1, result.stderr)
        data = data_of(self.read("check.html"))
        [pair] = data["pairs"]
        self.assertEqual((data["passed"], pair["iterations"], pair["passed"], pair["functions"]), (False, 5, 1, ["simple", "L2 Norm"]))
        self.assertEqual([result["at"] for result in pair["outputs"][0]["results"]], [4, 4])
        self.check_error(run("check", "accuracy", self.path("accuracy.json"), "--html", self.path("accuracy.json")), 2, "is what is read")

    def test_refuses_bad_places(self):
        self.check_error(run("run", self.model, "--reference", "--html", self.model), 2, "is the model itself")
        self.assertEqual(run("run", self.model, "--reference", "--html", "/proc/no/page.html").returncode, 3)


@unittest.skipIf(CHROMIUM is None, "there is no Chromium")
class InTheBrowser(PageTest):
    def browse(self, hash_=""):
        document, console = browse(self.path("page.html"), hash_)
        self.assertEqual(console, [])
        self.assertTrue(re.search(r"<body[^>]* data-ready", document), "a script failed")
        return document

    def test_draws_every_plot(self):
        first = [{"y": [0.01 * i for i in range(60)]}] * 3
        second = [{"y": [value * (1 + 1e-4 * k) for value in first[0]["y"]]} for k in range(3)]
        self.two_runs(first, second)
        document = self.browse()
        plots = re.findall(r'data-chart="(\w+)"[^>]*>(?=.*?<svg)', document)
        self.assertEqual(plots, ["heat", "density", "axis", "absolute", "relative", "values", "strip"])
        self.assertGreater(int(re.search(r'data-painted="(\d+)"', document)[1]), 50)
        self.assertGreater(document.count('class="cell"'), 5)
        self.assertEqual(document.count('class="bucket"'), 3)
        self.assertNotIn("NaN", "".join(re.findall(r' (?:x|y|d|width|height|cx|cy|points)="[^"]*"', document)))
        for text in (">Failed<", "Worst elements", "Statistics", "in iteration 2"):
            self.assertIn(text, document)

    def test_draws_layers(self):
        outputs = {f"layer{i}": [1.0 + i, 2.0] for i in range(30)}
        self.two_runs([outputs], [{name: [values[0] + (0.1 if i > 20 else 0), 2.0] for i, (name, values) in enumerate(outputs.items())}])
        document = self.browse("#theme=dark")
        self.assertIn('data-chart="overview"', document)
        self.assertEqual(document.count('class="dot"'), 30)
        self.assertIn("first to fail: layer21", document)
        cards = re.findall(r'<details class="card" data-place="(\d+)"( open="")?', document)
        self.assertEqual((cards[0], len(cards)), (("21", ' open=""'), 12), "the worst is the first, and open")
        self.assertTrue(re.search(r'<html[^>]* class="dark"', document))
        self.assertNotIn("NaN", "".join(re.findall(r' (?:x|y|d|width|height|cx|cy|points)="[^"]*"', document)))

    def test_draws_what_is_odd(self):
        nan, inf = float("nan"), float("inf")
        self.two_runs([{"nan": [nan] * 3, "inf": [inf, 1.0], "none": [], "one": [5.0], "equal": [1.0, 2.0], "zero": [0.0, 0.0]}],
                      [{"nan": [nan] * 3, "inf": [1.0, 1.0], "none": [], "one": [4.0], "equal": [1.0, 2.0], "zero": [0.0, 1e-30]}])
        with open(self.path("page.html"), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("page.html"), "w", encoding="utf-8") as file:
            file.write(text.replace("</body>", "<script>for (const card of document.querySelectorAll('details.card')) card.open = true;</script></body>"))
        document = self.browse()
        self.assertEqual(document.count('data-chart="heat"'), 5)
        self.assertNotIn("NaN", "".join(re.findall(r' (?:x|y|d|width|height|cx|cy|points)="[^"]*"', document)))


if __name__ == "__main__":
    unittest.main()
