#include "cli/json_value.h"

#include "absl/time/time.h"
#include "cli/pull_text.h"

namespace hfget::cli {

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json TimeJson(bool known, const google::protobuf::Timestamp& time) {
  if (!known) return nullptr;
  return TimeText(TimeOf(time));
}

Json SecondsJson(bool known, const google::protobuf::Duration& duration) {
  if (!known) return nullptr;
  return absl::ToDoubleSeconds(DurationOf(duration));
}

Json ErrorObject(const v1::Error& error) {
  return {{"cause", CauseName(error.cause())},
          {"message", error.message()},
          {"source", error.source()},
          {"retry_after_seconds", SecondsJson(error.has_retry_after(), error.retry_after())}};
}

const char* VerdictName(v1::TokenVerdict verdict) {
  switch (verdict) {
    case v1::TOKEN_VERDICT_FORWARDS:
      return "forwards";
    case v1::TOKEN_VERDICT_NOT_SEEN_TO_FORWARD:
      return "not-seen-to-forward";
    default:
      return "unknown";
  }
}

}  // namespace hfget::cli
