// A library that is called TensorRT and only tells a version, or not even that.
#ifdef VERSION
extern "C" __attribute__((visibility("default"))) int getInferLibVersion() {
  return VERSION;
}
#else
extern "C" __attribute__((visibility("default"))) int something_else() {
  return 0;
}
#endif
