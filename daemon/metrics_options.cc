#include "daemon/metrics_options.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/api_options.h"
#include "daemon/hub/path_check.h"

namespace hfget {

absl::StatusOr<rpc::MetricsConfig> ResolveMetrics(absl::string_view address) {
  if (address.empty()) return rpc::MetricsConfig();
  const auto parts = HostAndPort(address);
  if (!parts) {
    return absl::InvalidArgumentError(absl::StrCat("\"", hub::Printable(address, 100),
                                                   "\" is not an address for metrics: write HOST:PORT, such as 127.0.0.1:9464 or "
                                                   "[::1]:9464"));
  }
  return rpc::MetricsConfig{std::string(parts->first), parts->second, IsLoopback(parts->first)};
}

}  // namespace hfget
