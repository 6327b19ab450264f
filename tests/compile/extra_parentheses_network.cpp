// An immediately evaluated function has done the work already: there is nothing to call.
#include <polygraph/openvino.h>

using namespace polygraph::openvino;

void refused() {
  network_from_onnx_path("m.onnx")();
}
