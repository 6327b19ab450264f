#include <polygraph/core/error.h>
#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/diff.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/pattern.h>
#include <polygraph/onnx/simplify.h>
#include <polygraph/onnx/sparsity.h>
#include <polygraph/onnx/statistics.h>
#include <polygraph/onnx/unbounded.h>
#include <polygraph/onnx/weights.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>

namespace {

using namespace polygraph;

/// A model that may be refused is refused by an InputError, and where the ONNX library is needed and not
/// there by a BackendError.
void attempt(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError&) {
  } catch (const BackendError&) {
  }
}

/// The model looks for itself, and its nodes are taken out one by one.
void search_and_edit(const onnx::Model& given) {
  onnx::Model model = given;
  const onnx::Pattern pattern(given);
  onnx::GraphEditor editor(model);
  pattern.find_all(editor);
  for (const onnx::NodeId node : editor.nodes()) {
    if (!editor.contains(node)) continue;
    editor.bypass(node);
    if (editor.contains(node) && !editor.node(node).outputs.empty())
      editor.replace(editor.node(node).outputs[0], editor.unique_name("new"));
  }
}

/// What is told about a model; it does not differ from itself.
void inspect(const onnx::Model& model) {
  onnx::dangling_values(model);
  attempt([&] { onnx::unbounded_shapes(model); });
  attempt([&] { onnx::statistics(model); });
  attempt([&] {
    for (const onnx::PrunableWeight& weight : onnx::prunable_weights(model).weights)
      attempt([&] { onnx::measure_sparsity(weight, model); });
  });
  attempt([&] {
    if (!onnx::diff_models(model, onnx::Model(model)).equal()) std::abort();
  });
}

}  // namespace

// Whatever the graph of a model looks like, each pass changes or refuses it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace passes = onnx::passes;
  attempt([&] {
    const onnx::Model model = onnx::load_model_from_bytes(std::as_bytes(std::span(data, size)));
    inspect(model);
    attempt([&] { search_and_edit(model); });
    const auto on_a_copy = [&](const std::function<void(onnx::Model&)>& pass) {
      attempt([&] {
        onnx::Model copy = model;
        pass(copy);
      });
    };
    on_a_copy([](onnx::Model& copy) { passes::modify_outputs(copy, {.outputs = {"*"}}); });
    on_a_copy([](onnx::Model& copy) { passes::extract_subgraph(copy, {}, {}); });
    on_a_copy([](onnx::Model& copy) { passes::cleanup(copy, {.unused_inputs = true}); });
    on_a_copy([](onnx::Model& copy) { passes::sort_topologically(copy); });
    on_a_copy([](onnx::Model& copy) { passes::set_upper_bounds(copy, {{"", 8}}); });
    on_a_copy([](onnx::Model& copy) { passes::override_input_shapes(copy, {{"*", PartialShape{2}}}); });
    on_a_copy([](onnx::Model& copy) { passes::name_nodes(copy); });
    on_a_copy([](onnx::Model& copy) { passes::fold_constants(copy, {.do_shape_inference = false}); });
    on_a_copy([](onnx::Model& copy) { passes::simplify(copy, {.do_shape_inference = false}); });
    on_a_copy([](onnx::Model& copy) { passes::convert_to_fp16(copy, {.keep_io_types = false}); });
    on_a_copy([](onnx::Model& copy) { passes::convert_to_bf16(copy); });
    on_a_copy([](onnx::Model& copy) { passes::prune_weights(copy); });
    on_a_copy([](onnx::Model& copy) {
      passes::strip_weights(copy);
      passes::reconstruct_weights(copy);
    });
    on_a_copy([&](onnx::Model& copy) {
      if (copy.graph.outputs.empty()) return;
      const std::string output(copy.graph.outputs[0].name);
      passes::insert_node(copy, {.op_type = "Identity", .inputs = {output}, .outputs = {output}});
    });
  });
  return 0;
}
