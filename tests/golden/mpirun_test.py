"""`mpirun -n N polygraph run`: the numbers, texts and files are those of one process, whatever becomes of a rank."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from program import PROGRAM, clean_environment, run
from text_models import CHAIN, HEADER, ModelTest

MPIRUN = shutil.which("mpirun") or shutil.which("mpirun.openmpi")
# More ranks than processors; every host runs the tests as it likes, also as root.
OPTIONS = ["--oversubscribe", "--bind-to", "none"]
ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PRTE_ALLOW_RUN_AS_ROOT": "1",
        "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

# y is infinite or NaN where x is 0 or below.
LOG = HEADER + "g (float[4] x) => (float[4] y, float[4] z) { y = Log (x)  z = Neg (x) }"
TIMES = [(re.compile(pattern), replacement) for pattern, replacement in (
    (r"in [\d.e+-]+ [mu]s \| Average inference time: .*", "in TIME"),
    (r"Runtime: [\d.]+s", "Runtime: TIME"),
    (r'time="[\d.]+"', 'time="TIME"'),
    (r'"(seconds|mean_seconds|least_seconds|most_seconds|runtime)": ?[\d.e+-]+', r'"\1": TIME'),
)]


def without_times(text):
    for pattern, replacement in TIMES:
        text = pattern.sub(replacement, text)
    return text


def mpirun_command(ranks, *arguments):
    return [MPIRUN, *OPTIONS, "-n", str(ranks), PROGRAM, *map(str, arguments)]


def mpirun(ranks, *arguments, environment=None, timeout=100):
    return subprocess.run(mpirun_command(ranks, *arguments), env=clean_environment(**ROOT, **(environment or {})), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=timeout, check=False)


def is_open_mpi():
    if MPIRUN is None:
        return False
    version = subprocess.run([MPIRUN, "--version"], text=True, stdout=subprocess.PIPE, check=False).stdout
    return "Open MPI" in version or "OpenRTE" in version


def needs_open_mpi(test):
    return unittest.skipUnless(is_open_mpi(), "Open MPI is not installed: NOTHING about mpirun is tested")(test)


def errors(stderr):
    """Polygraph's own: mpirun has something to say about a job that fails, too."""
    return [line for line in stderr.splitlines() if line.startswith("[!] ")]


class MpiTest(ModelTest):
    def setUp(self):
        super().setUp()
        self.chain = self.model_of(CHAIN, "chain.onnx")
        self.log = self.model_of(LOG, "log.onnx")

    def saved(self, name):
        """A file, or a folder, as text or bytes that can be compared."""
        path = pathlib.Path(self.path(name))
        if path.is_dir():
            return {str(file.relative_to(path)): without_times(file.read_bytes().decode("latin-1"))
                    for file in sorted(path.rglob("*")) if file.is_file()}
        return without_times(path.read_bytes().decode("latin-1"))

    def check_equal(self, *arguments, status=0, files=(), ranks=(1, 2, 4), environment=None):
        """The same command line, alone and with several ranks: exit status, stdout and files are equal."""
        names = [self.path(name) for name in files]

        def forget():
            for name in names:
                if os.path.isdir(name):
                    shutil.rmtree(name)
                elif os.path.exists(name):
                    os.remove(name)

        forget()
        alone = run("run", *arguments, environment=environment)
        self.assertEqual(alone.returncode, status, alone.stdout + alone.stderr)
        wanted = {name: self.saved(name) for name in files}
        for count in ranks:
            with self.subTest(ranks=count, arguments=arguments[1:]):
                forget()
                together = mpirun(count, "run", *arguments, environment=environment)
                self.assertEqual(together.returncode, status, together.stdout + together.stderr)
                self.assertEqual(without_times(together.stdout), without_times(alone.stdout))
                for name in files:
                    self.assertEqual(self.saved(name), wanted[name], name)
        return alone


