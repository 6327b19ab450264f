#include <onnx/checker.h>
#include <onnx/common/version.h>
#include <onnx/defs/parser.h>
#include <onnx/defs/printer.h>
#include <onnx/defs/schema.h>
#include <onnx/inliner/inliner.h>
#include <onnx/version_converter/convert.h>

#include <locale>
#include <sstream>

#include "onnx_official/check.h"
#include "onnx_official/infer.h"
#include "onnx_official/messages.h"

namespace polygraph::onnx_official {

std::string tidy(std::string message) {
  for (const std::string_view heading : {"[ShapeInferenceError] ", "[TypeInferenceError] "})
    if (message.starts_with(heading)) message.erase(0, heading.size());
  const std::size_t begin = message.find_first_not_of(" \n\t");
  const std::size_t end = message.find_last_not_of(" \n\t");
  return begin == std::string::npos ? "unknown error" : message.substr(begin, end - begin + 1);
}

namespace {

class Module final : public OfficialModule {
 public:
  std::string_view version() const override { return ::onnx::LAST_RELEASE_VERSION; }
  std::int64_t ir_version() const override { return ::onnx::IR_VERSION; }
  std::int64_t opset_version() const override {
    return ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().LastReleaseVersionMap().at("");
  }

  Result check(Encoded bytes, bool full) const override {
    return guarded([&](Result& result) {
      ::onnx::ModelProto model = decode(bytes);
      result.complaints = onnx_official::check(model);
      if (full) onnx_official::infer_shapes(bytes, true, false, result.complaints);
    });
  }

  Result infer_shapes(Encoded bytes, bool check_types, bool data_propagation) const override {
    return guarded([&](Result& result) {
      result.model =
          encode(onnx_official::infer_shapes(bytes, check_types, data_propagation, result.complaints));
    });
  }

  Result convert_opset(Encoded bytes, std::int64_t version) const override {
    return guarded([&](Result& result) {
      result.model =
          encode(::onnx::version_conversion::ConvertVersion(decode(bytes), static_cast<int>(version)));
    });
  }

  Result inline_functions(Encoded bytes,
                          const std::vector<std::pair<std::string, std::string>>& functions) const override {
    return guarded([&](Result& result) {
      ::onnx::ModelProto model = decode(bytes);
      const auto set = ::onnx::inliner::FunctionIdSet::Create(::onnx::inliner::FunctionIdVector(functions));
      ::onnx::inliner::InlineSelectedLocalFunctions(model, *set);
      result.model = encode(model);
    });
  }

  Result parse(std::string_view text) const override {
    return guarded([&](Result& result) {
      ::onnx::ModelProto model;
      ::onnx::OnnxParser parser(text);
      const auto status = parser.Parse(model);
      if (!status.IsOK()) {
        result.complaints.push_back({status.ErrorMessage(), {}});
        return;
      }
      if (!model.has_ir_version()) model.set_ir_version(ir_version());
      if (model.opset_import().empty()) model.add_opset_import()->set_version(opset_version());
      result.model = encode(model);
    });
  }

  Result print(Encoded bytes) const override {
    return guarded([&](Result& result) {
      std::ostringstream text;
      text.imbue(std::locale::classic());
      text << decode(bytes);
      result.model = std::move(text).str();
    });
  }

  int since_version(const std::string& domain, const std::string& op_type, int opset) const override {
    const ::onnx::OpSchema* schema = ::onnx::OpSchemaRegistry::Schema(op_type, opset, domain);
    if (schema == nullptr) return 0;
    return schema->Deprecated() ? -1 : schema->since_version();
  }

 private:
  /// Runs `work`; what the library throws becomes a complaint, since its types end at the module's border.
  template <class Work>
  static Result guarded(Work&& work) {
    Result result;
    try {
      work(result);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      result.model.clear();
      result.complaints.push_back({tidy(error.what()), {}});
    }
    return result;
  }
};

}  // namespace
}  // namespace polygraph::onnx_official

extern "C" __attribute__((visibility("default"))) const polygraph::onnx::OfficialModule*
polygraph_onnx_official() {
  static const polygraph::onnx_official::Module module;
  return &module;
}
