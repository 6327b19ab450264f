"""Unpacks the parts of a wheel or source distribution that the build uses: unpack.py FILE FOLDER.

openvino: headers, CMake package, libraries and licences; not the Python modules nor the GPU and NPU plugins.
onnxruntime: the library and its licences.
magika: the model and its configuration.
tensorrt_rtx_cu13_libs: the library with its ONNX parser.
silero_vad, rapidocr_onnxruntime: models to test with.
onnx: the C++ library with its message definitions.
protobuf: the runtime for messages without reflection, from the source distribution of grpcio-tools.
"""

import fnmatch
import sys
import tarfile
import zipfile

PROTOBUF = "third_party/protobuf/src/google/protobuf/"
PROTOBUF_LITE = """any_lite arena arenastring arenaz_sampler extension_set generated_enum_util generated_message_tctable_lite
    generated_message_util implicit_weak_message inlined_string_field io/coded_stream io/io_win32 io/strtod io/zero_copy_stream
    io/zero_copy_stream_impl io/zero_copy_stream_impl_lite map message_lite parse_context repeated_field repeated_ptr_field
    stubs/bytestream stubs/common stubs/int128 stubs/status stubs/statusor stubs/stringpiece stubs/stringprintf
    stubs/structurally_valid stubs/strutil stubs/time wire_format_lite""".split()

# Name -> (folder below deps/, patterns to keep, patterns to leave out); fnmatch's * crosses folders. Members of a source
# distribution are named without its own folder.
PARTS = {
    "openvino": (
        "openvino",
        ["openvino/include/*", "openvino/cmake/*", "openvino/libs/*", "*.dist-info/licenses/*"],
        ["*_intel_gpu_plugin.so", "*_intel_npu_plugin.so", "openvino/libs/cache.json"],
    ),
    "onnxruntime": (
        "onnxruntime",
        ["onnxruntime/capi/libonnxruntime.so.*", "onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"],
        [],
    ),
    "magika": (
        "magika",
        ["magika/models/standard_v3_3/model.onnx", "magika/models/standard_v3_3/config.min.json"],
        [],
    ),
    "tensorrt_rtx_cu13_libs": ("tensorrt_rtx_libs", ["tensorrt_rtx_libs/*.so.1", "*.dist-info/licenses/*"], []),
    "silero_vad": ("silero_vad", ["silero_vad/data/*.onnx", "*.dist-info/licenses/*"], []),
    "rapidocr_onnxruntime": ("rapidocr_onnxruntime", ["rapidocr_onnxruntime/models/*.onnx"], []),
    "onnx": (
        "onnx",
        ["onnx/*.cc", "onnx/*.h", "onnx/*.h.in", "onnx/*.proto", "LICENSE", "VERSION_NUMBER"],
        ["onnx/backend/*", "onnx/cpp2py_export.cc", "onnx/*.in.proto"],
    ),
    "grpcio-tools": (
        "protobuf",
        [PROTOBUF + "*.h", PROTOBUF + "*.inc"] + [PROTOBUF + name + ".cc" for name in PROTOBUF_LITE],
        ["*test*", PROTOBUF + "compiler/*", PROTOBUF + "util/*"],
    ),
}


def wheel_member(name, member):
    """Where a member lies below deps/; licences move there from the metadata."""
    head, _, rest = member.partition("/")
    return member if head == name else f"{name}/{rest}"


def wheel(path, name, folder, wanted):
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if wanted(info.filename):
                info.filename = wheel_member(name, info.filename)
                archive.extract(info, folder)
                yield info.filename


def source(path, name, folder, wanted):
    with tarfile.open(path) as archive:
        for info in archive:
            member = info.name.partition("/")[2]
            if info.isfile() and wanted(member):
                info.name = f"{name}/{member.removeprefix('third_party/protobuf/src/')}"
                archive.extract(info, folder, set_attrs=False)
                yield info.name


def main(path, folder):
    file = path.rsplit("/", 1)[-1]
    is_wheel = file.endswith(".whl")
    name, keep, leave = PARTS[file.split("-")[0] if is_wheel else file.rsplit("-", 1)[0].replace("_", "-")]

    def wanted(member):
        return any(fnmatch.fnmatch(member, p) for p in keep) and not any(fnmatch.fnmatch(member, p) for p in leave)

    if not list((wheel if is_wheel else source)(path, name, folder, wanted)):
        sys.exit(f"{path}: holds none of {keep}")
    print(name)


main(*sys.argv[1:])
