// An ordered map whose copies share what they have in common: copying it is one pointer, and a change copies the path
// to the changed node (log n), never the map. Copies may be read on other threads while one is being changed.
//
// An AVL tree. Nodes carry the id of the edit that made them: an edit changes its own nodes in place and copies
// everybody else's, so a thousand changes of one edit copy each node at most once.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::metadata {

// Who may change a node in place. Never reused within a process.
class edit_id {
 public:
  static edit_id fresh() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return edit_id{last.fetch_add(1, std::memory_order_relaxed) + 1};
  }
  constexpr edit_id() noexcept = default;
  constexpr bool operator==(const edit_id&) const noexcept = default;

 private:
  constexpr explicit edit_id(std::uint64_t value) noexcept : value_(value) {}
  std::uint64_t value_ = 0;  // 0: nobody
};

template <class Key, class Value>
struct persistent_node : boost::intrusive_ref_counter<persistent_node<Key, Value>> {
  using pointer = boost::intrusive_ptr<persistent_node>;
  persistent_node(edit_id e, Key k, Value v) : key(std::move(k)), value(std::move(v)), edit(e) {}
  persistent_node(edit_id e, const persistent_node& other)
      : boost::intrusive_ref_counter<persistent_node>(),
        key(other.key),
        value(other.value),
        left(other.left),
        right(other.right),
        edit(e),
        height(other.height) {}
  Key key;
  Value value;
  pointer left;
  pointer right;
  edit_id edit;
  std::int8_t height = 1;
};

// What is looked for may be of any type that `<=>` compares with a key.
template <class Key, class Value>
class persistent_map {
  using node = persistent_node<Key, Value>;
  using pointer = boost::intrusive_ptr<node>;

 public:
  struct entry {
    const Key& key;
    const Value& value;
  };

  // Forward, in the order of keys. Valid as long as the map it came from (or a copy of it) lives unchanged.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = entry;
    using difference_type = std::ptrdiff_t;
    using reference = entry;

    entry operator*() const noexcept { return {top()->key, top()->value}; }
    const Key& key() const noexcept { return top()->key; }
    const Value& value() const noexcept { return top()->value; }
    iterator& operator++() noexcept {
      const node* n = top();
      --depth_;
      descend(n->right.get());
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(const iterator& other) const noexcept {
      return depth_ == other.depth_ && (depth_ == 0 || top() == other.top());
    }

   private:
    friend class persistent_map;
    const node* top() const noexcept { return path_[depth_ - 1]; }
    void push(const node* n) noexcept { path_[depth_++] = n; }
    void descend(const node* n) noexcept {
      for (; n; n = n->left.get()) push(n);
    }
    // Nodes that are still to be visited with their right halves; an AVL tree of 2^31 nodes is at most 46 high.
    std::array<const node*, 48> path_{};
    std::size_t depth_ = 0;
  };

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  template <class K>
  const Value* find(const K& key) const noexcept {
    const node* n = find(root_.get(), key);
    return n ? &n->value : nullptr;
  }

  iterator begin() const noexcept {
    iterator it;
    it.descend(root_.get());
    return it;
  }
  iterator end() const noexcept { return {}; }
  // The first entry whose key is not less than `key`.
  template <class K>
  iterator lower_bound(const K& key) const noexcept {
    iterator it;
    for (const node* n = root_.get(); n;) {
      if (n->key < key) {
        n = n->right.get();
      } else {
        it.push(n);
        n = n->left.get();
      }
    }
    return it;
  }

  // Inserts or replaces.
  void set(edit_id edit, Key key, Value value) {
    if (Value* there = mutate(edit, key)) {
      *there = std::move(value);
    } else {
      root_ = insert(edit, std::move(root_), key, value);
    }
  }

  // The value to change in place, or nullptr. Stays valid until the next change of the map.
  template <class K>
  Value* mutate(edit_id edit, const K& key) {
    bool is_there = false;
    for (pointer* at = &root_; *at;) {
      if ((*at)->edit != edit) {
        // Nothing is copied for a key that isn't there.
        if (!is_there && !find(at->get(), key)) return nullptr;
        is_there = true;
        *at = owned(edit, std::move(*at));
      }
      node& n = **at;
      const auto order = key <=> n.key;
      if (std::is_eq(order)) return &n.value;
      at = std::is_lt(order) ? &n.left : &n.right;
    }
    return nullptr;
  }

