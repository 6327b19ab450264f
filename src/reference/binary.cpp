#include <cmath>
#include <limits>
#include <type_traits>

#include "reference/elementwise.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

// Before opset 7 broadcasting was asked for, and the second shape lay at an axis of the first.
Tensor second_operand(const Call& call) {
  const Tensor& second = call.tensor(1);
  if (call.opset >= 7 || !call.has_attribute("axis")) return second;
  const std::size_t axis = call.axis(call.attribute("axis", std::int64_t{0}), call.shape(0).rank());
  Dims dims = dims_of(second);
  while (axis + dims.size() < call.shape(0).rank()) dims.push_back(1);
  return second.reshaped(Shape(std::move(dims)));
}

void require_same_type(const Call& call, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    call.fail(fmt::format("its inputs are {} and {}, which must be the same type.", to_string(call.dtype(0)),
                          to_string(call.dtype(1))));
}

// The type is that of the first input.
template <class F>
Values combine(const Call& call, F&& f) {
  const Tensor& a = call.tensor(0);
  const Tensor b = second_operand(call);
  require_same_type(call, a, b);
  const Shape shape = broadcast_shape(call, a.shape(), b.shape());
  return with_number(a.dtype(), [&]<class T>() -> Values {
    return {value_of(map_pairs<T, T>(a, b, a.dtype(), shape, f), call.dtype(0))};
  });
}

template <class F>
Values combine_integers(const Call& call, F&& f) {
  return combine(call, [&](auto x, auto y) {
    using T = decltype(x);
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(f(x, y));
    else
      return x;
  });
}

template <class F>
Values compare(const Call& call, F&& f) {
  const Tensor& a = call.tensor(0);
  const Tensor b = second_operand(call);
  require_same_type(call, a, b);
  const Shape shape = broadcast_shape(call, a.shape(), b.shape());
  return with_element(a.dtype(), [&]<class T>() -> Values {
    if constexpr (requires(T x) { x < x; })
      return {value_of(map_pairs<T, bool>(a, b, DataType::boolean, shape, f), DataType::boolean)};
    else
      call.fail("complex numbers have no order.");
  });
}

template <class F>
Values combine_booleans(const Call& call, F&& f) {
  const Tensor b = second_operand(call);
  return {value_of(map_pairs<bool, bool>(call.tensor(0), b, DataType::boolean,
                                         broadcast_shape(call, call.shape(0), b.shape()), f),
                   DataType::boolean)};
}

// Integers wrap around: they are computed without sign.
struct Plus {
  double operator()(double x, double y) const { return x + y; }
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(static_cast<std::uint64_t>(x) + static_cast<std::uint64_t>(y));
  }
};
struct Minus {
  double operator()(double x, double y) const { return x - y; }
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y));
  }
};
struct Times {
  double operator()(double x, double y) const { return x * y; }
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(y));
  }
};

Values divide(const Call& call) {
  return combine(call, [&](auto x, auto y) {
    using T = decltype(x);
    if constexpr (std::is_integral_v<T>) {
      if (y == 0) call.fail("an integer is divided by zero.");
      if constexpr (std::is_signed_v<T>)
        if (y == T{-1}) return Minus()(T{0}, x);
      return static_cast<T>(x / y);
    } else {
      return x / y;
    }
  });
}

Values modulo(const Call& call) {
  const bool is_fmod = call.attribute("fmod", std::int64_t{0}) != 0;
  return combine(call, [&](auto x, auto y) {
    using T = decltype(x);
    if constexpr (std::is_integral_v<T>) {
      if (y == 0) call.fail("an integer is divided by zero.");
      if constexpr (std::is_signed_v<T>)
        if (y == T{-1}) return T{0};
      const T rest = static_cast<T>(x % y);
      const bool has_other_sign = rest != 0 && ((rest < 0) != (y < 0));
      return !is_fmod && has_other_sign ? static_cast<T>(rest + y) : rest;
    } else {
      const double rest = std::fmod(x, y);
      return !is_fmod && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    }
  });
}

template <class T>
T integer_power(T base, std::int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? T{1} : base == static_cast<T>(-1) ? (exponent % 2 ? base : T{1}) : T{0};
  T result = 1;
  for (T factor = base; exponent > 0; exponent /= 2, factor = Times()(factor, factor))
    if (exponent % 2 == 1) result = Times()(result, factor);
  return result;
}

Values power(const Call& call) {
  const Tensor& a = call.tensor(0);
  const Tensor b = second_operand(call);
  const Shape shape = broadcast_shape(call, a.shape(), b.shape());
  if (is_integral(a.dtype()) && is_integral(b.dtype())) {
    const Tensor exponents = b.cast(DataType::int64);
    return with_number(a.dtype(), [&]<class T>() -> Values {
      if constexpr (std::is_integral_v<T>) {
        const Tensor bases = a.cast(DataType::int64);
        Tensor result = map_pairs<std::int64_t, std::int64_t>(
            bases, exponents, DataType::int64, shape, [](std::int64_t x, std::int64_t y) {
              return static_cast<std::int64_t>(integer_power(static_cast<T>(x), y));
            });
        return {value_of(result.cast(a.dtype()), call.dtype(0))};
      } else {
        call.fail("its inputs are no numbers.");
      }
    });
  }
  const Tensor result = map_pairs<double, double>(a.cast(DataType::float64), b.cast(DataType::float64),
                                                  DataType::float64, shape, [](double x, double y) {
                                                    // Common, and exact to half a unit.
                                                    return y == 2 ? x * x : std::pow(x, y);
                                                  });
  return {value_of(result.cast(a.dtype()), call.dtype(0))};
}

