#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::compare::detail {

/// A name as one component of a member's path; `unescape_component` undoes it.
std::string escape_component(std::string_view name);
std::string unescape_component(std::string_view component);

/// `0000000012`
std::string iteration_component(std::size_t iteration);

/// The components of `iteration/name.npy` or `iteration/runner/name.npy`, as they are in the path; nothing
/// for other paths.
std::optional<std::vector<std::string_view>> iteration_path(std::string_view member);

/// Why a member's path is refused; empty if it is not.
std::string path_problem(std::string_view member);

}  // namespace polygraph::compare::detail