  // True if there was such a key.
  template <class K>
  bool erase(edit_id edit, const K& key) {
    if (!find(key)) return false;
    root_ = remove(edit, std::move(root_), key);
    --size_;
    return true;
  }

  // Order, balance and count; O(n), for tests.
  void check() const {
    JD_ASSERT(check(root_.get()) == size_, size_);
    const Key* last = nullptr;
    for (auto it = begin(); it != end(); ++it) {
      JD_ASSERT(!last || *last < it.key());
      last = &it.key();
    }
  }

 private:
  // One comparison a node: texts are compared as often as anything is done here.
  template <class K>
  static const node* find(const node* n, const K& key) noexcept {
    while (n) {
      const auto order = key <=> n->key;
      if (std::is_eq(order)) break;
      n = (std::is_lt(order) ? n->left : n->right).get();
    }
    return n;
  }

  static int height(const pointer& n) noexcept { return n ? n->height : 0; }
  static void measure(node& n) noexcept {
    n.height = static_cast<std::int8_t>(1 + std::max(height(n.left), height(n.right)));
  }
  static pointer owned(edit_id edit, pointer n) {
    if (n->edit == edit) return n;
    return pointer(new node(edit, *n));
  }

  static pointer rotate_right(edit_id edit, pointer n) {
    pointer up = owned(edit, std::move(n->left));
    n->left = std::move(up->right);
    measure(*n);
    up->right = std::move(n);
    measure(*up);
    return up;
  }
  static pointer rotate_left(edit_id edit, pointer n) {
    pointer up = owned(edit, std::move(n->right));
    n->right = std::move(up->left);
    measure(*n);
    up->left = std::move(n);
    measure(*up);
    return up;
  }
  // `n` is owned by the edit and its halves differ by at most two.
  static pointer balance(edit_id edit, pointer n) {
    const int lean = height(n->left) - height(n->right);
    JD_ASSERT(n->edit == edit && lean >= -2 && lean <= 2, lean, int{n->height});
    if (lean > 1) {
      if (height(n->left->left) < height(n->left->right)) {
        n->left = rotate_left(edit, owned(edit, std::move(n->left)));
      }
      return rotate_right(edit, std::move(n));
    }
    if (lean < -1) {
      if (height(n->right->right) < height(n->right->left)) {
        n->right = rotate_right(edit, owned(edit, std::move(n->right)));
      }
      return rotate_left(edit, std::move(n));
    }
    measure(*n);
    return n;
  }

  // The key isn't there.
  pointer insert(edit_id edit, pointer n, Key& key, Value& value) {
    if (!n) {
      ++size_;
      return pointer(new node(edit, std::move(key), std::move(value)));
    }
    n = owned(edit, std::move(n));
    pointer& side = key < n->key ? n->left : n->right;
    side = insert(edit, std::move(side), key, value);
    return balance(edit, std::move(n));
  }

  template <class K>
  static pointer remove(edit_id edit, pointer n, const K& key) {
    n = owned(edit, std::move(n));
    const auto order = key <=> n->key;
    if (std::is_lt(order)) {
      n->left = remove(edit, std::move(n->left), key);
    } else if (std::is_gt(order)) {
      n->right = remove(edit, std::move(n->right), key);
    } else {
      if (!n->left) return n->right;
      if (!n->right) return n->left;
      pointer next;
      pointer right = take_first(edit, std::move(n->right), next);
      next->left = std::move(n->left);
      next->right = std::move(right);
      n = std::move(next);
    }
    return balance(edit, std::move(n));
  }
  // Takes the smallest node out of `n`; it is owned by the edit.
  static pointer take_first(edit_id edit, pointer n, pointer& first) {
    n = owned(edit, std::move(n));
    if (!n->left) {
      pointer rest = std::move(n->right);
      first = std::move(n);
      return rest;
    }
    n->left = take_first(edit, std::move(n->left), first);
    return balance(edit, std::move(n));
  }

  static std::size_t check(const node* n) {
    if (!n) return 0;
    const std::size_t count = 1 + check(n->left.get()) + check(n->right.get());
    const int lean = height(n->left) - height(n->right);
    JD_ASSERT(lean >= -1 && lean <= 1, lean);
    JD_ASSERT(n->height == 1 + std::max(height(n->left), height(n->right)));
    return count;
  }

  pointer root_;
  std::size_t size_ = 0;
};

}  // namespace jackdaw::metadata
