#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/elementwise.h"
#include "reference/gemm.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// (batch, sequence, heads * size) as (batch, heads, sequence, size).
Tensor by_heads(const Call& call, std::size_t input, std::string_view heads_attribute) {
  const Tensor& x = call.tensor(input);
  call.floats(input);
  if (x.shape().rank() == 4) return x;
  const std::int64_t heads = call.attribute(heads_attribute, std::int64_t{0});
  if (x.shape().rank() != 3 || heads < 1 || x.shape()[2] % heads != 0)
    call.fail(fmt::format("its input {} of shape {} does not divide into {} heads.", input, x.shape().str(),
                          heads));
  const Tensor split = x.reshaped(Shape{x.shape()[0], x.shape()[1], heads, x.shape()[2] / heads});
  return transpose(split, std::vector<std::size_t>{0, 2, 1, 3});
}

Tensor with_past(const Call& call, std::size_t past, const Tensor& now) {
  if (!call.has(past)) return now;
  const Shape &before = call.shape(past), &shape = now.shape();
  if (before.rank() != 4 || before[0] != shape[0] || before[1] != shape[1] || before[3] != shape[3])
    call.fail(fmt::format("its past of shape {} does not fit {}.", before.str(), shape.str()));
  const std::vector<Tensor> both{call.tensor(past), now};
  return concatenate(both, 2);
}

// What is added to the scores: 0, -inf where a query must not see a key, or the numbers of the mask.
Tensor bias_of(const Call& call, std::int64_t batch, std::int64_t heads, std::int64_t queries,
               std::int64_t keys) {
  const Shape shape{batch, heads, queries, keys};
  Tensor bias(DataType::float64, shape);
  if (call.has(3)) {
    const Tensor& mask = call.tensor(3);
    const bool is_boolean = mask.dtype() == DataType::boolean;
    const Tensor numbers = is_boolean
                               ? map_elements<bool, double>(mask, DataType::float64, 1,
                                                            [](bool sees) { return sees ? 0 : -infinity; })
                               : mask;
    // A mask may end before the keys do: those beyond are not seen.
    Dims dims = dims_of(numbers);
    if (dims.empty()) call.fail("its mask is a scalar.");
    const std::int64_t own = dims.back(), missing = own == 1 ? 0 : keys - own;
    Tensor whole = numbers;
    if (missing > 0) {
      dims.back() = missing;
      const std::vector<Tensor> parts{numbers, expand(Tensor::full(Shape{}, -infinity), Shape(dims))};
      whole = concatenate(parts, dims.size() - 1);
    }
    if (broadcast(whole.shape(), shape) != shape)
      call.fail(fmt::format("its mask of shape {} does not fit.", mask.shape().str()));
    bias = expand(whole, shape).clone();
  }
  const bool is_causal = call.attribute("is_causal", std::int64_t{0}) != 0;
  const std::int64_t left = call.attribute("left_window_size", std::int64_t{-1});
  const std::int64_t right = call.attribute("right_window_size", std::int64_t{-1});
  const auto lengths = call.has(6) ? call.integers(6) : Dims();
  double* out = bias.mutable_values<double>().data();
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::int64_t length = lengths.empty() ? keys : lengths.at(static_cast<std::size_t>(b));
    // How many keys come before the first query.
    const std::int64_t offset = call.has(4) ? call.shape(4)[2] : lengths.empty() ? 0 : length - queries;
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t q = 0; q < queries; ++q)
        for (std::int64_t k = 0; k < keys; ++k, ++out) {
          const std::int64_t ahead = k - (q + offset);
          if ((is_causal && ahead > 0) || (left >= 0 && -ahead > left) || (right >= 0 && ahead > right) ||
              k >= length)
            *out = -infinity;
        }
  }
  return bias;
}

// Rows that see nothing become 0.
void softmax_row(double* row, const double* bias, std::int64_t count) {
  if (std::all_of(bias, bias + count, [](double x) { return x == -infinity; })) {
    std::fill_n(row, count, 0.0);
    return;
  }
  const double largest = *std::max_element(row, row + count);
  long double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += row[i] = std::exp(row[i] - largest);
  for (std::int64_t i = 0; i < count; ++i) row[i] /= static_cast<double>(sum);
}

