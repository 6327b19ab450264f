#pragma once

#include <polygraph/core/options.h>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// The loader mechanism: lazy loaders, sources, immediately evaluated twins, and `extend`.
///
/// A *loader* is an immutable, copyable value; calling it does the work, each time it is called, from any
/// number of threads:
/// @code
///   auto build = EngineFromNetwork(NetworkFromOnnxPath("m.onnx"), CreateConfig({.fp16 = true}));  // nothing
///   happens Engine engine = build();                                                                      //
///   reads and builds build.str();  // the expression above, as text
/// @endcode
/// Any callable that takes nothing and returns the value wanted serves as a loader too, a lambda for example.
///
/// What loaders yield (Network, Engine, Config, Bytes, ...) are *handles*: copies share one object, which
/// lives as long as someone holds it. So there is no order of destruction that leaves something dangling.
namespace polygraph {

namespace detail {
template <class...>
inline constexpr bool never = false;
}  // namespace detail

/// Base of what loaders yield. Calling it, as if it were still a loader, does not compile.
struct Evaluated {
  template <class... Args>
  void operator()(Args&&...) const {
    static_assert(detail::never<Args...>,
                  "polygraph: this is an evaluated result, not a loader (an immediately evaluated function "
                  "has already done the "
                  "work): drop the extra parentheses '()'");
  }
};

/// Whether `L` is a loader of `T`: callable as const, without arguments, yielding a T.
template <class L, class T>
concept LoaderOf =
    !std::same_as<std::remove_cvref_t<L>, T> && std::invocable<const std::remove_cvref_t<L>&> &&
    std::convertible_to<std::invoke_result_t<const std::remove_cvref_t<L>&>, T>;

/// How a loader or runner holds what it was given: a T, or something that makes one when needed.
///
/// - An lvalue T is *borrowed*: the caller's handle and this one share the object; edits are seen by both.
/// - An rvalue T is *owned*.
/// - A loader is copied and *called* at each `get()`; the result belongs to whoever called.
///
/// So a loader is accepted wherever its value is. Thread-safe if T's const use and the loader are.
template <class T>
class Source {
 public:
  // Both convert: that is the point.
  Source(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT
  template <LoaderOf<T> L>
  Source(L loader) : loader_(std::make_shared<Loader<L>>(std::move(loader))) {}  // NOLINT

  /// The value: the one given, or a new one from the loader.
  T get() const { return loader_ ? loader_->call() : *value_; }

  bool is_loader() const { return loader_ != nullptr; }

  /// The C++ expression that makes the value; for a value, what it calls itself.
  std::string str() const;

 private:
  struct AnyLoader {
    virtual ~AnyLoader() = default;
    virtual T call() const = 0;
    virtual std::string str() const = 0;
  };
  template <class L>
  struct Loader final : AnyLoader {
    explicit Loader(L wrapped) : loader(std::move(wrapped)) {}
    T call() const override { return loader(); }
    std::string str() const override;
    L loader;
  };

  std::shared_ptr<const T> value_;
  std::shared_ptr<const AnyLoader> loader_;
};

/// The parameters of a loader's constructor, of which the first `required` have no default: declared by each
/// loader as `using Parameters = ParameterList<1, Source<Network>, Source<Config>>;`, so that its twin takes
/// the very same ones.
template <std::size_t required, class... Params>
struct ParameterList {};

namespace detail {

template <class Loader, class... Params>
struct Twin {
  auto operator()(Params... params) const { return Loader(std::move(params)...)(); }
};

template <class Loader, std::size_t count, class Indices, class... Params>
struct TwinTaking;
template <class Loader, std::size_t count, std::size_t... i, class... Params>
struct TwinTaking<Loader, count, std::index_sequence<i...>, Params...>
    : Twin<Loader, std::tuple_element_t<i, std::tuple<Params...>>...> {};

template <class... Bases>
struct Overloads : Bases... {
  using Bases::operator()...;
};

template <class Loader, class Params, class Extra>
struct TwinOverloads;
template <class Loader, std::size_t required, class... Params, std::size_t... extra>
struct TwinOverloads<Loader, ParameterList<required, Params...>, std::index_sequence<extra...>>
    : Overloads<
          TwinTaking<Loader, required + extra, std::make_index_sequence<required + extra>, Params...>...> {};

template <class Params>
struct OptionalCount;
template <std::size_t required, class... Params>
struct OptionalCount<ParameterList<required, Params...>> {
  using Extra = std::make_index_sequence<sizeof...(Params) - required + 1>;
};

}  // namespace detail

/// The immediately evaluated twin of a loader: a function object that takes what the loader's constructor
/// takes, makes the loader, calls it and returns what comes back.
/// @code
///   inline constexpr Immediately<EngineFromNetwork> engine_from_network;
///   Engine engine = engine_from_network(network, create_config({.fp16 = true}));
/// @endcode
template <class Loader>
struct Immediately
    : detail::TwinOverloads<Loader, typename Loader::Parameters,
                            typename detail::OptionalCount<typename Loader::Parameters>::Extra> {};

// Printing. `cpp_expression("EngineFromNetwork", network_, config_)` is how every loader prints itself.

namespace detail {

template <class T>
concept HasStr = requires(const T& t) {
  { t.str() } -> std::convertible_to<std::string>;
};

template <class T>
std::string expression_of(const T& value) {
  if constexpr (HasStr<T>)
    return value.str();
  else if constexpr (HasFields<T>)
    return options_to_cpp(value);
  else if constexpr (requires { cpp_literal(value); })
    return cpp_literal(value);
  else
    return "/* callable */";
}

/// Joins, leaving out arguments at the end that are defaults: `{}`, `""`, `std::nullopt` and calls without
/// arguments.
std::string call_expression(std::string_view name, std::vector<std::string> args, std::size_t required);

}  // namespace detail

/// `name(arg, ...)` as a C++ expression; arguments after the first `required` ones are left out when all that
/// follow are defaults.
template <std::size_t required, class... Args>
std::string cpp_expression(std::string_view name, const Args&... args) {
  return detail::call_expression(name, {detail::expression_of(args)...}, required);
}

template <class T>
std::string Source<T>::str() const {
  return loader_ ? loader_->str() : detail::expression_of(*value_);
}

template <class T>
template <class L>
std::string Source<T>::Loader<L>::str() const {
  return detail::expression_of(loader);
}

/// A loader can be streamed: `std::cout << build`.
template <class L>
requires requires {
  typename L::Parameters;
}
std::ostream& operator<<(std::ostream& stream, const L& loader) {
  return stream << loader.str();
}

// extend

namespace detail {
template <class L>
struct Yield {
  using type = std::remove_cvref_t<L>;
};
template <class L>
requires std::invocable < const std::remove_cvref_t<L>
& > &&(!std::is_void_v<std::invoke_result_t<const std::remove_cvref_t<L>&>>)struct Yield<L> {
  using type = std::remove_cvref_t<std::invoke_result_t<const std::remove_cvref_t<L>&>>;
};
}  // namespace detail

/// What a loader yields; for a value, its own type.
template <class L>
using YieldOf = typename detail::Yield<L>::type;

/// The loader that `extend` makes.
template <class T, class F>
class Extend {
 public:
  using Parameters = ParameterList<2, Source<T>, F, std::string>;
  using Result = std::conditional_t<std::is_void_v<std::invoke_result_t<const F&, T&>>, T,
                                    std::remove_cvref_t<std::invoke_result_t<const F&, T&>>>;

