#include <polygraph/core/engine_description.h>

namespace polygraph {
namespace {

TensorMetadata metadata_of(const std::vector<DescribedTensor>& tensors, bool inputs) {
  TensorMetadata metadata;
  for (const DescribedTensor& tensor : tensors)
    if (tensor.is_input == inputs)
      metadata.add(TensorInfo(tensor));  // NOLINT(cppcoreguidelines-slicing): that part is meant
  return metadata;
}

}  // namespace

TensorMetadata EngineDescription::inputs() const {
  return metadata_of(tensors, true);
}

TensorMetadata EngineDescription::outputs() const {
  return metadata_of(tensors, false);
}

}  // namespace polygraph
