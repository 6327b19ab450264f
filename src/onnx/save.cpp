#include <polygraph/core/files.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <array>
#include <list>
#include <memory>

#include "onnx/save_plan.h"

namespace polygraph::onnx {
namespace {

namespace fs = std::filesystem;

/// Into a file. Deferred data gets its room at first, and its bytes all together at the end.
class FileSink final : public ModelSink {
 public:
  FileSink(AtomicFile& file, const Model& model) : file_(file), model_(model) {}

  void write(ByteSpan bytes) override { file_.write(bytes); }

  void write(const Payload& payload) override {
    if (payload.deferred) {
      const std::uint64_t start = file_.reserve(payload.size);
      for (std::uint64_t offset = 0; offset < payload.size; offset += deferred_chunk)
        chunks_.push_back({payload.deferred, offset, start + offset,
                           std::min<std::uint64_t>(deferred_chunk, payload.size - offset)});
    } else if (payload.decoded) {
      const Tensor values = tensor_of(*payload.decoded, model_);
      file_.write(ByteSpan(static_cast<const std::byte*>(values.data()), values.nbytes()));
    } else if (payload.file && payload.size >= worth_a_call) {
      file_.append_from(*payload.file,
                        static_cast<std::uint64_t>(payload.bytes.data() - payload.file->bytes().data()),
                        payload.size);
    } else {
      file_.write(payload.bytes);
    }
  }

  void pad_to(std::uint64_t offset) {
    static constexpr std::array<std::byte, 4096> zeros{};
    file_.write(ByteSpan(zeros).first(static_cast<std::size_t>(offset - file_.size())));
  }

  void write_deferred() {
    run_in_parallel(chunks_.size(), [&](std::size_t i) {
      const Chunk& chunk = chunks_[i];
      const auto bytes = std::make_unique_for_overwrite<std::byte[]>(chunk.size);
      chunk.data->read(chunk.offset, {bytes.get(), chunk.size});
      file_.write_reserved(chunk.place, {bytes.get(), chunk.size});
    });
    chunks_.clear();
  }

 private:
  static constexpr std::uint64_t worth_a_call = 16 << 10;

  struct Chunk {
    const DeferredData* data;
    std::uint64_t offset;  // in the data
    std::uint64_t place;   // in the file
    std::size_t size;
  };

  AtomicFile& file_;
  const Model& model_;
  std::vector<Chunk> chunks_;
};

}  // namespace

SaveReport save_model(const Model& model, const fs::path& path, const SaveOptions& options,
                      const std::function<void()>& before_commit) {
  const std::unique_ptr<const SavePlan> plan = plan_save(model, path, options);
  SaveReport report;
  report.external_tensors = plan->external_tensors;

  std::list<AtomicFile> files;
  for (const DataFile& data : plan->data_files) {
    AtomicFile& file = files.emplace_back(path.parent_path() / data.location);
    FileSink sink(file, model);
    for (const DataFile::Part& part : data.parts) {
      sink.pad_to(part.offset);
      sink.write(part.payload);
    }
    sink.write_deferred();
    report.external_bytes += file.size();
    file.finish();
  }
  AtomicFile& file = files.emplace_back(path);
  FileSink sink(file, model);
  plan->writer->write(sink);
  sink.write_deferred();
  report.model_bytes = file.size();
  file.finish();

  if (before_commit) before_commit();
  // The model comes last: what it refers to is there by then.
  for (AtomicFile& each : files) each.commit();
  return report;
}

}  // namespace polygraph::onnx
