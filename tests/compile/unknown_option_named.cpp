#include <polygraph/openvino.h>

polygraph::openvino::ConfigOptions refused{.fp61 = true};
