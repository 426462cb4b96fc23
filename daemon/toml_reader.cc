#include "daemon/toml_reader.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "daemon/hub/path_check.h"

namespace hfget {
namespace {

constexpr char kRateRule[] =
    "a number of bytes a second, or a text such as \"50MB\" or \"50MiB\" (0: no limit)";

// A petabyte a second: beyond it a limit is none, and sums could overflow.
constexpr ByteCount kFastest = 1'000'000'000'000'000;

// Levenshtein's distance, one row at a time.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// As it stands in the file, cut: the reader shall find it again, not read a novel.
std::string Written(const toml::node& node) {
  std::ostringstream out;
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  node.visit([&out](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) out << toml::default_formatter(value);
  });
  return hub::Printable(out.str(), 40);
}

}  // namespace

Place PlaceOf(const toml::node& node) {
  return {node.source().begin.line, node.source().begin.column};
}

Place PlaceOf(const toml::key& key) { return {key.source().begin.line, key.source().begin.column}; }

void Problems::Add(Place place, absl::string_view what, absl::string_view hint) {
  found_.emplace(place, absl::StrCat(what, " at ", At(place), hint));
}

std::string Problems::At(Place place) const {
  return absl::StrCat(file_, ":", place.first, ":", place.second);
}

absl::Status Problems::First() const {
  return found_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(found_.begin()->second);
}

std::string Nearest(absl::string_view word, const std::vector<std::string>& words) {
  const auto best = std::min_element(words.begin(), words.end(), [&](const auto& a, const auto& b) {
    return Distance(word, a) < Distance(word, b);
  });
  if (best == words.end()) return "";
  const size_t allowed = std::max<size_t>(1, std::max(word.size(), best->size()) / 3);
  return Distance(word, *best) <= allowed ? *best : "";
}

absl::StatusOr<ByteCount> ParseByteRate(absl::string_view text) {
  static constexpr std::pair<absl::string_view, double> kUnits[] = {
      {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"KB", 1e3}, {"MB", 1e6},
      {"GB", 1e9},     {"B", 1.0}};
  absl::string_view number = absl::StripAsciiWhitespace(text);
  absl::ConsumeSuffix(&number, "/s");
  double unit = 1;
  for (const auto& [name, size] : kUnits) {
    if (!absl::ConsumeSuffix(&number, name)) continue;
    unit = size;
    break;
  }
  double value = 0;
  number = absl::StripAsciiWhitespace(number);
  const bool digits = !number.empty() && number.find_first_not_of("0123456789.") == number.npos;
  if (!digits || !absl::SimpleAtod(number, &value) || value * unit > static_cast<double>(kFastest)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", hub::Printable(text, 40), "\" is not ", kRateRule));
  }
  return static_cast<ByteCount>(value * unit);
}

std::string TomlReader::Full(absl::string_view key) const {
  return name_.empty() ? std::string(key) : absl::StrCat(name_, ".", key);
}

Place TomlReader::PlaceOf(const char* key) const {
  const toml::node* node = table_.get(key);
  return node == nullptr ? Place() : hfget::PlaceOf(*node);
}

const toml::node* TomlReader::Find(const char* key) {
  asked_.push_back(key);
  return table_.get(key);
}

void TomlReader::Wrong(const char* key, const toml::node& node, absl::string_view must_be) {
  problems_.Add(hfget::PlaceOf(node), absl::StrCat(Full(key), " is ", Written(node)),
                absl::StrCat(": it must be ", must_be));
}

std::optional<bool> TomlReader::Bool(const char* key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_boolean()) return **node->as_boolean();
  Wrong(key, *node, "true or false");
  return std::nullopt;
}

std::optional<int> TomlReader::Int(const char* key, int min, int max) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* number = node->as_integer(); number && **number >= min && **number <= max) {
    return static_cast<int>(**number);
  }
  Wrong(key, *node, absl::StrCat("a whole number from ", min, " to ", max));
  return std::nullopt;
}

std::optional<std::string> TomlReader::String(const char* key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string()) return **text;
  Wrong(key, *node, "a text in quotes");
  return std::nullopt;
}

std::optional<std::string> TomlReader::Word(const char* key,
                                            const std::vector<std::string>& words) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string()) {
    if (std::find(words.begin(), words.end(), **text) != words.end()) return **text;
  }
  Wrong(key, *node, absl::StrCat("\"", absl::StrJoin(words, "\" or \""), "\""));
  return std::nullopt;
}

std::optional<ByteCount> TomlReader::Rate(const char* key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* number = node->as_integer(); number && **number >= 0 && **number <= kFastest) {
    return **number;
  }
  if (const auto* text = node->as_string()) {
    if (const auto rate = ParseByteRate(**text); rate.ok()) return *rate;
  }
  Wrong(key, *node, kRateRule);
  return std::nullopt;
}

std::optional<absl::Duration> TomlReader::Span(const char* key, absl::Duration least) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  absl::Duration span;
  const auto* text = node->as_string();
  if (text != nullptr && absl::ParseDuration(**text, &span) && span >= least && span < absl::InfiniteDuration()) return span;
  Wrong(key, *node, absl::StrCat("a span of ", absl::FormatDuration(least), " or more, such as \"6h\""));
  return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, Place>>> TomlReader::Strings(
    const char* key, absl::string_view hint) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  std::vector<std::pair<std::string, Place>> out;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    Wrong(key, *node, hint);
    return std::nullopt;
  }
  for (const toml::node& element : *list) {
    const auto* text = element.as_string();
    if (text == nullptr) {
      Wrong(key, element, hint);
      return std::nullopt;
    }
    out.emplace_back(**text, hfget::PlaceOf(element));
  }
  return out;
}

const toml::table* TomlReader::Table(const char* key, absl::string_view hint) {
  const toml::node* node = Find(key);
  if (node == nullptr) return nullptr;
  if (const toml::table* table = node->as_table()) return table;
  Wrong(key, *node, hint.empty() ? absl::StrCat("a table: [", Full(key), "]") : std::string(hint));
  return nullptr;
}

void TomlReader::RefuseTheRest() {
  for (const auto& [key, value] : table_) {
    const std::string name(key.str());
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    const std::string near = Nearest(name, asked_);
    problems_.Add(hfget::PlaceOf(key), absl::StrCat("unknown key \"", hub::Printable(name, 60), "\""),
                  near.empty() ? absl::StrCat(", known here: ", absl::StrJoin(asked_, ", "))
                               : absl::StrCat(", did you mean \"", near, "\"?"));
  }
}

}  // namespace hfget
