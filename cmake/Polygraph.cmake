# What every target of the project shares.

# Warnings, sanitizers, and file names in the binaries that do not depend on where the source lies.
file(RELATIVE_PATH polygraph_to_source "${PROJECT_BINARY_DIR}" "${PROJECT_SOURCE_DIR}")  # how ccache spells the folder
string(REGEX REPLACE "/$" "" polygraph_to_source "${polygraph_to_source}")
add_library(polygraph-flags INTERFACE)
target_compile_options(polygraph-flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>"  # GCC 12 warns of every operator+(const char*, std::string): its bug 105329
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" "-ffile-prefix-map=${polygraph_to_source}/=")
if(POLYGRAPH_SANITIZE)
  target_compile_options(polygraph-flags INTERFACE "-fsanitize=${POLYGRAPH_SANITIZE}" -fno-omit-frame-pointer -g)
  target_link_options(polygraph-flags INTERFACE "-fsanitize=${POLYGRAPH_SANITIZE}")
endif()

# polygraph_sources(<variable> <folder>): the sources of a room.
function(polygraph_sources variable folder)
  file(GLOB found CONFIGURE_DEPENDS "${folder}/*.cpp")
  set(${variable} ${found} PARENT_SCOPE)
endfunction()
