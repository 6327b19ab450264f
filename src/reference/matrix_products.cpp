#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reference/elementwise.h"
#include "reference/matrix_product.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

// With a zero point for each row of a and each column of b, or one for all.
Tensor shifted(const Call& call, std::size_t input, std::size_t zero_point, bool by_row) {
  Tensor values = call.tensor(input).cast(DataType::float64);
  if (!call.has(zero_point)) return values;
  Tensor zero = call.tensor(zero_point).cast(DataType::float64);
  if (by_row && zero.shape().rank() == 1 && zero.element_count() > 1)
    zero = zero.reshaped(Shape{zero.shape()[0], 1});
  return map_pairs<double, double>(values, zero, DataType::float64,
                                   broadcast_shape(call, values.shape(), zero.shape()),
                                   [](double x, double z) { return x - z; });
}

Values matmul(const Call& call) {
  if (is_integral(call.tensor(0).dtype())) {
    // Integers stay exact in double precision up to 2^53, which a product of 32-bit ones with few terms keeps
    // to.
    const Tensor result =
        matrix_product(call, call.tensor(0).cast(DataType::float64), call.tensor(1).cast(DataType::float64));
    return {value_of(result.cast(call.tensor(0).dtype()), call.dtype(0))};
  }
  call.floats(0);
  call.floats(1);
  return {value_of(matrix_product(call, call.tensor(0), call.tensor(1)), call.dtype(0))};
}

Values matmul_integer(const Call& call) {
  const Tensor result = matrix_product(call, shifted(call, 0, 2, true), shifted(call, 1, 3, false));
  return {value_of(result.cast(DataType::int64).cast(DataType::int32), DataType::int32)};
}

Values gemm_node(const Call& call) {
  const bool is_integer = is_integral(call.tensor(0).dtype());
  const Tensor a = call.tensor(0).cast(DataType::float64), b = call.tensor(1).cast(DataType::float64);
  if (a.shape().rank() != 2 || b.shape().rank() != 2) call.fail("its inputs are no matrices.");
  const bool flip_a = call.attribute("transA", std::int64_t{0}) != 0,
             flip_b = call.attribute("transB", std::int64_t{0}) != 0;
  const double alpha = call.attribute("alpha", 1.0f), beta = call.attribute("beta", 1.0f);
  const std::int64_t m = a.shape()[flip_a ? 1 : 0], k = a.shape()[flip_a ? 0 : 1],
                     n = b.shape()[flip_b ? 0 : 1];
  if (k != b.shape()[flip_b ? 1 : 0])
    call.fail(fmt::format("the shapes {} and {} do not fit.", a.shape().str(), b.shape().str()));
  Tensor result(DataType::float64, Shape{m, n});
  const auto out = result.mutable_values<double>();
  const Matrix left{a.values<double>().data(), flip_a ? 1 : k, flip_a ? m : 1};
  const Matrix right{b.values<double>().data(), flip_b ? 1 : n, flip_b ? k : 1};
  gemm(m, n, k, left, right, out.data(), n, call.threads);
  if (alpha != 1)
    for (double& x : out) x *= alpha;
  if (call.has(2)) {
    Tensor bias = call.tensor(2).cast(DataType::float64);
    if (call.opset < 7 && bias.shape().rank() > 2) bias = bias.reshaped(Shape{bias.element_count()});
    if (broadcast(bias.shape(), result.shape()) != result.shape())
      call.fail("its third input does not broadcast.");
    const Tensor whole = expand(bias, result.shape());
    const auto added = whole.values<double>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += beta * added[i];
  }
  return {value_of(is_integer ? result.cast(call.tensor(0).dtype()) : std::move(result), call.dtype(0))};
}

// One operand of an Einsum: its tensor, and a label for each axis. Axes of an ellipsis have labels from 256
// on.
struct Operand {
  Tensor tensor;
  std::vector<int> labels;
};

