#include "onnx/diff_match.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "onnx/diff_align.h"

namespace polygraph::onnx {
namespace {

/// What a node is known by: its name, or that of its first output.
std::string_view label(const Node& node) {
  if (!node.name.empty()) return node.name;
  for (const std::string_view output : node.outputs)
    if (!output.empty()) return output;
  return {};
}

class Matcher {
 public:
  Matcher(const Body& a, const Body& b)
      : a_(a),
        b_(b),
        nodes_(a.nodes().size(), b.nodes().size()),
        values_(a.values().size(), b.values().size()) {}

  BodyMatch match() {
    find_namesakes();
    const std::size_t by_name = pair_namesakes_in_place();
    const std::size_t by_structure =
        pair_by_hash(true, true) + pair_by_hash(true, false) + pair_by_hash(false, true);
    if (by_name >= by_structure) {
      pair_namesakes();
      spread();
    } else {
      spread();
      pair_namesakes();
      spread();
    }
    pair_in_order();
    spread();
    pair_replaced();
    spread();
    pair_values();
    return {std::move(nodes_), std::move(values_)};
  }

 private:
  using Hashes = std::pair<std::uint64_t, std::uint64_t>;

  const Node& node_a(std::uint32_t i) const { return a_.nodes()[i]; }
  const Node& node_b(std::uint32_t i) const { return b_.nodes()[i]; }
  bool same_operator(std::uint32_t a, std::uint32_t b) const {
    return onnx::same_operator(node_a(a), node_b(b));
  }

  /// Fills `namesake_`: for nodes of A the one node of B with its label, if the label is unique in both.
  void find_namesakes() {
    namesake_.assign(a_.nodes().size(), no_index);
    NameTable labels(b_.nodes().size());
    std::vector<std::uint32_t> owner;  // by label; `no_index` if there are several
    for (std::uint32_t i = 0; i < b_.nodes().size(); ++i) {
      const std::string_view text = label(node_b(i));
      if (text.empty()) continue;
      const std::uint32_t number = labels.add(text);
      if (number == owner.size())
        owner.push_back(i);
      else
        owner[number] = no_index;
    }
    std::vector<std::uint32_t> first(owner.size(), no_index);
    for (std::uint32_t i = 0; i < a_.nodes().size(); ++i) {
      const std::string_view text = label(node_a(i));
      const std::uint32_t number = text.empty() ? no_index : labels.find(text);
      if (number == no_index || owner[number] == no_index) continue;
      if (first[number] == no_index) {
        first[number] = i;
        namesake_[i] = owner[number];
      } else {
        namesake_[first[number]] = no_index;
      }
    }
  }

  std::size_t pair_namesakes_in_place() {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < namesake_.size(); ++i) {
      const std::uint32_t other = namesake_[i];
      if (other == no_index || !same_operator(i, other)) continue;
      if (a_.before(i) != b_.before(other) && a_.after(i) != b_.after(other)) continue;
      nodes_.pair(i, other);
      ++count;
    }
    return count;
  }

  void pair_namesakes() {
    for (std::uint32_t i = 0; i < namesake_.size(); ++i) {
      const std::uint32_t other = namesake_[i];
      if (other != no_index && nodes_.are_free(i, other) && same_operator(i, other)) nodes_.pair(i, other);
    }
  }

  /// Pairs free nodes whose hashes are equal, those of one hash in their order. With one hash only where
  /// there are equally many in both, since else they could be anybody.
  std::size_t pair_by_hash(bool before, bool after) {
    const auto sorted = [&](const Body& body, const std::vector<std::uint32_t>& counterpart) {
      std::vector<std::pair<Hashes, std::uint32_t>> result;
      for (std::uint32_t i = 0; i < counterpart.size(); ++i)
        if (counterpart[i] == no_index)
          result.push_back({{before ? body.before(i) : 0, after ? body.after(i) : 0}, i});
      std::ranges::sort(result);
      return result;
    };
    const auto left = sorted(a_, nodes_.to_b);
    const auto right = sorted(b_, nodes_.to_a);
    std::size_t count = 0;
    for (auto l = left.begin(), r = right.begin(); l != left.end() && r != right.end();) {
      if (l->first != r->first) {
        ++(l->first < r->first ? l : r);
        continue;
      }
      const auto other_hash = [&](const auto& entry) { return entry.first != l->first; };
      const auto l_end = std::find_if(l, left.end(), other_hash);
      const auto r_end = std::find_if(r, right.end(), other_hash);
      if ((before && after) || l_end - l == r_end - r) {
        for (auto x = l, y = r; x != l_end && y != r_end; ++x, ++y, ++count)
          if (same_operator(x->second, y->second)) nodes_.pair(x->second, y->second);
      }
      l = l_end;
      r = r_end;
    }
    return count;
  }

