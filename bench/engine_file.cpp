// Saving and loading a large engine, beside what the bare API takes for the same.
//
//   engine_file make FOLDER MIB                          builds a chain of MatMuls with MIB of weights;
//   writes FOLDER/polygraph.engine
//                                                        and, of the same engine, FOLDER/bare.blob
//   engine_file save FOLDER MIB polygraph|bare           memory that saving takes
//   engine_file load FOLDER polygraph|map|stream         memory that loading takes; map and stream are the
//   bare API's two ways engine_file time FOLDER ROUNDS                       seconds that loading takes in
//   each way, in turns, and the checksum
//
// Memory is printed as {"peak": BYTES, "peak_anonymous": BYTES}: how far the process grows while it works, in
// all and without pages of files, which the system can drop again. It is measured once in a process, since
// freed memory may stay with it.

#include <malloc.h>
#include <polygraph/core/files.h>
#include <polygraph/openvino.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/tanh.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace pg = polygraph;
namespace fs = std::filesystem;
using namespace pg::openvino;

namespace {

// y = tanh(...tanh(x W1) W2...), each W of 4 MiB and unlike the others.
Network make_network(std::size_t mebibytes) {
  constexpr std::size_t width = 1024;
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, width});
  std::shared_ptr<ov::Node> last = x;
  std::uint32_t random = 1;
  for (std::size_t layer = 0; layer < mebibytes / 4; ++layer) {
    std::vector<float> weights(width * width);
    for (float& weight : weights) {
      random = random * 1664525 + 1013904223;
      weight = static_cast<float>(random >> 8) * 0x1p-29f - 0x1p-6f;
    }
    const auto constant = ov::op::v0::Constant::create(ov::element::f32, ov::Shape{width, width}, weights);
    last = std::make_shared<ov::op::v0::Tanh>(std::make_shared<ov::op::v0::MatMul>(last, constant));
  }
  x->output(0).set_names({"x"});
  last->output(0).set_names({"y"});
  return Network(std::make_shared<ov::Model>(ov::OutputVector{last}, ov::ParameterVector{x}, "chain"));
}

std::int64_t status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":")) return 1024 * std::stoll(line.substr(key.size() + 1));
  throw std::runtime_error("/proc/self/status has no " + key);
}

nlohmann::json memory_of(const std::function<void()>& work) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM starts again from VmRSS
  const std::int64_t anonymous = status_bytes("RssAnon");
  const std::int64_t resident = status_bytes("VmRSS");
  if (status_bytes("VmHWM") > resident + (4 << 20))
    throw std::runtime_error("the peak of memory cannot be reset here");
  std::atomic<bool> done = false;
  std::int64_t peak_anonymous = anonymous;
  std::thread watch([&] {  // the system keeps no peak of anonymous memory
    while (!done) {
      peak_anonymous = std::max(peak_anonymous, status_bytes("RssAnon"));
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  });
  try {
    work();
  } catch (...) {
    done = true;
    watch.join();
    throw;
  }
  done = true;
  watch.join();
  peak_anonymous = std::max(peak_anonymous, status_bytes("RssAnon"));
  return {{"peak", status_bytes("VmHWM") - resident}, {"peak_anonymous", peak_anonymous - anonymous}};
}

struct Folder {
  explicit Folder(const fs::path& folder) : engine(folder / "polygraph.engine"), blob(folder / "bare.blob") {}
  fs::path engine;
  fs::path blob;
};

void export_bare(const Engine& engine, const fs::path& path) {
  std::ofstream stream(path, std::ios::binary);
  stream.exceptions(std::ios::failbit | std::ios::badbit);
  ov::CompiledModel(engine.native()).export_model(stream);
}

ov::AnyMap properties_of(const Folder& folder) {
  ov::AnyMap properties;
  for (const auto& [name, value] :
       pg::EngineFile::read(pg::bytes_from_path(folder.engine), "engine").info.properties)
    properties[name] = value;
  return properties;
}

// The ways to load. Each returns what keeps the loaded engine alive.
std::shared_ptr<const void> load_polygraph(const Folder& folder, const Runtime& runtime) {
  return std::make_shared<Engine>(engine_from_path(folder.engine, runtime));
}

