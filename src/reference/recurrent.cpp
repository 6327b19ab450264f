#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "reference/gemm.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace polygraph::reference {

namespace {

using Activation = std::function<double(double)>;

double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

// By name, with its alpha and beta where the node gives them.
Activation activation_of(const Call& call, std::string_view name, std::optional<double> alpha,
                         std::optional<double> beta) {
  const auto a = [&](double otherwise) { return alpha.value_or(otherwise); };
  const auto b = [&](double otherwise) { return beta.value_or(otherwise); };
  if (same_name(name, "Sigmoid")) return sigmoid;
  if (same_name(name, "Tanh")) return [](double x) { return std::tanh(x); };
  if (same_name(name, "Relu")) return [](double x) { return std::max(x, 0.0); };
  if (same_name(name, "Affine")) return [a = a(1), b = b(0)](double x) { return a * x + b; };
  if (same_name(name, "LeakyRelu")) return [a = a(0.01f)](double x) { return x < 0 ? a * x : x; };
  if (same_name(name, "ThresholdedRelu")) return [a = a(1)](double x) { return x > a ? x : 0.0; };
  if (same_name(name, "ScaledTanh")) return [a = a(1), b = b(1)](double x) { return a * std::tanh(b * x); };
  if (same_name(name, "HardSigmoid"))
    return [a = a(0.2f), b = b(0.5f)](double x) { return std::clamp(a * x + b, 0.0, 1.0); };
  if (same_name(name, "Elu")) return [a = a(1)](double x) { return x < 0 ? a * std::expm1(x) : x; };
  if (same_name(name, "Softsign")) return [](double x) { return x / (1 + std::abs(x)); };
  if (same_name(name, "Softplus"))
    return [](double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); };
  call.fail(fmt::format("it has the activation '{}', which does not exist.", name));
}