  /// From pairs to their neighbours, as far as it goes.
  void spread() {
    std::vector<std::uint32_t> work;
    for (std::uint32_t i = 0; i < nodes_.to_b.size(); ++i)
      if (nodes_.to_b[i] != no_index) work.push_back(i);
    for (std::size_t i = 0; i < a_.inputs().size(); ++i)
      if (const auto other = b_.names().find(a_.names()[a_.inputs()[i]]); other != no_index)
        pair_users(a_.inputs()[i], other, work);
    for (std::size_t next = 0; next < work.size(); ++next) {
      const std::uint32_t a = work[next];
      const std::uint32_t b = nodes_.to_b[a];
      const auto made_a = a_.results(a), made_b = b_.results(b);
      for (std::size_t i = 0; i < std::min(made_a.size(), made_b.size()); ++i)
        if (made_a[i] != no_index && made_b[i] != no_index) pair_users(made_a[i], made_b[i], work);
      const auto taken_a = a_.operands(a), taken_b = b_.operands(b);
      for (std::size_t i = 0; i < std::min(taken_a.size(), taken_b.size()); ++i)
        if (taken_a[i] != no_index && taken_b[i] != no_index) pair_makers(taken_a[i], taken_b[i], work);
    }
  }

  void pair_makers(std::uint32_t value_a, std::uint32_t value_b, std::vector<std::uint32_t>& work) {
    const Body::Value& a = a_.values()[value_a];
    const Body::Value& b = b_.values()[value_b];
    if (a.node == no_index || b.node == no_index || a.output != b.output) return;
    if (!nodes_.are_free(a.node, b.node) || !same_operator(a.node, b.node)) return;
    nodes_.pair(a.node, b.node);
    work.push_back(a.node);
  }

  void pair_users(std::uint32_t value_a, std::uint32_t value_b, std::vector<std::uint32_t>& work) {
    using Key = std::tuple<std::string_view, std::uint32_t, std::string_view>;
    const auto free_users = [](const Body& body, std::uint32_t value,
                               const std::vector<std::uint32_t>& counterpart,
                               std::vector<std::pair<Key, std::uint32_t>>& users) {
      users.clear();
      for (const Body::Use& use : body.uses(value)) {
        const Node& node = body.nodes()[use.node];
        if (counterpart[use.node] == no_index)
          users.push_back({{node.op_type, use.position, label(node)}, use.node});
      }
      std::ranges::sort(users);
    };
    free_users(a_, value_a, nodes_.to_b, users_a_);
    if (users_a_.empty()) return;
    free_users(b_, value_b, nodes_.to_a, users_b_);
    const auto pair = [&](std::uint32_t a, std::uint32_t b) {
      if (!nodes_.are_free(a, b) || !same_operator(a, b)) return;
      nodes_.pair(a, b);
      work.push_back(a);
    };
    // Namesakes first, then, if there are equally many of an operator, in the order of the nodes.
    for (auto l = users_a_.begin(), r = users_b_.begin(); l != users_a_.end() && r != users_b_.end();) {
      if (l->first != r->first)
        ++(l->first < r->first ? l : r);
      else
        pair((l++)->second, (r++)->second);
    }
    const auto forget_names = [](std::vector<std::pair<Key, std::uint32_t>>& users,
                                 const std::vector<std::uint32_t>& counterpart) {
      std::erase_if(users, [&](const auto& user) { return counterpart[user.second] != no_index; });
      for (auto& [key, node] : users) std::get<2>(key) = {};
      std::ranges::sort(users);
    };
    forget_names(users_a_, nodes_.to_b);
    forget_names(users_b_, nodes_.to_a);
    for (auto l = users_a_.begin(), r = users_b_.begin(); l != users_a_.end() && r != users_b_.end();) {
      if (l->first != r->first) {
        ++(l->first < r->first ? l : r);
        continue;
      }
      const auto other = [&](const auto& user) { return user.first != l->first; };
      const auto l_end = std::find_if(l, users_a_.end(), other);
      const auto r_end = std::find_if(r, users_b_.end(), other);
      if (l_end - l == r_end - r)
        for (auto x = l, y = r; x != l_end; ++x, ++y) pair(x->second, y->second);
      l = l_end;
      r = r_end;
    }
  }

  /// Aligns the free nodes of both by what they are alone.
  void pair_in_order() {
    const auto free_nodes = [](const std::vector<std::uint32_t>& counterpart) {
      std::vector<std::uint32_t> result;
      for (std::uint32_t i = 0; i < counterpart.size(); ++i)
        if (counterpart[i] == no_index) result.push_back(i);
      return result;
    };
    const auto x = free_nodes(nodes_.to_b), y = free_nodes(nodes_.to_a);
    const auto same = [&](std::size_t i, std::size_t j) { return a_.own(x[i]) == b_.own(y[j]); };
    for (const auto& [i, j] : align(x.size(), y.size(), same))
      if (same_operator(x[i], y[j])) nodes_.pair(x[i], y[j]);
  }

  /// Nodes that became another operator.
  void pair_replaced() {
    for (std::uint32_t i = 0; i < namesake_.size(); ++i)
      if (namesake_[i] != no_index && nodes_.are_free(i, namesake_[i])) nodes_.pair(i, namesake_[i]);
    for (std::uint32_t i = 0; i < nodes_.to_b.size(); ++i) {
      if (nodes_.to_b[i] != no_index) continue;
      const std::uint32_t other = between_the_same_neighbours(i);
      if (other != no_index) nodes_.pair(i, other);
    }
  }