std::shared_ptr<const void> load_map(const Folder& folder, const Runtime& runtime,
                                     const ov::AnyMap& properties) {
  struct Loaded {
    pg::Bytes bytes;
    ov::CompiledModel compiled;
  };
  auto loaded = std::make_shared<Loaded>();
  loaded->bytes = pg::bytes_from_path(folder.blob);
  const ov::Tensor tensor(ov::element::u8, {loaded->bytes.size()},
                          const_cast<std::byte*>(loaded->bytes.data()));
  loaded->compiled = runtime.native().import_model(tensor, "CPU", properties);
  return loaded;
}

std::shared_ptr<const void> load_stream(const Folder& folder, const Runtime& runtime,
                                        const ov::AnyMap& properties) {
  std::ifstream stream(folder.blob, std::ios::binary);
  return std::make_shared<ov::CompiledModel>(runtime.native().import_model(stream, "CPU", properties));
}

double seconds(const std::function<std::shared_ptr<const void>()>& load) {
  const auto started = std::chrono::steady_clock::now();
  const auto kept = load();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

nlohmann::json make(const Folder& folder, std::size_t mebibytes) {
  const Engine engine = engine_from_network(make_network(mebibytes));
  save_engine(engine, folder.engine);
  export_bare(engine, folder.blob);
  return {{"engine_bytes", fs::file_size(folder.engine)}, {"blob_bytes", fs::file_size(folder.blob)}};
}

nlohmann::json save(const Folder& folder, std::size_t mebibytes, const std::string& way) {
  const Engine engine = engine_from_network(make_network(mebibytes));
  const fs::path path = folder.engine.parent_path() / "again";
  const auto memory =
      memory_of([&] { way == "bare" ? export_bare(engine, path) : void(save_engine(engine, path)); });
  fs::remove(path);
  return memory;
}

nlohmann::json load(const Folder& folder, const std::string& way) {
  const Runtime runtime;
  runtime.native().get_property("CPU",
                                ov::supported_properties);  // the plugin is there before the work begins
  const ov::AnyMap properties = properties_of(folder);
  std::shared_ptr<const void> kept;
  return memory_of([&] {
    kept = way == "polygraph" ? load_polygraph(folder, runtime)
           : way == "map"     ? load_map(folder, runtime, properties)
                              : load_stream(folder, runtime, properties);
  });
}

nlohmann::json time_loading(const Folder& folder, int rounds) {
  const Runtime runtime;
  const ov::AnyMap properties = properties_of(folder);
  std::map<std::string, std::vector<double>> times;
  const pg::Bytes blob = pg::bytes_from_path(folder.blob);
  for (int round = -1; round < rounds; ++round) {  // round -1 warms up
    const std::pair<const char*, std::function<std::shared_ptr<const void>()>> ways[] = {
        {"polygraph", [&] { return load_polygraph(folder, runtime); }},
        {"map", [&] { return load_map(folder, runtime, properties); }},
        {"stream", [&] { return load_stream(folder, runtime, properties); }},
        {"checksum", [&] { return std::make_shared<std::uint64_t>(pg::checksum(blob.span())); }},
    };
    for (std::size_t i = 0; i < std::size(ways); ++i) {
      const auto& [name, load_one] = ways[(i + static_cast<std::size_t>(round + 1)) % std::size(ways)];
      const double taken = seconds(load_one);
      if (round >= 0) times[name].push_back(taken);
    }
  }
  return times;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string task = arguments.empty() ? "" : arguments[0];
  nlohmann::json result;
  if (task == "make" && arguments.size() == 3)
    result = make(Folder(arguments[1]), std::stoul(arguments[2]));
  else if (task == "save" && arguments.size() == 4)
    result = save(Folder(arguments[1]), std::stoul(arguments[2]), arguments[3]);
  else if (task == "load" && arguments.size() == 3)
    result = load(Folder(arguments[1]), arguments[2]);
  else if (task == "time" && arguments.size() == 3)
    result = time_loading(Folder(arguments[1]), std::stoi(arguments[2]));
  else
    throw std::invalid_argument("usage: engine_file make|save|load|time FOLDER ...");
  std::cout << result << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << "engine_file: " << error.what() << '\n';
  return 1;
}