// The page of the operator: softmax(softcap(scale * Q K^T) + bias) V.
Values attention(const Call& call) {
  const Tensor q = by_heads(call, 0, "q_num_heads");
  const Tensor k = with_past(call, 4, by_heads(call, 1, "kv_num_heads"));
  const Tensor v = with_past(call, 5, by_heads(call, 2, "kv_num_heads"));
  const std::int64_t batch = q.shape()[0], heads = q.shape()[1], queries = q.shape()[2], size = q.shape()[3];
  const std::int64_t kv_heads = k.shape()[1], keys = k.shape()[2], v_size = v.shape()[3];
  if (kv_heads == 0 || k.shape()[0] != batch || v.shape()[0] != batch || v.shape()[1] != kv_heads ||
      heads % kv_heads != 0 || k.shape()[3] != size || v.shape()[2] != keys)
    call.fail(fmt::format("the shapes {}, {} and {} do not fit.", q.shape().str(), k.shape().str(),
                          v.shape().str()));
  const double scale =
      call.has_attribute("scale") ? call.attribute("scale", 1.0f) : 1 / std::sqrt(static_cast<double>(size));
  const double softcap = call.attribute("softcap", 0.0f);
  const Tensor bias = bias_of(call, batch, heads, queries, keys);
  const std::int64_t mode = call.attribute("qk_matmul_output_mode", std::int64_t{0});
  Tensor scores(DataType::float64, Shape{batch, heads, queries, keys}), seen;
  Tensor y(DataType::float64, Shape{batch, heads, queries, v_size});
  double* const s = scores.mutable_values<double>().data();
  const double* const added = bias.values<double>().data();
  const auto kv_of = [&](std::int64_t i) { return i / heads * kv_heads + i % heads / (heads / kv_heads); };
  const std::int64_t area = queries * keys;
  for (std::int64_t i = 0; i < batch * heads; ++i)
    gemm(queries, keys, size, {q.values<double>().data() + i * queries * size, size, 1},
         {k.values<double>().data() + kv_of(i) * keys * size, 1, size}, s + i * area, keys, call.threads);
  const std::int64_t count = scores.element_count();
  for (std::int64_t i = 0; i < count; ++i) s[i] *= scale;
  if (mode == 0) seen = scores.clone();
  if (softcap > 0)
    for (std::int64_t i = 0; i < count; ++i) s[i] = softcap * std::tanh(s[i] / softcap);
  if (mode == 1) seen = scores.clone();
  for (std::int64_t i = 0; i < count; ++i) s[i] += added[i];
  if (mode == 2) seen = scores.clone();
  if (keys > 0)
    for (std::int64_t row = 0; row < batch * heads * queries; ++row)
      softmax_row(s + row * keys, added + row * keys, keys);
  if (mode == 3) seen = scores.clone();
  for (std::int64_t i = 0; i < batch * heads; ++i)
    gemm(queries, v_size, keys, {s + i * area, keys, 1},
         {v.values<double>().data() + kv_of(i) * keys * v_size, v_size, 1},
         y.mutable_values<double>().data() + i * queries * v_size, v_size, call.threads);
  if (call.shape(0).rank() == 3)
    y = transpose(y, std::vector<std::size_t>{0, 2, 1, 3}).reshaped(Shape{batch, queries, heads * v_size});
  return {value_of(std::move(y), call.dtype(0)), value_of(k, call.dtype(1)), value_of(v, call.dtype(2)),
          value_of(std::move(seen), call.dtype(0))};
}

Values rotary_embedding(const Call& call) {
  const Tensor x = by_heads(call, 0, "num_heads");
  const std::int64_t batch = x.shape()[0], heads = x.shape()[1], length = x.shape()[2], size = x.shape()[3];
  const std::int64_t given = call.attribute("rotary_embedding_dim", std::int64_t{0});
  const std::int64_t half = (given == 0 ? size : given) / 2;
  const bool is_interleaved = call.attribute("interleaved", std::int64_t{0}) != 0;
  const auto cosines = call.floats(1), sines = call.floats(2);
  const auto positions = call.has(3) ? call.integers(3) : Dims();
  if (2 * half > size || call.shape(1) != call.shape(2) || call.shape(1).rank() == 0 ||
      call.shape(1)[call.shape(1).rank() - 1] != half)
    call.fail("its caches do not fit the size of a head.");
  Tensor y = x.clone();
  double* row = y.mutable_values<double>().data();
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t t = 0; t < length; ++t, row += size) {
        const std::int64_t entry =
            positions.empty() ? b * length + t : positions.at(static_cast<std::size_t>(b * length + t));
        if (entry < 0 || (entry + 1) * half > static_cast<std::int64_t>(cosines.size()))
          call.fail("a position is outside of its caches.");
        for (std::int64_t i = 0; i < half; ++i) {
          const auto at = static_cast<std::size_t>(entry * half + i);
          double& real = row[is_interleaved ? 2 * i : i];
          double& imaginary = row[is_interleaved ? 2 * i + 1 : half + i];
          const double a = real, c = imaginary;
          real = cosines[at] * a - sines[at] * c;
          imaginary = sines[at] * a + cosines[at] * c;
        }
      }
  if (call.shape(0).rank() == 3)
    y = transpose(y, std::vector<std::size_t>{0, 2, 1, 3}).reshaped(call.shape(0));
  return {value_of(std::move(y), call.dtype(0))};
}

Values swiglu(const Call& call) {
  const double alpha = call.attribute("alpha", 1.0f);
  if (call.shape(0) != call.shape(1)) call.fail("its inputs have different shapes.");
  return {value_of(
      map_pairs<double, double>(call.tensor(0), call.tensor(1), DataType::float64, call.shape(0),
                                [=](double a, double b) { return a / (1 + std::exp(-alpha * a)) * b; }),
      call.dtype(0))};
}

}  // namespace

void add_attention(Operators& operators) {
  operators.insert({{"Attention", attention}, {"RotaryEmbedding", rotary_embedding}, {"SwiGLU", swiglu}});
}

}  // namespace polygraph::reference
