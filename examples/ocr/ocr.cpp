// What does a page say? Reads an image with two models of the PyPI package rapidocr-onnxruntime, one that
// finds lines of text and one that reads them, in engines of OpenVINO, and compares every step with ONNX
// Runtime.
//
//   ocr MODEL_FOLDER PAGE.ppm
//
// The page is a binary PPM or PGM with horizontal lines of dark text on a light ground.

#include <polygraph/compare/comparator.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnxrt.h>
#include <polygraph/openvino.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace pg = polygraph;
namespace fs = std::filesystem;
using namespace polygraph::compare;

// Grey values from 0 to 1, row by row.
struct Image {
  int height = 0, width = 0;
  std::vector<float> values{};
  float at(double y, double x) const {  // the nearest pixel
    const int row = std::clamp(static_cast<int>(y), 0, height - 1),
              column = std::clamp(static_cast<int>(x), 0, width - 1);
    return values[static_cast<std::size_t>(row * width + column)];
  }
};

Image read_page(const fs::path& path) {
  const pg::MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const bool is_color = text.starts_with("P6");
  if (!is_color && !text.starts_with("P5"))
    throw pg::InputError("The page is neither a binary PPM nor a PGM.");
  std::array<int, 3> header{};  // width, height, greatest value
  std::size_t at = 2;
  for (int& number : header) {
    at = text.find_first_of("0123456789", at);
    if (at == std::string_view::npos) throw pg::InputError("The page's header is damaged.");
    at = static_cast<std::size_t>(std::from_chars(text.data() + at, text.data() + text.size(), number).ptr -
                                  text.data());
  }
  Image page{header[1], header[0]};
  const std::size_t channels = is_color ? 3 : 1,
                    count = static_cast<std::size_t>(page.height) * static_cast<std::size_t>(page.width);
  if (header[2] != 255 || text.size() < at + 1 + channels * count)
    throw pg::InputError("The page is cut off, or not 8 bits deep.");
  for (std::size_t i = 0; i < count; ++i)  // of the colours, green says most
    page.values.push_back(
        static_cast<float>(static_cast<unsigned char>(text[at + 1 + i * channels + channels / 2])) / 255);
  return page;
}

// A part of the page as a model wants it: three planes of that size, each shifted and scaled.
pg::Tensor planes(const Image& page, std::array<double, 4> box, int height, int width,
                  std::array<float, 3> mean, std::array<float, 3> deviation) {
  const auto [top, left, bottom, right] = box;
  pg::Tensor tensor(pg::DataType::float32, pg::Shape{1, 3, height, width});
  float* out = tensor.mutable_values<float>().data();
  for (std::size_t plane = 0; plane < 3; ++plane)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        *out++ =
            (page.at(top + (y + 0.5) * (bottom - top) / height, left + (x + 0.5) * (right - left) / width) -
             mean[plane]) /
            deviation[plane];
  return tensor;
}

// A model in both engines, and what comparing them gave.
class Pair {
 public:
  Pair(const fs::path& model, double tolerance)
      : onnxrt_(pg::onnxrt::SessionFromOnnx(model)),
        openvino_(pg::openvino::EngineFromNetwork(pg::openvino::NetworkFromOnnxPath(model),
                                                  pg::openvino::CreateConfig({.fp32 = true}))),
        comparator_({SimpleCompareFunc({.rtol = tolerance, .atol = tolerance})}) {}

  // What OpenVINO makes of the input.
  pg::Tensor operator()(const pg::Tensor& input) {
    const pg::FeedDict feed{{"x", input}};
    const std::vector<IterationResult> results{{onnxrt_.infer(feed).clone(), {}, onnxrt_.name()},
                                               {openvino_.infer(feed).clone(), {}, openvino_.name()}};
    comparator_.compare(results);
    return results[1].outputs.at(0).second;
  }
  bool finish(const char* what) {
    const bool is_used = !comparator_.pairs().empty();
    const bool passed = comparator_.finish() || !is_used;
    std::printf("%s: %s\n", what, !is_used ? "not needed" : passed ? "both agree" : "they differ");
    return passed;
  }

 private:
  pg::onnxrt::Runner onnxrt_;
  pg::openvino::Runner openvino_;
  pg::Activation first_ = onnxrt_.activate(), second_ = openvino_.activate();
  Comparator comparator_;
};

// The boxes around bands of rows that have text: top, left, bottom, right.
std::vector<std::array<double, 4>> lines_of(const pg::Tensor& map, int height, int width) {
  const auto values = map.values<float>();
  const auto is_text = [&](int y, int x) { return values[static_cast<std::size_t>(y * width + x)] > 0.3f; };
  std::vector<std::array<double, 4>> lines;
  for (int y = 0; y < height; ++y) {
    const int top = y;
    int left = width, right = 0;
    for (bool any = true; any && y < height; y += any) {
      any = false;
      for (int x = 0; x < width; ++x)
        if (is_text(y, x)) left = std::min(left, x), right = std::max(right, x + 1), any = true;
    }
    if (y == top) continue;
    const double area = double(y - top) * (right - left),
                 margin = 1.6 * area / (2 * (y - top + right - left));  // the map shrinks text
    lines.push_back({top - margin, left - margin, y + margin, right + margin});
  }
  return lines;
}

// The best character of each step without repetitions and blanks (connectionist temporal classification).
std::string text_of(const pg::Tensor& scores, const std::vector<std::string>& characters) {
  const auto steps = static_cast<std::size_t>(scores.shape()[1]),
             classes = static_cast<std::size_t>(scores.shape()[2]);
  std::string text;
  for (std::size_t step = 0, before = 0; step < steps; ++step) {
    const auto row = scores.values<float>().subspan(step * classes, classes);
    const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    if (best != 0 && best != before) text += best <= characters.size() ? characters[best - 1] : " ";
    before = best;
  }
  return text;
}

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("usage: ocr MODEL_FOLDER PAGE.ppm\n", stderr);
    return 2;
  }
  const fs::path finder_path = fs::path(argv[1]) / "ch_PP-OCRv4_det_infer.onnx",
                 reader_path = fs::path(argv[1]) / "ch_PP-OCRv4_rec_infer.onnx";
  const Image page = read_page(argv[2]);

  std::vector<std::string> characters;
  const pg::onnx::Model model = pg::onnx::load_model(reader_path);
  for (const pg::onnx::StringEntry& entry : model.metadata_props)
    if (entry.key == "character")
      for (std::string_view rest = entry.value; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        characters.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }

  Pair finder(finder_path, 1e-3), reader(reader_path, 1e-3);
  const int height = (page.height + 31) / 32 * 32, width = (page.width + 31) / 32 * 32;
  const pg::Tensor map = finder(planes(page, {0, 0, double(height), double(width)}, height, width,
                                       {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}));
  for (const std::array<double, 4>& line : lines_of(map, height, width)) {
    const int line_width = std::max(48, static_cast<int>(48 * (line[3] - line[1]) / (line[2] - line[0])));
    std::printf("%s\n",
                text_of(reader(planes(page, line, 48, line_width, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f})),
                        characters)
                    .c_str());
  }
  const bool finds = finder.finish("finding lines"), reads = reader.finish("reading them");
  return finds && reads ? 0 : 1;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
