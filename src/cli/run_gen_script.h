#pragma once

#include <polygraph/core/error.h>

#include <filesystem>
#include <string>

#include "cli/run_arguments.h"
#include "cli/session.h"

namespace polygraph::cli {

/// A C++ program that does what the command line says, and what CMake needs to build it.
struct GeneratedProgram {
  std::string source;
  std::string cmake_lists;
};

/// The program. Nothing is run, built or compiled; a model has to be there, so that it is known what it is.
/// Throws UsageError for options that a program cannot be given, naming them, and as the run itself does
/// where options do not go together.
/// @param command  The command line, as text.
/// @param file  The program's file, after which it is called.
GeneratedProgram generated_program(const RunArguments& arguments, const LoggingOptions& logging,
                                   const std::string& command, const std::filesystem::path& file);

/// `run --gen-script FILE`: writes the program to the file, which may be there already, and CMakeLists.txt
/// beside it, which may only be there if it was written for this program. `-`: prints the program.
ExitCode write_generated_program(Session& session, const RunArguments& arguments, const std::string& command);

}  // namespace polygraph::cli
