#include "onnx/save_plan.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/log_format.h"
#include "onnx/storage_location.h"

namespace polygraph::onnx {
namespace {

namespace fs = std::filesystem;

/// Whether other tools find a tensor's external data, by where the tensor is in the model.
enum class Role {
  initializer,  ///< of the main graph or a graph inside it: all do
  attribute,    ///< of a node: most do
  other,        ///< of functions' inner graphs, training graphs, sparse tensors: few do
};

struct Weight {
  const TensorData* data;
  Role role;
};

/// The tensors of a model that are external or long enough to become so.
class WeightFinder {
 public:
  WeightFinder(const Model& model, std::uint64_t threshold) : threshold_(threshold) {
    graph(model.graph, Role::initializer);
    for (const Function& function : model.functions) {
      nodes(function.nodes, Role::other);
      attributes(function.default_attributes, Role::other);
    }
    for (const TrainingInfo& info : model.training_info) {
      is_training_ = true;
      if (info.initialization) graph(*info.initialization, Role::other);
      if (info.algorithm) graph(*info.algorithm, Role::other);
    }
  }
  std::vector<Weight> take() { return std::move(found_); }

 private:
  void graph(const Graph& graph, Role initializers) {
    for (const TensorData& data : graph.initializers) tensor(data, initializers);
    for (const SparseTensor& sparse : graph.sparse_initializers) sparse_tensor(sparse);
    nodes(graph.nodes, initializers);
  }
  void nodes(const std::vector<Node>& nodes, Role initializers) {
    for (const Node& node : nodes) attributes(node.attributes, initializers);
  }
  void attributes(const std::vector<Attribute>& attributes, Role initializers) {
    const Role role = is_training_ ? Role::other : Role::attribute;
    for (const Attribute& attribute : attributes) {
      if (const auto* one = std::get_if<Box<TensorData>>(&attribute.value))
        tensor(**one, role);
      else if (const auto* many = std::get_if<std::vector<TensorData>>(&attribute.value))
        for (const TensorData& data : *many) tensor(data, role);
      else if (const auto* inner = std::get_if<Box<Graph>>(&attribute.value))
        graph(**inner, initializers);
      else if (const auto* inners = std::get_if<std::vector<Graph>>(&attribute.value))
        for (const Graph& each : *inners) graph(each, initializers);
      else if (const auto* sparse = std::get_if<Box<SparseTensor>>(&attribute.value))
        sparse_tensor(**sparse);
      else if (const auto* sparses = std::get_if<std::vector<SparseTensor>>(&attribute.value))
        for (const SparseTensor& each : *sparses) sparse_tensor(each);
    }
  }
  void sparse_tensor(const SparseTensor& sparse) {
    tensor(sparse.values, Role::other);
    tensor(sparse.indices, Role::other);
  }
  void tensor(const TensorData& data, Role role) {
    // Values in typed fields may be longer as raw data: up to eight bytes for one of a varint.
    const bool typed = data.typed_field != TensorData::TypedField::none;
    if (data.is_external() || stored_size(data) >= (typed ? threshold_ / 8 : threshold_))
      found_.push_back({&data, role});
  }

  const std::uint64_t threshold_;
  bool is_training_ = false;
  std::vector<Weight> found_;
};

/// Other tools take two dots in a location for a way out of the folder, wherever they stand.
std::string without_two_dots(std::string name) {
  for (std::size_t i = 1; i < name.size(); ++i)
    if (name[i] == '.' && name[i - 1] == '.') name[i] = '_';
  return name;
}

/// Names of files made of names of tensors.
class FileNames {
 public:
  void take(const std::string& name) { taken_.insert(name); }