Values prelu(const Call& call) {
  const Tensor& x = call.tensor(0);
  Tensor slope = call.tensor(1);
  if (call.opset < 7 && slope.shape().rank() == 1 && x.shape().rank() > 1) {
    Dims dims(x.shape().rank() - 1, 1);
    dims[0] = slope.shape()[0];
    slope = slope.reshaped(Shape(std::move(dims)));
  }
  return with_number(x.dtype(), [&]<class T>() -> Values {
    return {value_of(map_pairs<T, T>(x, slope, x.dtype(), broadcast_shape(call, x.shape(), slope.shape()),
                                     [](T a, T b) { return a < T{0} ? Times()(a, b) : a; }),
                     call.dtype(0))};
  });
}

// Max, Min, Sum of any number of inputs.
template <class F>
Values fold(const Call& call, F&& f) {
  Value result = call.value(0);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    const Tensor& next = call.tensor(i);
    require_same_type(call, result.tensor, next);
    const Shape shape = broadcast_shape(call, result.tensor.shape(), next.shape());
    result.tensor = with_number(next.dtype(), [&]<class T>() {
      return map_pairs<T, T>(result.tensor, next, next.dtype(), shape, f);
    });
  }
  return {std::move(result)};
}

Values mean(const Call& call) {
  Values sum = fold(call, Plus());
  const auto count = static_cast<double>(call.inputs.size());
  sum[0].tensor = map_elements<double, double>(sum[0].tensor, DataType::float64, call.threads,
                                               [=](double x) { return x / count; });
  return sum;
}

Values bit_shift(const Call& call) {
  const bool is_left = call.attribute("direction", "") == "LEFT";
  return combine_integers(call, [=](auto x, auto y) {
    using T = decltype(x);
    const bool is_beyond = y < T{0} || static_cast<std::uint64_t>(y) >= sizeof(T) * 8;
    if (is_beyond) return !is_left && x < T{0} ? static_cast<T>(-1) : T{0};
    const auto count = static_cast<std::uint64_t>(y);
    return is_left ? static_cast<T>(static_cast<std::uint64_t>(x) << count) : static_cast<T>(x >> count);
  });
}

Values where(const Call& call) {
  const Tensor &condition = call.tensor(0), &x = call.tensor(1), &y = call.tensor(2);
  require_same_type(call, x, y);
  const Shape shape = broadcast_shape(call, broadcast_shape(call, condition.shape(), x.shape()), y.shape());
  const Tensor mask = expand(condition, shape), yes = expand(x, shape), no = expand(y, shape);
  Tensor result(x.dtype(), shape);
  with_element(x.dtype(), [&]<class T>() {
    const bool* const chosen = elements<bool>(mask);
    const T* const first = elements<T>(yes);
    const T* const second = elements<T>(no);
    T* const out = mutable_elements<T>(result);
    for (std::int64_t i = 0; i < shape.element_count(); ++i) out[i] = chosen[i] ? first[i] : second[i];
  });
  return {value_of(std::move(result), call.dtype(1))};
}

// NaN wins, as in NumPy.
template <class T>
bool is_nan(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::isnan(x);
  else
    return false;
}

}  // namespace

void add_binary(Operators& operators) {
  operators.insert({
      {"Add", [](const Call& c) { return combine(c, Plus()); }},
      {"Sub", [](const Call& c) { return combine(c, Minus()); }},
      {"Mul", [](const Call& c) { return combine(c, Times()); }},
      {"Div", divide},
      {"Mod", modulo},
      {"Pow", power},
      {"PRelu", prelu},
      {"Max",
       [](const Call& c) { return fold(c, [](auto x, auto y) { return is_nan(x) || x > y ? x : y; }); }},
      {"Min",
       [](const Call& c) { return fold(c, [](auto x, auto y) { return is_nan(x) || x < y ? x : y; }); }},
      {"Sum", [](const Call& c) { return fold(c, Plus()); }},
      {"Mean", mean},
      {"Equal",
       [](const Call& c) { return compare(c, [](const auto& x, const auto& y) { return x == y; }); }},
      {"Greater",
       [](const Call& c) { return compare(c, [](const auto& x, const auto& y) { return x > y; }); }},
      {"GreaterOrEqual",
       [](const Call& c) { return compare(c, [](const auto& x, const auto& y) { return x >= y; }); }},
      {"Less", [](const Call& c) { return compare(c, [](const auto& x, const auto& y) { return x < y; }); }},
      {"LessOrEqual",
       [](const Call& c) { return compare(c, [](const auto& x, const auto& y) { return x <= y; }); }},
      {"And", [](const Call& c) { return combine_booleans(c, [](bool x, bool y) { return x && y; }); }},
      {"Or", [](const Call& c) { return combine_booleans(c, [](bool x, bool y) { return x || y; }); }},
      {"Xor", [](const Call& c) { return combine_booleans(c, [](bool x, bool y) { return x != y; }); }},
      {"BitwiseAnd", [](const Call& c) { return combine_integers(c, [](auto x, auto y) { return x & y; }); }},
      {"BitwiseOr", [](const Call& c) { return combine_integers(c, [](auto x, auto y) { return x | y; }); }},
      {"BitwiseXor", [](const Call& c) { return combine_integers(c, [](auto x, auto y) { return x ^ y; }); }},
      {"BitShift", bit_shift},
      {"Where", where},
  });
}

}  // namespace polygraph::reference
