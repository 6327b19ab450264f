#include <polygraph/openvino.h>

auto refused = polygraph::openvino::CreateConfig({.fp61 = true});
