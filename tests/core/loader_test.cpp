#include <gtest/gtest.h>
#include <polygraph/core/bytes.h>
#include <polygraph/core/loader.h>

#include <atomic>
#include <sstream>
#include <thread>

namespace polygraph {
namespace {

enum class Colour { red, blue };
constexpr std::string_view colour_names[] = {"red", "blue"};
constexpr std::span<const std::string_view> enum_names(Colour) {
  return colour_names;
}
constexpr std::string_view enum_type_name(Colour) {
  return "Colour";
}

struct PaintOptions {
  bool glossy = false;
  Colour colour = Colour::red;
  std::optional<int> layers = std::nullopt;
  std::vector<std::string> names = {};
  std::map<std::string, std::string> extra = {};

  static constexpr auto fields() {
    return std::tuple(Field{"glossy", &PaintOptions::glossy, "Shine."},
                      Field{"colour", &PaintOptions::colour, "Which.", "COLOUR"},
                      Field{"layers", &PaintOptions::layers, "How many.", "N"},
                      Field{"names", &PaintOptions::names, "Whose.", "NAME"},
                      Field{"extra", &PaintOptions::extra, "What else.", "KEY:VALUE"});
  }
  friend bool operator==(const PaintOptions&, const PaintOptions&) = default;
};

// A handle, as the backends' networks and engines are.
struct Thing : Evaluated {
  explicit Thing(int number) : value(std::make_shared<int>(number)) {}
  std::shared_ptr<int> value;
};

std::atomic<int> makes_called = 0;

class MakeThing {
 public:
  using Parameters = ParameterList<0, int>;
  explicit MakeThing(int number = 7) : number_(number) {}
  Thing operator()() const {
    ++makes_called;
    return Thing(number_);
  }
  std::string str() const { return cpp_expression<0>("MakeThing", number_); }

 private:
  int number_;
};

class Paint {
 public:
  using Parameters = ParameterList<1, Source<Thing>, PaintOptions>;
  explicit Paint(Source<Thing> thing, PaintOptions options = {})
      : thing_(std::move(thing)), options_(std::move(options)) {}
  Thing operator()() const {
    Thing thing = thing_.get();
    *thing.value += options_.layers.value_or(1);
    return thing;
  }
  std::string str() const { return cpp_expression<1>("Paint", thing_, options_); }

