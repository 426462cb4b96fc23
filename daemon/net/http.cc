#include "daemon/net/http.h"

#include <algorithm>

namespace hfget::net {

const std::string* Headers::Find(absl::string_view name) const {
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [name](const auto& entry) { return entry.first == name; });
  return field == fields.end() ? nullptr : &field->second;
}

absl::string_view Headers::Get(absl::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? absl::string_view() : absl::string_view(*value);
}

absl::string_view NetErrorName(NetError error) {
  switch (error) {
    case NetError::kNone:
      return "no error";
    case NetError::kCancelled:
      return "cancelled";
    case NetError::kResolve:
      return "name not resolved";
    case NetError::kConnect:
      return "cannot connect";
    case NetError::kConnectTimeout:
      return "connecting took too long";
    case NetError::kForbidden:
      return "leads to an address of a local network";
    case NetError::kTls:
      return "TLS failed";
    case NetError::kHeadTimeout:
      return "no answer in time";
    case NetError::kReset:
      return "connection reset";
    case NetError::kProtocol:
      return "not a valid HTTP answer";
    case NetError::kUnsupportedUrl:
      return "unsupported URL";
    case NetError::kLocal:
      return "this machine is out of sockets or memory";
  }
  return "unknown error";
}

}  // namespace hfget::net
