#pragma once

#include <openvino/core/model.hpp>

namespace polygraph::openvino {

/// Replaces each Identity of texts by a Reshape to the same shape, in sub-graphs, too. OpenVINO 2026.4 copies
/// the bytes of std::string objects in an Identity, whose memory is then freed twice.
void replace_copies_of_texts(ov::Model& model);

}  // namespace polygraph::openvino
