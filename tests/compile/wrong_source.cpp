// An engine is no network.
#include <polygraph/openvino.h>

using namespace polygraph::openvino;

auto refused = EngineFromNetwork(EngineFromPath("m.engine"));
