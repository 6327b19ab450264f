#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <cmath>
#include <cstdlib>
#include <new>

namespace {
thread_local int allocations = 0;
}

// Counts allocations of this program; the aligned forms go through malloc, too, and are left alone.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size != 0 ? size : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace polygraph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <class T>
Tensor iota(Shape shape, T step = T(1)) {
  Tensor tensor(data_type_of<T>, std::move(shape));
  T value{};
  for (T& x : tensor.mutable_values<T>()) {
    x = value;
    value = static_cast<T>(value + step);
  }
  return tensor;
}

TEST(Tensor, OwnsZeroedAlignedMemoryThatCopiesShare) {
  Tensor a(DataType::float32, Shape{2, 3});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 64, 0u);
  EXPECT_THAT(a.values<float>(), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_EQ(a.nbytes(), 24u);
  const Tensor shared = a;
  const Tensor deep = a.clone();
  a.mutable_values<float>()[0] = 7;
  EXPECT_EQ(shared.values<float>()[0], 7);
  EXPECT_EQ(deep.values<float>()[0], 0);
  EXPECT_THROW(Tensor(DataType::float32, Shape{-1}), InputError);
  EXPECT_THROW(Tensor(DataType::float64, Shape{INT64_MAX / 4}), InputError);
  EXPECT_EQ(Tensor().shape(), Shape{0});
}

TEST(Tensor, ErrorsNameBothTypes) {
  Tensor a = Tensor::full(Shape{2}, float16(1.0f));
  EXPECT_THAT([&] { a.values<float>(); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("float16"), HasSubstr("float32"))));
  EXPECT_THROW(a.mutable_values<std::uint16_t>(), InputError);
  EXPECT_THROW(Tensor::from<float>({1.0f}, Shape{2}), InputError);
}

