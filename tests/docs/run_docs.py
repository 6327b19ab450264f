#!/usr/bin/env python3
"""Runs what a page of the documentation says: its command lines, its programs and its fragments of C++.

    run_docs.py --source FOLDER --build FOLDER --deps FOLDER --compiler CXX [--flag FLAG]... --header FILE
                [--library FILE]... PAGE.md

A fenced block is run according to the words behind its fence:

    sh            a script; it must end with status 0
    console       commands, each behind `$ ` (a line that follows a `\\` may begin with `> `), and what they print; each
                  must end with status 0. `...` stands for any text within a line and, alone on a line, for any number
                  of lines. Where no output is shown, none is compared; where no log line (`[I] `) is shown, standard
                  error is not compared
    cpp           a fragment: the body of a function that sees the names of the fragments before it. All fragments of a page
                  are one program, which runs after everything else and must end with status 0. It begins with the header
                  and `namespace pg = polygraph; using namespace pg::openvino;`
    cpp scope     declarations that stand outside that function, in front of it
    cpp run       a whole program, run in its turn; a block marked `output` behind it is what it prints
    sh norun, console norun, cpp norun, cmake, json, text: not run

Everything happens in one temporary folder per page, in the page's order. There are `identity.onnx`, a real model
(`model.onnx`, from the folder $MAGIKA), copies of the files of the source's root and of `examples/file_type`, and links to the
build folder (`build`) and to `docs`, `examples`, `src` and `tests`. The program and the examples are on the PATH. The page's
links to files must lead to files that exist.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LINKED_FOLDERS = ("docs", "examples", "src", "tests")
EXAMPLES_ON_PATH = ("immediate_eval_api", "extend_network", "several_threads", "file_type", "compare_precisions")
NOT_RUN = {"cmake", "json", "text", "output", "sh norun", "console norun", "cpp norun"}
RUN = {"sh", "console", "cpp", "cpp scope", "cpp run"}
LOG_LINE = re.compile(r"\[[USXVIWE!]\] ")
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-but-set-variable"]


class Failure(Exception):
    """What a page says is not so. The text begins with the number of the line."""


class Block:
    """A fenced block: the words behind the fence, its lines, and the number of its first line."""

    def __init__(self, kind, lines, number):
        self.kind = kind
        self.lines = lines
        self.number = number

    def text(self):
        return "\n".join(self.lines) + "\n"


def blocks_of(text):
    """The fenced blocks of a page. Those of an unknown kind are a Failure, so that none is left out by a slip."""
    blocks = []
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence = re.fullmatch(r"( *)(```+)(.*)", line)
        if not fence:
            continue
        indent, ticks, kind = len(fence[1]), fence[2], " ".join(fence[3].split())
        content = []
        for _, inner in lines:
            if inner.strip() == ticks:
                break
            content.append(inner[indent:])
        else:
            raise Failure(f"{number}: the block is not closed")
        if kind not in RUN | NOT_RUN:
            raise Failure(f"{number}: unknown kind of block '{kind}'; known: {', '.join(sorted(RUN | NOT_RUN))}")
        blocks.append(Block(kind, content, number + 1))
    return blocks


def commands_of(block):
    """(line number, command, output lines) of a console block."""
    commands = []
    continued = False
    for number, line in enumerate(block.lines, block.number):
        if continued:
            command = commands[-1]
            commands[-1] = (command[0], command[1] + "\n" + line.removeprefix("> "), [])
        elif line.startswith("$ "):
            commands.append((number, line[2:], []))
        elif commands:
            commands[-1][2].append(line)
        else:
            raise Failure(f"{number}: a console block begins with a command, `$ ...`")
        continued = commands[-1][1].endswith("\\") and not commands[-1][2]
    if not commands:
        raise Failure(f"{block.number}: a console block without a command")
    return commands


def pattern_of(expected):
    """A regular expression for the expected lines."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += "[^\n]*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n"
    return pattern


def compare(number, what, expected, actual):
    expected = list(expected)
    while expected and not expected[-1].strip():
        expected.pop()
    if not expected:
        return
    actual = actual.rstrip("\n") + "\n"
    if not re.fullmatch(pattern_of(expected), actual):
        wanted = "\n".join(expected)
        raise Failure(f"{number}: {what}\nshould print\n{wanted}\nand prints\n{actual}")


def shows_log(expected):
    return any(LOG_LINE.match(line) for line in expected)