std::vector<int> labels_of(const Call& call, std::string_view term, std::size_t rank) {
  std::vector<int> labels;
  const std::size_t letters =
      static_cast<std::size_t>(std::ranges::count_if(term, [](char c) { return c != '.'; }));
  if (letters > rank) call.fail("a term of its equation has more letters than the operand has axes.");
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (term[i] != '.') {
      labels.push_back(static_cast<unsigned char>(term[i]));
      continue;
    }
    for (std::size_t k = rank - letters; k > 0; --k) labels.push_back(255 + static_cast<int>(k));
    i += 2;
  }
  if (labels.size() != rank) call.fail("a term of its equation has not one letter for each axis.");
  return labels;
}

// Sums over all labels that are not in the result: for each of those, products are added in row-major order.
Tensor contract(const Call& call, const std::vector<Operand>& operands,
                const std::vector<int>& result_labels) {
  std::map<int, std::int64_t> sizes;
  std::vector<int> order = result_labels;
  for (const Operand& operand : operands)
    for (std::size_t i = 0; i < operand.labels.size(); ++i) {
      std::int64_t& size = sizes.try_emplace(operand.labels[i], 1).first->second;
      const std::int64_t own = operand.tensor.shape()[i];
      if (size != 1 && own != 1 && size != own) call.fail("axes of the same letter have different sizes.");
      size = std::max(size, own == 1 ? size : own);
      if (own == 0) size = 0;
      if (std::ranges::find(order, operand.labels[i]) == order.end()) order.push_back(operand.labels[i]);
    }
  Dims dims, outer;
  for (const int label : order) {
    if (!sizes.contains(label)) call.fail("its result has a letter that no operand has.");
    dims.push_back(sizes[label]);
  }
  outer.assign(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(result_labels.size()));
  std::vector<Dims> steps;
  for (const Operand& operand : operands) {
    const Dims own = strides_of(operand.tensor.shape().dims());
    Dims step(order.size(), 0);
    for (std::size_t i = 0; i < operand.labels.size(); ++i)
      if (operand.tensor.shape()[i] != 1)
        step[static_cast<std::size_t>(std::ranges::find(order, operand.labels[i]) - order.begin())] += own[i];
    steps.push_back(std::move(step));
  }
  Tensor result(DataType::float64, Shape(outer));
  const auto out = result.mutable_values<double>();
  const std::int64_t inner = product(std::span(dims).subspan(outer.size()));
  const Dims all_steps = strides_of(dims);
  parallel_for(result.element_count(), (1 << 12) / std::max<std::int64_t>(inner, 1) + 1, call.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   long double sum = 0;
                   for (std::int64_t j = 0; j < inner; ++j) {
                     double term = 1;
                     for (std::size_t k = 0; k < operands.size(); ++k) {
                       std::int64_t place = 0;
                       for (std::size_t axis = 0; axis < dims.size(); ++axis)
                         if (steps[k][axis] != 0)
                           place += (i * inner + j) / all_steps[axis] % dims[axis] * steps[k][axis];
                       term *= operands[k].tensor.values<double>()[static_cast<std::size_t>(place)];
                     }
                     sum += term;
                   }
                   out[static_cast<std::size_t>(i)] = static_cast<double>(sum);
                 }
               });
  return result;
}

bool has(const std::vector<int>& labels, int label) {
  return std::ranges::find(labels, label) != labels.end();
}

