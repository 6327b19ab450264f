# The installed tree must work after being moved, with nothing of the build tree in reach: no library path may point there.
cmake_minimum_required(VERSION 3.25)

string(REPLACE "," "\\;" escaped_components "${COMPONENTS}")
string(REPLACE "," ";" COMPONENTS "${COMPONENTS}")

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${result}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text)
  string(FIND "${output}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "expected '${text}' in:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first")
file(RENAME "${WORK}/first" "${WORK}/prefix")

file(GLOB binaries "${WORK}/prefix/bin/*" "${WORK}/prefix/${LIBDIR}/*.so*")
foreach(binary IN LISTS binaries)
  file(READ_ELF "${binary}" RPATH rpath RUNPATH runpath)
  foreach(entry IN LISTS rpath runpath)
    if(NOT entry MATCHES "^\\$ORIGIN")
      message(FATAL_ERROR "${binary} looks for libraries in '${entry}'")
    endif()
  endforeach()
endforeach()

run("${WORK}/prefix/bin/polygraph" --version)
expect("${VERSION}")
if("openvino" IN_LIST COMPONENTS)
  expect("OpenVINO")
endif()

foreach(page man/man1/polygraph.1 man/man1/polygraph-inspect-model.1 bash-completion/completions/polygraph
    zsh/site-functions/_polygraph fish/vendor_completions.d/polygraph.fish)
  file(STRINGS "${WORK}/prefix/share/${page}" lines REGEX polygraph)
  if(NOT lines)
    message(FATAL_ERROR "share/${page} says nothing of polygraph")
  endif()
endforeach()

# Every tool that the program's page names has its page.
file(STRINGS "${WORK}/prefix/share/man/man1/polygraph.1" named REGEX "^\\.BR polygraph")
foreach(line IN LISTS named)
  string(REGEX REPLACE "^\\.BR ([^ ]+) .*" "\\1" page "${line}")
  string(REPLACE "\\-" "-" page "${page}")
  if(NOT EXISTS "${WORK}/prefix/share/man/man1/${page}.1")
    message(FATAL_ERROR "polygraph.1 names ${page}, which has no page")
  endif()
endforeach()
if(NOT named)
  message(FATAL_ERROR "polygraph.1 names no other page")
endif()

run("${CMAKE_COMMAND}" -S "${OUTSIDE}" -B "${WORK}/outside" -G Ninja
  "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCOMPONENTS=${escaped_components}"
  "-DTensorRT_RTX_INCLUDE_DIR=${TENSORRT_RTX_HEADERS}" "-DCUDA_INCLUDE_DIR=${CUDA_HEADERS}")
run("${CMAKE_COMMAND}" --build "${WORK}/outside")
run("${WORK}/outside/ones")
expect("ones [dtype=float32, shape=(2, 2)]")
if("onnxrt" IN_LIST COMPONENTS)
  # Nothing but the installed tree has one.
  run("${CMAKE_COMMAND}" -E env --unset=POLYGRAPH_ONNXRUNTIME --unset=VIRTUAL_ENV PATH=/nowhere HOME=/nowhere
    "${WORK}/outside/session" "${MODEL}")
  expect("bytes [dtype=int32")
  # What run --gen-script writes is such a project, too.
  set(program "${WORK}/program")
  run("${WORK}/prefix/bin/polygraph" run "${MODEL}" --onnxrt --gen-script "${program}/compare.cpp")
  run("${CMAKE_COMMAND}" -S "${program}" -B "${program}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}")
  run("${CMAKE_COMMAND}" --build "${program}/build")
  run("${program}/build/compare")
  expect("PASSED | Runtime: ")
endif()
if("openvino" IN_LIST COMPONENTS)
  run("${WORK}/outside/infer" "${MODEL}")
  expect("target_label")
endif()
if("trt-rtx" IN_LIST COMPONENTS)
  # Edits a network with TensorRT's own functions, and builds: no GPU is needed.
  run("${CMAKE_COMMAND}" -E env "POLYGRAPH_TENSORRT_RTX=${TENSORRT_RTX}" "${WORK}/outside/plan" "${MODEL}" "${WORK}/model.plan")
  expect("output of added_identity")
  run("${WORK}/prefix/bin/polygraph" inspect model "${WORK}/model.plan")
  expect("TensorRT-RTX")
endif()
