// The inputs that DataLoader makes up, for the comparison with Python: print_feed SEED ITERATION INPUT...
//
// An INPUT is name|dtype|1,2,3|min|max. Prints a line per input: its name and its bytes in hexadecimal, or
// for strings the texts.

#include <fmt/format.h>
#include <polygraph/compare/data_loader.h>

#include <iostream>
#include <stdexcept>

namespace pg = polygraph;

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

void print(const std::string& name, const pg::Tensor& tensor) {
  std::cout << name << ' ';
  if (tensor.dtype() == pg::DataType::string) {
    for (const std::string& text : tensor.strings()) std::cout << text << ' ';
  } else {
    const auto* bytes = static_cast<const unsigned char*>(tensor.data());
    for (std::size_t i = 0; i < tensor.nbytes(); ++i) std::cout << fmt::format("{:02x}", bytes[i]);
  }
  std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  pg::TensorMetadata inputs;
  pg::compare::DataLoaderOptions options;
  options.seed = std::stoull(arguments.at(0));
  const std::int64_t iteration = std::stoll(arguments.at(1));
  options.iterations = iteration + 1;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const auto parts = split(arguments[i], '|');
    std::vector<std::int64_t> dims;
    if (!parts.at(2).empty())
      for (const std::string& dim : split(parts[2], ',')) dims.push_back(std::stoll(dim));
    inputs.add({parts[0], pg::parse_data_type(parts.at(1)).value(), pg::PartialShape(pg::Shape(dims))});
    if (!parts.at(3).empty()) options.val_range[parts[0]] = {std::stold(parts[3]), std::stold(parts.at(4))};
  }
  const pg::compare::DataLoader data(inputs, options);
  for (const auto& [name, tensor] : data[iteration]) print(name, tensor);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "print_feed: " << error.what() << '\n';
  return 1;
}