  std::string make(const fs::path& folder, std::string_view tensor) {
    std::string safe(tensor.substr(0, 150));
    for (char& c : safe) {
      const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '_' || c == '-' || c == '.';
      if (!is_safe) c = '_';
    }
    if (safe.empty()) safe = "tensor";
    if (safe.front() == '.' || safe.front() == '-') safe.front() = '_';
    if (safe.back() == '.') safe.back() = '_';
    safe = without_two_dots(std::move(safe));
    // The numbers go on where they ended for the same name, so that a million equal names take no longer.
    std::size_t& count = counts_[safe];
    std::string name;
    do {
      name = (folder / (count == 0 ? safe : fmt::format("{}.{}", safe, count))).string();
      ++count;
    } while (!taken_.insert(name).second);
    return name;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::size_t> counts_;
};

/// Makes the plan in steps: what stays in its file, then what is external by the options, then what has to be
/// because of the size.
class Planner {
 public:
  Planner(const Model& model, const fs::path& path, const SaveOptions& options)
      : model_(model),
        path_(path),
        options_(options),
        folder_(path.has_parent_path() ? path.parent_path() : fs::path(".")),
        threshold_(static_cast<std::uint64_t>(std::max<std::int64_t>(options.size_threshold, 0))),
        data_path_(options.external_data_path && !options.external_data_path->empty()
                       ? *options.external_data_path
                       : without_two_dots(path.filename().string() + ".data")) {}

  std::unique_ptr<const SavePlan> make() {
    check_data_path();
    weights_ = WeightFinder(model_, threshold_).take();
    names_.take(path_.filename().string());
    const std::set<const TensorData*> staying =
        options_.external_data_path ? std::set<const TensorData*>() : find_staying();
    for (const Weight& weight : weights_) {
      if (staying.contains(weight.data)) {
        ++plan_->external_tensors;
        continue;
      }
      if (weight.data->is_external()) plan_->placements[weight.data].raw = *raw_payload(*weight.data, model_);
      movable_.push_back(weight);
    }
    if (options_.external_data_path) make_external(Role::initializer);
    measure();
    if (is_too_large()) {
      const std::uint64_t whole = plan_->writer->size();
      for (const Role role : {Role::initializer, Role::attribute}) {
        if (!is_too_large()) break;
        make_external(role);
        measure();
      }
      if (is_too_large()) fail_too_large();
      report_too_large(whole);
    }
    return std::move(plan_);
  }

 private:
  void check_data_path() const {
    const auto refuse = [&](const std::string& why) {
      throw InputError(
          fmt::format("Cannot save the weights of '{}' to '{}': {}.", path_.string(), data_path_, why),
          "Name a file in the model's folder, relative to that folder.");
    };
    if (const std::string problem = problem_of_location(data_path_); !problem.empty()) refuse(problem);
    if (!fs::path(data_path_).has_filename()) refuse("the location names no file");
    if (data_path_.find("..") != std::string::npos)
      refuse("two dots in a location are taken for a way out of the folder by other tools");
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(folder_, error);
    const fs::path resolved = fs::weakly_canonical(folder_ / data_path_, error);
    // For data that is not asked for, this is the business of whoever writes it in the end.
    if (!options_.external_data_path || error) return;
    if (fs::is_symlink(folder_ / data_path_, error) && !fs::exists(folder_ / data_path_, error))
      refuse("that is a symbolic link that leads nowhere");
    if (!is_inside(resolved, folder)) refuse("a symbolic link leads out of the model's folder");
    if (resolved == fs::weakly_canonical(path_, error)) refuse("that is the model itself");
  }

  /// The external tensors whose files are where the model will look for them, and will not be replaced.
  std::set<const TensorData*> find_staying() {
    std::error_code error;
    std::set<const TensorData*> staying;
    if (model_.storage.folder().empty() || !fs::equivalent(folder_, model_.storage.folder(), error))
      return staying;
    std::map<std::string_view, bool> is_replaced;
    for (const Weight& weight : weights_) {
      if (!weight.data->is_external()) continue;
      const std::string_view* const location = find_entry(weight.data->external_data, "location");
      if (!location) continue;
      const auto [found, is_new] = is_replaced.try_emplace(*location, false);
      if (is_new) {
        const fs::path file = folder_ / *location;
        found->second = is_same_file(file, path_) || is_same_file(file, folder_ / data_path_);
        if (!found->second) names_.take(fs::path(*location).lexically_normal().string());
      }
      if (!found->second) staying.insert(weight.data);
    }
    return staying;
  }

