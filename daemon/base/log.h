// Logging, by spdlog. One line an event, "key=value" after the text. Never a token, never a signed link's query.
#ifndef HFGET_DAEMON_BASE_LOG_H_
#define HFGET_DAEMON_BASE_LOG_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "spdlog/spdlog.h"

// Abseil's string_view is a type of its own on Debian 12; fmt learns it here.
template <>
struct fmt::formatter<absl::string_view> : fmt::formatter<fmt::string_view> {
  template <typename Context>
  auto format(absl::string_view text, Context& context) const {
    return fmt::formatter<fmt::string_view>::format({text.data(), text.size()}, context);
  }
};

namespace hfget {

struct LogOptions {
  std::string file;            // empty: standard error
  std::string level = "info";  // trace, debug, info, warn, error
  int64_t max_file_bytes = 10 << 20;  // then rotated
  int max_files = 3;
  // Standard error goes to systemd's journal, which has the time and wants "<priority>" in front (sd-daemon(3)). With `file` nothing changes.
  bool journal = false;
};

// Sets the process's logger. Call once, before threads start. Errors: an unwritable file, an unknown level.
absl::Status StartLogging(const LogOptions& options);

// The URL without its query, user info and fragment: what a log or an error message may show of it.
std::string LoggableUrl(absl::string_view url);

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_LOG_H_