@needs_open_mpi
class SameAsOneProcess(MpiTest):
    def test_verdicts_and_reports(self):
        both = ("--reference", "--reference", "--with", "outputs_in_double=true")
        self.check_equal(self.chain, *both, "--iterations", "7")
        self.check_equal(self.chain, *both, "--iterations", "5", "--compare", "simple", "l2", "cosine_similarity", "ulp", "--json",
                         self.path("report.json"), "--junit", self.path("report.xml"), "--save-accuracy-results", self.path("accuracy.json"),
                         files=("report.json", "report.xml", "accuracy.json"))
        self.check_equal(self.chain, *both, "--iterations", "3", "--json")
        self.check_equal(self.chain, *both, "--iterations", "4", "-v", "--check-average", "--compare", "l2", ranks=(3,))

    def test_more_ranks_than_iterations(self):
        self.check_equal(self.chain, "--reference", "--reference", "--iterations", "2", ranks=(4,))

    def test_failures(self):
        # Inputs in [-1, 2]: some iterations have NaN, some have not; more fail than are told.
        arguments = (self.log, "--reference", "--reference", "--val-range", "[-1,2]", "--iterations", "30")
        self.check_equal(*arguments, status=1)
        self.check_equal(*arguments, "--validate", "--seed", "5", "--json", self.path("report.json"), status=1, files=["report.json"])
        self.check_equal(*arguments, "--validate", "--nans-compare-equal", "--infinities-compare-equal", status=1, ranks=(2,))

    def test_fail_fast(self):
        # The first failure is in a late iteration of some rank; what ranks did beyond it counts nowhere.
        for seed in ("1", "11", "23"):
            self.check_equal(self.log, "--reference", "--reference", "--val-range", "[-0.05,2]", "--iterations", "60", "--seed", seed,
                             "--fail-fast", "--save-inputs", self.path("inputs"), "--save-outputs", self.path("outputs.json"),
                             status=1, files=("inputs", "outputs.json"))

    def test_saved_data(self):
        for inputs, outputs in (("inputs.json", "outputs.json"), ("inputs.npz", "outputs.npz"), ("inputs", "outputs")):
            self.check_equal(self.chain, "--reference", "--iterations", "5", "--save-inputs", self.path(inputs), "--save-outputs",
                             self.path(outputs), "--save-input-blob", self.path("raw"),
                             files=(inputs, "raw") + (() if outputs.endswith("npz") else (outputs,)))
            self.check_equal(self.chain, "--reference", "--load-inputs", self.path(inputs), "--load-outputs", self.path(outputs))
            self.check_equal("--load-outputs", self.path(outputs), self.path(outputs), ranks=(2,))
        self.check_equal(self.chain, "--reference", "--load-inputs", self.path("raw"), "--load-outputs", self.path("outputs.npz"), ranks=(2,))
        for count, words in (("4", "are more than the 4 iteration(s)"), ("6", "are 5 iteration(s), and more were run")):
            for ranks in (2, 3):
                result = mpirun(ranks, "run", self.chain, "--reference", "--iterations", count, "--load-outputs", self.path("outputs.json"))
                self.check(result, 3, stderr=words)
                self.assertEqual(len(errors(result.stderr)), 1, result.stderr)

    def test_ways_of_running(self):
        arguments = (self.chain, "--reference", "--reference", "--iterations", "5")
        for more in (("--sequential-runners",), ("--use-subprocess",), ("--sequential-runners", "--use-subprocess"), ("--warm-up", "2"),
                     ("--postprocess", "top-2", "--compare", "indices"), ("--onnx-outputs", "*", "--save-onnx", self.path("marked.onnx"))):
            self.check_equal(*arguments, *more, ranks=(2,))

    def test_engines(self):
        engine = ["--openvino"] if os.environ.get("POLYGRAPH_OPENVINO") == "1" else []
        if os.path.exists(os.environ.get("POLYGRAPH_TEST_ONNXRUNTIME") or "/nowhere"):
            engine.append("--onnxrt")
        if engine:
            self.check_equal(self.chain, "--reference", *engine, "--iterations", "5", ranks=(2, 4))