// Two operands as a batch of matrix products; nullopt where a letter is repeated, missing or broadcast.
std::optional<Tensor> contract_matrices(const Call& call, const Operand& a, const Operand& b,
                                        const std::vector<int>& result_labels) {
  std::vector<int> batch, rows, columns, summed;
  for (const int label : a.labels) {
    const bool in_b = has(b.labels, label), in_result = has(result_labels, label);
    if (!in_b && !in_result) return std::nullopt;
    (in_b ? in_result ? batch : summed : rows).push_back(label);
  }
  for (const int label : b.labels)
    if (!has(a.labels, label)) {
      if (!has(result_labels, label)) return std::nullopt;
      columns.push_back(label);
    }
  const auto is_unique = [](const std::vector<int>& labels) {
    return std::set<int>(labels.begin(), labels.end()).size() == labels.size();
  };
  if (!is_unique(a.labels) || !is_unique(b.labels)) return std::nullopt;
  std::map<int, std::int64_t> sizes;
  for (std::size_t i = 0; i < a.labels.size(); ++i) sizes[a.labels[i]] = a.tensor.shape()[i];
  for (std::size_t i = 0; i < b.labels.size(); ++i)
    if (const auto known = sizes.try_emplace(b.labels[i], b.tensor.shape()[i]).first;
        known->second != b.tensor.shape()[i])
      return std::nullopt;

  const auto joined = [](std::vector<int> first, const std::vector<int>& second,
                         const std::vector<int>& third) {
    first.insert(first.end(), second.begin(), second.end());
    first.insert(first.end(), third.begin(), third.end());
    return first;
  };
  const auto size_of = [&](const std::vector<int>& labels) {
    std::int64_t size = 1;
    for (const int label : labels) size *= sizes[label];
    return size;
  };
  const auto arranged = [&](const Operand& operand, const std::vector<int>& order, Shape shape) {
    std::vector<std::size_t> permutation;
    for (const int label : order)
      permutation.push_back(
          static_cast<std::size_t>(std::ranges::find(operand.labels, label) - operand.labels.begin()));
    return transpose(operand.tensor, permutation).reshaped(std::move(shape));
  };
  const Tensor left =
      arranged(a, joined(batch, rows, summed), Shape{size_of(batch), size_of(rows), size_of(summed)});
  const Tensor right =
      arranged(b, joined(batch, summed, columns), Shape{size_of(batch), size_of(summed), size_of(columns)});
  Dims dims;
  const std::vector<int> order = joined(batch, rows, columns);
  for (const int label : order) dims.push_back(sizes[label]);
  const Operand result{matrix_product(call, left, right).reshaped(Shape(dims)), order};
  if (order.size() != result_labels.size()) return std::nullopt;
  Dims final_dims;
  for (const int label : result_labels) final_dims.push_back(sizes[label]);
  return arranged(result, result_labels, Shape(final_dims));
}

Values einsum(const Call& call) {
  std::string equation(call.attribute("equation", ""));
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->");
  std::string_view terms = std::string_view(equation).substr(0, arrow);
  std::vector<Operand> operands;
  std::size_t ellipsis_rank = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const std::size_t comma = terms.find(',');
    const Tensor operand = call.tensor(i).cast(DataType::float64);
    operands.push_back({operand, labels_of(call, terms.substr(0, comma), operand.shape().rank())});
    ellipsis_rank =
        std::max(ellipsis_rank, static_cast<std::size_t>(std::ranges::count_if(
                                    operands.back().labels, [](int label) { return label > 255; })));
    terms = comma == std::string_view::npos ? std::string_view() : terms.substr(comma + 1);
  }
  std::vector<int> result_labels;
  if (arrow != std::string::npos) {
    const std::string_view term = std::string_view(equation).substr(arrow + 2);
    const bool has_ellipsis = term.find('.') != std::string_view::npos;
    const std::size_t letters =
        static_cast<std::size_t>(std::ranges::count_if(term, [](char c) { return c != '.'; }));
    result_labels = labels_of(call, term, letters + (has_ellipsis ? ellipsis_rank : 0));
  } else {
    // The ellipsis, then letters that occur once, by alphabet.
    for (std::size_t k = ellipsis_rank; k > 0; --k) result_labels.push_back(255 + static_cast<int>(k));
    std::map<int, int> counts;
    for (const Operand& operand : operands)
      for (const int label : operand.labels) ++counts[label];
    for (const auto& [label, count] : counts)
      if (count == 1 && label < 256) result_labels.push_back(label);
  }
  std::optional<Tensor> result;
  if (operands.size() == 2) result = contract_matrices(call, operands[0], operands[1], result_labels);
  if (!result) result = contract(call, operands, result_labels);
  return {value_of(result->cast(call.tensor(0).dtype()), call.dtype(0))};
}

