#include <polygraph/core/layer_times.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace polygraph {

double LayerTimes::layer_seconds() const {
  double sum = 0;
  for (const LayerTime& layer : layers) sum += layer.seconds;
  return sum;
}

std::vector<LayerTime> LayerTimes::longest_first() const {
  std::vector<LayerTime> sorted = layers;
  std::ranges::stable_sort(sorted, std::greater(), &LayerTime::seconds);
  return sorted;
}

std::vector<TypeTime> LayerTimes::by_type() const {
  std::vector<TypeTime> types;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const LayerTime& layer : layers) {
    const auto [found, is_new] = places.emplace(layer.type, types.size());
    if (is_new) types.push_back({.type = layer.type});
    TypeTime& type = types[found->second];
    ++type.layers;
    type.calls += layer.calls;
    type.seconds += layer.seconds;
  }
  std::ranges::stable_sort(types, std::greater(), &TypeTime::seconds);
  return types;
}

}  // namespace polygraph