def check_links(page, text, source):
    """Every link to a file must lead to one; those to other sites are not followed."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", text)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text) + re.findall(r"<img[^>]* src=\"([^\"]+)\"", text):
        if "://" not in target and not (page.parent / target).exists():
            raise Failure(f"1: the link to '{target}' leads nowhere below {source}")


class Page:
    """Runs one page in a folder of its own."""

    def __init__(self, arguments, folder):
        self.page = arguments.page
        self.source = arguments.source
        self.build = arguments.build
        self.compile = [arguments.compiler, "-std=c++20", *arguments.flag]
        self.header = arguments.header
        # The libraries by path, and their folders to find them and what they need, at linking and at running.
        folders = sorted({str(library.parent) for library in arguments.library})
        self.link = [*map(str, arguments.library), *(f"-Wl,-rpath,{f},-rpath-link,{f}" for f in folders)]
        self.folder = folder
        self.fill_folder(arguments.deps)

    def fill_folder(self, deps):
        model = next((deps / "magika").glob("models/*/model.onnx"))
        # Copies, so that a command that writes to such a file does no harm.
        files = [model, *self.source.iterdir(), *(self.source / "examples" / "file_type").iterdir()]
        for file in files:
            if file.is_file() and not file.name.startswith("."):
                shutil.copy(file, self.folder)
        for name in LINKED_FOLDERS:
            (self.folder / name).symlink_to(self.source / name)
        (self.folder / "build").symlink_to(self.build)

        binaries = [self.build / "bin", *(self.build / "bin" / "examples" / name for name in EXAMPLES_ON_PATH)]
        self.environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "POLYGRAPH_BACKEND_PATH")}
        self.environment["PATH"] = os.pathsep.join([*map(str, binaries), os.environ["PATH"]])
        self.environment["TMPDIR"] = str(self.folder)
        self.environment["MAGIKA"] = str(model.parent)
        self.environment["Polygraph_DIR"] = str(self.build)  # for CMake
        self.run(0, [sys.executable, str(self.source / "examples" / "make_identity.py"), "identity.onnx"])

    def run(self, number, command, what=None, with_errors=True):
        """What a command prints that must succeed, with or without standard error."""
        result = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT if with_errors else subprocess.PIPE,
                                text=True, errors="replace", timeout=100)
        if result.returncode:
            output = result.stdout + (result.stderr or "")
            raise Failure(f"{number}: {what or ' '.join(command)}\nended with status {result.returncode}:\n{output}")
        return result.stdout

    def shell(self, number, script, with_errors=True):
        return self.run(number, ["bash", "-c", "set -e -o pipefail\n" + script], script.rstrip("\n"), with_errors)

    def run_block(self, block, output):
        if block.kind == "sh":
            self.shell(block.number, block.text())
        elif block.kind == "console":
            for number, command, expected in commands_of(block):
                compare(number, command, expected, self.shell(number, command, shows_log(expected)))
        elif block.kind == "cpp run":
            self.run_program(block, output)

    def build_program(self, number, name, text):
        (self.folder / f"{name}.cpp").write_text(text, encoding="utf-8")
        self.run(number, [*self.compile, *WARNINGS, "-include", str(self.header), f"{name}.cpp", "-o", name, *self.link],
                 "compiling the program")

    def run_program(self, block, output):
        name = f"program_{block.number}"
        self.build_program(block.number, name, f'#line {block.number} "{self.page}"\n{block.text()}')
        compare(block.number, "the program", output, self.run(block.number, [f"./{name}"], with_errors=shows_log(output)))

    def run_fragments(self, blocks):
        """All fragments in one translation unit: each is nested in the one before it, so that it sees its names."""
        includes, scope, bodies = [], [], []
        for block in blocks:
            if block.kind not in ("cpp", "cpp scope"):
                continue
            marked = [f'#line {block.number} "{self.page}"']
            for line in block.lines:
                if line.startswith("#include"):
                    includes.append(line)
                    line = ""
                marked.append(line)
            (scope if block.kind == "cpp scope" else bodies).append("\n".join(marked))
        if not scope and not bodies:
            return
        prelude = ["namespace pg = polygraph;", "using namespace pg::openvino;"]
        function = ["int main() {", *("{\n" + body for body in bodies), "}" * len(bodies), "}"]
        self.build_program(1, "fragments", "\n".join([*includes, *prelude, *scope, *function]) + "\n")
        self.run(1, ["./fragments"], "the program of all fragments")


def run_page(arguments):
    text = arguments.page.read_text(encoding="utf-8")
    blocks = blocks_of(text)
    check_links(arguments.page, text, arguments.source)
    with tempfile.TemporaryDirectory() as folder:
        page = Page(arguments, pathlib.Path(folder))
        for block, following in zip(blocks, [*blocks[1:], None]):
            page.run_block(block, following.lines if following and following.kind == "output" else [])
        page.run_fragments(blocks)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, required=True, help="the root of the source")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    parser.add_argument("--deps", type=pathlib.Path, required=True, help="the folder of what setup/install.sh fetches")
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flag", action="append", default=[], help="for the compiler; can be repeated")
    parser.add_argument("--header", type=pathlib.Path, required=True, help="what every piece of C++ begins with")
    parser.add_argument("--library", action="append", default=[], type=pathlib.Path, help="to link programs with; can be repeated")
    parser.add_argument("page", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.page = arguments.page.resolve()
    try:
        run_page(arguments)
    except Failure as failure:
        sys.exit(f"{arguments.page}:{failure}")


if __name__ == "__main__":
    main()
