#pragma once

namespace polygraph {

/// Makes a process that was just forked one that nobody here watches: it ends with its parent, and signals do
/// what they do by default. To be called in the child, before anything else.
void begin_child_process() noexcept;

}  // namespace polygraph
