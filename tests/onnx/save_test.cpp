#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "helpers/message.h"
#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

namespace fs = std::filesystem;
using namespace encode;
using test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Bytes that differ from place to place and from `seed` to `seed`.
std::string pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::uint32_t state = seed * 2654435761u + 1;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::string raw_tensor(std::string_view name, std::size_t size, unsigned seed) {
  return tensor(name, 2, {static_cast<std::int64_t>(size)}, bytes(9, pattern(size, seed)));
}
std::string external_tensor(std::string_view name, std::string_view location, std::uint64_t offset,
                            std::uint64_t length) {
  const auto entry = [](std::string_view key, std::string_view value) {
    return bytes(13, bytes(1, key) + bytes(2, value));
  };
  return varint(1, length) + varint(2, 2) + bytes(8, name) + entry("location", location) +
         entry("offset", std::to_string(offset)) + entry("length", std::to_string(length)) + varint(14, 1);
}

std::string values_of(const TensorData& data, const Model& model) {
  const Tensor tensor = tensor_of(data, model);
  return {static_cast<const char*>(tensor.data()), tensor.nbytes()};
}

class Save : public testing::Test {
 protected:
  Save() { fs::create_directories(folder_); }
  ~Save() override { fs::remove_all(folder_); }

  fs::path at(const std::string& name) const { return folder_ / name; }
  Model load_as(const std::string& name, const std::string& encoded) const {
    write(at(name), encoded);
    return load_model(at(name));
  }
  std::vector<std::string> files(const fs::path& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(folder).string());
    return names;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("polygraph-save-" + std::to_string(::getpid()));
};

