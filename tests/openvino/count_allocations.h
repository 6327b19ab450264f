#pragma once

#include <cstddef>
#include <functional>

/// Counts what operator new is asked for by any thread while `f` runs: the test program replaces the
/// operator.
std::size_t count_allocations(const std::function<void()>& f);
