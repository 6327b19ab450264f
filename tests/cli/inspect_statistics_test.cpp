#include "cli/inspect_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "onnx/encode.h"

namespace polygraph::cli {
namespace {

using namespace onnx::encode;
using testing::HasSubstr;

std::string value(std::uint64_t field, std::string_view name) {
  const std::string dims = bytes(1, bytes(2, "batch")) + bytes(1, varint(1, 2000));
  return bytes(field, bytes(1, name) + bytes(2, bytes(1, varint(1, 1) + bytes(2, dims))));
}

onnx::Model two_nodes() {
  return load(
      onnx::encode::model(bytes(1, bytes(1, "x") + bytes(2, "y") + bytes(3, "relu") + bytes(4, "Relu")) +
                          bytes(1, bytes(1, "y") + bytes(2, "z\xff") + bytes(4, "Odd") + bytes(7, "my")) +
                          value(11, "x") + value(13, "y")));
}

TEST(InspectStatistics, AreTables) {
  const onnx::Model model = two_nodes();
  const std::string text = statistics_text({model, onnx::statistics(model), "Something."});
  EXPECT_EQ(text, R"(---- Statistics ----
Parameters: 0 (0 bytes)
Operations: 2000*batch (a multiply-add counts as 2)
Bytes Moved: 16000*batch
Not Counted: 1 node(s) of which something cannot be told
Note: Something.

---- 2 Operator(s) ----
Op      | Count | Not Counted | Operations | Bytes Moved
Relu    | 1     | 0           | 2000*batch | 16000*batch
my::Odd | 1     | 1           | 0          | 0

---- 2 Node(s) ----
Node | Name | Op   | Parameters | Operations | Bytes Moved
0    | relu | Relu | 0          | 2000*batch | 16000*batch
1    | z\xff   | Odd  | 0          | unknown    | unknown (the operator is not known here)
)");
}

TEST(InspectStatistics, AreJson) {
  const onnx::Model model = two_nodes();
  const nlohmann::ordered_json json = statistics_json({model, onnx::statistics(model), {}});
  EXPECT_EQ(json["operations"], "2000*batch");
  EXPECT_EQ(json["unknown_count"], 1);
  EXPECT_FALSE(json.contains("note"));
  EXPECT_EQ(json["nodes"][0].dump(),
            R"({"path":"0","name":"relu","op_type":"Relu","domain":"","parameters":0,)"
            R"("parameter_bytes":0,"operations":"2000*batch","bytes":"16000*batch"})");
  EXPECT_EQ(json["nodes"][1]["operations"], nullptr);
  EXPECT_EQ(json["nodes"][1]["unknown"], "the operator is not known here");
}

std::string function(std::string_view name, std::string_view calls) {
  const std::string call = bytes(7, bytes(1, "a") + bytes(2, "b") + bytes(4, calls) + bytes(7, "my"));
  std::string encoded = bytes(1, name) + bytes(4, "a") + bytes(5, "b") + bytes(10, "my");
  for (int i = 0; i < 10; ++i) encoded += call;
  return bytes(25, encoded);
}

TEST(InspectStatistics, DoNotInlineWithoutBound) {
  std::string encoded =
      onnx::encode::model(bytes(1, bytes(1, "x") + bytes(2, "y") + bytes(4, "f0") + bytes(7, "my")));
  for (int i = 0; i < 30; ++i) encoded += function("f" + std::to_string(i), "f" + std::to_string(i + 1));
  EXPECT_THAT(inspect_statistics(load(encoded)).note, HasSubstr("not inlined"));
  encoded += function("f30", "f0");  // a function that calls itself in the end
  EXPECT_THAT(inspect_statistics(load(encoded)).note, HasSubstr("not inlined"));
}

}  // namespace
}  // namespace polygraph::cli