TEST_F(Save, KeepsWeightsInTheModel) {
  const std::string encoded = model(bytes(5, raw_tensor("a", 100'000, 1)) + bytes(5, raw_tensor("b", 10, 2)));
  const Model model = load_as("in.onnx", encoded);
  const SaveReport report = save_model(model, at("new/folder/out.onnx"));
  EXPECT_EQ(content(at("new/folder/out.onnx")), encoded);
  EXPECT_EQ(report.model_bytes, encoded.size());
  EXPECT_EQ(report.external_bytes, 0u);
  EXPECT_EQ(report.external_tensors, 0u);
  EXPECT_THAT(files(at("new")), ElementsAre("folder/out.onnx"));
  // The same from memory, and to the same place.
  save_model(load(encoded), at("new/folder/out.onnx"));
  EXPECT_EQ(content(at("new/folder/out.onnx")), encoded);
}

TEST_F(Save, MayWriteOverTheFileItReads) {
  const std::string encoded = model(bytes(5, raw_tensor("a", 300'000, 1)));
  Model model = load_as("m.onnx", encoded);
  fs::create_hard_link(at("m.onnx"), at("link.onnx"));
  model.graph.name = model.storage.intern("a longer name that moves everything behind it");
  save_model(model, at("m.onnx"));
  EXPECT_EQ(values_of(model.graph.initializers[0], model), pattern(300'000, 1));
  const Model again = load_model(at("m.onnx"));
  EXPECT_EQ(again.graph.name, model.graph.name);
  EXPECT_EQ(values_of(again.graph.initializers[0], again), pattern(300'000, 1));
  EXPECT_EQ(content(at("link.onnx")), encoded);  // another name of the old file
  save_model(model, at("m.onnx"));               // from a file that has lost its name
  EXPECT_EQ(values_of(load_model(at("m.onnx")).graph.initializers[0], again), pattern(300'000, 1));
}

TEST_F(Save, PutsLongWeightsIntoOneFile) {
  const std::string inner =
      bytes(1,
            bytes(4, "If") + bytes(5, bytes(1, "then_branch") +
                                          bytes(6, bytes(5, raw_tensor("inner", 2000, 5))) + varint(20, 5))) +
      bytes(1, bytes(4, "Constant") +
                   bytes(5, bytes(1, "value") + bytes(5, raw_tensor("constant", 3000, 6)) + varint(20, 4)));
  std::string floats;
  for (int i = 0; i < 500; ++i) floats += raw({static_cast<float>(i)});
  std::string ints;
  for (std::uint64_t i = 0; i < 500; ++i) ints += raw_varint(i - 250);
  const Model model = load_as(
      "in.onnx", encode::model(bytes(5, raw_tensor("a", 100'001, 1)) +
                               bytes(5, raw_tensor("small", 1023, 2)) + bytes(5, raw_tensor("b", 1024, 3)) +
                               bytes(5, tensor("floats", 1, {500}, bytes(4, floats))) +
                               bytes(5, tensor("ints", 7, {500}, bytes(7, ints))) +
                               bytes(5, tensor("text", 8, {1}, bytes(6, std::string(5000, 'x')))) + inner));
  const SaveReport report = save_model(model, at("out/m.onnx"), {.external_data_path = "sub/w.bin"});
  EXPECT_THAT(files(at("out")), UnorderedElementsAre("m.onnx", "sub/w.bin"));
  EXPECT_EQ(report.external_tensors, 5u);
  EXPECT_EQ(report.external_bytes, fs::file_size(at("out/sub/w.bin")));
  EXPECT_EQ(report.model_bytes, fs::file_size(at("out/m.onnx")));

  const Model again = load_model(at("out/m.onnx"));
  const std::vector<TensorData>& weights = again.graph.initializers;
  std::set<std::uint64_t> offsets;
  for (const std::size_t i : {0u, 2u, 3u, 4u}) {
    ASSERT_TRUE(weights[i].is_external()) << weights[i].name;
    const ExternalData place = external_data_of(weights[i]);
    EXPECT_EQ(place.location, "sub/w.bin");
    EXPECT_EQ(place.offset % (*place.length >= 4096 ? 4096 : 64), 0u);
    EXPECT_TRUE(offsets.insert(place.offset).second);
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].name == "text") continue;
    EXPECT_EQ(values_of(weights[i], again), values_of(model.graph.initializers[i], model)) << weights[i].name;
  }
  EXPECT_FALSE(weights[1].is_external());
  EXPECT_FALSE(weights[5].is_external());
  const auto& branch = std::get<Box<Graph>>(again.graph.nodes[0].attributes[0].value);
  EXPECT_TRUE(branch->initializers[0].is_external());
  EXPECT_EQ(values_of(branch->initializers[0], again), pattern(2000, 5));
  EXPECT_FALSE(std::get<Box<TensorData>>(again.graph.nodes[1].attributes[0].value)->is_external());
  // The model itself has not changed.
  EXPECT_FALSE(model.graph.initializers[0].is_external());
}

TEST_F(Save, NamesTheDataFileAfterTheModel) {
  const Model model = load(encode::model(bytes(5, raw_tensor("a", 2000, 1))));
  save_model(model, at("m.onnx"), {.external_data_path = ""});
  EXPECT_THAT(files(folder_), UnorderedElementsAre("m.onnx", "m.onnx.data"));
}

TEST_F(Save, NamesNoDataFileThatOthersRefuse) {
  const Model model = load(encode::model(bytes(5, raw_tensor("a", 2000, 1))));
  save_model(model, at("m..onnx"), {.external_data_path = ""});
  EXPECT_THAT(files(folder_), UnorderedElementsAre("m..onnx", "m._onnx.data"));
}

TEST_F(Save, ReplacesAnOlderDataFile) {
  write(at("m.onnx.data"), std::string(100'000, 'o'));
  const Model model = load(encode::model(bytes(5, raw_tensor("a", 2000, 1))));
  save_model(model, at("m.onnx"), {.external_data_path = ""});
  EXPECT_EQ(content(at("m.onnx.data")), pattern(2000, 1));
}

TEST_F(Save, CanGiveEachTensorAFile) {
  const char* const names[] = {
      "w", "../../etc/passwd", "a/b", "", "w", ".hidden", "m.onnx", "a:b", "ä", "c..d", "w.1"};
  std::string tensors;
  unsigned seed = 0;
  for (const char* const name : names) tensors += bytes(5, raw_tensor(name, 2000, seed++));
  const Model model = load(encode::model(tensors));
  save_model(model, at("m.onnx"), {.external_data_path = "data/unused", .all_tensors_to_one_file = false});
  const Model again = load_model(at("m.onnx"));
  std::set<std::string> locations;
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const ExternalData place = external_data_of(again.graph.initializers[i]);
    EXPECT_TRUE(place.location.starts_with("data/")) << place.location;
    EXPECT_EQ(place.location.find(".."), std::string_view::npos) << place.location;  // refused by others
    EXPECT_TRUE(locations.insert(std::string(place.location)).second) << place.location;
    EXPECT_EQ(content(at(std::string(place.location))), pattern(2000, static_cast<unsigned>(i)));
  }
  EXPECT_EQ(files(at("data")).size(), std::size(names));
  EXPECT_EQ(files(folder_).size(), std::size(names) + 1);
}

TEST_F(Save, CanWriteMoreDataFilesThanMayBeOpen) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{64, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  std::string tensors;
  for (unsigned i = 0; i < 200; ++i) tensors += bytes(5, raw_tensor("w" + std::to_string(i), 10, i));
  const Model model = load(encode::model(tensors));
  const SaveOptions options{.external_data_path = "", .size_threshold = 0, .all_tensors_to_one_file = false};
  EXPECT_NO_THROW(save_model(model, at("m.onnx"), options));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(files(folder_).size(), 201u);
}

TEST_F(Save, LeavesExternalDataThatIsInItsPlace) {
  write(at("w.bin"), pattern(100'000, 7));
  const Model model =
      load_as("in.onnx", encode::model(bytes(5, external_tensor("a", "w.bin", 5000, 50'000))));
  struct stat before {
  }, after{};
  ::stat(at("w.bin").c_str(), &before);
  const SaveReport report = save_model(model, at("out.onnx"));
  ::stat(at("w.bin").c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  EXPECT_EQ(report.external_tensors, 1u);
  EXPECT_EQ(report.external_bytes, 0u);
  EXPECT_EQ(content(at("out.onnx")), content(at("in.onnx")));

  // Elsewhere it goes into the model, or to the file that is named.
  save_model(model, at("other/in.onnx"));
  const Model inside = load_model(at("other/in.onnx"));
  EXPECT_FALSE(inside.graph.initializers[0].is_external());
  EXPECT_EQ(values_of(inside.graph.initializers[0], inside), pattern(100'000, 7).substr(5000, 50'000));
  EXPECT_TRUE(inside.graph.initializers[0].external_data.empty());
  save_model(model, at("third/in.onnx"), {.external_data_path = "w.bin"});
  EXPECT_EQ(content(at("third/w.bin")), pattern(100'000, 7).substr(5000, 50'000));
}

TEST_F(Save, MayReplaceTheDataFileItReads) {
  write(at("w.bin"), pattern(200'000, 7));
  const Model model =
      load_as("m.onnx", encode::model(bytes(5, external_tensor("a", "w.bin", 100'000, 50'000)) +
                                      bytes(5, external_tensor("b", "w.bin", 0, 60'000))));
  save_model(model, at("m.onnx"), {.external_data_path = "w.bin"});
  const Model again = load_model(at("m.onnx"));
  for (const Model* each : {&model, &again}) {  // the one in memory reads the old file
    EXPECT_EQ(values_of(each->graph.initializers[0], *each), pattern(200'000, 7).substr(100'000, 50'000));
    EXPECT_EQ(values_of(each->graph.initializers[1], *each), pattern(200'000, 7).substr(0, 60'000));
  }
  EXPECT_LT(fs::file_size(at("w.bin")), 120'000u);
}

TEST_F(Save, BringsInWhatItsOwnFilesWouldReplace) {
  write(at("w.bin"), pattern(5000, 7));
  const Model model = load_as("in.onnx", encode::model(bytes(5, external_tensor("a", "w.bin", 0, 5000))));
  save_model(model, at("w.bin"));  // the model takes the place of its data
  const Model again = load_model(at("w.bin"));
  EXPECT_EQ(values_of(again.graph.initializers[0], again), pattern(5000, 7));
}

TEST_F(Save, WritesSharedDataOnce) {
  write(at("w.bin"), pattern(100'000, 7));
  const Model model =
      load_as("in.onnx", encode::model(bytes(5, external_tensor("a", "w.bin", 0, 50'000)) +
                                       bytes(5, external_tensor("same", "w.bin", 0, 50'000)) +
                                       bytes(5, external_tensor("overlapping", "w.bin", 10'000, 50'000))));
  save_model(model, at("out/m.onnx"), {.external_data_path = ""});
  const Model again = load_model(at("out/m.onnx"));
  const auto offset = [&](int i) { return external_data_of(again.graph.initializers[i]).offset; };
  EXPECT_EQ(offset(0), offset(1));
  EXPECT_NE(offset(0), offset(2));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(values_of(again.graph.initializers[i], again), values_of(model.graph.initializers[i], model));
}

TEST_F(Save, RefusesExternalDataThatCannotBeHad) {
  write(at("in/short.bin"), "1234");
  write(at("secret"), pattern(5000, 1));
  fs::create_symlink(at("secret"), at("in/link.bin"));
  const std::pair<const char*, const char*> cases[] = {{"missing.bin", "No such file"},
                                                       {"short.bin", "which has 4"},
                                                       {"../secret", "'..'"},
                                                       {"link.bin", "symbolic link"},
                                                       {"/etc/passwd", "absolute"}};
  for (const auto& [location, problem] : cases) {
    const Model model =
        load_as("in/m.onnx", encode::model(bytes(5, external_tensor("a", location, 0, 5000))));
    fs::create_directories(at("out"));
    EXPECT_THAT(message<InputError>([&] { save_model(model, at("out/m.onnx")); }),
                AllOf(HasSubstr(problem), HasSubstr(fs::path(location).filename().string())));
    EXPECT_THAT(files(at("out")), ElementsAre());
  }
}

TEST_F(Save, RefusesDataFilesOutsideTheFolder) {
  const Model model = load(encode::model(bytes(5, raw_tensor("a", 2000, 1))));
  fs::create_directories(at("out/inside"));
  fs::create_directory_symlink(folder_, at("out/up"));
  fs::create_symlink(at("elsewhere"), at("out/link"));
  const std::pair<const char*, const char*> cases[] = {
      {"/tmp/w", "absolute"},         {"../w", "'..'"},       {"inside/../../w", "'..'"},
      {"inside/", "names no file"},   {"up/w", "symbolic"},   {"link", "symbolic"},
      {"m.onnx", "the model itself"}, {"w..bin", "two dots"}, {"./m.onnx", "the model itself"}};
  for (const auto& [location, problem] : cases)
    EXPECT_THAT(
        message<InputError>([&] { save_model(model, at("out/m.onnx"), {.external_data_path = location}); }),
        AllOf(HasSubstr(problem), HasSubstr(location)));
  EXPECT_THAT(files(at("out")),
              UnorderedElementsAre("link"));  // which leads nowhere
  EXPECT_FALSE(fs::exists(at("elsewhere")));
}

TEST_F(Save, RefusesPlacesThatCannotBeWritten) {
  const Model model = load(encode::model(bytes(5, raw_tensor("a", 2000, 1))));
  fs::create_directories(at("folder"));
  EXPECT_THAT(message<InputError>([&] { save_model(model, at("folder")); }), HasSubstr("folder"));
  // The data file comes first, and goes away again.
  EXPECT_THAT(message<InputError>([&] { save_model(model, at("folder"), {.external_data_path = "w"}); }),
              HasSubstr("folder"));
  EXPECT_THAT(files(folder_), ElementsAre());
}

TEST_F(Save, RefusesAReadOnlyFile) {
  if (::geteuid() == 0) GTEST_SKIP() << "nothing is read-only for root";
  const Model model = load(encode::model(""));
  write(at("m.onnx"), "old");
  fs::permissions(at("m.onnx"), fs::perms::owner_read);
  EXPECT_THAT(message<InputError>([&] { save_model(model, at("m.onnx")); }), HasSubstr("permission"));
}

TEST_F(Save, LeavesTheOldFilesIfThereIsNoRoom) {
  write(at("m.onnx"), "old model");
  write(at("w"), "old weights");
  const Model model =
      load(encode::model(bytes(5, raw_tensor("a", 200'000, 1)) + bytes(5, raw_tensor("b", 400'000, 1))));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{300'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string inside = message<InputError>([&] { save_model(model, at("m.onnx")); });
  const std::string outside =
      message<InputError>([&] { save_model(model, at("m.onnx"), {.external_data_path = "w"}); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, previous);
  EXPECT_THAT(inside, AllOf(HasSubstr("m.onnx"), HasSubstr("too large")));
  EXPECT_THAT(outside, AllOf(HasSubstr("/w'"), HasSubstr("too large")));
  EXPECT_EQ(content(at("m.onnx")), "old model");
  EXPECT_EQ(content(at("w")), "old weights");
  EXPECT_THAT(files(folder_), UnorderedElementsAre("m.onnx", "w"));
}

TEST_F(Save, LeavesTheOldFilesIfTheLastCheckFails) {
  const Model model =
      load_as("in.onnx", polygraph::onnx::encode::model(bytes(5, raw_tensor("a", 100'000, 1))));
  write(at("out/m.onnx"), "old");
  EXPECT_THAT(message<InputError>([&] {
                save_model(model, at("out/m.onnx"), {.external_data_path = "w"},
                           [] { throw InputError("no good"); });
              }),
              HasSubstr("no good"));
  EXPECT_THAT(files(at("out")), ElementsAre("m.onnx"));
  EXPECT_EQ(content(at("out/m.onnx")), "old");
  bool called = false;
  save_model(model, at("out/m.onnx"), {.external_data_path = "w"}, [&] {
    called = true;
    EXPECT_EQ(content(at("out/m.onnx")), "old");
    EXPECT_FALSE(fs::exists(at("out/w")));
  });
  EXPECT_TRUE(called);
  EXPECT_THAT(files(at("out")), UnorderedElementsAre("m.onnx", "w"));
}

TEST_F(Save, WritesAModelWhoseSourceIsReplaced) {
  const std::string encoded = model(bytes(5, raw_tensor("a", 300'000, 1)));
  const Model model = load_as("in.onnx", encoded);
  write(at("new.onnx"), "something else");
  fs::rename(at("new.onnx"), at("in.onnx"));
  save_model(model, at("out.onnx"));
  EXPECT_EQ(content(at("out.onnx")), encoded);
}

/// Byte i is i / 64 + seed; counts what is asked for.
class Computed final : public DeferredData {
 public:
  Computed(std::uint64_t size, unsigned seed) : size_(size), seed_(seed) {}
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    EXPECT_EQ(offset % 64, 0u);
    EXPECT_TRUE(out.size() % 64 == 0 || offset + out.size() == size_);
    EXPECT_LE(out.size(), 16u << 20);
    if (fails) throw InputError("cannot compute this");
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>((offset + i) / 64 + seed_);
    bytes_read += out.size();
  }
  std::string all() const {
    std::string bytes(size_, '\0');
    for (std::size_t i = 0; i < size_; ++i) bytes[i] = static_cast<char>(i / 64 + seed_);
    return bytes;
  }
  mutable std::atomic<std::uint64_t> bytes_read = 0;
  bool fails = false;

 private:
  std::uint64_t size_;
  unsigned seed_;
};

TEST_F(Save, ComputesDeferredDataWhileWriting) {
  Model model = load(encode::model(bytes(5, raw_tensor("a", 2000, 1)) + bytes(5, raw_tensor("b", 20, 1))));
  const auto large = std::make_shared<Computed>((9 << 20) + 100, 3);
  const auto small = std::make_shared<Computed>(100, 4);
  std::vector<TensorData>& weights = model.graph.initializers;
  set_data(weights[0], DataType::uint8, Shape{(9 << 20) + 100}, large);
  set_data(weights[1], DataType::uint16, Shape{50}, small);
  EXPECT_EQ(stored_size(weights[0]), large->size());
  EXPECT_EQ(values_of(weights[0], model), large->all());

  const Bytes encoded = encode_model(model);
  large->bytes_read = 0;
  save_model(model, at("m.onnx"));
  EXPECT_EQ(large->bytes_read, large->size());
  EXPECT_TRUE(std::ranges::equal(MappedFile(at("m.onnx")).bytes(), encoded.span()));
  save_model(model, at("e.onnx"), {.external_data_path = ""});
  for (const char* const name : {"m.onnx", "e.onnx"}) {
    const Model again = load_model(at(name));
    EXPECT_EQ(values_of(again.graph.initializers[0], again), large->all());
    EXPECT_EQ(values_of(again.graph.initializers[1], again), small->all());
    EXPECT_EQ(again.graph.initializers[1].data_type, 4);
  }

  large->fails = true;
  EXPECT_EQ(message<InputError>([&] { save_model(model, at("m.onnx")); }), "cannot compute this");
  EXPECT_TRUE(std::ranges::equal(MappedFile(at("m.onnx")).bytes(), encoded.span()));
  EXPECT_THAT(message<InputError>([&] { set_data(weights[0], DataType::float16, Shape{3}, small); }),
              AllOf(HasSubstr("100 bytes"), HasSubstr("(3,)"), HasSubstr("6")));
}

TEST_F(Save, WritesDataOfTensors) {
  write(at("w.bin"), pattern(100, 7));
  Model model = load_as("in.onnx", encode::model(bytes(5, external_tensor("a", "w.bin", 0, 100)) +
                                                 bytes(5, tensor("b", 7, {1}, bytes(7, "\x01"))) +
                                                 bytes(5, tensor("c", 1, {1}, bytes(9, "1234"))) +
                                                 bytes(5, tensor("d", 1, {1}, bytes(9, "1234")))));
  std::vector<TensorData>& weights = model.graph.initializers;
  set_data(weights[0], Tensor::full(Shape{2, 2}, 1.5f), model.storage);
  set_data(weights[1], Tensor::full(Shape{5}, 3.0f).cast(DataType::int4), model.storage);
  set_data(weights[2], Tensor::from<std::string>({"x", "yz"}, Shape{2}), model.storage);
  std::int32_t matrix[] = {1, 2, 3, 4, 5, 6};
  set_data(weights[3], Tensor::strided_view(matrix, DataType::int32, Shape{3, 2}, {4, 12}), model.storage);
  const auto check = [](const Model& each) {
    const std::vector<TensorData>& data = each.graph.initializers;
    EXPECT_EQ(tensor_of(data[0], each).str(), "[[1.5 1.5]\n [1.5 1.5]]");
    EXPECT_EQ(tensor_of(data[1], each).dtype(), DataType::int4);
    EXPECT_EQ(tensor_of(data[1], each).element_as_double(4), 3);
    EXPECT_EQ(data[1].raw_data->size(), 3u);
    EXPECT_THAT(tensor_of(data[2], each).strings(), ElementsAre("x", "yz"));
    EXPECT_THAT(tensor_of(data[3], each).values<std::int32_t>(), ElementsAre(1, 4, 2, 5, 3, 6));
    for (const TensorData& tensor : data) EXPECT_FALSE(tensor.is_external());
  };
  const Model copy = model;
  model = Model();
  check(copy);
  save_model(copy, at("out.onnx"));
  check(load_model(at("out.onnx")));
}

}  // namespace
}  // namespace polygraph::onnx
