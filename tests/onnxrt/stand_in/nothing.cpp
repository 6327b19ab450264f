// A library that is not ONNX Runtime.
extern "C" __attribute__((visibility("default"))) int stand_in_nothing() {
  return 0;
}
