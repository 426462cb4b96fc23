// What is said of an id that no pull has.
#ifndef HFGET_DAEMON_ENGINE_NO_SUCH_PULL_H_
#define HFGET_DAEMON_ENGINE_NO_SUCH_PULL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hfget::engine {

inline absl::Status NoSuchPull(const std::string& id) {
  return absl::NotFoundError(absl::StrCat("no pull has the id \"", id, "\"; see hfget ps --all"));
}

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_NO_SUCH_PULL_H_
