#pragma once

#include <polygraph/onnx/model.h>

#include <memory>
#include <string>

namespace polygraph::onnx {

/// A loader of a model that is in memory already, and is called so where loaders are printed.
struct HeldModel {
  std::shared_ptr<const Model> model;
  std::string name;

  Model operator()() const { return *model; }
  std::string str() const { return name; }
};

}  // namespace polygraph::onnx
