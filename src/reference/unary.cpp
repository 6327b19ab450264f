#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "reference/elementwise.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

template <double (*f)(double)>
Values apply(const Call& call) {
  return map_floats(call, f);
}

// f is given the C++ type of the elements.
template <class F>
Values map_numbers(const Call& call, F&& f) {
  return with_number(call.tensor(0).dtype(), [&]<class T>() -> Values {
    return {
        value_of(map_elements<T, T>(call.tensor(0), call.tensor(0).dtype(), call.threads, f), call.dtype(0))};
  });
}

template <class T>
T negative(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return -x;
  else
    return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
}

template <class T>
T absolute(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::abs(x);
  else if constexpr (std::is_unsigned_v<T>)
    return x;
  else
    return x < 0 ? negative(x) : x;
}

Values elu(const Call& call) {
  const double alpha = call.attribute("alpha", 1.0f);
  return map_floats(call, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}
Values celu(const Call& call) {
  const double alpha = call.attribute("alpha", 1.0f);
  return map_floats(
      call, [=](double x) { return std::max(0.0, x) + std::min(0.0, alpha * std::expm1(x / alpha)); });
}
Values selu(const Call& call) {
  const double alpha = call.attribute("alpha", 1.67326319217681884765625f);
  const double gamma = call.attribute("gamma", 1.05070102214813232421875f);
  return map_floats(call, [=](double x) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); });
}
Values leaky_relu(const Call& call) {
  const double alpha = call.attribute("alpha", 0.01f);
  return map_floats(call, [=](double x) { return x < 0 ? alpha * x : x; });
}
Values thresholded_relu(const Call& call) {
  const double alpha = call.attribute("alpha", 1.0f);
  return map_floats(call, [=](double x) { return x > alpha ? x : 0.0; });
}
Values hard_sigmoid(const Call& call) {
  const double alpha = call.attribute("alpha", 0.2f), beta = call.attribute("beta", 0.5f);
  return map_floats(
      call, [=](double x) { return std::isnan(x) ? x : std::max(0.0, std::min(1.0, alpha * x + beta)); });
}
Values hard_swish(const Call& call) {
  return map_floats(call, [](double x) { return x * std::max(0.0, std::min(1.0, x / 6 + 0.5)); });
}
Values swish(const Call& call) {
  const double alpha = call.attribute("alpha", 1.0f);
  return map_floats(call, [=](double x) { return x * sigmoid(alpha * x); });
}
Values shrink(const Call& call) {
  const double bias = call.attribute("bias", 0.0f), lambda = call.attribute("lambd", 0.5f);
  return with_number(call.tensor(0).dtype(), [&]<class T>() -> Values {
    return {value_of(
        map_elements<T, T>(call.tensor(0), call.tensor(0).dtype(), call.threads,
                           [=](T element) {
                             const auto x = static_cast<double>(element);
                             return static_cast<T>(x < -lambda ? x + bias : x > lambda ? x - bias : 0.0);
                           }),
        call.dtype(0))};
  });
}
Values gelu(const Call& call) {
  if (call.attribute("approximate", "none") == "tanh")
    return map_floats(call, [](double x) {
      const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return 0.5 * x * (1 + std::tanh(inner));
    });
  return map_floats(call, [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); });
}
Values clip(const Call& call) {
  return with_number(call.tensor(0).dtype(), [&]<class T>() -> Values {
    T low = std::numeric_limits<T>::lowest(), high = std::numeric_limits<T>::max();
    if constexpr (std::is_floating_point_v<T>) {
      low = -infinity;
      high = infinity;
    }
    if (call.opset < 11) {
      if (call.has_attribute("min")) low = static_cast<T>(call.attribute("min", 0.0f));
      if (call.has_attribute("max")) high = static_cast<T>(call.attribute("max", 0.0f));
    }
    if (call.has(1)) low = elements<T>(call.tensor(1))[0];
    if (call.has(2)) high = elements<T>(call.tensor(2))[0];
    return {value_of(map_elements<T, T>(call.tensor(0), call.tensor(0).dtype(), call.threads,
                                        [=](T x) {
                                          const T bounded = x < low ? low : x;
                                          return bounded > high ? high : bounded;
                                        }),
                     call.dtype(0))};
  });
}