TEST(Tensor, Views) {
  float memory[] = {1, 2, 3, 4, 5, 6};
  Tensor view = Tensor::view(memory, DataType::float32, Shape{2, 3});
  view.mutable_values<float>()[5] = 60;
  EXPECT_EQ(memory[5], 60);
  Tensor read_only = Tensor::view(static_cast<const void*>(memory), DataType::float32, Shape{6});
  EXPECT_TRUE(read_only.is_read_only());
  EXPECT_EQ(read_only.values<float>()[0], 1);
  EXPECT_THROW(read_only.mutable_data(), InputError);
  EXPECT_THROW(read_only.mutable_values<float>(), InputError);
  EXPECT_FALSE(read_only.clone().is_read_only());
  EXPECT_THROW(Tensor::view(static_cast<void*>(nullptr), DataType::float32, Shape{1}), InputError);
  Tensor odd = Tensor::view(reinterpret_cast<char*>(memory) + 1, DataType::float32, Shape{2});
  EXPECT_THROW(odd.values<float>(), InputError);
  EXPECT_EQ(odd.clone().nbytes(), 8u);

  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  {
    const Tensor kept = Tensor::view(memory, DataType::float32, Shape{1}, std::move(owner));
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, Strides) {
  std::int32_t memory[] = {0, 1, 2, 3, 4, 5};
  const Tensor transposed = Tensor::strided_view(memory, DataType::int32, Shape{3, 2}, {4, 12});
  EXPECT_FALSE(transposed.is_contiguous());
  EXPECT_THAT(transposed.contiguous().values<std::int32_t>(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(transposed.element_as_double(3), 4);
  EXPECT_EQ(transposed.str(), "[[0 3]\n [1 4]\n [2 5]]");
  EXPECT_THAT(transposed.strides(), ElementsAre(4, 12));
  EXPECT_THAT(transposed.cast(DataType::float32).values<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THROW(transposed.values<std::int32_t>(), InputError);
  EXPECT_THROW(transposed.reshaped(Shape{6}), InputError);
  EXPECT_EQ(Tensor::strided_view(memory + 5, DataType::int32, Shape{3}, {-8}).str(), "[5 3 1]");
  EXPECT_TRUE(Tensor::strided_view(memory, DataType::int32, Shape{1, 6}, {99, 4}).is_contiguous());
  EXPECT_THROW(Tensor::strided_view(memory, DataType::int4, Shape{2}, {1}), InputError);
  EXPECT_THROW(Tensor::strided_view(memory, DataType::int32, Shape{2}, {4, 4}), InputError);
}

TEST(Tensor, ValuesAndResetViewAllocateNothing) {
  float memory[24] = {};
  Tensor view = Tensor::view(memory, DataType::float32, Shape{1, 2, 3});
  const std::int64_t dims[] = {4, 6};
  const int before = allocations;
  view.reset_view(memory, DataType::float32, dims);
  const std::size_t size = view.values<float>().size() + view.mutable_values<float>().size();
  const int after = allocations;
  EXPECT_EQ(after, before);
  EXPECT_EQ(size, 48u);
  EXPECT_EQ(view.shape(), (Shape{4, 6}));
  const std::int64_t negative[] = {4, -6};
  EXPECT_THROW(view.reset_view(memory, DataType::float32, negative), InputError);
  EXPECT_THROW(view.reset_view(nullptr, DataType::float32, dims), InputError);
  EXPECT_EQ(view.shape(), (Shape{4, 6})) << "an error changes nothing";
  const std::int64_t empty[] = {INT64_MAX, INT64_MAX, 0};
  view.reset_view(nullptr, DataType::float32, empty);
  EXPECT_EQ(view.element_count(), 0);
}

TEST(Tensor, Reshaped) {
  const Tensor a = iota<float>({2, 3});
  EXPECT_EQ(a.reshaped(Shape{3, 2}).data(), a.data());
  EXPECT_THROW(a.reshaped(Shape{4}), InputError);
}

TEST(Tensor, Strings) {
  Tensor text = Tensor::from<std::string>({"a", "bcd"}, Shape{2});
  EXPECT_EQ(text.nbytes(), 4u);
  text.mutable_strings()[0] = "it's";
  EXPECT_EQ(text.str(), "[\"it's\" 'bcd']");
  EXPECT_EQ(text.element_as_text(1), "bcd");
  EXPECT_EQ(text.clone().strings()[1], "bcd");
  EXPECT_THROW(text.data(), InputError);
  EXPECT_THROW(text.mutable_data(), InputError);
  EXPECT_THROW(text.element_as_double(0), InputError);
}

TEST(Tensor, PacksTheFirstElementIntoTheLowBits) {
  const Tensor a = Tensor::from<std::int32_t>({1, -2, 7}, Shape{3}).cast(DataType::int4);
  const auto* bytes = static_cast<const std::uint8_t*>(a.data());
  EXPECT_EQ(a.nbytes(), 2u);
  EXPECT_EQ(bytes[0], 0xe1);
  EXPECT_EQ(bytes[1], 0x07);
  EXPECT_EQ(a.str(), "[ 1 -2  7]");
  EXPECT_EQ(a.element_as_double(1), -2);
  const Tensor b = Tensor::from<std::int32_t>({1, 2, 3, 0, 1}, Shape{5}).cast(DataType::uint2);
  EXPECT_EQ(static_cast<const std::uint8_t*>(b.data())[0], 0x39);
  EXPECT_EQ(b.str(), "[1 2 3 0 1]");
  EXPECT_EQ(b.cast(DataType::int2).str(), "[ 1 -2 -1  0  1]");
}

TEST(Tensor, CastsAsOnnxDoes) {
  const Tensor reals = Tensor::from<double>({300.7, -1.9, NAN, 1e30, -INFINITY, 0.5}, Shape{6});
  EXPECT_THAT(reals.cast(DataType::int8).values<std::int8_t>(), ElementsAre(127, -1, 0, 127, -128, 0));
  EXPECT_THAT(reals.cast(DataType::uint64).values<std::uint64_t>(), ElementsAre(300, 0, 0, UINT64_MAX, 0, 0));
  EXPECT_EQ(reals.cast(DataType::int4).str(), "[ 7 -1  0  7 -8  0]");
  EXPECT_THAT(reals.cast(DataType::boolean).values<bool>(), ElementsAre(true, true, true, true, true, true));
  EXPECT_EQ(reals.cast(DataType::float8e4m3fn).element_as_text(3), "450.0");
  EXPECT_EQ(reals.cast(DataType::float4).str(), "[ 6.  -2.   6.   6.  -6.   0.5]");
  const Tensor integers = Tensor::from<std::int64_t>({200, -1, INT64_MAX, (1 << 24) + 3}, Shape{4});
  EXPECT_THAT(integers.cast(DataType::int8).values<std::int8_t>(), ElementsAre(-56, -1, -1, 3));
  EXPECT_THAT(integers.cast(DataType::float32).values<float>(), ElementsAre(200, -1, 0x1p63f, 16777220));
  EXPECT_THAT(
      Tensor::from<std::complex<float>>({{1.5f, 2.0f}}, Shape{1}).cast(DataType::float32).values<float>(),
      ElementsAre(1.5f));
  // Once from double to float16, not by way of float.
  EXPECT_EQ(Tensor::full(Shape{1}, 1 + 0x1p-11 + 0x1p-40).cast(DataType::float16).values<float16>()[0].bits,
            0x3c01);
}

TEST(Tensor, CastsFromAndToStrings) {
  const Tensor text = Tensor::from<std::string>({"1.5", "+inf", "-2e3", "9223372036854775807"}, Shape{4});
  EXPECT_THAT(text.cast(DataType::int64).values<std::int64_t>(), ElementsAre(1, INT64_MAX, -2000, INT64_MAX));
  EXPECT_THAT(text.cast(DataType::float32).values<float>(), ElementsAre(1.5f, INFINITY, -2000.0f, 0x1p63f));
  EXPECT_THAT(Tensor::from<float>({1.0f, 0.1f}, Shape{2}).cast(DataType::string).strings(),
              ElementsAre("1.0", "0.1"));
  EXPECT_THAT([] { Tensor::from<std::string>({"x1"}, Shape{1}).cast(DataType::int8); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("'x1'"), HasSubstr("int8"))));
}

TEST(Tensor, EveryTypeCastsToEveryOther) {
  const Tensor source = Tensor::from<float>({0.0f, 1.0f, 1.0f, 0.0f, 1.0f}, Shape{5});
  for (const DataType from : all_data_types()) {
    for (const DataType to : all_data_types()) {
      // These hold no 0 (float8e8m0) or print something else (bool, string).
      if (from == DataType::float8e8m0 || to == DataType::float8e8m0 || from == DataType::string) continue;
      const Tensor back = source.cast(from).cast(to);
      if (to == DataType::string) continue;
      EXPECT_THAT(back.cast(DataType::float32).values<float>(), ElementsAre(0, 1, 1, 0, 1))
          << to_string(from) << " " << to_string(to);
    }
  }
}

TEST(Tensor, ElementAsText) {
  const Tensor a = Tensor::from<double>({1.5, -0.0, 1e16, 1e15, 1e-4, 1e-5, 0.1 + 0.2, NAN}, Shape{8});
  const char* expected[] = {
      "1.5", "-0.0", "1e+16", "1000000000000000.0", "0.0001", "1e-05", "0.30000000000000004", "nan"};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(a.element_as_text(i), expected[i]);
  EXPECT_EQ(Tensor::full(Shape{1}, 0.1f).element_as_text(0), "0.1");
  EXPECT_EQ(Tensor::full(Shape{1}, float16(0.1f)).element_as_text(0), "0.1");
  EXPECT_EQ(Tensor::full(Shape{1}, UINT64_MAX).element_as_text(0), "18446744073709551615");
  EXPECT_EQ(Tensor::full(Shape{1}, std::complex<double>(1, -2)).element_as_text(0), "(1-2j)");
  EXPECT_THROW(a.element_as_text(8), InputError);
  EXPECT_THROW(a.element_as_double(-1), InputError);
}

// The expected texts are what NumPy 2.4 prints.
TEST(TensorText, AsNumPyPrints) {
  EXPECT_EQ(Tensor::from<float>({1.0f, 2.0f, 3.0f}, Shape{3}).str(), "[1. 2. 3.]");
  EXPECT_EQ(Tensor::from<float>({0.10000000149011612f, -2.5f, 100.0f}, Shape{3}).str(),
            "[  0.1  -2.5 100. ]");
  EXPECT_EQ(Tensor::from<float>({9.999999747378752e-06f, 1.0f}, Shape{2}).str(), "[1.e-05 1.e+00]");
  EXPECT_EQ(Tensor::from<float>({0.3333333432674408f, 0.6666666865348816f, 1000.5f}, Shape{3}).str(),
            "[3.3333334e-01 6.6666669e-01 1.0005000e+03]");
  EXPECT_EQ(Tensor::from<float>({NAN, 1.5f, -INFINITY}, Shape{3}).str(), "[ nan  1.5 -inf]");
  EXPECT_EQ(Tensor::from<float>({-INFINITY}, Shape{1}).str(), "[-inf]");
  EXPECT_EQ(Tensor::from<float>({0.0f, -0.0f}, Shape{2}).str(), "[ 0. -0.]");
  EXPECT_EQ(Tensor::from<double>({0.30000000000000004, 0.3333333333333333}, Shape{2}).str(),
            "[0.3        0.33333333]");
  EXPECT_EQ(Tensor::from<double>({1e+300, 1e-300}, Shape{2}).str(), "[1.e+300 1.e-300]");
  EXPECT_EQ(Tensor::from<double>({123456789.0, 1.0}, Shape{2}).str(), "[1.23456789e+08 1.00000000e+00]");
  EXPECT_EQ(Tensor::from<float>({999999.0f, 1000000.0f}, Shape{2}).str(), "[9.99999e+05 1.00000e+06]");
  EXPECT_EQ(
      Tensor::from<float16>({float16(0.0999755859375f), float16(-2.5f), float16(100.0f)}, Shape{3}).str(),
      "[  0.1  -2.5 100. ]");
  EXPECT_EQ(Tensor::from<float16>({float16(0.015625f), float16(999.0f), float16(1.0f)}, Shape{3}).str(),
            "[1.563e-02 9.990e+02 1.000e+00]");
  EXPECT_EQ(Tensor::from<std::int64_t>({1, -20, 300, 4}, Shape{2, 2}).str(),
            "[[  1 -20]\n"
            " [300   4]]");
  EXPECT_EQ(Tensor::from<std::int8_t>({-128, 127}, Shape{2}).str(), "[-128  127]");
  EXPECT_EQ(Tensor::from<std::uint64_t>({18446744073709551615u, 0u}, Shape{2}).str(),
            "[18446744073709551615                    0]");
  EXPECT_EQ(Tensor::from<bool>({true, false}, Shape{2}).str(), "[ True False]");
  EXPECT_EQ(Tensor::from<float>({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f, 8.25f}, Shape{2, 2, 2}).str(),
            "[[[1.   2.  ]\n"
            "  [3.   4.  ]]\n"
            "\n"
            " [[5.   6.  ]\n"
            "  [7.   8.25]]]");
  EXPECT_EQ(Tensor::from<std::complex<float>>({{1.0f, 2.0f}, {-1.5f, -0.25f}}, Shape{2}).str(),
            "[ 1. +2.j   -1.5-0.25j]");
  EXPECT_EQ(Tensor::from<float>({1.5f}, Shape{}).str(), "1.5");
  EXPECT_EQ(Tensor::from<float>({1000000.0f}, Shape{}).str(), "1e+06");
  EXPECT_EQ(Tensor::from<bool>({true}, Shape{}).str(), "True");
  EXPECT_EQ(Tensor::from<float>({}, Shape{0, 3}).str(), "[]");
  EXPECT_EQ(Tensor::from<double>(
                {0.03333333333333333, 0.03333333333333333, 0.03333333333333333, 0.03333333333333333,
                 0.03333333333333333, 0.03333333333333333, 0.03333333333333333, 0.03333333333333333,
                 0.03333333333333333, 0.03333333333333333, 0.03333333333333333, 0.03333333333333333},
                Shape{2, 6})
                .str(),
            "[[0.03333333 0.03333333 0.03333333 0.03333333 0.03333333 0.03333333]\n"
            " [0.03333333 0.03333333 0.03333333 0.03333333 0.03333333 0.03333333]]");
}

TEST(TensorText, LongArrays) {
  EXPECT_EQ(iota<std::int64_t>({2000}).str(), "[   0    1    2 ... 1997 1998 1999]");
  EXPECT_EQ(iota<std::int64_t>({10, 12}).str(),
            "[[  0   1   2   3   4   5   6   7   8   9  10  11]\n"
            " [ 12  13  14  15  16  17  18  19  20  21  22  23]\n"
            " [ 24  25  26  27  28  29  30  31  32  33  34  35]\n"
            " [ 36  37  38  39  40  41  42  43  44  45  46  47]\n"
            " [ 48  49  50  51  52  53  54  55  56  57  58  59]\n"
            " [ 60  61  62  63  64  65  66  67  68  69  70  71]\n"
            " [ 72  73  74  75  76  77  78  79  80  81  82  83]\n"
            " [ 84  85  86  87  88  89  90  91  92  93  94  95]\n"
            " [ 96  97  98  99 100 101 102 103 104 105 106 107]\n"
            " [108 109 110 111 112 113 114 115 116 117 118 119]]");
  EXPECT_EQ(iota<float>({4, 30, 20}, 0.125f).str(),
            "[[[0.00000e+00 1.25000e-01 2.50000e-01 ... 2.12500e+00 2.25000e+00\n"
            "   2.37500e+00]\n"
            "  [2.50000e+00 2.62500e+00 2.75000e+00 ... 4.62500e+00 4.75000e+00\n"
            "   4.87500e+00]\n"
            "  [5.00000e+00 5.12500e+00 5.25000e+00 ... 7.12500e+00 7.25000e+00\n"
            "   7.37500e+00]\n"
            "  ...\n"
            "  [6.75000e+01 6.76250e+01 6.77500e+01 ... 6.96250e+01 6.97500e+01\n"
            "   6.98750e+01]\n"
            "  [7.00000e+01 7.01250e+01 7.02500e+01 ... 7.21250e+01 7.22500e+01\n"
            "   7.23750e+01]\n"
            "  [7.25000e+01 7.26250e+01 7.27500e+01 ... 7.46250e+01 7.47500e+01\n"
            "   7.48750e+01]]\n"
            "\n"
            " [[7.50000e+01 7.51250e+01 7.52500e+01 ... 7.71250e+01 7.72500e+01\n"
            "   7.73750e+01]\n"
            "  [7.75000e+01 7.76250e+01 7.77500e+01 ... 7.96250e+01 7.97500e+01\n"
            "   7.98750e+01]\n"
            "  [8.00000e+01 8.01250e+01 8.02500e+01 ... 8.21250e+01 8.22500e+01\n"
            "   8.23750e+01]\n"
            "  ...\n"
            "  [1.42500e+02 1.42625e+02 1.42750e+02 ... 1.44625e+02 1.44750e+02\n"
            "   1.44875e+02]\n"
            "  [1.45000e+02 1.45125e+02 1.45250e+02 ... 1.47125e+02 1.47250e+02\n"
            "   1.47375e+02]\n"
            "  [1.47500e+02 1.47625e+02 1.47750e+02 ... 1.49625e+02 1.49750e+02\n"
            "   1.49875e+02]]\n"
            "\n"
            " [[1.50000e+02 1.50125e+02 1.50250e+02 ... 1.52125e+02 1.52250e+02\n"
            "   1.52375e+02]\n"
            "  [1.52500e+02 1.52625e+02 1.52750e+02 ... 1.54625e+02 1.54750e+02\n"
            "   1.54875e+02]\n"
            "  [1.55000e+02 1.55125e+02 1.55250e+02 ... 1.57125e+02 1.57250e+02\n"
            "   1.57375e+02]\n"
            "  ...\n"
            "  [2.17500e+02 2.17625e+02 2.17750e+02 ... 2.19625e+02 2.19750e+02\n"
            "   2.19875e+02]\n"
            "  [2.20000e+02 2.20125e+02 2.20250e+02 ... 2.22125e+02 2.22250e+02\n"
            "   2.22375e+02]\n"
            "  [2.22500e+02 2.22625e+02 2.22750e+02 ... 2.24625e+02 2.24750e+02\n"
            "   2.24875e+02]]\n"
            "\n"
            " [[2.25000e+02 2.25125e+02 2.25250e+02 ... 2.27125e+02 2.27250e+02\n"
            "   2.27375e+02]\n"
            "  [2.27500e+02 2.27625e+02 2.27750e+02 ... 2.29625e+02 2.29750e+02\n"
            "   2.29875e+02]\n"
            "  [2.30000e+02 2.30125e+02 2.30250e+02 ... 2.32125e+02 2.32250e+02\n"
            "   2.32375e+02]\n"
            "  ...\n"
            "  [2.92500e+02 2.92625e+02 2.92750e+02 ... 2.94625e+02 2.94750e+02\n"
            "   2.94875e+02]\n"
            "  [2.95000e+02 2.95125e+02 2.95250e+02 ... 2.97125e+02 2.97250e+02\n"
            "   2.97375e+02]\n"
            "  [2.97500e+02 2.97625e+02 2.97750e+02 ... 2.99625e+02 2.99750e+02\n"
            "   2.99875e+02]]]");
  EXPECT_EQ(iota<std::int64_t>({12}).str(5, 2), "[ 0  1 ... 10 11]");
}

TEST(TensorMetadata, PrintsAsPolygraphy) {
  const TensorMetadata metadata{{"x", DataType::float32, Shape{1, 2}},
                                {"y", std::nullopt, PartialShape::unknown_rank()},
                                {"z", DataType::int64, PartialShape::unknown_rank()},
                                {"w", std::nullopt, PartialShape{1, "b"}}};
  EXPECT_EQ(metadata.str(),
            "{x [dtype=float32, shape=(1, 2)],\n y,\n z [dtype=int64],\n w [shape=(1, 'b')]}");
  EXPECT_EQ(metadata.str(4).substr(33, 8), "\n     y,");
  EXPECT_EQ(TensorMetadata().str(), "{}");
  EXPECT_EQ(metadata["w"].name, "w");
  EXPECT_TRUE(metadata.contains("z"));
  EXPECT_FALSE(metadata.contains("q"));
  EXPECT_THAT([&] { metadata["q"]; }, ThrowsMessage<InputError>(AllOf(HasSubstr("'q'"), HasSubstr("'x'"))));
}

TEST(TensorMap, KeepsOrderAndFindsManyNames) {
  TensorMap map;
  for (int i = 0; i < 40; ++i) {
    map.set("t" + std::to_string(i), Tensor::full(Shape{1}, i));
    for (int k = 0; k <= i; ++k) ASSERT_EQ(map["t" + std::to_string(k)].values<int>()[0], k);
  }
  map.set("t7", Tensor::full(Shape{1}, -7));
  EXPECT_EQ(map.size(), 40u);
  EXPECT_EQ(map.at(7).second.values<int>()[0], -7);
  EXPECT_EQ(map.find("t40"), nullptr);
  EXPECT_THROW(map["t40"], InputError);
  TensorMap copy = map.clone();
  copy["t0"].mutable_values<int>()[0] = 5;
  EXPECT_EQ(map["t0"].values<int>()[0], 0);
  EXPECT_EQ(map.metadata()[std::size_t{0}].str(), "t0 [dtype=int32, shape=(1,)]");
}

}  // namespace
}  // namespace polygraph
