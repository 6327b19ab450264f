#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace polygraph {

/// Whether `name` fits the pattern, as Python's fnmatchcase: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`.
bool matches(std::string_view name, std::string_view pattern);

/// Whether the pattern has any of `*`, `?`, `[`.
bool is_wildcard(std::string_view pattern);

/// Which of `names` the patterns select, as indices in the order of `names`. A pattern that is itself one of
/// the names selects just that one. Throws InputError (attempt: what is being done; kind: "output", "layer")
/// for a name that does not exist; warns of a wildcard that selects nothing.
std::vector<std::size_t> select_names(const std::vector<std::string>& names,
                                      const std::vector<std::string>& patterns, std::string_view attempt,
                                      std::string_view kind);

}  // namespace polygraph
