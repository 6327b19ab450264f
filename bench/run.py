#!/usr/bin/env python3
"""Measures Polygraph beside its peers, in turns within one run, and prints one table.

    bench/run.py BUILD_FOLDER [--json FILE] [--only TEXT]

Peers are the Python polygraphy of deps/peer and bare loops over OpenVINO. Only ratios and differences within one run count: a
machine is never as fast twice. A number is a median, and ± is the median absolute deviation from it. Ends with status 0 if every
limit is met, 1 if one is missed, 2 if measuring failed. docs/benchmarks.md explains the rows and the JSON.
"""

import argparse
import contextlib
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAGIKA = ROOT / "deps/magika/models/standard_v3_3/model.onnx"
PEER = ROOT / "deps/peer/bin/polygraphy"
ENGINE_MIB = 100
CHECKSUM_BYTES_PER_S = 5e9
UNITS = {"ms": 1e3, "us": 1e6, "MB": 1e-6, "GB/s": 1e-9, "blobs": 1, "x": 1, "": 1}  # how many make 1 of the SI unit
EXACT = {"MB": 1, "blobs": 2, "": 0}  # what hardly varies: digits behind the point; the spread is not shown


class Failure(Exception):
    """Measuring was not possible."""


class Samples:
    """Numbers of one kind, in SI units."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)
        self.spread = statistics.median(abs(v - self.median) for v in self.values)

    def text(self, unit):
        median, spread = self.median * UNITS[unit], self.spread * UNITS[unit]
        if unit in EXACT:
            return f"{median:.{EXACT[unit]}f} {unit}".strip()
        digits = 3 if unit == "x" and median < 9 else 2 if abs(median) < 10 else 1 if abs(median) < 100 else 0
        return f"{median:.{digits}f} ±{spread:.{digits}f} {unit}"

    def as_json(self):
        return {"median": self.median, "mad": self.spread, "samples": len(self.values)}


class Row:
    """One line of the table. `judged` is what the limit is about: the measured value, or its comparison with the peer's."""

    def __init__(self, name, unit, ours, peer=None, comparison=None, comparison_unit="x", limit=None, limit_unit=None,
                 limit_on_ours=False):
        self.name, self.unit, self.ours, self.peer = name, unit, ours, peer
        self.comparison, self.comparison_unit = comparison, comparison_unit
        self.limit = limit  # ("<=" or ">=", number in SI units), or None
        self.judged = ours if limit_on_ours else comparison or ours
        self.limit_unit = limit_unit or (comparison_unit if self.judged is comparison else unit)

    def ok(self):
        if self.limit is None:
            return True
        sign, bound = self.limit
        return self.judged.median <= bound if sign == "<=" else self.judged.median >= bound

    def cells(self):
        limit = f"{self.limit[0]} {self.limit[1] * UNITS[self.limit_unit]:g} {self.limit_unit}".strip() if self.limit else "-"
        return [self.name, self.ours.text(self.unit), self.peer.text(self.unit) if self.peer else "-",
                self.comparison.text(self.comparison_unit) if self.comparison else "-", limit,
                ("ok" if self.ok() else "MISSED") if self.limit else ""]

    def as_json(self):
        return {"name": self.name, "ours": self.ours.as_json(), "peer": self.peer and self.peer.as_json(),
                "comparison": self.comparison and self.comparison.as_json(),
                "comparison_is": None if not self.comparison else "ratio" if self.comparison_unit == "x" else "difference",
                "limit": self.limit and {"sign": self.limit[0], "value": self.limit[1]}, "ok": self.ok()}


