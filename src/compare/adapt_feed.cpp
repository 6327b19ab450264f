#include "compare/adapt_feed.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/log_format.h"

namespace polygraph::compare {
namespace {

class Adapter {
 public:
  Adapter(const std::string& runner, std::set<std::string>& warned) : runner_(runner), warned_(warned) {}

  Tensor adapt(const std::string& name, const Tensor& tensor, const TensorInfo& input) {
    return shaped(name, typed(name, tensor, input), input);
  }

  void warn(const std::string& text) {
    if (warned_.insert(text).second) log_warning("{}", text);
  }

  const std::string& runner() const { return runner_; }

 private:
  Tensor typed(const std::string& name, const Tensor& tensor, const TensorInfo& input) {
    if (!input.dtype || *input.dtype == tensor.dtype()) return tensor;
    Tensor cast = tensor.cast(*input.dtype);
    // Going back shows whether every value survived; floats may round.
    const bool rounds = is_floating(*input.dtype) && is_floating(tensor.dtype());
    if (!rounds && !is_same(cast.cast(tensor.dtype()), tensor.contiguous()))
      throw InputError(
          fmt::format("Feeding '{}': the input '{}' is {}, and values of the {} tensor '{}' do not "
                      "survive the conversion.",
                      runner_, input.name, to_string(*input.dtype), to_string(tensor.dtype()), name),
          "Give inputs of the type that the model asks for.");
    warn(fmt::format("'{}' asks for {} for the input '{}': the {} data is converted.", runner_,
                     to_string(*input.dtype), input.name, to_string(tensor.dtype())));
    return cast;
  }

  static bool is_same(const Tensor& a, const Tensor& b) {
    if (a.dtype() == DataType::string) return std::ranges::equal(a.strings(), b.strings());
    return a.nbytes() == b.nbytes() && (a.nbytes() == 0 || std::memcmp(a.data(), b.data(), a.nbytes()) == 0);
  }

  Tensor shaped(const std::string& name, const Tensor& tensor, const TensorInfo& input) {
    if (input.shape.accepts(tensor.shape())) return tensor;
    if (const std::optional<Shape> shape = shape_for(tensor, input.shape)) {
      warn(fmt::format(
          "'{}' asks for the shape {} for the input '{}': the data of shape {} is reshaped to {}.", runner_,
          input.shape.str(), input.name, tensor.shape().str(), shape->str()));
      return tensor.contiguous().reshaped(*shape);
    }
    throw InputError(
        fmt::format("Feeding '{}': the input '{}' has the shape {}, and the data '{}' has the shape {}.",
                    runner_, input.name, input.shape.str(), name, tensor.shape().str()),
        "Give inputs of a shape that all runners take (--input-shapes).");
  }

  // The one shape with as many elements; none if several open dimensions leave a choice.
  static std::optional<Shape> shape_for(const Tensor& tensor, const PartialShape& shape) {
    if (!shape.has_rank()) return std::nullopt;
    std::vector<std::int64_t> dims;
    std::optional<std::size_t> open;
    std::int64_t known = 1;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      const Dimension& dim = shape[axis];
      if (dim.is_dynamic()) {
        if (open) return std::nullopt;
        open = axis;
        dims.push_back(1);
        continue;
      }
      dims.push_back(dim.min);
      known *= dim.min;
    }
    if (open) {
      if (known == 0 || tensor.element_count() % known != 0) return std::nullopt;
      dims[*open] = tensor.element_count() / known;
    }
    Shape result(std::move(dims));
    if (result.element_count() != tensor.element_count() || !shape.accepts(result)) return std::nullopt;
    return result;
  }

  const std::string& runner_;
  std::set<std::string>& warned_;
};

}  // namespace

FeedDict adapt_feed(const FeedDict& feed, const TensorMetadata& inputs, const std::string& runner,
                    std::set<std::string>& warned) {
  Adapter adapter(runner, warned);
  FeedDict adapted;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorInfo& input = inputs[i];
    const Tensor* tensor = feed.find(input.name);
    std::string name = input.name;
    if (!tensor && i < feed.size() && feed.size() == inputs.size() && !inputs.contains(feed.at(i).first)) {
      name = feed.at(i).first;
      tensor = &feed.at(i).second;
      adapter.warn(fmt::format("'{}' has no input '{}': its data goes to '{}', which is at the same place.",
                               runner, name, input.name));
    }
    if (!tensor)
      throw InputError(fmt::format("Feeding '{}': there is no data for its input '{}'.{}", runner, input.name,
                                   suggest(input.name, feed.names())),
                       "Compare runners of models that have the same inputs.");
    adapted.set(input.name, adapter.adapt(name, *tensor, input));
  }
  for (const auto& [name, tensor] : feed)
    if (!inputs.contains(name) && adapted.size() < feed.size())
      adapter.warn(fmt::format("'{}' has no input '{}': its data is not used.", runner, name));
  return adapted;
}

}  // namespace polygraph::compare