// What RNN, GRU and LSTM share: `gates` blocks of rows in the weights; inputs X, W, R, B, sequence_lens,
// initial_h.
class Recurrence {
 public:
  Recurrence(const Call& call, std::int64_t gates, std::vector<std::string_view> defaults)
      : call_(call), gates_(gates), clip_(call.attribute("clip", 0.0f)) {
    by_batch_ = call.attribute("layout", std::int64_t{0}) == 1;
    const Shape& shape = call.shape(0);
    const Shape& recurrent = call.shape(2);
    if (shape.rank() != 3 || recurrent.rank() != 3) call.fail("its inputs have not three axes.");
    x_ = by_batch_ ? transpose(call.tensor(0), std::vector<std::size_t>{1, 0, 2}) : call.tensor(0);
    time = x_.shape()[0];
    batch = x_.shape()[1];
    input = x_.shape()[2];
    hidden = recurrent[2];
    directions = recurrent[0];
    direction_ = call.attribute("direction", "forward");
    if (call.shape(1) != Shape{directions, gates * hidden, input} ||
        recurrent != Shape{directions, gates * hidden, hidden} ||
        directions != (direction_ == "bidirectional" ? 2 : 1))
      call.fail(fmt::format("its weights of shapes {} and {} do not fit an input of shape {}.",
                            call.shape(1).str(), recurrent.str(), shape.str()));
    if (call.has(3) && call.shape(3) != Shape{directions, 2 * gates * hidden})
      call.fail("its bias has a wrong shape.");
    if (call.has(4)) lengths_ = call.integers(4);
    if (!lengths_.empty() && static_cast<std::int64_t>(lengths_.size()) != batch)
      call.fail("it has not one length for each of the batch.");
    const auto names = call.strings_attribute("activations");
    const auto alphas = call.floats_attribute("activation_alpha"),
               betas = call.floats_attribute("activation_beta");
    const std::size_t count = defaults.size() * static_cast<std::size_t>(directions);
    if (!names.empty() && names.size() != count)
      call.fail(fmt::format("it has {} activations instead of {}.", names.size(), count));
    // Numbers are there for those activations that take some, in order.
    std::size_t next_alpha = 0, next_beta = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name =
          names.empty() ? defaults[i % defaults.size()] : std::string_view(names[i]);
      const auto takes = [&](std::initializer_list<std::string_view> those) {
        return std::ranges::any_of(those, [&](std::string_view each) { return same_name(each, name); });
      };
      std::optional<double> alpha, beta;
      if (takes({"Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu"}) &&
          next_alpha < alphas.size())
        alpha = alphas[next_alpha++];
      if (takes({"Affine", "ScaledTanh", "HardSigmoid"}) && next_beta < betas.size())
        beta = betas[next_beta++];
      activations_.push_back(activation_of(call, name, alpha, beta));
    }
    per_direction_ = defaults.size();
    y = Tensor(DataType::float64, Shape{time, directions, batch, hidden});
    last_h = initial(5);
  }

  /// A copy of the initial state in this input, [directions, batch, hidden]; zero without.
  Tensor initial(std::size_t input_number) const {
    if (!call_.has(input_number)) return Tensor(DataType::float64, Shape{directions, batch, hidden});
    call_.floats(input_number);
    Tensor given = by_batch_ ? transpose(call_.tensor(input_number), std::vector<std::size_t>{1, 0, 2})
                             : call_.tensor(input_number).clone();
    if (given.shape() != Shape{directions, batch, hidden}) call_.fail("its initial state has a wrong shape.");
    return given;
  }

  const double* recurrent_weights(std::int64_t d) const {
    return call_.floats(2).data() + d * gates_ * hidden * hidden;
  }
  /// The second half of the bias, for the recurrent part; null without a bias.
  const double* recurrent_bias(std::int64_t d) const {
    return call_.has(3) ? call_.floats(3).data() + (2 * d + 1) * gates_ * hidden : nullptr;
  }
  double activate(std::int64_t d, std::size_t which, double x) const {
    const double bounded = clip_ > 0 ? std::clamp(x, -clip_, clip_) : x;
    return activations_[static_cast<std::size_t>(d) * per_direction_ + which](bounded);
  }

  /// Calls step(d, b, sums, h) for every direction, time and batch, in order: `sums` are the input's products
  /// with the bias of the input, one for each row of weights, h the state, to be changed.
  template <class Step>
  void run(Step&& step) {
    const std::int64_t rows = gates_ * hidden;
    std::vector<double> sums(static_cast<std::size_t>(time * batch * rows));
    for (std::int64_t d = 0; d < directions; ++d) {
      for (std::int64_t i = 0; i < time * batch; ++i)
        for (std::int64_t r = 0; r < rows; ++r)
          sums[static_cast<std::size_t>(i * rows + r)] =
              call_.has(3) ? call_.floats(3)[static_cast<std::size_t>(2 * d * rows + r)] : 0;
      gemm(time * batch, rows, input, {x_.values<double>().data(), input, 1},
           {call_.floats(1).data() + d * rows * input, 1, input}, sums.data(), rows, call_.threads);
      const bool is_reverse = direction_ == "reverse" || d == 1;
      for (std::int64_t b = 0; b < batch; ++b) {
        double* const h = last_h.mutable_values<double>().data() + (d * batch + b) * hidden;
        const std::int64_t length =
            lengths_.empty() ? time
                             : std::clamp<std::int64_t>(lengths_[static_cast<std::size_t>(b)], 0, time);
        for (std::int64_t i = 0; i < length; ++i) {
          const std::int64_t t = is_reverse ? length - 1 - i : i;
          step(d, b, sums.data() + (t * batch + b) * rows, h);
          std::copy_n(h, hidden,
                      y.mutable_values<double>().data() + ((t * directions + d) * batch + b) * hidden);
        }
      }
    }
  }

  /// Y, Y_h and further states.
  Values outputs(const std::vector<Tensor>& states) const {
    const DataType dtype = call_.dtype(0);
    Values result{value_of(by_batch_ ? transpose(y, std::vector<std::size_t>{2, 0, 1, 3}) : y, dtype)};
    for (const Tensor& state : states)
      result.push_back(
          value_of(by_batch_ ? transpose(state, std::vector<std::size_t>{1, 0, 2}) : state, dtype));
    return result;
  }

  std::int64_t time = 0, batch = 0, input = 0, hidden = 0, directions = 0;
  Tensor y, last_h;

 private:
  const Call& call_;
  std::int64_t gates_;
  double clip_;
  bool by_batch_ = false;
  std::string direction_;
  Tensor x_;
  std::vector<std::int64_t> lengths_;
  std::vector<Activation> activations_;
  std::size_t per_direction_ = 0;
};

