# The same tests with each older version that setup/install.sh fetches for `make test`. What compares the outputs of ONNX's node
# tests is about the newest; no version has bounds of shapes to refuse.
file(STRINGS "${PROJECT_SOURCE_DIR}/setup/onnxruntime_versions.txt" lines REGEX "^onnxruntime==")
foreach(line ${lines})
  string(REGEX REPLACE "^onnxruntime==([0-9.]+).*" "\\1" version "${line}")
  set(folder "${POLYGRAPH_DEPS}/onnxruntime-${version}")
  if(NOT EXISTS "${folder}")
    message(WARNING "ONNX Runtime ${version} is not in ${POLYGRAPH_DEPS}: its tests are left out. 'setup/install.sh test' fetches it.")
    continue()
  endif()
  set(left_out "EditedNodeModels*:Evaluator.IsNeverWrong:*RefusesAShapeOutOfBounds*")
  if(version VERSION_LESS 1.21)  # it copies external data: gigabytes in this test
    string(APPEND left_out ":SessionFromOnnx.TakesModelsPastTwoGigabytes")
  endif()
  gtest_discover_tests(polygraph-onnxrt-tests TEST_PREFIX "onnxrt-${version}." TEST_LIST onnxrt-${version}
    TEST_FILTER "-${left_out}"
    PROPERTIES TIMEOUT 120 ENVIRONMENT "POLYGRAPH_ONNXRUNTIME=${folder}")
endforeach()
