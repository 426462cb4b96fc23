// SHA-256 of a few bytes in memory. Files are hashed by disk/, which can stop and go on.
#ifndef HFGET_DAEMON_BASE_SHA256_H_
#define HFGET_DAEMON_BASE_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hfget {

std::string Sha256Hex(absl::string_view bytes);  // 64 lower-case digits

}  // namespace hfget

#endif  // HFGET_DAEMON_BASE_SHA256_H_
