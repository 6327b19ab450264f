#pragma once

#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <exception>
#include <openvino/openvino.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Between OpenVINO's types and errors and those of core.
namespace polygraph::openvino {

/// Throws InputError for the types that OpenVINO has and ONNX has not (u1, u3, u6, nf4, ...).
DataType to_data_type(const ov::element::Type& type);
/// Throws InputError for the types that OpenVINO lacks.
ov::element::Type to_element_type(DataType dtype);

PartialShape to_partial_shape(const ov::PartialShape& shape);

/// The name that users know a port by: the first, in the alphabet, of its tensor names; the layer's name if
/// it has none.
std::string port_name(const ov::Output<const ov::Node>& port);

/// Inputs or outputs as metadata.
TensorMetadata to_metadata(const std::vector<ov::Output<const ov::Node>>& ports);

/// The lines of an OpenVINO exception that say something to a user: without the places in OpenVINO's sources.
std::vector<std::string> readable_lines(std::string_view what);

/// Collects what OpenVINO logs while the object lives, from all threads; the lines also go to the log, as
/// verbose ones.
class EngineMessages {
 public:
  EngineMessages();
  EngineMessages(const EngineMessages&) = delete;
  EngineMessages& operator=(const EngineMessages&) = delete;
  ~EngineMessages();
  std::vector<std::string> take();

 private:
  struct Listeners;
  std::vector<std::string> lines_;
};

/// Calls `f`; an exception of OpenVINO becomes an `E` that says what was attempted, with OpenVINO's text and
/// log lines attached.
template <class E = BackendError, class F>
decltype(auto) calling_openvino(const std::string& attempt, const std::string& remedy, F&& f) {
  EngineMessages messages;
  auto attached = [&](std::string_view what) {
    std::vector<std::string> lines = readable_lines(what);
    for (std::string& line : messages.take()) lines.push_back(std::move(line));
    return lines;
  };
  try {
    return std::forward<F>(f)();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw BackendError(attempt + ": out of memory.", "Free memory, or use a machine with more.");
  } catch (const std::exception& error) {
    throw E(attempt + " failed.", remedy, attached(error.what()));
  }
}

}  // namespace polygraph::openvino