  Extend(Source<T> source, F function, std::string name = {})
      : source_(std::move(source)), function_(std::move(function)), name_(std::move(name)) {}

  Result operator()() const {
    T value = source_.get();
    if constexpr (std::is_void_v<std::invoke_result_t<const F&, T&>>) {
      std::invoke(function_, value);
      return value;
    } else {
      return std::invoke(function_, value);
    }
  }

  std::string str() const {
    return "extend(" + source_.str() + ", " + (name_.empty() ? "/* function */" : name_) + ")";
  }

 private:
  Source<T> source_;
  F function_;
  std::string name_;
};

/// A loader that runs `function` on what `source` yields, and passes that on, or what `function` returns if
/// it returns something.
/// @code
///   void add_identity(Network& network) { ... }
///   auto load = extend(NetworkFromOnnxPath("m.onnx"), add_identity);   // a loader of Network
///   auto count = extend(load, [](const Network& n) { return n->get_ops().size(); });  // a loader of size_t
/// @endcode
///
/// `name` is what the function is called when the loader is printed; C++ cannot ask it.
template <class S, class F>
requires std::invocable < const std::decay_t<F>
&, YieldOf<S>& > auto extend(S source, F function, std::string name = {}) {
  return Extend<YieldOf<S>, std::decay_t<F>>(Source<YieldOf<S>>(std::move(source)), std::move(function),
                                             std::move(name));
}

}  // namespace polygraph
