#pragma once

#include <polygraph/onnx/save.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "onnx/payload.h"
#include "onnx/writer.h"

namespace polygraph::onnx {

/// A file of weights that is to be written beside a model.
struct DataFile {
  struct Part {
    std::uint64_t offset = 0;  ///< behind the part before it
    Payload payload;
  };
  std::string location;  ///< relative to the model's folder
  std::vector<Part> parts;
  std::uint64_t size = 0;
};

/// What a model consists of on disk.
struct SavePlan {
  SavePlan() = default;
  SavePlan(const SavePlan&) = delete;  // the writer refers to the placements
  SavePlan& operator=(const SavePlan&) = delete;

  Placements placements;
  std::unique_ptr<ModelWriter> writer;
  std::vector<DataFile> data_files;
  std::size_t external_tensors = 0;
};

/// Decides which weights go where. Nothing is written, and no weight is read.
std::unique_ptr<const SavePlan> plan_save(const Model& model, const std::filesystem::path& path,
                                          const SaveOptions& options);

}  // namespace polygraph::onnx
