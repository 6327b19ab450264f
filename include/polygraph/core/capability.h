#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace polygraph {

/// How much of an ONNX model a backend's parser takes. Nodes are told by their indices in the main graph.
struct Capability {
  /// One reason why something is not taken.
  struct Problem {
    std::string reason;
    std::string op_type;  ///< of the node that it is about; empty if the parser does not say
    std::string node;     ///< its name, likewise
    std::vector<std::string>
        functions;  ///< local functions of the model that the node is in, as the parser tells them
    /// The nodes concerned, in ascending order; empty if that is not known.
    std::vector<std::size_t> nodes;
    bool operator==(const Problem&) const = default;
  };
  /// A part of the model.
  struct Part {
    std::vector<std::size_t> nodes;  ///< in ascending order
    bool supported = false;
  };

  std::string parser;      ///< whose it is, with its version: `TensorRT-RTX 1.6.1`
  bool supported = false;  ///< as a whole
  std::vector<Problem> problems;
  /// With partitioning, in the order of their first nodes: together they are the whole model.
  std::vector<Part> parts;
};

}  // namespace polygraph
