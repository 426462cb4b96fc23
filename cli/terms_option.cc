#include "cli/terms_option.h"

#include "absl/strings/str_cat.h"

namespace hfget::cli {

absl::StatusOr<absl::Time> ParseDeadline(const std::string& text, absl::Time now) {
  absl::Duration span;
  if (absl::ParseDuration(text, &span)) {
    if (span > absl::ZeroDuration()) return now + span;
    return absl::InvalidArgumentError(absl::StrCat("the deadline ", text, " is over at once: give a span above 0"));
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no deadline: write a span such as 90s or 2h30m, or a time such as 2026-01-31T08:00:00Z"));
}

absl::Status SetLabels(const std::vector<std::string>& texts, bool bare, google::protobuf::Map<std::string, std::string>* labels) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || (equals == std::string::npos && !bare)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no label: write key=value"));
    }
    const std::string key = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (!labels->insert({key, value}).second) return absl::InvalidArgumentError(absl::StrCat("the label ", key, " is given twice"));
  }
  return absl::OkStatus();
}

absl::Status SetTerms(const Options& options, absl::Time now, v1::PullRequest* request) {
  request->set_priority(options.pull.priority);
  request->set_request_id(options.pull.request_id);
  if (!options.pull.deadline.empty()) {
    const absl::StatusOr<absl::Time> deadline = ParseDeadline(options.pull.deadline, now);
    if (!deadline.ok()) return deadline.status();
    request->mutable_deadline()->set_seconds(absl::ToUnixSeconds(*deadline));
    request->mutable_deadline()->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(*deadline - absl::FromUnixSeconds(absl::ToUnixSeconds(*deadline)))));
  }
  return SetLabels(options.labels, /*bare=*/false, request->mutable_labels());
}

}  // namespace hfget::cli
