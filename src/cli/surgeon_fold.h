#pragma once

#include <polygraph/onnx/fold_constants.h>

#include <string>
#include <vector>

#include "cli/surgeon_edit.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// What `--fold-constants` and its options ask for.
struct Folding {
  bool enabled = false;
  onnx::FoldOptions options;
  /// The options that were given besides `--fold-constants`.
  std::vector<std::string> given;

  /// Warns of options that mean nothing without `--fold-constants`.
  void warn_if_unused() const;
};

/// `--fold-constants` and what belongs to it.
OptionGroup folding_group(Folding& folding);

/// Computes once what does not depend on the inputs, with the engines that are installed; notes what was
/// folded, and what could not be and why.
/// @param infer_shapes  Whether shapes may be inferred between passes.
void fold_constants(ModelEdit& edit, const Folding& folding, bool infer_shapes);

}  // namespace polygraph::cli
