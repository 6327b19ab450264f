#pragma once

#include <polygraph/core/options.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

/// Functions of one's own in a C++ file, called without writing a program around them.
///
/// A script includes the header of the room that calls it, defines functions, and exports them with
/// POLYGRAPH_SCRIPT: see `polygraph/compare/script.h` (inputs, comparisons, results) and
/// `polygraph/trt/script.h` (networks and configurations of TensorRT).
namespace polygraph {

/// A function in a file, as `FILE[:NAME]` names it.
struct ScriptName {
  std::filesystem::path
      file;          ///< `.cpp` (or .cc, .cxx), compiled when it is loaded; or `.so`, a script that was
  std::string name;  ///< of the function

  /// Splits at the last colon, if a name follows that C++ allows.
  static ScriptName parse(std::string_view text, std::string_view default_name);
};
std::string cpp_literal(const ScriptName& name);

namespace detail {

/// What a script has to agree on with the program that loads it. Changes with every change of a type that a
/// script gets or gives.
inline constexpr std::uint32_t script_interface = 3;
inline constexpr std::uint64_t script_mark = 0x5450495243534750;  // "PGSCRIPT"

/// What POLYGRAPH_SCRIPT exports.
struct ScriptExport {
  std::uint64_t mark;
  std::uint32_t interface;
  std::uint32_t layout;  ///< of the room's types
  const char* room;
  const void* (*function)();  ///< the room's variant of functions
};

/// For a type of function, the room that calls it: `Function`, `name` and `layout`. Each room specialises it
/// for its own.
template <class F>
struct ScriptRoom {
  static_assert(sizeof(F) == 0,
                "polygraph: no room calls a script's function of this type: polygraph/compare/script.h and "
                "polygraph/trt/script.h list the types, include the one that is meant");
};

}  // namespace detail
}  // namespace polygraph

/// Exports a function of the global namespace under its name, even where a library has one of that name, too.
#define POLYGRAPH_SCRIPT(function_name)                                     \
  static const void* polygraph_function_##function_name() {                 \
    using Room = polygraph::detail::ScriptRoom<decltype(&::function_name)>; \
    static const Room::Function exported(&::function_name);                 \
    return &exported;                                                       \
  }                                                                         \
  extern "C" __attribute__((visibility("default")))                         \
  const polygraph::detail::ScriptExport polygraph_script_##function_name;   \
  const polygraph::detail::ScriptExport polygraph_script_##function_name{   \
      polygraph::detail::script_mark, polygraph::detail::script_interface,  \
      polygraph::detail::ScriptRoom<decltype(&::function_name)>::layout,    \
      polygraph::detail::ScriptRoom<decltype(&::function_name)>::name, &polygraph_function_##function_name};
