// A token in memory. It cannot be printed, compared by accident or copied into a log line: the only way to its bytes is
// Reveal(), which a reviewer can grep for.
#ifndef HFGET_DAEMON_BASE_SECRET_H_
#define HFGET_DAEMON_BASE_SECRET_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hfget {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.Wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe();
      value_ = std::move(other.value_);
      other.Wipe();
    }
    return *this;
  }
  ~Secret() { Wipe(); }

  bool empty() const { return value_.empty(); }
  const std::string& Reveal() const { return value_; }

  // For people: "hf_…1a2b", or "…" when the token is too short to show a part of it.
  std::string Redacted() const {
    if (value_.size() < 12) return value_.empty() ? "" : "…";
    const absl::string_view prefix = value_.compare(0, 3, "hf_") == 0 ? "hf_" : "";
    return absl::StrCat(prefix, "…", value_.substr(value_.size() - 4));
  }

  friend bool operator==(const Secret& a, const Secret& b) { return a.value_ == b.value_; }

 private:
  void Wipe() {
    value_.resize(value_.capacity());  // a short string that was moved from has its bytes still
    volatile char* p = value_.data();
    for (size_t i = 0; i < value_.size(); ++i) p[i] = 0;
    value_.clear();
  }

  std::string value_;
};

// `url` without what may be a user and a password: all before the last "@". One that holds a "/", "?" or "#" should have been
// encoded, but is a password all the same.
inline std::string WithoutUserInfo(absl::string_view url) {
  const size_t at = url.rfind('@');
  if (at == absl::string_view::npos) return std::string(url);
  const size_t scheme = url.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
  const size_t begin = url.substr(scheme, 3) == "://" ? scheme + 3 : 0;
  return absl::StrCat(url.substr(0, begin), url.substr(at + 1));
}

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_SECRET_H_
