# What `cmake --install` puts below the prefix, which may be moved afterwards:
#
#   bin/polygraph
#   lib/libpolygraph.so, lib/libpolygraph-openvino.so, lib/libpolygraph-onnxrt.so, lib/libpolygraph-onnx-official.so
#   lib/libpolygraph-trt.so, lib/libpolygraph-trt-rtx.so
#   lib/cmake/Polygraph/                 find_package(Polygraph COMPONENTS openvino onnxrt trt trt-rtx)
#   lib/polygraph/openvino/              the OpenVINO that the backend was built with (POLYGRAPH_BUNDLE_OPENVINO)
#   lib/polygraph/onnxruntime/           an ONNX Runtime (POLYGRAPH_BUNDLE_ONNXRUNTIME); others are found, too
#   include/polygraph/
#   share/                               man pages, completions, licences
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Polygraph")
set(openvino_dir "${CMAKE_INSTALL_LIBDIR}/polygraph/openvino")
file(RELATIVE_PATH bin_to_lib "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")

set_target_properties(polygraph-program PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
set_target_properties(polygraph PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS polygraph-program RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS polygraph EXPORT PolygraphTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT PolygraphTargets NAMESPACE Polygraph:: DESTINATION "${package_dir}")
# The build folder is a package, too: -DPolygraph_DIR=<build folder>, and for the backend -DOpenVINO_DIR=...
export(EXPORT PolygraphTargets NAMESPACE Polygraph:: FILE "${PROJECT_BINARY_DIR}/PolygraphTargets.cmake")

set(product polygraph-program polygraph)
set(unbuilt_rooms PATTERN openvino EXCLUDE PATTERN openvino.h EXCLUDE)

if(POLYGRAPH_OPENVINO)
  set_target_properties(polygraph-openvino PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/polygraph/openvino/libs")
  install(TARGETS polygraph-openvino EXPORT PolygraphOpenvinoTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT PolygraphOpenvinoTargets NAMESPACE Polygraph:: DESTINATION "${package_dir}")
  export(EXPORT PolygraphOpenvinoTargets NAMESPACE Polygraph:: FILE "${PROJECT_BINARY_DIR}/PolygraphOpenvinoTargets.cmake")
  list(APPEND product polygraph-openvino)
  unset(unbuilt_rooms)
  if(POLYGRAPH_BUNDLE_OPENVINO)
    # The CPU and the devices made of other devices, the ONNX and IR front ends, and the threading libraries. OpenVINO's own
    # CMake package insists on every front end there is, so a smaller one of ours takes its place.
    set(runtime "${OpenVINO_DIR}/..")
    file(GLOB runtime_libraries
      "${runtime}/libs/libopenvino.so.*"
      "${runtime}/libs/libopenvino_intel_cpu_plugin.so"
      "${runtime}/libs/libopenvino_auto_plugin.so"
      "${runtime}/libs/libopenvino_auto_batch_plugin.so"
      "${runtime}/libs/libopenvino_hetero_plugin.so"
      "${runtime}/libs/libopenvino_onnx_frontend.so.*"
      "${runtime}/libs/libopenvino_ir_frontend.so.*"
      "${runtime}/libs/libtbb.so.*"
      "${runtime}/libs/libtbbmalloc.so.*"
      "${runtime}/libs/libtbbbind_2_5.so.*"
      "${runtime}/libs/libhwloc.so.*")
    install(FILES ${runtime_libraries} DESTINATION "${openvino_dir}/libs")
    install(DIRECTORY "${runtime}/include/openvino" DESTINATION "${openvino_dir}/include")
    install(DIRECTORY "${runtime}/licenses" DESTINATION "${openvino_dir}")
    configure_file("${CMAKE_CURRENT_LIST_DIR}/OpenVINOConfig.cmake.in" "${PROJECT_BINARY_DIR}/bundle/OpenVINOConfig.cmake" @ONLY)
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/bundle/OpenVINOConfigVersion.cmake"
      VERSION "${OpenVINO_VERSION}" COMPATIBILITY ExactVersion)
    install(FILES "${PROJECT_BINARY_DIR}/bundle/OpenVINOConfig.cmake" "${PROJECT_BINARY_DIR}/bundle/OpenVINOConfigVersion.cmake"
      DESTINATION "${openvino_dir}/cmake")
  endif()
endif()

set_target_properties(polygraph-onnxrt PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS polygraph-onnxrt EXPORT PolygraphOnnxrtTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT PolygraphOnnxrtTargets NAMESPACE Polygraph:: DESTINATION "${package_dir}")
export(EXPORT PolygraphOnnxrtTargets NAMESPACE Polygraph:: FILE "${PROJECT_BINARY_DIR}/PolygraphOnnxrtTargets.cmake")
list(APPEND product polygraph-onnxrt)
if(POLYGRAPH_BUNDLE_ONNXRUNTIME)
  file(GLOB onnxruntime "${POLYGRAPH_DEPS}/onnxruntime/capi/libonnxruntime.so.*")
  if(onnxruntime)
    install(FILES ${onnxruntime} "${POLYGRAPH_DEPS}/onnxruntime/LICENSE" "${POLYGRAPH_DEPS}/onnxruntime/ThirdPartyNotices.txt"
      DESTINATION "${CMAKE_INSTALL_LIBDIR}/polygraph/onnxruntime")
  endif()
endif()

# The modules that could be built. TensorRT's headers are not installed: the package finds them again.
foreach(name trt trt-rtx)
  if(TARGET polygraph-${name})
    set_target_properties(polygraph-${name} PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(TARGETS polygraph-${name} EXPORT Polygraph-${name}-Targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT Polygraph-${name}-Targets NAMESPACE Polygraph:: DESTINATION "${package_dir}")
    export(EXPORT Polygraph-${name}-Targets NAMESPACE Polygraph:: FILE "${PROJECT_BINARY_DIR}/Polygraph-${name}-Targets.cmake")
    list(APPEND product polygraph-${name})
  endif()
endforeach()
install(FILES "${CMAKE_CURRENT_LIST_DIR}/TensorRtHeaders.cmake" DESTINATION "${package_dir}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/TensorRtHeaders.cmake" "${PROJECT_BINARY_DIR}/TensorRtHeaders.cmake" COPYONLY)

if(POLYGRAPH_ONNX_OFFICIAL)
  install(TARGETS polygraph-onnx-official LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(FILES "${POLYGRAPH_DEPS}/onnx/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE.onnx)
  install(FILES "${PROJECT_BINARY_DIR}/src/onnx_official/LICENSE.protobuf" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  list(APPEND product polygraph-onnx-official)
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/polygraph" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" ${unbuilt_rooms})

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/PolygraphConfig.cmake.in" "${PROJECT_BINARY_DIR}/PolygraphConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS openvino_dir)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/PolygraphConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/PolygraphConfig.cmake" "${PROJECT_BINARY_DIR}/PolygraphConfigVersion.cmake"
  DESTINATION "${package_dir}")
install(FILES "/usr/share/doc/zlib1g-dev/copyright" DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE.zlib OPTIONAL)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# Man pages and completions, which the program writes itself: polygraph_page(<file below share/> <arguments>...).
set(pages "")
macro(polygraph_page file)
  get_filename_component(folder "${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/share/${folder}")
  add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/share/${file}"
    COMMAND polygraph-program ${ARGN} > "${PROJECT_BINARY_DIR}/share/${file}"
    DEPENDS polygraph-program polygraph VERBATIM)
  install(FILES "${PROJECT_BINARY_DIR}/share/${file}" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/${folder}")
  list(APPEND pages "${PROJECT_BINARY_DIR}/share/${file}")
endmacro()

polygraph_page(man/man1/polygraph.1 man)
foreach(tool "check" "check accuracy" "check lint" "convert" "data" "data concat" "data merge" "diff" "doctor" "inspect" "inspect capability" "inspect data" "inspect model" "inspect sparsity" "plugin" "plugin list" "plugin match" "plugin replace" "run" "surgeon" "surgeon extract" "surgeon insert" "surgeon sanitize" "surgeon simplify" "surgeon prune" "surgeon weight-strip" "surgeon weight-reconstruct" "template" "template onnx-gs" "template data-loader" "template compare-func" "template postprocess-func" "completion" "man" "help" "version")
  string(REPLACE " " "-" name "${tool}")
  separate_arguments(words UNIX_COMMAND "${tool}")
  polygraph_page(man/man1/polygraph-${name}.1 man ${words})
endforeach()
polygraph_page(bash-completion/completions/polygraph completion bash)
polygraph_page(zsh/site-functions/_polygraph completion zsh)
polygraph_page(fish/vendor_completions.d/polygraph.fish completion fish)

# All that is installed.
add_custom_target(product ALL DEPENDS ${product} ${pages})
