#include <polygraph/onnxrt.h>

#include <iostream>

// Says which ONNX Runtime is found, and what goes into the model given as argument.
int main(int, char** argv) {
  const polygraph::onnxrt::Session session = polygraph::onnxrt::session_from_onnx(argv[1]);
  std::cout << session.library().path().string() << '\n' << session.inputs()[0].str() << '\n';
}
