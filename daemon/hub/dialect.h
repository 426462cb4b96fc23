// The languages that sources speak.
#ifndef HFGET_DAEMON_HUB_DIALECT_H_
#define HFGET_DAEMON_HUB_DIALECT_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace hfget::hub {

enum class Dialect { kHuggingFace, kModelScope };

// The names of the config and of the API.
inline absl::string_view DialectName(Dialect dialect) {
  return dialect == Dialect::kModelScope ? "modelscope" : "huggingface";
}

// nullopt: there is no such dialect.
inline std::optional<Dialect> DialectOf(absl::string_view name) {
  if (name == DialectName(Dialect::kHuggingFace)) return Dialect::kHuggingFace;
  if (name == DialectName(Dialect::kModelScope)) return Dialect::kModelScope;
  return std::nullopt;
}

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_DIALECT_H_