 private:
  Source<Thing> thing_;
  PaintOptions options_;
};

inline constexpr Immediately<MakeThing> make_thing;
inline constexpr Immediately<Paint> paint;
using polygraph::operator<<;

TEST(Loader, DoesNothingUntilCalledAndWorksAtEachCall) {
  makes_called = 0;
  const Paint loader(MakeThing(1));
  EXPECT_EQ(makes_called, 0);
  EXPECT_EQ(*loader().value, 2);
  EXPECT_EQ(*loader().value, 2);
  EXPECT_EQ(makes_called, 2);
}

TEST(Loader, CopiesAreIndependentOfTheOriginal) {
  auto original = std::make_unique<Paint>(MakeThing(1));
  const Paint copy = *original;
  original.reset();
  EXPECT_EQ(*copy().value, 2);
}

TEST(Loader, CanBeCalledFromSeveralThreads) {
  makes_called = 0;
  const Paint loader(MakeThing(1), {.layers = 4});
  std::atomic<int> sum = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([loader, &sum] {
        for (int k = 0; k < 100; ++k) sum += *loader().value;
      });
  }
  EXPECT_EQ(sum, 4 * 100 * 5);
  EXPECT_EQ(makes_called, 400);
}

TEST(Source, TakesAValueALoaderALambdaOrATwin) {
  Thing thing(10);
  EXPECT_EQ(*paint(thing).value, 11);
  EXPECT_EQ(*paint(Thing(20)).value, 21);
  EXPECT_EQ(*paint(MakeThing(30)).value, 31);
  EXPECT_EQ(*paint([] { return Thing(40); }).value, 41);
  EXPECT_EQ(*paint(make_thing).value, 8);  // a missing (): the twin is itself a loader of its result
}

TEST(Source, BorrowsAnLvalueAndOwnsAnRvalue) {
  Thing thing(1);
  Source<Thing> borrowed(thing);
  *thing.value = 5;
  EXPECT_EQ(*borrowed.get().value, 5) << "the caller's object and the source's are one";
  EXPECT_FALSE(borrowed.is_loader());

  std::weak_ptr<int> owned_value;
  {
    Source<Thing> owned{Thing(2)};
    owned_value = owned.get().value;
    EXPECT_FALSE(owned_value.expired());
  }
  EXPECT_TRUE(owned_value.expired()) << "nothing is leaked";
}

TEST(Source, OutlivesTheHandleItBorrowed) {
  auto thing = std::make_unique<Thing>(3);
  const Paint loader(*thing);
  thing.reset();
  EXPECT_EQ(*loader().value, 4);
}

TEST(Source, GivesTheResultOfALoaderAway) {
  const Source<Thing> source(MakeThing(1));
  EXPECT_TRUE(source.is_loader());
  const Thing first = source.get();
  const Thing second = source.get();
  EXPECT_NE(first.value, second.value);
  EXPECT_EQ(first.value.use_count(), 1);
}

TEST(Immediately, TakesWhatTheConstructorTakes) {
  EXPECT_EQ(*make_thing().value, 7);
  EXPECT_EQ(*make_thing(3).value, 3);
  EXPECT_EQ(*paint(make_thing(3)).value, 4);
  EXPECT_EQ(*paint(make_thing(3), {.layers = 10}).value, 13);
  EXPECT_EQ(*paint(MakeThing(3), PaintOptions{.layers = 10}).value, 13);
}

TEST(Extend, PassesOnTheResultOrWhatTheFunctionReturns) {
  const auto edited = extend(MakeThing(1), [](Thing& thing) { *thing.value = 100; });
  static_assert(std::same_as<decltype(edited()), Thing>);
  EXPECT_EQ(*edited().value, 100);

  const auto counted = extend(edited, [](const Thing& thing) { return *thing.value + 0.5; });
  static_assert(std::same_as<decltype(counted()), double>);
  EXPECT_EQ(counted(), 100.5);

  const auto replaced = extend(edited, [](Thing) { return Thing(9); });
  EXPECT_EQ(*paint(replaced).value, 10);
}

TEST(Extend, TakesAValueToo) {
  Thing thing(1);
  const auto edited = extend(thing, [](Thing& t) { ++*t.value; });
  edited();
  edited();
  EXPECT_EQ(*thing.value, 3) << "given a value, it edits that value at each call";
}

TEST(Extend, LetsErrorsOfTheFunctionThrough) {
  const auto failing = extend(MakeThing(1), [](Thing&) { throw std::runtime_error("no"); });
  EXPECT_THROW(failing(), std::runtime_error);
}

TEST(Printing, IsTheExpressionThatMakesTheLoader) {
  EXPECT_EQ(MakeThing().str(), "MakeThing(7)");
  EXPECT_EQ(Paint(MakeThing(1)).str(), "Paint(MakeThing(1))");
  EXPECT_EQ(Paint(MakeThing(1), {.glossy = true, .colour = Colour::blue, .layers = 2}).str(),
            "Paint(MakeThing(1), {.glossy = true, .colour = Colour::blue, .layers = 2})");
  EXPECT_EQ(Paint(MakeThing(1), {.names = {"a", "b\"c"}, .extra = {{"k", "v"}}}).str(),
            R"(Paint(MakeThing(1), {.names = {"a", "b\"c"}, .extra = {{"k", "v"}}}))");
  EXPECT_EQ(extend(
                MakeThing(1), [](Thing&) {}, "edit")
                .str(),
            "extend(MakeThing(1), edit)");
  EXPECT_EQ(extend(MakeThing(1), [](Thing&) {}).str(), "extend(MakeThing(1), /* function */)");
  EXPECT_EQ(SaveBytes(BytesFromPath("a b.bin"), "out\n").str(),
            R"(SaveBytes(BytesFromPath("a b.bin"), "out\n"))");
  std::ostringstream stream;
  stream << Paint(MakeThing(1));
  EXPECT_EQ(stream.str(), "Paint(MakeThing(1))");
}

TEST(Printing, LeavesOutTrailingDefaultsOnly) {
  EXPECT_EQ((cpp_expression<1>("F", 1, std::string(), std::string())), "F(1)");
  EXPECT_EQ((cpp_expression<1>("F", 1, std::string(), std::string("x"))), R"(F(1, "", "x"))");
  EXPECT_EQ((cpp_expression<2>("F", 1, std::string())), R"(F(1, ""))");
}

TEST(Literals, AreValidCpp) {
  EXPECT_EQ(cpp_literal(true), "true");
  EXPECT_EQ(cpp_literal(-3), "-3");
  EXPECT_EQ(cpp_literal(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(cpp_literal(2.0), "2.0");
  EXPECT_EQ(cpp_literal(1e-5), "1e-05");
  EXPECT_EQ(cpp_literal(std::string_view("\x01\x7f\\")), R"("\001\177\\")");
  EXPECT_EQ(cpp_literal(std::optional<int>()), "std::nullopt");
  EXPECT_EQ(cpp_literal(std::vector<int>{1, 2}), "{1, 2}");
}

}  // namespace
}  // namespace polygraph
