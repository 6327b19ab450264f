#pragma once

#include <NvOnnxParser.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trt/versions/version.h"

// What only some versions of the ONNX parser have.

namespace polygraph::trt {

/// Sets the parser's flags; false if this version's parser has none.
inline bool set_parser_flags([[maybe_unused]] nvonnxparser::IParser& parser,
                             [[maybe_unused]] std::uint32_t flags) {
#if POLYGRAPH_TENSORRT >= 1000
  parser.setFlags(flags);
  return true;
#else
  return false;
#endif
}
inline std::uint32_t parser_flags([[maybe_unused]] const nvonnxparser::IParser& parser) {
#if POLYGRAPH_TENSORRT >= 1000
  return parser.getFlags();
#else
  return 0;
#endif
}

/// Name and operator of the node that a parser error is about; empty where the parser does not say.
struct ParserErrorNode {
  std::string name;
  std::string op_type;
};
inline ParserErrorNode parser_error_node([[maybe_unused]] const nvonnxparser::IParserError& error) {
#if POLYGRAPH_TENSORRT >= 1000
  const auto text = [](const char* value) { return std::string(value != nullptr ? value : ""); };
  return {text(error.nodeName()), text(error.nodeOperator())};
#else
  return {};
#endif
}

/// The model's local functions that the node of a parser error is in; none where the parser does not say.
inline std::vector<std::string> parser_error_functions(
    [[maybe_unused]] const nvonnxparser::IParserError& error) {
#if POLYGRAPH_TENSORRT >= 1000
  if (error.localFunctionStackSize() > 0)
    return {error.localFunctionStack(), error.localFunctionStack() + error.localFunctionStackSize()};
#endif
  return {};
}

/// Nodes that the parser takes, or might take, together. Those that it certainly does not take are in no
/// group.
struct ParserGroup {
  std::vector<std::size_t> nodes;
  bool supported = false;
};

/// Whether the parser takes all of a model. Adds the groups of nodes that it makes of it.
inline bool supports_model(nvonnxparser::IParser& parser, std::span<const std::byte> model, const char* path,
                           std::vector<ParserGroup>& groups) {
#if POLYGRAPH_TENSORRT >= 1001
  const bool supported = parser.supportsModelV2(model.data(), model.size(), path);
  for (std::int64_t i = 0; i < parser.getNbSubgraphs(); ++i) {
    std::int64_t count = 0;
    const std::int64_t* const nodes = parser.getSubgraphNodes(i, count);
    groups.push_back({{nodes, nodes + count}, parser.isSubgraphSupported(i)});
  }
#else
  SubGraphCollection_t collection;
  const bool supported = parser.supportsModel(model.data(), model.size(), collection, path);
  for (const auto& [nodes, taken] : collection) groups.push_back({nodes, taken});
#endif
  return supported;
}

}  // namespace polygraph::trt
