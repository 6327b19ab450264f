#pragma once

#include <polygraph/openvino/objects.h>

#include <map>
#include <openvino/openvino.hpp>
#include <string>
#include <vector>

namespace polygraph::openvino {

/// The device that engines are built for.
inline constexpr const char* device = "CPU";

/// What a configuration means on this machine.
struct BuildPlan {
  std::vector<ov::element::Type> allowed;  ///< the types that layers may compute in, f32 among them
  ov::element::Type hint;                  ///< the inference precision that OpenVINO is told
  bool hint_is_users = false;              ///< the user gave the hint as a property
  ov::AnyMap properties;                   ///< everything for compile_model
  std::string asked;                       ///< EngineInfo::precision_asked
};

/// Decides. Throws UsageError for unknown properties, with the nearest one.
BuildPlan plan_build(const Runtime& runtime, const Config& config);

/// What import_model needs to run a saved engine as it was built.
ov::AnyMap import_properties(const EngineInfo& info);

/// The properties of a plan as text, for the header of a saved engine.
std::map<std::string, std::string> properties_as_text(const BuildPlan& plan);

}  // namespace polygraph::openvino