Values det(const Call& call) {
  const Shape& all = call.shape(0);
  if (all.rank() < 2 || all[all.rank() - 1] != all[all.rank() - 2])
    call.fail("its input is no square matrix.");
  const auto n = static_cast<std::size_t>(all[all.rank() - 1]);
  Dims dims(all.begin(), all.end() - 2);
  Tensor result(DataType::float64, Shape(dims));
  const auto in = call.floats(0);
  for (std::int64_t i = 0; i < result.element_count(); ++i) {
    const auto matrix = in.subspan(static_cast<std::size_t>(i) * n * n, n * n);
    std::vector<long double> m(matrix.begin(), matrix.end());
    long double value = 1;
    for (std::size_t column = 0; column < n; ++column) {
      std::size_t pivot = column;
      for (std::size_t row = column + 1; row < n; ++row)
        if (std::abs(m[row * n + column]) > std::abs(m[pivot * n + column])) pivot = row;
      if (pivot != column) {
        std::swap_ranges(m.begin() + static_cast<std::ptrdiff_t>(pivot * n),
                         m.begin() + static_cast<std::ptrdiff_t>(pivot * n + n),
                         m.begin() + static_cast<std::ptrdiff_t>(column * n));
        value = -value;
      }
      const long double head = m[column * n + column];
      value *= head;
      if (head == 0) break;
      for (std::size_t row = column + 1; row < n; ++row) {
        const long double factor = m[row * n + column] / head;
        for (std::size_t k = column; k < n; ++k) m[row * n + k] -= factor * m[column * n + k];
      }
    }
    result.mutable_values<double>()[static_cast<std::size_t>(i)] = static_cast<double>(value);
  }
  return {value_of(std::move(result), call.dtype(0))};
}

}  // namespace

Tensor matrix_product(const Call& call, const Tensor& a, const Tensor& b) {
  const auto misfit = [&] {
    return fmt::format("the shapes {} and {} do not fit.", a.shape().str(), b.shape().str());
  };
  if (a.shape().rank() == 0 || b.shape().rank() == 0) call.fail(misfit());
  const bool is_row = a.shape().rank() == 1, is_column = b.shape().rank() == 1;
  const Dims left = is_row ? Dims{1, a.shape()[0]} : dims_of(a);
  const Dims right = is_column ? Dims{b.shape()[0], 1} : dims_of(b);
  const std::int64_t m = left[left.size() - 2], k = left.back(), n = right.back();
  if (right[right.size() - 2] != k) call.fail(misfit());
  const Shape left_batch(Dims(left.begin(), left.end() - 2)),
      right_batch(Dims(right.begin(), right.end() - 2));
  const Shape batch = broadcast_shape(call, left_batch, right_batch);
  Dims dims(batch.begin(), batch.end());
  if (!is_row) dims.push_back(m);
  if (!is_column) dims.push_back(n);
  Tensor result(DataType::float64, Shape(dims));
  double* out = result.mutable_values<double>().data();
  const double* const first = a.values<double>().data();
  const double* const second = b.values<double>().data();
  if (right_batch.element_count() == 1 && left_batch == batch) {
    gemm(batch.element_count() * m, n, k, {first, k, 1}, {second, n, 1}, out, n, call.threads);
    return result;
  }
  const Walk<2> walk(batch.dims(),
                     {broadcast_strides(left_batch, batch), broadcast_strides(right_batch, batch)});
  walk.for_each_run([&](const std::array<std::int64_t, 2>& offsets, std::int64_t length) {
    for (std::int64_t i = 0; i < length; ++i, out += m * n)
      gemm(m, n, k, {first + (offsets[0] + i * walk.inner_stride(0)) * m * k, k, 1},
           {second + (offsets[1] + i * walk.inner_stride(1)) * k * n, n, 1}, out, n, call.threads);
  });
  return result;
}

void add_matrix_products(Operators& operators) {
  operators.insert({
      {"MatMul", matmul},
      {"MatMulInteger", matmul_integer},
      {"Gemm", gemm_node},
      {"Einsum", einsum},
      {"Det", det},
  });
}

}  // namespace polygraph::reference