// sums += R h + bias, for rows from `begin` to `end`.
void add_recurrent_part(const Recurrence& r, std::int64_t d, const double* h, std::int64_t begin,
                        std::int64_t end, double* sums) {
  gemm(1, end - begin, r.hidden, {h, r.hidden, 1}, {r.recurrent_weights(d) + begin * r.hidden, 1, r.hidden},
       sums + begin, end - begin, 1);
  if (const double* bias = r.recurrent_bias(d))
    for (std::int64_t i = begin; i < end; ++i) sums[i] += bias[i];
}

Values rnn(const Call& call) {
  Recurrence r(call, 1, {"Tanh"});
  r.run([&](std::int64_t d, std::int64_t, double* sums, double* h) {
    add_recurrent_part(r, d, h, 0, r.hidden, sums);
    for (std::int64_t i = 0; i < r.hidden; ++i) h[i] = r.activate(d, 0, sums[i]);
  });
  return r.outputs({r.last_h});
}

Values gru(const Call& call) {
  Recurrence r(call, 3, {"Sigmoid", "Tanh"});
  const bool resets_after = call.attribute("linear_before_reset", std::int64_t{0}) != 0;
  const std::int64_t n = r.hidden;
  std::vector<double> reset(static_cast<std::size_t>(n)), candidate(static_cast<std::size_t>(3 * n));
  r.run([&](std::int64_t d, std::int64_t, double* sums, double* h) {
    // Gates: update, reset, hidden.
    add_recurrent_part(r, d, h, 0, 2 * n, sums);
    for (std::int64_t i = 0; i < n; ++i) reset[static_cast<std::size_t>(i)] = r.activate(d, 0, sums[n + i]);
    std::ranges::fill(candidate, 0.0);
    if (resets_after) {
      add_recurrent_part(r, d, h, 2 * n, 3 * n, candidate.data());
      for (std::int64_t i = 0; i < n; ++i)
        sums[2 * n + i] +=
            reset[static_cast<std::size_t>(i)] * candidate[static_cast<std::size_t>(2 * n + i)];
    } else {
      for (std::int64_t i = 0; i < n; ++i) reset[static_cast<std::size_t>(i)] *= h[i];
      add_recurrent_part(r, d, reset.data(), 2 * n, 3 * n, sums);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const double z = r.activate(d, 0, sums[i]);
      h[i] = (1 - z) * r.activate(d, 1, sums[2 * n + i]) + z * h[i];
    }
  });
  return r.outputs({r.last_h});
}

Values lstm(const Call& call) {
  Recurrence r(call, 4, {"Sigmoid", "Tanh", "Tanh"});
  const bool couples = call.attribute("input_forget", std::int64_t{0}) != 0;
  const std::int64_t n = r.hidden;
  Tensor cells = r.initial(6);
  if (call.has(7) && call.shape(7) != Shape{r.directions, 3 * n})
    call.fail("its peepholes have a wrong shape.");
  r.run([&](std::int64_t d, std::int64_t b, double* sums, double* h) {
    // Gates: input, output, forget, cell; peepholes: input, output, forget.
    add_recurrent_part(r, d, h, 0, 4 * n, sums);
    double* const c = cells.mutable_values<double>().data() + (d * r.batch + b) * n;
    const double* const peep = call.has(7) ? call.floats(7).data() + d * 3 * n : nullptr;
    for (std::int64_t i = 0; i < n; ++i) {
      const double in = r.activate(d, 0, sums[i] + (peep ? peep[i] * c[i] : 0));
      const double forget =
          couples ? 1 - in : r.activate(d, 0, sums[2 * n + i] + (peep ? peep[2 * n + i] * c[i] : 0));
      c[i] = forget * c[i] + in * r.activate(d, 1, sums[3 * n + i]);
      const double out = r.activate(d, 0, sums[n + i] + (peep ? peep[n + i] * c[i] : 0));
      h[i] = out * r.activate(d, 2, c[i]);
    }
  });
  return r.outputs({r.last_h, cells});
}

}  // namespace

void add_recurrent(Operators& operators) {
  operators.insert({{"RNN", rnn}, {"GRU", gru}, {"LSTM", lstm}});
}

}  // namespace polygraph::reference
