#include "onnxrt/profile.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

// A trace is a JSON array with one event on a line, each written when it ends: what a node contains comes
// before it. ONNX Runtime up to 1.28 writes names as they are, so that a quote, a backslash or a line break
// in the name of a node leaves no JSON.

namespace polygraph::onnxrt {

namespace {

using Json = nlohmann::json;

constexpr double microsecond = 1e-6;

/// What is read of an event.
struct Event {
  std::string name;
  std::string category;
  std::string op_type;
  std::string provider;
  std::string node_index;
  std::uint64_t thread = 0;
  std::int64_t begin = 0;     // microseconds
  std::int64_t duration = 0;  // microseconds
};

/// Takes the fields of one event from its JSON.
class EventHandler final : public nlohmann::json_sax<Json> {
 public:
  explicit EventHandler(Event& event) : event_(event) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t value) override { return number(value); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<std::int64_t>(value)); }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& value) override {
    const auto found = std::ranges::find_if(
        texts, [&](const Text& text) { return text.depth == depth_ && text.key == key_; });
    if (found != std::end(texts)) event_.*(found->field) = std::move(value);
    return true;
  }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& value) override {
    if (depth_ == 1) in_arguments_ = value == "args";
    if (depth_ == 1 || (depth_ == 2 && in_arguments_))
      key_ = std::move(value);
    else
      key_.clear();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  struct Text {
    int depth;
    std::string_view key;
    std::string Event::*field;
  };
  static constexpr Text texts[] = {{1, "name", &Event::name},
                                   {1, "cat", &Event::category},
                                   {2, "op_name", &Event::op_type},
                                   {2, "provider", &Event::provider},
                                   {2, "node_index", &Event::node_index}};

  bool number(std::int64_t value) {
    constexpr std::int64_t most = 1'000'000'000'000'000;  // some 30 years
    if (depth_ != 1) return true;
    const bool is_time = key_ == "ts" || key_ == "dur";
    if (is_time && (value < 0 || value > most)) return false;
    if (key_ == "tid") event_.thread = static_cast<std::uint64_t>(value);
    if (key_ == "ts") event_.begin = value;
    if (key_ == "dur") event_.duration = value;
    return true;
  }
  bool enter() {
    key_.clear();
    ++depth_;
    return true;
  }
  bool leave() {
    key_.clear();
    --depth_;
    return true;
  }

  Event& event_;
  int depth_ = 0;
  bool in_arguments_ = false;
  std::string key_;
};

bool parse_json(std::string_view text, Event& event) {
  event = {};
  EventHandler handler(event);
  return Json::sax_parse(text.begin(), text.end(), &handler);
}

// The event with its name as JSON has to have it; nothing if it has none.
std::optional<std::string> with_name_escaped(std::string_view text) {
  constexpr std::string_view before = "\"name\" :\"";
  constexpr std::string_view behind = "\",\"args\"";
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t name = begin + before.size();
  const std::size_t end = text.find(behind, name);
  if (end == std::string_view::npos) return std::nullopt;
  std::string result(text.substr(0, name - 1));
  result += Json(text.substr(name, end - name)).dump(-1, ' ', false, Json::error_handler_t::replace);
  result += text.substr(end + 1);
  return result;
}

bool parse_event(std::string_view text, Event& event) {
  if (parse_json(text, event)) return true;
  const std::optional<std::string> repaired = with_name_escaped(text);
  return repaired && parse_json(*repaired, event);
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// Takes the events of a file one by one.
class EventReader {
 public:
  using Forget = std::function<void(std::size_t, std::size_t)>;

  EventReader(std::string_view text, const std::string& name, const Forget& forget)
      : forget_(forget), name_(name), text_(text) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != '[') fail("it does not begin with '['");
    ++at_;
    skip_spaces();
  }

  bool next(Event& event) {
    if (at_ == text_.size()) fail("it is cut off: there is no ']' at its end");
    if (text_[at_] == ']') {
      ++at_;
      skip_spaces();
      if (at_ != text_.size()) fail("something follows its ']'");
      return false;
    }
    const std::size_t end = end_of_event();
    std::string_view text = text_.substr(at_, end - at_);
    while (!text.empty() && (is_space(text.back()) || text.back() == ',')) text.remove_suffix(1);
    if (!parse_event(text, event))
      fail(end == text_.size() ? "it is cut off in the middle of an event" : "this is no event");
    if (event.category.empty() || event.name.empty()) fail("an event has no category or no name");
    at_ = end;
    skip_spaces();
    forget_what_was_read();
    return true;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw InputError(
        fmt::format("Reading the profile '{}': {} (at byte {} of {}).", name_, why, at_, text_.size()),
        "Give a file that ONNX Runtime wrote (SessionOptions::profile, --onnxrt-profile) and that is "
        "finished: "
        "it is once the session is gone or its profiling has ended.");
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  // Where the line with the next event, or with the end, begins. A name may have line breaks.
  std::size_t end_of_event() const {
    for (std::size_t line = text_.find('\n', at_); line != std::string_view::npos;
         line = text_.find('\n', line + 1)) {
      const std::size_t next = line + 1;
      const std::size_t last = text_.find_last_not_of(" \t\r", line - 1);
      if (next < text_.size() && last > at_ &&
          ((text_[next] == '{' && text_[last] == ',') || (text_[next] == ']' && text_[last] == '}')))
        return next;
    }
    return text_.size();
  }

  void forget_what_was_read() {
    constexpr std::size_t step = std::size_t{16} << 20;
    if (!forget_ || at_ - forgotten_ < step) return;
    forget_(forgotten_, at_ - forgotten_);
    forgotten_ = at_;
  }

  const Forget& forget_;
  const std::string& name_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t forgotten_ = 0;
};

