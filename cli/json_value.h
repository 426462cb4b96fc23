// Pieces that all JSON of the command line is made of.
#ifndef HFGET_CLI_JSON_VALUE_H_
#define HFGET_CLI_JSON_VALUE_H_

#include <nlohmann/json.hpp>
#include <string>

#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

using Json = nlohmann::ordered_json;

// Never throws: what is no UTF-8 is replaced.
std::string Dump(const Json& json);

// RFC 3339 with milliseconds, or null.
Json TimeJson(bool known, const google::protobuf::Timestamp& time);
// A number, or null.
Json SecondsJson(bool known, const google::protobuf::Duration& duration);
// {"cause", "message", "source", "retry_after_seconds"}.
Json ErrorObject(const v1::Error& error);
const char* VerdictName(v1::TokenVerdict verdict);  // "forwards", "not-seen-to-forward", "unknown"

}  // namespace hfget::cli

#endif  // HFGET_CLI_JSON_VALUE_H_
