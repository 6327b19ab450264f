"""Backends that are missing or incomplete."""

import pathlib
import re
import shutil
import subprocess
import unittest

import engines
from program import PROGRAM, ProgramTest, clean_environment, run


def needed_libraries(path):
    """What the dynamic linker loads for a program or library: name and place."""
    text = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^\s*(\S+) => (/\S+)", text, re.MULTILINE))


def copy_without_search_path(source, target, folder):
    """Copies a program or library of the build so that it does not look for libraries in `folder` any more."""
    data = pathlib.Path(source).read_bytes()
    place = str(folder).encode()
    assert place in data, f"{source} does not look for libraries in {folder}"
    pathlib.Path(target).write_bytes(data.replace(place, b"/".ljust(len(place), b"-")))
    shutil.copymode(source, target)
    return target


@unittest.skipUnless(shutil.which("ldd"), "ldd is not installed")
class MissingBackend(ProgramTest):
    def setUp(self):
        super().setUp()
        core = next(pathlib.Path(place) for name, place in needed_libraries(PROGRAM).items() if name.startswith("libpolygraph.so"))
        shutil.copy(core, self.folder)
        self.program = copy_without_search_path(PROGRAM, self.path("polygraph"), core.parent)

    def run_alone(self, *arguments, **environment):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env=clean_environment(LD_LIBRARY_PATH=self.folder, **environment))

    def test_convert_says_what_to_install(self):
        result = self.run_alone("convert", self.model, "-o", self.path("x.engine"))
        self.check_error(result, 4, "There is no libpolygraph-openvino.so.", "Install Polygraph with the openvino backend",
                         "POLYGRAPH_BACKEND_PATH")
        self.assertFalse(pathlib.Path(self.path("x.engine")).exists())

    def test_what_needs_no_backend_works(self):
        self.check(self.run_alone("inspect", "model", self.model), 0, stdout="ONNX Model", stderr="")
        self.check(self.run_alone("--version"), 0, stdout="openvino: not available.", stderr="")

    def test_module_that_is_no_library(self):
        self.write("libpolygraph-openvino.so", b"not a library")
        result = self.run_alone("convert", self.model, "-o", self.path("x.engine"))
        self.check_error(result, 4, "Cannot load " + self.path("libpolygraph-openvino.so"), "Reinstall Polygraph")

    def test_module_that_is_another_library(self):
        core = next(pathlib.Path(self.folder).glob("libpolygraph.so*"))
        shutil.copy(core, self.path("libpolygraph-openvino.so"))
        result = self.run_alone("convert", self.model, "-o", self.path("x.engine"))
        self.check_error(result, 4, "is not a Polygraph backend", "POLYGRAPH_BACKEND_PATH")

    @engines.needs_openvino
    def test_inspection_of_an_engine_needs_no_backend(self):
        engine = self.path("x.engine")
        self.check(run("convert", self.model, "-o", engine, "--profiling"), 0)
        self.check(self.run_alone("inspect", "model", engine), 0, stdout="OpenVINO Engine", stderr="")
        result = self.run_alone("inspect", "model", engine, "--show", "layers")
        self.check(result, 0, stdout="[Op: Input]", stderr=["[W] ", "There is no libpolygraph-openvino.so."])

    @engines.needs_openvino
    def test_engine_library_is_missing(self):
        module = pathlib.Path(PROGRAM).parents[1] / "lib" / "libpolygraph-openvino.so"
        library = next(pathlib.Path(place) for name, place in needed_libraries(module).items() if name.startswith("libopenvino.so"))
        copy_without_search_path(module, self.path("libpolygraph-openvino.so"), library.parent)
        result = self.run_alone("convert", self.model, "-o", self.path("x.engine"))
        self.check_error(result, 4, "Cannot load " + self.path("libpolygraph-openvino.so"), library.name, "Reinstall Polygraph")


if __name__ == "__main__":
    unittest.main()
