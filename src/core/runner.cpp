#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/runner.h>

#include <chrono>

#include "core/log_format.h"

namespace polygraph {

Activation Runner::activate() {
  if (active_)
    throw UsageError(fmt::format("Activating '{}': it is active already.", name_),
                     "Use the runner within the scope it is active in.");
  log_verbose("Activating '{}'", name_);
  interface_ = activate_impl();
  for (const TensorInfo& input : interface_.inputs) log_extra_verbose("Input: {}", input.str());
  for (const TensorInfo& output : interface_.outputs) log_extra_verbose("Output: {}", output.str());
  active_ = true;
  seconds_ = 0;
  return Activation(*this);
}

void Runner::deactivate() noexcept {
  if (!active_) return;
  active_ = false;
  deactivate_impl();
  interface_ = {};
}

void Runner::require_active(const char* doing) const {
  if (!active_)
    throw UsageError(fmt::format("Runner '{}' is not active, and {} needs that.", name_, doing),
                     "Keep what activate() returns: 'auto active = runner.activate();'.");
}

const TensorMetadata& Runner::input_metadata() const {
  require_active("input_metadata()");
  return interface_.inputs;
}

const TensorMetadata& Runner::output_metadata() const {
  require_active("output_metadata()");
  return interface_.outputs;
}

const TensorMap& Runner::infer(const FeedDict& feed, bool check_inputs) {
  require_active("infer()");
  if (check_inputs) check_feed(feed);
  const auto started = std::chrono::steady_clock::now();
  const TensorMap& outputs = infer_impl(feed);
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return outputs;
}

LayerTimes Runner::layer_times() {
  require_active("layer_times()");
  return layer_times_impl();
}

void Runner::restart_layer_times() {
  require_active("restart_layer_times()");
  restart_layer_times_impl();
}

std::string Runner::shapes_allowed(const TensorInfo& /*input*/) const {
  return "Every fixed dimension must be the same, and a bounded one within its bounds.";
}

void Runner::check_feed(const FeedDict& feed) const {
  const TensorMetadata& inputs = interface_.inputs;
  auto refuse = [&](const std::string& what, const std::string& remedy) {
    throw InputError(fmt::format("Feeding '{}': {}", name_, what), remedy);
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorInfo& input = inputs[i];
    const bool in_order = i < feed.size() && feed.at(i).first == input.name;
    const Tensor* tensor = in_order ? &feed.at(i).second : feed.find(input.name);
    if (!tensor)
      refuse(fmt::format("the input '{}' is missing.{}", input.name, feed.empty() ? " Nothing was fed." : ""),
             fmt::format("Feed {}.", input.str()));
    if (input.dtype && tensor->dtype() != *input.dtype)
      refuse(fmt::format("the input '{}' is {}, and a tensor of {} was given.", input.name,
                         to_string(*input.dtype), to_string(tensor->dtype())),
             fmt::format("Convert it: tensor.cast(DataType::{}).", to_string(*input.dtype)));
    if (!input.shape.accepts(tensor->shape()))
      refuse(fmt::format(
                 "the input '{}' has the shape {}, and a tensor of shape {} was given{}.", input.name,
                 input.shape.str(), tensor->shape().str(),
                 input.shape.has_rank() && input.shape.rank() != tensor->shape().rank()
                     ? fmt::format(" (rank {} instead of {})", tensor->shape().rank(), input.shape.rank())
                     : ""),
             shapes_allowed(input));
    if (!tensor->is_contiguous())
      refuse(fmt::format("the tensor for the input '{}' is not contiguous (its strides are not those of a "
                         "row-major array).",
                         input.name),
             "Feed tensor.contiguous().");
  }
  if (feed.size() == inputs.size()) return;
  for (const auto& [name, tensor] : feed)
    if (!inputs.contains(name))
      refuse(fmt::format("there is no input '{}'.{}", name, suggest(name, inputs.names())),
             "Leave it out of the feed.");
}

}  // namespace polygraph
