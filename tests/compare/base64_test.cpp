#include "compare/base64.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace polygraph::compare::detail {
namespace {

std::string encode(std::string_view text) {
  std::string result(base64_size(text.size()), '\0');
  encode_base64(std::as_bytes(std::span(text)), result.data());
  return result;
}

std::vector<std::byte> random_bytes(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Base64, TestVectorsOfTheStandard) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg==");
  EXPECT_EQ(encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, VectorsAndPortableCodeAgree) {
  for (std::size_t size = 0; size < 400; ++size) {
    const std::vector<std::byte> bytes = random_bytes(size);
    std::string expected(base64_size(size), '\0');
    portable::encode_base64(bytes, expected.data());
    std::string text(base64_size(size), '\0');
    encode_base64(bytes, text.data());
    ASSERT_EQ(text, expected) << size;
  }
}

TEST(Base64, DecodingGivesTheBytesBackAndWritesNoFurther) {
  for (std::size_t size = 0; size < 600; size += 3) {
    const std::vector<std::byte> bytes = random_bytes(size);
    std::string text(base64_size(size), '\0');
    encode_base64(bytes, text.data());
    for (auto* decode : {&decode_base64, &portable::decode_base64}) {
      std::vector<std::byte> out(size + 64, std::byte{0x5a});
      ASSERT_EQ(decode(text, out.data()), text.size());
      ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), out.begin())) << size;
      for (std::size_t i = size; i < out.size(); ++i) ASSERT_EQ(out[i], std::byte{0x5a}) << size;
    }
  }
}

TEST(Base64, EveryCharacterOutsideTheAlphabetIsFoundWhereverItIs) {
  const std::string good = encode(std::string(150, 'x'));
  const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> out(good.size());
  for (int c = 0; c < 256; ++c) {
    const bool is_good = alphabet.find(static_cast<char>(c)) != std::string_view::npos;
    for (const std::size_t place : {0u, 1u, 31u, 32u, 77u, 150u, 199u}) {
      std::string text = good;
      text[place] = static_cast<char>(c);
      for (auto* decode : {&decode_base64, &portable::decode_base64})
        EXPECT_EQ(decode(text, out.data()), is_good ? text.size() : place) << c << " at " << place;
    }
  }
}

}  // namespace
}  // namespace polygraph::compare::detail
