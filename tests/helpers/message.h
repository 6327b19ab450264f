#pragma once

#include <exception>
#include <string>

namespace polygraph::test {

/// What `f` throws, as text, checked to be an `E`.
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("of another class: ") + error.what();
  }
  return "nothing was thrown";
}

}  // namespace polygraph::test
