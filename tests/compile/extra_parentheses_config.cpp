// An immediately evaluated function has done the work already: there is nothing to call.
#include <polygraph/openvino.h>

using namespace polygraph::openvino;

void refused() {
  create_config({.fp16 = true})();
}
