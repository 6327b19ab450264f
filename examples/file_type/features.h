#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What the model wants to know of a file, from its config.min.json.
struct Features {
  std::size_t begin_size;  // tokens from the beginning of the file
  std::size_t end_size;    // tokens from its end
  std::size_t block_size;  // how much is read at each end
  std::int32_t padding;    // the token that stands for "no byte"
  std::vector<std::string> labels;

  explicit Features(const std::filesystem::path& config_file) {
    const auto config = nlohmann::json::parse(std::ifstream(config_file));
    begin_size = config.at("beg_size");
    end_size = config.at("end_size");
    block_size = config.at("block_size");
    padding = config.at("padding_token");
    labels = config.at("target_labels_space").get<std::vector<std::string>>();
  }

  // One row of the input: the first bytes of the file after leading white space, padded behind; then the last
  // bytes before trailing white space, padded in front.
  void extract(std::span<const std::byte> file, std::span<std::int32_t> row) const {
    constexpr std::string_view white_space = " \t\n\r\v\f";
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    std::string_view begin = text.substr(0, block_size);
    begin.remove_prefix(std::min(begin.find_first_not_of(white_space), begin.size()));
    std::string_view end = text.substr(text.size() - std::min(text.size(), block_size));
    end = end.substr(0, end.find_last_not_of(white_space) + 1);

    std::fill(row.begin(), row.end(), padding);
    const auto token = [](char c) { return static_cast<std::int32_t>(static_cast<unsigned char>(c)); };
    begin = begin.substr(0, begin_size);
    std::transform(begin.begin(), begin.end(), row.begin(), token);
    end = end.substr(end.size() - std::min(end.size(), end_size));
    std::transform(end.rbegin(), end.rend(), row.rbegin(), token);
  }
};