@needs_open_mpi
class Failures(MpiTest):
    """One message, which says where; the right exit status; an end."""

    def check_failure(self, result, status, *parts):
        self.check(result, status, stderr=parts)
        self.assertEqual(len(errors(result.stderr)), 1, result.stderr)

    def test_wrong_usage(self):
        self.check_failure(mpirun(3, "run", self.chain, "--reference", "--iteratoins", "3"), 2, "Did you mean '--iterations'?")
        self.check_failure(mpirun(3, "run", self.chain), 2, "There is nothing to run")
        self.check_failure(mpirun(3, "run", self.path("missing.onnx"), "--reference"), 3, "missing.onnx")
        self.assertEqual(mpirun(3, "run", "-h").stdout.count("usage:"), 3)  # as of any program

    def test_a_damaged_iteration(self):
        saved = self.path("inputs")
        self.check(run("run", self.chain, "--reference", "--iterations", "6", "--save-inputs", saved), 0)
        damaged = pathlib.Path(saved) / "0000000003.json"
        damaged.write_text(damaged.read_text().replace('"x"', '"wrong"'))
        alone = run("run", self.chain, "--reference", "--reference", "-v", "--load-inputs", saved)
        self.check(alone, 3, stderr="wrong")
        for ranks, where in ((2, "Rank 1 on host '"), (4, "Rank 3 on host '"), (3, "")):
            result = mpirun(ranks, "run", self.chain, "--reference", "--reference", "-v", "--load-inputs", saved)
            self.check_failure(result, 3, "wrong", where)
            self.assertEqual(result.stdout, alone.stdout)  # all iterations before it, none behind

    def test_a_runner_that_fails(self):
        # Index 5 of 5: the first of the iterations that have it ends the run, whichever rank it is on.
        gather = self.model_of(HEADER + "g (float[5] d, int64[1] i) => (float[1] y) { y = Gather (d, i) }", "gather.onnx")
        for seed in ("1", "2", "3"):
            arguments = ("run", gather, "--reference", "--reference", "-v", "--val-range", "i:[0,5]", "--iterations", "100", "--seed", seed)
            alone = run(*arguments)
            self.assertNotEqual(alone.returncode, 0)
            message = errors(alone.stderr)[0].removeprefix("[!] ")
            for ranks in (2, 4):
                result = mpirun(ranks, *arguments)
                self.check_failure(result, alone.returncode, message)
                self.assertEqual(result.stdout, alone.stdout)

    def test_a_rank_that_sees_less(self):
        # As on a host that lacks a file: rank 1 is given another folder under the same name.
        folders = [self.path(name) for name in ("a", "b")]
        for folder, count in zip(folders, ("6", "3")):
            os.mkdir(folder)
            self.check(run("run", self.chain, "--reference", "--iterations", count, "--save-inputs", folder + "/inputs"), 0)
        here = self.path("script.sh")
        with open(here, "w", encoding="utf-8") as script:
            script.write(f'cd {self.folder}/$([ $OMPI_COMM_WORLD_RANK = 1 ] && echo b || echo a) && exec "$@"\n')
        command = [MPIRUN, *OPTIONS, "-n", "2", "sh", here, PROGRAM, "run", self.chain, "--reference", "--load-inputs", "inputs"]
        result = subprocess.run(command, env=clean_environment(**ROOT), text=True, capture_output=True, timeout=100, check=False)
        self.check_failure(result, 3, "There are 3 iterations for rank 1", "and more for rank 0", "the same on every host")

    def test_command_lines_that_differ(self):
        one = [PROGRAM, "run", self.chain, "--reference", "--reference"]
        command = [MPIRUN, *OPTIONS, "-n", "1", *one, ":", "-n", "1", *one, "--atol", "1"]
        result = subprocess.run(command, env=clean_environment(**ROOT), text=True, capture_output=True, timeout=100, check=False)
        self.check_failure(result, 2, "The program or the command line of rank 1")

    def test_libraries_that_are_not_open_mpi(self):
        missing = mpirun(2, "run", self.chain, "--reference", environment={"POLYGRAPH_MPI": "/nowhere/libmpi.so"})
        self.check_failure(missing, 4, "/nowhere/libmpi.so", "POLYGRAPH_MPI")
        other = mpirun(2, "run", self.chain, "--reference", environment={"POLYGRAPH_MPI": "libz.so.1"})
        self.check_failure(other, 4, "is not Open MPI's library: it lacks ompi_mpi_comm_world")

    def long_run(self):
        """A run of two ranks that would take hours, and the processes of its ranks once both are at work."""
        log = self.path("log.txt")
        process = subprocess.Popen(mpirun_command(2, "run", self.chain, "--reference", "--reference", "--iterations", "1000000000",
                                                  "--save-outputs", self.path("outputs.npz"), "--log-file", log),
                                   env=clean_environment(**ROOT), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        end = time.monotonic() + 60
        while not (os.path.exists(log) and self.read("log.txt").count("Activated") == 2):
            self.assertLess(time.monotonic(), end, "the run did not begin")
            time.sleep(0.05)
        time.sleep(1)
        ranks = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                is_program = os.path.realpath(entry / "exe") == os.path.realpath(PROGRAM)
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, PermissionError):
                continue
            if is_program and parent == process.pid:
                ranks[int(next(word for word in environment if word.startswith(b"OMPI_COMM_WORLD_RANK=")).split(b"=")[1])] = int(entry.name)
        self.assertEqual(sorted(ranks), [0, 1])
        return process, ranks

    def check_ended(self, process, ranks):
        """Both streams, once mpirun has ended: no process is left, and no file."""
        stdout, stderr = process.communicate(timeout=60)
        end = time.monotonic() + 20
        for number in ranks.values():
            while os.path.exists(f"/proc/{number}"):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
        self.assertEqual([name for name in os.listdir(self.folder) if "outputs" in name], [])
        return stdout, stderr

    def test_a_rank_that_is_killed(self):
        for victim in (1, 0):
            with self.subTest(rank=victim):
                process, ranks = self.long_run()
                os.kill(ranks[victim], signal.SIGKILL)
                stdout, stderr = self.check_ended(process, ranks)
                self.assertEqual(process.returncode, 137, stderr)
                self.assertRegex(stderr, rf"process rank {victim} .*exited on\s+signal 9")
                self.assertNotIn(" | Runtime: ", stdout)

    def test_interrupt(self):
        process, ranks = self.long_run()
        process.send_signal(signal.SIGINT)
        stdout, stderr = self.check_ended(process, ranks)
        self.assertNotEqual(process.returncode, 0)
        self.assertLessEqual(len(errors(stderr)), 1, stderr)
        self.assertNotIn(" | Runtime: ", stdout)


class WithoutMpi(MpiTest):
    def test_nothing_is_opened_without_mpirun(self):
        environment = {"POLYGRAPH_MPI": "/nowhere/libmpi.so"}
        self.check(run("run", self.chain, "--reference", environment=environment), 0)
        alone = {**environment, "OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"}
        self.check(run("run", self.chain, "--reference", environment=alone), 0)

    def test_another_mpi(self):
        result = run("run", self.chain, "--reference", environment={"PMI_SIZE": "4", "PMI_RANK": "2"})
        self.check_error(result, 4, "one of 4", "Open MPI's mpirun")
        self.check(run("inspect", "model", self.chain, environment={"PMI_SIZE": "4", "PMI_RANK": "2"}), 0)

    def test_no_library(self):
        result = run("run", self.chain, "--reference", environment={"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0",
                                                                    "POLYGRAPH_MPI": "/nowhere/libmpi.so"})
        self.check_error(result, 4, "cannot be opened", "libopenmpi3")


if __name__ == "__main__":
    unittest.main()