/// Sums the events of inferences up.
class Summer {
 public:
  explicit Summer(std::int64_t skip) : skip_(skip) {}

  void add(Event& event) {
    constexpr std::string_view suffix = "_kernel_time";
    if (event.category == "Session" && event.name == "model_run") {
      end_inference(event);
    } else if (event.category == "Node" && event.name.ends_with(suffix)) {
      event.name.resize(event.name.size() - suffix.size());
      add_node(event);
    }
  }

  Profile take() {
    std::erase_if(profile_.nodes, [](const NodeTime& node) { return node.count == 0; });
    for (NodeTime& node : profile_.nodes) node.mean = node.total / static_cast<double>(node.count);
    return std::move(profile_);
  }

 private:
  struct Call {
    std::size_t node;
    std::int64_t begin;
    std::int64_t duration;
    std::int64_t own;
  };

  void add_node(Event& event) {
    Call call{node_of(event), event.begin, event.duration, event.duration};
    // Of the same thread, what began later and has ended lies inside.
    std::vector<std::size_t>& ended = threads_[event.thread];
    while (!ended.empty() && calls_[ended.back()].begin >= call.begin) {
      call.own = std::max<std::int64_t>(call.own - calls_[ended.back()].duration, 0);
      ended.pop_back();
    }
    ended.push_back(calls_.size());
    calls_.push_back(call);
  }

  std::size_t node_of(Event& event) {
    key_.assign(event.name).push_back('\0');
    key_.append(event.node_index).push_back('\0');
    key_.append(event.op_type).push_back('\0');
    key_.append(event.provider);
    const auto [found, is_new] = places_.try_emplace(key_, profile_.nodes.size());
    if (is_new)
      profile_.nodes.push_back({.name = std::move(event.name),
                                .op_type = std::move(event.op_type),
                                .provider = std::move(event.provider)});
    return found->second;
  }

  void end_inference(const Event& event) {
    if (skip_ > 0) {
      --skip_;
    } else {
      ++profile_.inferences;
      profile_.seconds += static_cast<double>(event.duration) * microsecond;
      for (const Call& call : calls_) count(call);
    }
    calls_.clear();
    threads_.clear();
  }

  void count(const Call& call) {
    NodeTime& node = profile_.nodes[call.node];
    const double seconds = static_cast<double>(call.duration) * microsecond;
    node.min = node.count == 0 ? seconds : std::min(node.min, seconds);
    node.max = std::max(node.max, seconds);
    node.total += seconds;
    node.own += static_cast<double>(call.own) * microsecond;
    ++node.count;
  }

  std::int64_t skip_;
  Profile profile_;
  std::unordered_map<std::string, std::size_t> places_;
  std::string key_;
  std::vector<Call> calls_;  // of the inference that has not ended yet
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> threads_;  // calls that nothing encloses yet
};

}  // namespace

LayerTimes Profile::layer_times() const {
  LayerTimes times{.inferences = inferences, .seconds = seconds};
  for (const NodeTime& node : nodes)
    times.layers.push_back({node.name, node.op_type, node.provider, node.count, node.own});
  return times;
}

Profile parse_profile(std::string_view text, const std::string& name, std::int64_t skip,
                      const std::function<void(std::size_t, std::size_t)>& forget) {
  Summer summer(skip);
  EventReader reader(text, name, forget);
  for (Event event; reader.next(event);) summer.add(event);
  return summer.take();
}

Profile read_profile(const std::filesystem::path& opened, const std::string& name, std::int64_t skip) {
  const MappedFile file(opened, MappedFile::Use::parts);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.size());
  return parse_profile(text, name, skip,
                       [&](std::size_t begin, std::size_t size) { file.forget(begin, size); });
}

Profile read_profile(const std::filesystem::path& path, std::int64_t skip) {
  return read_profile(path, path.string(), skip);
}

}  // namespace polygraph::onnxrt
