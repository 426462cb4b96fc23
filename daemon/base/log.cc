#include "daemon/base/log.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/rotating_file_sink.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace hfget {
namespace {

// syslog's number of spdlog's level: debug, debug, info, warning, err, crit.
class Priority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& line) override {
    line.push_back("776432"[std::min<int>(message.level, spdlog::level::critical)]);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Priority>(); }
};

std::unique_ptr<spdlog::formatter> FormatOf(const LogOptions& options) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (options.journal && options.file.empty()) {
    formatter->add_flag<Priority>('*').set_pattern("<%*>%v");
  } else {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %L %v");
  }
  return formatter;
}

}  // namespace

absl::Status StartLogging(const LogOptions& options) {
  const spdlog::level::level_enum level = spdlog::level::from_str(options.level);
  if (level == spdlog::level::off && options.level != "off") {
    return absl::InvalidArgumentError(absl::StrCat("unknown log level \"", options.level,
                                                   "\": use trace, debug, info, warn or error"));
  }
  try {  // spdlog reports a file that cannot be opened by an exception
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, options.max_file_bytes, options.max_files);
    }
    auto logger = std::make_shared<spdlog::logger>("hfgetd", sink);
    logger->set_level(level);
    logger->flush_on(spdlog::level::info);
    logger->set_formatter(FormatOf(options));
    spdlog::set_default_logger(std::move(logger));
  } catch (const spdlog::spdlog_ex& e) {
    return absl::FailedPreconditionError(absl::StrCat("cannot open the log: ", e.what()));
  }
  return absl::OkStatus();
}

std::string LoggableUrl(absl::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme = url.find("://");
  if (scheme == absl::string_view::npos) return std::string(url);
  const size_t authority = scheme + 3;
  const size_t path = std::min(url.find('/', authority), url.size());
  const size_t at = url.substr(0, path).rfind('@');
  if (at == absl::string_view::npos || at < authority) return std::string(url);
  return absl::StrCat(url.substr(0, authority), url.substr(at + 1));
}

}  // namespace hfget