  /// The free node of B that makes what the counterpart of a user of `node` takes in the same position, if it
  /// takes something from the counterpart of a maker of what `node` takes, too.
  std::uint32_t between_the_same_neighbours(std::uint32_t node) const {
    for (const std::uint32_t result : a_.results(node)) {
      if (result == no_index) continue;
      std::size_t tries = 8;  // one user tells as much as all; values can have very many
      for (const Body::Use& use : a_.uses(result)) {
        if (tries-- == 0) break;
        const std::uint32_t user = nodes_.to_b[use.node];
        if (user == no_index || use.position >= b_.operands(user).size()) continue;
        const std::uint32_t value = b_.operands(user)[use.position];
        const std::uint32_t maker = value == no_index ? no_index : b_.values()[value].node;
        if (maker != no_index && nodes_.to_a[maker] == no_index && share_an_operand(node, maker))
          return maker;
      }
    }
    return no_index;
  }

  bool share_an_operand(std::uint32_t a, std::uint32_t b) const {
    for (const std::uint32_t x : a_.operands(a)) {
      if (x == no_index) continue;
      const Body::Value& value_a = a_.values()[x];
      for (const std::uint32_t y : b_.operands(b)) {
        if (y == no_index) continue;
        const Body::Value& value_b = b_.values()[y];
        if (value_a.node != no_index && value_b.node != no_index) {
          if (nodes_.to_b[value_a.node] == value_b.node) return true;
        } else if (value_a.node == no_index && value_b.node == no_index) {
          if (a_.names()[x] == b_.names()[y]) return true;
        }
      }
    }
    return false;
  }

  void pair_values() {
    const auto is_kept = [](const Body::Value& value) {
      return value.initializer != no_index || value.sparse;
    };
    for (std::uint32_t i = 0; i < nodes_.to_b.size(); ++i) {
      if (nodes_.to_b[i] == no_index) continue;
      const auto made_a = a_.results(i), made_b = b_.results(nodes_.to_b[i]);
      for (std::size_t j = 0; j < std::min(made_a.size(), made_b.size()); ++j)
        pair_if_free(made_a[j], made_b[j]);
    }
    // Inputs and weights by name and role; weights only where paired nodes do not say otherwise.
    for (const std::uint32_t input : a_.inputs()) {
      const std::uint32_t other = b_.names().find(a_.names()[input]);
      if (other != no_index && b_.values()[other].input != no_index) pair_if_free(input, other);
    }
    for_each_shared_operand([&](std::uint32_t x, std::uint32_t y) {
      if (is_kept(a_.values()[x]) && is_kept(b_.values()[y]) && a_.names()[x] == b_.names()[y])
        pair_if_free(x, y);
    });
    for_each_shared_operand([&](std::uint32_t x, std::uint32_t y) {
      if (is_kept(a_.values()[x]) && is_kept(b_.values()[y])) pair_if_free(x, y);
    });
    for (std::uint32_t x = 0; x < a_.values().size(); ++x) {
      if (values_.to_b[x] != no_index || !is_kept(a_.values()[x])) continue;
      const std::uint32_t y = b_.names().find(a_.names()[x]);
      if (y != no_index && is_kept(b_.values()[y])) pair_if_free(x, y);
    }
    pair_inputs_in_order();
  }

  /// Inputs of the graph that were given other names: those that are left, one by one.
  void pair_inputs_in_order() {
    const auto left = [](const Body& body, const std::vector<std::uint32_t>& counterpart) {
      std::vector<std::uint32_t> result;
      for (const std::uint32_t input : body.inputs())
        if (counterpart[input] == no_index && body.values()[input].initializer == no_index)
          result.push_back(input);
      return result;
    };
    const auto x = left(a_, values_.to_b), y = left(b_, values_.to_a);
    for (std::size_t i = 0; x.size() == y.size() && i < x.size(); ++i) pair_if_free(x[i], y[i]);
  }

  template <class Visit>
  void for_each_shared_operand(const Visit& visit) {
    for (std::uint32_t i = 0; i < nodes_.to_b.size(); ++i) {
      if (nodes_.to_b[i] == no_index) continue;
      const auto taken_a = a_.operands(i), taken_b = b_.operands(nodes_.to_b[i]);
      for (std::size_t j = 0; j < std::min(taken_a.size(), taken_b.size()); ++j)
        if (taken_a[j] != no_index && taken_b[j] != no_index) visit(taken_a[j], taken_b[j]);
    }
  }

  void pair_if_free(std::uint32_t x, std::uint32_t y) {
    if (x != no_index && y != no_index && values_.are_free(x, y)) values_.pair(x, y);
  }

  const Body& a_;
  const Body& b_;
  Pairing nodes_;
  Pairing values_;
  std::vector<std::uint32_t> namesake_;
  std::vector<std::pair<std::tuple<std::string_view, std::uint32_t, std::string_view>, std::uint32_t>>
      users_a_, users_b_;
};

}  // namespace

BodyMatch match_bodies(const Body& a, const Body& b) {
  return Matcher(a, b).match();
}

}  // namespace polygraph::onnx
