// Designated initializers that name some options draw no warning, even with -Wextra.
#include <polygraph/openvino.h>

using namespace polygraph::openvino;

auto a = CreateConfig({.fp16 = true});
auto b = CreateConfig({.bf16 = true, .threads = 4, .cache_dir = "cache"});
OutputOptions c{.exclude_outputs = {"x"}};
