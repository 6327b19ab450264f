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

    def __init__(self, name, unit, ours, peer=None, comparison=None, comparison_unit="x", limit=None, limit_unit=None):
        self.name, self.unit, self.ours, self.peer = name, unit, ours, peer
        self.comparison, self.comparison_unit = comparison, comparison_unit
        self.limit = limit  # ("<=" or ">=", number in SI units), or None
        self.limit_unit = limit_unit or (comparison_unit if comparison else unit)
        self.judged = comparison or ours

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
    for model, path, pairs, block_ms, kind, bound in (("magika", MAGIKA, 50, 60, "x", 1.02),
                                                      ("identity", build / "bench/identity.onnx", 20, 50, "us", 3e-6)):
        for mode in ("reused", "fresh", "control"):
            bare, ours, allocations = [], [], []

            def measure():
                # A new process: where an engine's memory happens to lie makes a difference of its own.
                result = output_of(build / "bin/bench/infer", path, mode, pairs, block_ms)
                bare.extend(t * 1e-9 for t in result["bare_ns"])
                ours.extend(t * 1e-9 for t in result["runner_ns"])
                # Threads of OpenVINO allocate now and then; a call of the runner allocates in whole numbers.
                allocations.append((round(result["runner_allocations"]), round(result["bare_allocations"])))

            def compared():
                return [o / b if kind == "x" else o - b for o, b in zip(ours, bare)]

            until_clear(measure, compared, bound, 2 if mode == "control" else 3, 2 if mode == "control" else 8)
            name = f"infer() {model}, " + {"reused": "same tensors", "fresh": "new addresses",
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


WIDTHS = (34, -15, -15, -16, -13)


def line(cells):
    return "".join(f"{c:<{w}}" if w > 0 else f"{c:>{-w}}" for c, w in zip(cells, WIDTHS)) + "  " + cells[5]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, metavar="BUILD_FOLDER")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the results to FILE, too")
    parser.add_argument("--only", choices=("program", "inference", "large_engine"), help="measure only this part")
    arguments = parser.parse_args()
    build = arguments.build.resolve()

    parts = [part for part in (program, inference, large_engine) if arguments.only in (None, part.__name__)]
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