Values is_nan(const Call& call) {
  call.floats(0);
  return {value_of(map_elements<double, bool>(call.tensor(0), DataType::boolean, call.threads,
                                              [](double x) { return std::isnan(x); }),
                   DataType::boolean)};
}
Values is_inf(const Call& call) {
  const bool negative_too = call.attribute("detect_negative", std::int64_t{1}) != 0;
  const bool positive_too = call.attribute("detect_positive", std::int64_t{1}) != 0;
  call.floats(0);
  return {value_of(map_elements<double, bool>(
                       call.tensor(0), DataType::boolean, call.threads,
                       [=](double x) { return std::isinf(x) && (x > 0 ? positive_too : negative_too); }),
                   DataType::boolean)};
}
Values logical_not(const Call& call) {
  return {value_of(
      map_elements<bool, bool>(call.tensor(0), DataType::boolean, call.threads, [](bool x) { return !x; }),
      DataType::boolean)};
}
Values bitwise_not(const Call& call) {
  return with_number(call.tensor(0).dtype(), [&]<class T>() -> Values {
    if constexpr (std::is_integral_v<T>)
      return {value_of(map_elements<T, T>(call.tensor(0), call.tensor(0).dtype(), call.threads,
                                          [](T x) { return static_cast<T>(~x); }),
                       call.dtype(0))};
    else
      call.fail("its input is no integer.");
  });
}
Values identity(const Call& call) {
  return {call.inputs.empty() || !call.inputs[0] ? Value() : *call.inputs[0]};
}
Values dropout(const Call& call) {
  const bool is_training = call.has(2) && call.number(2) != 0;
  if (is_training && !(call.has(1) && call.number(1) == 0))
    call.fail("its results are random in training mode.");
  Values outputs{call.value(0)};
  if (call.wants_output(1)) {
    Tensor mask = Tensor::full(call.shape(0), true);
    outputs.push_back(call.opset < 10 ? value_of(mask.cast(DataType::float64), call.dtype(0))
                                      : value_of(std::move(mask), DataType::boolean));
  }
  return outputs;
}

}  // namespace

void add_unary(Operators& operators) {
  operators.insert({
      {"Abs", [](const Call& c) { return map_numbers(c, [](auto x) { return absolute(x); }); }},
      {"Neg", [](const Call& c) { return map_numbers(c, [](auto x) { return negative(x); }); }},
      {"Relu",
       [](const Call& c) {
         return map_numbers(c, [](auto x) { return x < decltype(x){0} ? decltype(x){0} : x; });
       }},
      {"Sign",
       [](const Call& c) {
         return map_numbers(c, [](auto x) {
           using T = decltype(x);
           if constexpr (std::is_floating_point_v<T>)
             if (std::isnan(x)) return x;
           return static_cast<T>(x > T{0} ? 1 : x < T{0} ? -1 : 0);
         });
       }},
      {"Acos", apply<std::acos>},
      {"Acosh", apply<std::acosh>},
      {"Asin", apply<std::asin>},
      {"Asinh", apply<std::asinh>},
      {"Atan", apply<std::atan>},
      {"Atanh", apply<std::atanh>},
      {"Ceil", apply<std::ceil>},
      {"Cos", apply<std::cos>},
      {"Cosh", apply<std::cosh>},
      {"Erf", apply<std::erf>},
      {"Exp", apply<std::exp>},
      {"Floor", apply<std::floor>},
      {"Log", apply<std::log>},
      {"Round", apply<std::nearbyint>},  // to even
      {"Sigmoid", apply<sigmoid>},
      {"Sin", apply<std::sin>},
      {"Sinh", apply<std::sinh>},
      {"Softplus", apply<softplus>},
      {"Sqrt", apply<std::sqrt>},
      {"Tan", apply<std::tan>},
      {"Tanh", apply<std::tanh>},
      {"Reciprocal", [](const Call& c) { return map_floats(c, [](double x) { return 1 / x; }); }},
      {"Softsign",
       [](const Call& c) { return map_floats(c, [](double x) { return x / (1 + std::abs(x)); }); }},
      {"Mish",
       [](const Call& c) { return map_floats(c, [](double x) { return x * std::tanh(softplus(x)); }); }},
      {"Elu", elu},
      {"Celu", celu},
      {"Selu", selu},
      {"LeakyRelu", leaky_relu},
      {"ThresholdedRelu", thresholded_relu},
      {"HardSigmoid", hard_sigmoid},
      {"HardSwish", hard_swish},
      {"Swish", swish},
      {"Shrink", shrink},
      {"Gelu", gelu},
      {"Clip", clip},
      {"IsNaN", is_nan},
      {"IsInf", is_inf},
      {"Not", logical_not},
      {"BitwiseNot", bitwise_not},
      {"Identity", identity},
      {"Dropout", dropout},
  });
}

}  // namespace polygraph::reference
