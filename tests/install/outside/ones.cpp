#include <polygraph/polygraph.h>

#include <iostream>

int main() {
  namespace pg = polygraph;
  const auto ones = pg::Tensor::full(pg::Shape{2, 2}, 1.0f);
  std::cout << pg::TensorInfo{"ones", ones.dtype(), pg::PartialShape(ones.shape())}.str() << '\n';

  // An exception thrown in the library is caught by its type here.
  try {
    (void)ones.values<double>();
  } catch (const pg::InputError&) {
    return 0;
  }
  return 1;
}
