// At every place that takes a loader: the loader, its value, a lambda, a twin without its parentheses.
#include <polygraph/openvino.h>

namespace pg = polygraph;
using namespace pg::openvino;

void edit(Network& network);

void accepted(Network network, Config config, Engine engine, pg::Bytes bytes, Runtime runtime) {
  const NetworkFromOnnxPath load("m.onnx");
  const CreateConfig create({.fp16 = true});
  const EngineFromNetwork build(load, create);

  engine_from_network(load);
  engine_from_network(network);
  engine_from_network(load, create);
  engine_from_network(load, config);
  engine_from_network(network, create);
  engine_from_network(network, create_config);
  engine_from_network(network, create_config());
  engine_from_network([&] { return network; }, [&] { return config; });
  engine_from_network(pg::extend(load, edit), create_config({.fp16 = true}));
  engine_from_network(pg::extend(network, edit));
  engine_bytes_from_network(load, create);
  engine_bytes_from_network(network, config);

  modify_network_outputs(load, {.outputs = {"*"}});
  modify_network_outputs(network, {.outputs = {"*"}});
  set_layer_precisions(load, {{"a", pg::DataType::float32}});
  set_layer_precisions(network, {{"a", pg::DataType::float32}});
  postprocess_network(load, edit);
  postprocess_network(network, edit, "edit");
  postprocess_config(create, [](Config&) {});
  postprocess_config(config, [](Config&) {});

  save_engine(build, "m.engine");
  save_engine(engine, "m.engine");
  bytes_from_engine(build);
  bytes_from_engine(engine);
  engine_from_bytes(EngineBytesFromNetwork(load));
  engine_from_bytes(bytes);
  engine_from_bytes(bytes, runtime);
  engine_from_bytes(pg::BytesFromPath("m.engine"), load_runtime);
  engine_from_path("m.engine", load_plugins({"a.so"}));
  engine_from_path("m.engine", LoadPlugins({"a.so"}, runtime));
  network_from_onnx_bytes(pg::BytesFromPath("m.onnx"));
  network_from_onnx_bytes(bytes);
  network_from_ir("m.xml");
  pg::save_bytes(pg::BytesFromPath("m"), "n");
  pg::save_bytes(bytes, "n");

  Runner a(build), b(engine), c([&] { return engine; }), d(SaveEngine(build, "m.engine")),
      e(SaveEngine(engine, "m.engine"));
}