  static bool is_same_file(const fs::path& a, const fs::path& b) {
    std::error_code error;
    return fs::weakly_canonical(a, error) == fs::weakly_canonical(b, error);
  }

  void make_external(Role role) {
    for (const Weight& weight : movable_) {
      if (weight.role != role) continue;
      std::optional<Payload> payload = raw_payload(*weight.data, model_);
      if (!payload || payload->size < threshold_ || payload->size == 0) continue;
      Placement& placement = plan_->placements[weight.data];
      placement.raw.reset();
      place(placement, *weight.data, std::move(*payload));
      ++plan_->external_tensors;
    }
  }

  /// Finds the place of a payload among the data files.
  void place(Placement& placement, const TensorData& data, Payload payload) {
    placement.length = payload.size;
    const bool one_file = options_.all_tensors_to_one_file;
    if (!one_file || plan_->data_files.empty()) {
      const std::string location =
          one_file ? data_path_ : names_.make(fs::path(data_path_).parent_path(), data.name);
      plan_->data_files.push_back({location, {}, 0});
    }
    DataFile& file = plan_->data_files.back();
    placement.location = file.location;
    if (one_file && payload.bytes.data()) {
      const auto [known, is_new] = offsets_.try_emplace({payload.bytes.data(), payload.size}, 0);
      if (!is_new) {
        placement.offset = known->second;
        return;
      }
      placement.offset = known->second = aligned(file.size, payload.size);
    } else {
      placement.offset = aligned(file.size, payload.size);
    }
    file.size = placement.offset + payload.size;
    file.parts.push_back({placement.offset, std::move(payload)});
  }

  /// Whole pages, which can be mapped by themselves, for what fills one; whole cache lines for less.
  static std::uint64_t aligned(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t alignment = size >= 4096 ? 4096 : 64;
    return (offset + alignment - 1) / alignment * alignment;
  }

  void measure() { plan_->writer = std::make_unique<ModelWriter>(model_, plan_->placements); }
  bool is_too_large() const { return plan_->writer->size() > largest_readable_model; }

  [[noreturn]] void fail_too_large() const {
    throw InputError(
        fmt::format(
            "Cannot save '{}': without its weights the model has {} bytes, but at most {} can be read.",
            path_.string(), plan_->writer->size(), largest_readable_model),
        "Lower the size from which on weights are saved as external data.");
  }

  void report_too_large(std::uint64_t whole) const {
    if (plan_->data_files.empty()) return;
    log_info(
        "'{}' would have {:.2f} GB, and 2 GB can be read at most: weights of {} bytes or more are saved to "
        "{}.",
        path_.string(), static_cast<double>(whole) / 1e9, threshold_,
        plan_->data_files.size() == 1 ? "'" + (folder_ / plan_->data_files[0].location).string() + "'"
                                      : fmt::format("{} files beside it", plan_->data_files.size()));
  }

  const Model& model_;
  const fs::path& path_;
  const SaveOptions& options_;
  const fs::path folder_;
  const std::uint64_t threshold_;
  const std::string data_path_;
  std::vector<Weight> weights_;
  std::vector<Weight> movable_;
  FileNames names_;
  std::map<std::pair<const std::byte*, std::uint64_t>, std::uint64_t> offsets_;  // of payloads placed already
  std::unique_ptr<SavePlan> plan_ = std::make_unique<SavePlan>();
};

}  // namespace

std::unique_ptr<const SavePlan> plan_save(const Model& model, const fs::path& path,
                                          const SaveOptions& options) {
  return Planner(model, path, options).make();
}

}  // namespace polygraph::onnx