def output_of(*command):
    """What a measuring program prints, read as JSON."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(f"{command[0]} cannot be run ({error.strerror}). Build it: 'make bench' does.") from error
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def until_clear(measure, judged, bound, least, most):
    """Calls `measure`, which adds to its samples, until their median lies clearly on one side of the bound."""
    for done in range(1, most + 1):
        measure()
        if done < least:
            continue
        samples = Samples(judged())
        # 1.25 deviations of the mean is the median's; 1.48 MAD is a deviation: twice that is a 95 % interval.
        if 2 * 1.25 * 1.48 * samples.spread / math.sqrt(len(samples.values)) < abs(samples.median - bound):
            return


def program(build):
    """The program's start, beside the Python peer's."""
    measure, polygraph = build / "bin/bench/processes", build / "bin/polygraph"
    model = build / "bench/identity.onnx"
    help_, inspect = [polygraph, "--help"], [polygraph, "inspect", "model", model]
    output_of(measure, 2, "--", *help_, "--", *inspect)  # the files are in memory from here on
    # `true` shows what starting any process costs while the machine is as busy as it is.
    *alone, nothing = output_of(measure, 40, "--", *help_, "--", *inspect, "--", "true")
    for name, result in zip(("polygraph --help", "inspect model identity.onnx"), alone):
        yield Row(f"{name}: time", "ms", Samples(result["wall_s"]), Samples(nothing["wall_s"]), limit=("<=", 10e-3))
        yield Row(f"{name}: RSS", "MB", Samples(result["rss_bytes"]), Samples(nothing["rss_bytes"]), limit=("<=", 15e6))
    if not PEER.exists():
        raise Failure(f"{PEER} is missing: run 'setup/install.sh bench'.")
    peer = [PEER, "inspect", "model", model]
    output_of(measure, 1, "--", *peer)
    ours, theirs = (result["wall_s"] for result in output_of(measure, 10, "--", *inspect, "--", *peer))
    yield Row("  beside the Python program", "ms", Samples(ours), Samples(theirs),
              Samples(t / o for o, t in zip(ours, theirs)), limit=(">=", 10))


def inference(build):
    """`infer()` of the OpenVINO runner, beside a bare loop."""
    yield from one_inference(build, "infer", "infer()", 1.02, 3e-6)


def onnxrt_inference(build):
    """`infer()` of the ONNX Runtime runner, beside the bare calls of its C interface."""
    yield from one_inference(build, "onnxrt_infer", "onnxrt infer()", 1.02, 0.5e-6)


def one_inference(build, program_name, title, ratio, difference):
    for model, path, pairs, block_ms, kind, bound in (("magika", MAGIKA, 50, 60, "x", ratio),
                                                      ("identity", build / "bench/identity.onnx", 20, 50, "us", difference)):
        for mode in ("reused", "fresh", "control"):
            bare, ours, allocations = [], [], []

            def measure():
                # A new process: where an engine's memory happens to lie makes a difference of its own.
                result = output_of(build / "bin/bench" / program_name, path, mode, pairs, block_ms)
                bare.extend(t * 1e-9 for t in result["bare_ns"])
                ours.extend(t * 1e-9 for t in result["runner_ns"])
                # Threads of the engine allocate now and then; a call of the runner allocates in whole numbers.
                allocations.append((round(result["runner_allocations"]), round(result["bare_allocations"])))

            def compared():
                return [o / b if kind == "x" else o - b for o, b in zip(ours, bare)]

            until_clear(measure, compared, bound, 2 if mode == "control" else 3, 2 if mode == "control" else 8)
            name = f"{title} {model}, " + {"reused": "same tensors", "fresh": "new addresses",
                                           "control": "bare, twice"}[mode]
            yield Row(name, "ms" if kind == "x" else "us", Samples(ours), Samples(bare), Samples(compared()), kind,
                      limit=None if mode == "control" else ("<=", bound))
            if mode != "control":
                yield Row("  allocations per call", "", Samples(a for a, _ in allocations), Samples(b for _, b in allocations),
                          Samples(a - b for a, b in allocations), "", limit=("<=", 0))


def large_engine(build):
    """Saving and loading an engine with 100 MiB of weights."""
    measure = build / "bin/bench/engine_file"
    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as folder:
        size = output_of(measure, "make", folder, ENGINE_MIB)["blob_bytes"]

        def memory(name, ours, peer):
            for key, kind, limit in (("peak_anonymous", "memory", ("<=", 1.1)), ("peak", "  with pages of files", None)):
                copies = [[run[key] / size for run in runs] for runs in (ours, peer)]
                yield Row(f"{name}: {kind}" if limit else kind, "blobs", Samples(copies[0]), Samples(copies[1]), limit=limit)

        runs = {way: [output_of(measure, "save", folder, ENGINE_MIB, way) for _ in range(3)] for way in ("polygraph", "bare")}
        yield from memory("save_engine, 100 MiB", runs["polygraph"], runs["bare"])
        runs = {way: [output_of(measure, "load", folder, way) for _ in range(3)] for way in ("polygraph", "map")}
        yield from memory("engine_from_path, 100 MiB", runs["polygraph"], runs["map"])

        times = {"polygraph": [], "map": [], "stream": [], "checksum": []}

        def measure_times():
            for way, more in output_of(measure, "time", folder, 10).items():
                times[way].extend(more)

        def faster():
            return min((times["map"], times["stream"]), key=statistics.median)

        def compared():
            return [ours / (bare + size / CHECKSUM_BYTES_PER_S) for ours, bare in zip(times["polygraph"], faster())]

        until_clear(measure_times, compared, 1.1, 2, 8)
        yield Row("engine_from_path, 100 MiB: time *", "ms", Samples(times["polygraph"]), Samples(faster()), Samples(compared()),
                  limit=("<=", 1.1))
        yield Row("  checksum of it", "GB/s", Samples(size / t for t in times["checksum"]), limit=(">=", CHECKSUM_BYTES_PER_S))


def onnx_models(build):
    """Tools on large ONNX models, beside the Python peer and `cp`."""
    measure, polygraph = build / "bin/bench/processes", build / "bin/polygraph"
    models = build / "bench/large"
    if not (models / ".done").exists():
        subprocess.run([sys.executable, ROOT / "bench/large_models.py", models], check=True)
        (models / ".done").touch()
    weights = models / "weights.onnx"

    def beside(rounds, *commands):
        return output_of(measure, rounds, *(part for command in commands for part in ("--", *command)))

    def fast(name, arguments, time_limit, memory, memory_limit, peer_arguments=None, rounds=5):
        """A command that does not write the weights; its memory is rss_bytes or anonymous_bytes."""
        ours = [polygraph, *arguments]
        beside(1, ours)
        result, = beside(rounds, ours)
        peer = beside(1, [PEER, *peer_arguments])[0] if peer_arguments else None
        yield Row(f"{name}: time", "ms", Samples(result["wall_s"]), peer and Samples(peer["wall_s"]), limit=("<=", time_limit))
        yield Row("  RSS" if memory == "rss_bytes" else "  anonymous memory", "MB", Samples(result[memory]),
                  peer and Samples(peer[memory]), limit=("<=", memory_limit))

    def copying(name, arguments, bound, memory_limit, folder, source=None, peer=False):
        """A command that writes weights, beside `cp` of its result (or of `source`)."""
        ours, copy, theirs = (folder / n for n in ("ours.onnx", "copy.onnx", "theirs.onnx"))
        command = [polygraph, *arguments, "-o", ours]
        beside(1, command)
        times = {"ours": [], "cp": []}
        anonymous = []

        def measure_times():
            # Each writes a new file while the disk is idle: what is being written back slows down whoever writes.
            reference = source or ours.rename(folder / "reference.onnx")
            for name, how in (("ours", command), ("cp", ["cp", "--reflink=never", reference, copy])):
                ours.unlink(missing_ok=True)
                copy.unlink(missing_ok=True)
                os.sync()
                result, = beside(1, how)
                times[name].extend(result["wall_s"])
                if name == "ours":
                    anonymous.extend(result["anonymous_bytes"])
            if not source:
                reference.rename(ours)

        def compared():
            return [o / c for o, c in zip(times["ours"], times["cp"])]

        until_clear(measure_times, compared, bound, 4, 12)
        yield Row(f"{name}: beside cp", "ms", Samples(times["ours"]), Samples(times["cp"]), Samples(compared()), limit=("<=", bound))
        their = beside(1, [PEER, *arguments, "-o", theirs])[0] if peer else None
        yield Row("  anonymous memory", "MB", Samples(anonymous), their and Samples(their["anonymous_bytes"]),
                  limit=("<=", memory_limit) if memory_limit else None)
        if their:
            yield Row("  beside the Python program", "ms", Samples(times["ours"]), Samples(their["wall_s"]),
                      Samples([their["wall_s"][0] / statistics.median(times["ours"])]))
        for file in (ours, copy, theirs):
            file.unlink(missing_ok=True)

    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as made:
        folder = pathlib.Path(made)
        out = folder / "out.onnx"
        show = ["inspect", "model", weights, "--show", "layers"]
        yield from fast("inspect --show layers, 1.6 GB", show, 15e-3, "rss_bytes", 25e6, show)
        strip = ["surgeon", "weight-strip", weights, "-o", out]
        yield from fast("weight-strip, 1.6 GB", strip, 50e-3, "rss_bytes", 60e6, strip)
        yield from copying("extract 7 layers, 470 MB",
                           ["surgeon", "extract", weights, "--inputs", "relu_9:auto:auto", "--outputs", "relu_16:auto"],
                           1.3, 60e6, folder, peer=True)
        yield from copying("sanitize --fold-constants, 1.6 GB", ["surgeon", "sanitize", weights, "--fold-constants"],
                           1.3, 100e6, folder, source=weights, peer=True)
        yield from copying("convert --fp-to-fp16, 1.6 GB", ["convert", weights, "--fp-to-fp16"], 2, None, folder, source=weights)

        jobs = {"inspect": lambda model: ["inspect", "model", model],
                "sort and clean up": lambda model: ["surgeon", "sanitize", model, "--toposort", "--cleanup", "--no-shape-inference",
                                                    "-o", out],
                "extract": lambda model: ["surgeon", "extract", model, "--outputs", "v_5000:auto", "-o", out]}
        times = {}
        for count in (10_000, 1_000_000):
            results = beside(3, *([polygraph, *job(models / f"nodes_{count}.onnx")] for job in jobs.values()))
            for name, result in zip(jobs, results):
                times[name, count] = result["wall_s"]
                yield Row(f"{name}, {count} nodes", "ms", Samples(result["wall_s"]), limit=("<=", 2) if count == 1_000_000 else None)
        # n log n: 100 times as many nodes, 1.5 times as long per node.
        for name in jobs:
            yield Row(f"  {name}: times as long as for 10000", "x",
                      Samples(b / a for a, b in zip(times[name, 10_000], times[name, 1_000_000])), limit=("<=", 150))

        for name, model in (("20 GB beside", models / "external_20gb.onnx"), ("5 GB inside", models / "inline_5gb.onnx")):
            for job, arguments in (("inspect --show layers", ["inspect", "model", model, "--show", "layers"]),
                                   ("check lint --static", ["check", "lint", model, "--static"]),
                                   ("sanitize", ["surgeon", "sanitize", model, "--cleanup", "--toposort", "--fold-constants", "-o", out]),
                                   ("extract", ["surgeon", "extract", model, "--outputs", "m:auto" if "20" in name else "m_2:auto",
                                                "-o", out]),
                                   ("weight-strip", ["surgeon", "weight-strip", model, "-o", out])):
                yield from fast(f"{job}, {name}", arguments, 0.2, "rss_bytes", 100e6, rounds=3)


# What the peer takes for the same: a comparison, its log lines, and the outputs' statistics.
PEER_COMPARISON = """
import contextlib, io, json, resource, time
import numpy as np
from polygraphy.comparator import IterationResult, SimpleCompareFunc
from polygraphy.comparator import util

