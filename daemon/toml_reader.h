// One table of the configuration file, read key by key. What nobody asked for is a typo, and is
// said to be one, with its place and the key that was probably meant.
#ifndef HFGET_DAEMON_TOML_READER_H_
#define HFGET_DAEMON_TOML_READER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/types.h"
#include "toml++/toml.h"

namespace hfget {

// A line and a column, both from 1.
using Place = std::pair<int, int>;

// What is wrong with one file. A person mends the first mistake first, so that is the one that is
// told.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  // "<what> at <file>:<line>:<column><hint>"
  void Add(Place place, absl::string_view what, absl::string_view hint = "");
  std::string At(Place place) const;  // "<file>:<line>:<column>"
  absl::Status First() const;         // OK, or INVALID_ARGUMENT

 private:
  const std::string file_;
  std::map<Place, std::string> found_;
};

// The word of `words` that `word` was probably meant to be, or empty: at most a third of its
// letters are wrong.
std::string Nearest(absl::string_view word, const std::vector<std::string>& words);

// "50MB" (10^6), "50MiB" (2^20), "50KB/s", …; "0" for no limit. Errors: INVALID_ARGUMENT without
// saying where.
absl::StatusOr<ByteCount> ParseByteRate(absl::string_view text);

// Each reader of a key answers nullopt when the key is absent or wrong; then it is in `problems`.
class TomlReader {
 public:
  // `name`: of the table, for messages; empty for the whole file. Borrows both.
  TomlReader(const toml::table& table, std::string name, Problems& problems)
      : table_(table), name_(std::move(name)), problems_(problems) {}

  std::optional<bool> Bool(const char* key);
  std::optional<int> Int(const char* key, int min, int max);
  std::optional<std::string> String(const char* key);
  // One of `words`.
  std::optional<std::string> Word(const char* key, const std::vector<std::string>& words);
  // A number of bytes a second, or as ParseByteRate.
  std::optional<ByteCount> Rate(const char* key);
  // A span such as "15m" or "6h", at least `least`.
  std::optional<absl::Duration> Span(const char* key, absl::Duration least);
  // A list of texts with their places. `hint`: what to say when it is something else.
  std::optional<std::vector<std::pair<std::string, Place>>> Strings(const char* key,
                                                                    absl::string_view hint);
  // nullptr when absent or wrong.
  const toml::table* Table(const char* key, absl::string_view hint = "");

  // Every key that none of the above asked for is a problem.
  void RefuseTheRest();

  Place PlaceOf(const char* key) const;           // of its value
  std::string Full(absl::string_view key) const;  // "limits.rate"

 private:
  const toml::node* Find(const char* key);
  void Wrong(const char* key, const toml::node& node, absl::string_view must_be);

  const toml::table& table_;
  const std::string name_;
  Problems& problems_;
  std::vector<std::string> asked_;
};

Place PlaceOf(const toml::node& node);
Place PlaceOf(const toml::key& key);

}  // namespace hfget

#endif  // HFGET_DAEMON_TOML_READER_H_
