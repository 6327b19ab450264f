# TensorRT's headers, for building Polygraph and for building with it: a program that edits networks needs the headers that
# Polygraph was built with.

# polygraph_find_tensorrt_headers(): finds TensorRT_INCLUDE_DIR, TensorRT_RTX_INCLUDE_DIR (the headers of TensorRT 11) and
# CUDA_INCLUDE_DIR.
macro(polygraph_find_tensorrt_headers)
  set(TENSORRT_ROOT "" CACHE PATH "Where TensorRT is installed; its headers are in include/ of it")
  file(GLOB installed_headers LIST_DIRECTORIES true "/usr/local/tensorrt*/include" "/opt/tensorrt*/include")
  list(SORT installed_headers COMPARE NATURAL ORDER DESCENDING)  # the newest first
  find_path(TensorRT_INCLUDE_DIR NvInfer.h
    HINTS "${TENSORRT_ROOT}/include" "$ENV{TENSORRT_ROOT}/include"
    PATHS ${installed_headers}
    DOC "The folder with TensorRT's headers: NvInfer.h, NvOnnxParser.h")
  find_path(TensorRT_RTX_INCLUDE_DIR NvInfer.h
    HINTS "${TensorRT_INCLUDE_DIR}" PATHS ${installed_headers}
    DOC "The folder with the headers of TensorRT 11, of which those of TensorRT-RTX are made")
  find_path(CUDA_INCLUDE_DIR cuda_runtime_api.h
    HINTS "$ENV{CUDA_HOME}/include" "$ENV{CUDA_PATH}/include" PATHS /usr/local/cuda/include /opt/cuda/include
    DOC "The folder with CUDA's headers")
  mark_as_advanced(TensorRT_INCLUDE_DIR TensorRT_RTX_INCLUDE_DIR CUDA_INCLUDE_DIR)
endmacro()

# polygraph_tensorrt_version(<variable> <folder>): the version of the headers in it, as 11.1.0.
function(polygraph_tensorrt_version variable folder)
  file(READ "${folder}/NvInferVersion.h" text)
  set(numbers)
  foreach(part MAJOR MINOR PATCH)
    if(NOT text MATCHES "define (NV_TENSORRT|TRT)_${part}(_ENTERPRISE)? ([0-9]+)")
      message(FATAL_ERROR "${folder}/NvInferVersion.h does not say which version it is.")
    endif()
    list(APPEND numbers "${CMAKE_MATCH_3}")
  endforeach()
  list(JOIN numbers "." version)
  set(${variable} "${version}" PARENT_SCOPE)
endfunction()

# polygraph_tensorrt_rtx_headers_in(<variable> <variable for the version> <folder to fill>): the folder, or empty if
# TensorRT_RTX_INCLUDE_DIR has no headers of TensorRT 11.
function(polygraph_tensorrt_rtx_headers_in variable version_variable folder)
  set(${variable} "" PARENT_SCOPE)
  if(NOT TensorRT_RTX_INCLUDE_DIR)
    return()
  endif()
  polygraph_tensorrt_version(version "${TensorRT_RTX_INCLUDE_DIR}")
  if(version VERSION_LESS 11 OR version VERSION_GREATER_EQUAL 12)
    return()
  endif()
  polygraph_tensorrt_rtx_headers("${TensorRT_RTX_INCLUDE_DIR}" "${folder}")
  set(${variable} "${folder}" PARENT_SCOPE)
  set(${version_variable} "${version}" PARENT_SCOPE)
endfunction()

# TensorRT-RTX has TensorRT 11's interface without what adds plugins to a network and without what was deprecated in tensors.
# These functions are missing in the middle of its tables, and those behind them are called by other numbers; and it lacks
# those that choose build routes. Its own headers are in no public repository, so they are made of TensorRT 11's.
#
# polygraph_tensorrt_rtx_headers(<folder with TensorRT 11's headers> <folder to fill>)
function(polygraph_tensorrt_rtx_headers from to)
  file(SHA256 "${from}/NvInfer.h" stamp)
  file(SHA256 "${CMAKE_CURRENT_FUNCTION_LIST_FILE}" how)
  string(APPEND stamp " ${from} ${how}")
  if(EXISTS "${to}/.stamp")
    file(READ "${to}/.stamp" made_of)
    if(made_of STREQUAL stamp)
      return()
    endif()
  endif()
  file(REMOVE_RECURSE "${to}")
  file(COPY "${from}/" DESTINATION "${to}" FILES_MATCHING PATTERN "Nv*.h")
  set(of_tensors "setBroadcastAcrossBatch|getBroadcastAcrossBatch|getLocation|setLocation")
  set(build_routes "setRemoteAutoTuningConfig|getRemoteAutoTuningConfig|setBuildRoute|getBuildRoute|getAllBuildRoutes")
  polygraph_derive_header(NvInferImpl.h "    virtual IPluginV[23]Layer\\* addPluginV[23]\\([^)]*\\) noexcept = 0@" 2 "")
  polygraph_derive_header(NvInferImpl.h "    virtual [a-z *]+ (${build_routes})\\([^)]*\\) (const )?noexcept = 0@" 5 "")
  polygraph_derive_header(NvInferImpl.h "    virtual [a-zA-Z]+ (${of_tensors})\\([^)]*\\) (const )?noexcept = 0@" 4 "")
  polygraph_derive_header(NvInfer.h "    [A-Z_]* ?[a-zA-Z]+ (${of_tensors})\\([^)]*\\) (const )?noexcept\n    {[^}]*}" 4 "")
  polygraph_derive_header(NvInfer.h "    [A-Z_]* ?IPluginV[23]Layer\\* addPluginV[23]\\([^)]*\\) noexcept\n    {[^}]*}" 2 "")
  polygraph_derive_header(NvInfer.h "    [a-z *]+ (${build_routes})\\([^)]*\\) (const )?noexcept\n    {[^}]*}" 5 "")
  polygraph_derive_header(NvInferVersion.h "#define NV_INFER_VERSION_H" 1 "#define NV_INFER_VERSION_H\n#define POLYGRAPH_TENSORRT_RTX 1")
  file(WRITE "${to}/.stamp" "${stamp}")
endfunction()

# Replaces what matches the pattern in a copied header, in which `@` stands for `;`. It has to be there `count` times.
function(polygraph_derive_header name pattern count replacement)
  file(READ "${to}/${name}" text)
  string(ASCII 1 semicolon)
  string(ASCII 2 open)
  string(ASCII 3 close)
  string(REPLACE "@" "${semicolon}" pattern "${pattern}")
  string(REPLACE ";" "${semicolon}" text "${text}")
  string(REPLACE "[" "${open}" text "${text}")
  string(REPLACE "]" "${close}" text "${text}")
  string(REGEX MATCHALL "${pattern}" found "${text}")
  list(LENGTH found length)
  if(NOT length EQUAL count)
    message(FATAL_ERROR "${from}/${name} is not a header of a known TensorRT 11: '${pattern}' is there ${length} times, not ${count}.")
  endif()
  string(REGEX REPLACE "${pattern}" "${replacement}" text "${text}")
  string(REPLACE "${close}" "]" text "${text}")
  string(REPLACE "${open}" "[" text "${text}")
  string(REPLACE "${semicolon}" ";" text "${text}")
  file(WRITE "${to}/${name}" "${text}")
endfunction()
