#include <algorithm>
#include <cmath>

#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

// `log_probabilities` has the classes along axis 1.
Value negative_log_likelihood(const Call& call, const Tensor& log_probabilities, std::size_t weight_input) {
  const Shape& shape = log_probabilities.shape();
  if (shape.rank() < 2) call.fail("its input has no classes.");
  const std::int64_t classes = shape[1], inner = product(shape.dims().subspan(2));
  const auto targets = call.integers(1);
  if (static_cast<std::int64_t>(targets.size()) * classes != log_probabilities.element_count() ||
      (call.has(weight_input) && call.tensor(weight_input).element_count() != classes))
    call.fail("its targets or weights do not fit its classes.");
  const bool ignores = call.has_attribute("ignore_index");
  const std::int64_t ignored = call.attribute("ignore_index", std::int64_t{0});
  const std::string_view reduction = call.attribute("reduction", "mean");
  Tensor losses(DataType::float64, call.shape(1));
  const auto out = losses.mutable_values<double>();
  long double sum = 0, total_weight = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::int64_t target = targets[i], at = static_cast<std::int64_t>(i);
    if (ignores && target == ignored) continue;
    if (target < 0 || target >= classes) call.fail("a target is no class.");
    const double weight =
        call.has(weight_input) ? call.floats(weight_input)[static_cast<std::size_t>(target)] : 1;
    const std::int64_t place = (at / inner * classes + target) * inner + at % inner;
    out[i] = -log_probabilities.values<double>()[static_cast<std::size_t>(place)] * weight;
    sum += out[i];
    total_weight += weight;
  }
  if (reduction == "none") return value_of(std::move(losses), call.dtype(0));
  return value_of(Tensor::full(Shape{}, static_cast<double>(reduction == "sum" ? sum : sum / total_weight)),
                  call.dtype(0));
}

Values negative_log_likelihood_loss(const Call& call) {
  call.floats(0);
  return {negative_log_likelihood(call, call.tensor(0), 2)};
}

Values softmax_cross_entropy_loss(const Call& call) {
  const Shape& shape = call.shape(0);
  if (shape.rank() < 2) call.fail("its input has no classes.");
  const std::int64_t classes = shape[1], inner = product(shape.dims().subspan(2));
  Tensor logs(DataType::float64, shape);
  const double* const in = call.floats(0).data();
  double* const out = logs.mutable_values<double>().data();
  for (std::int64_t row = 0; row < shape[0] * inner; ++row) {
    const std::int64_t begin = row / inner * classes * inner + row % inner;
    double largest = in[begin];
    for (std::int64_t c = 1; c < classes; ++c) largest = std::max(largest, in[begin + c * inner]);
    long double sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(in[begin + c * inner] - largest);
    const auto rest = static_cast<double>(std::log(sum));
    for (std::int64_t c = 0; c < classes; ++c)
      out[begin + c * inner] = in[begin + c * inner] - largest - rest;
  }
  Value loss = negative_log_likelihood(call, logs, 2);
  return {std::move(loss), value_of(std::move(logs), call.dtype(0))};
}

}  // namespace

void add_losses(Operators& operators) {
  operators.insert({{"NegativeLogLikelihoodLoss", negative_log_likelihood_loss},
                    {"SoftmaxCrossEntropyLoss", softmax_cross_entropy_loss}});
}

}  // namespace polygraph::reference
