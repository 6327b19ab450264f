// Without a name the activation would end at once.
#include <polygraph/openvino.h>

void refused(polygraph::openvino::Runner& runner) {
  runner.activate();
}