random = np.random.default_rng(1)
first = random.standard_normal(COUNT, dtype=np.float32)
second = first + random.standard_normal(COUNT, dtype=np.float32) * np.float32(0.01)
a, b = IterationResult({"y": first}, runner_name="r0"), IterationResult({"y": second}, runner_name="r1")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    found = SimpleCompareFunc(check_error_stat="quantile")(a, b)
    util.log_compared_output_stats(a, b, [found], "r0", "r1")
seconds = time.perf_counter() - start
print(json.dumps({"seconds": [seconds], "extra_bytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024}))
"""


def comparison(build):
    """All statistics of two outputs with 64 Mi elements each, and of their differences."""
    measure, count = build / "bin/bench/compare_statistics", 1 << 26
    for dtype, limit in (("float32", 0.4), ("float16", 0.3), ("bfloat16", 0.3), ("int8", 0.15)):
        seconds, processor_seconds, extra = [], [], []

        def measure_once():
            result = output_of(measure, dtype, count, 5)
            seconds.extend(result["seconds"])
            processor_seconds.extend(result["processor_seconds"])
            extra.append(result["extra_bytes"])

        until_clear(measure_once, lambda: seconds, limit, 1, 4)
        peer = None
        if dtype == "float32":
            peer = output_of(PEER.parent / "python", "-c", PEER_COMPARISON.replace("COUNT", str(count)))
        yield Row(f"statistics of 2 x 64 Mi {dtype}: time", "ms", Samples(seconds), peer and Samples(peer["seconds"]),
                  peer and Samples(peer["seconds"][0] / each for each in seconds), limit=("<=", limit), limit_on_ours=True)
        yield Row("  time of all processors together", "ms", Samples(processor_seconds))
        yield Row("  memory beyond the tensors", "MB", Samples(extra), peer and Samples([peer["extra_bytes"]]),
                  limit=("<=", 32e6))


WIDTHS = (46, -18, -18, -17, -13)


PEER_JSON = """
import json, sys, time
import numpy as np
from polygraphy.comparator import IterationResult, RunResults
path, count = sys.argv[1], int(sys.argv[2]) // 4
results = RunResults()
for name in "ab":
    results.append((name, [IterationResult({"y": np.random.RandomState(1).rand(count).astype("float32")}, 0.5, name)]))
begin = time.perf_counter()
results.save(path)
middle = time.perf_counter()
RunResults.load(path)
print(json.dumps({"save_s": middle - begin, "load_s": time.perf_counter() - middle}), file=sys.__stdout__)
"""


def results_json(build):
    """Two outputs of 256 MB each, saved and loaded as Polygraphy's JSON."""
    python, size = PEER.parent / "python", 256_000_000
    if not python.exists():
        raise Failure(f"{python} is missing: run 'setup/install.sh bench'.")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "results.json"
        for _ in range(3):
            ours.append(output_of(build / "bin/bench/results_json", file, size))
            file.unlink()  # to remove an old file takes time, too
            # Its log goes to standard output, in front of the JSON.
            done = subprocess.run([python, "-c", PEER_JSON, file, str(size)], capture_output=True, text=True, check=True)
            file.unlink()
            theirs.append(json.loads(done.stdout.splitlines()[-1]))
    for job in ("save", "load"):
        speed, peer = ([2 * size / run[f"{job}_s"] for run in runs] for runs in (ours, theirs))
        yield Row(f"{job} 2 x 256 MB as JSON", "GB/s", Samples(speed), Samples(peer), limit=(">=", 1e9))
        yield Row("  beside the Python library", "GB/s", Samples(speed), Samples(peer),
                  Samples(a / b for a, b in zip(speed, peer)))


def running(build):
    """`polygraph run` with ONNX Runtime, twice, on a model of one node, beside the Python program."""
    measure, polygraph = build / "bin/bench/processes", build / "bin/polygraph"
    run = ["run", build / "bench/identity.onnx", "--onnxrt", "--onnxrt"]

    def beside(rounds, *commands):
        return output_of(measure, rounds, *(part for command in commands for part in ("--", *command)))

    beside(1, [polygraph, *run], [PEER, *run])
    ours, theirs = beside(7, [polygraph, *run], [PEER, *run])
    yield Row("run identity, two runners: time", "ms", Samples(ours["wall_s"]), Samples(theirs["wall_s"]), limit=("<=", 45e-3))
    few, many = beside(3, *([polygraph, *run, "-qq", "--iterations", count] for count in (100, 10_000)))
    peer, = beside(1, [PEER, *run, "-qq", "--iterations", 1000])
    yield Row("  10,000 iterations, and 1000 of the peer", "ms", Samples(many["wall_s"]), Samples(peer["wall_s"]),
              Samples(10 * peer["wall_s"][0] / t for t in many["wall_s"]), limit=(">=", 20))
    yield Row("  memory more than for 100", "MB", Samples(b - a for a, b in zip(few["rss_bytes"], many["rss_bytes"])), limit=("<=", 1e6))


PARTS = (program, inference, onnxrt_inference, large_engine, onnx_models, comparison, results_json, running)


def line(cells):
    return "".join(f"{c:<{w}}" if w > 0 else f"{c:>{-w}}" for c, w in zip(cells, WIDTHS)) + "  " + cells[5]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, metavar="BUILD_FOLDER")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the results to FILE, too")
    parser.add_argument("--only", choices=[part.__name__ for part in PARTS], help="measure only this part")
    arguments = parser.parse_args()
    build = arguments.build.resolve()

    parts = [part for part in PARTS if arguments.only in (None, part.__name__)]
    print(line(("", "Polygraph", "peer", "ratio or diff.", "limit", "")).rstrip(), flush=True)
    rows = []
    for part in parts:
        with contextlib.closing(part(build)) as measured:
            for row in measured:
                rows.append(row)
                print(line(row.cells()).rstrip(), flush=True)
    if large_engine in parts:
        print("* the ratio is to the peer's time plus the checksum's at 5 GB/s", flush=True)
    missed = [row for row in rows if not row.ok()]
    limits = [row for row in rows if row.limit]
    print(f"{len(limits) - len(missed)} of {len(limits)} limits met. Median ± median absolute deviation; "
          f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}.")
    if arguments.json:
        report = {"processors": os.cpu_count(), "machine": platform.machine(), "ok": not missed,
                  "rows": [row.as_json() for row in rows]}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"bench: error: {failure}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
