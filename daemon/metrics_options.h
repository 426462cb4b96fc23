// The metrics port, from flags and configuration.
#ifndef HFGET_DAEMON_METRICS_OPTIONS_H_
#define HFGET_DAEMON_METRICS_OPTIONS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/rpc/metrics_config.h"

namespace hfget {

// `address`: "HOST:PORT", or empty for none. Errors: INVALID_ARGUMENT, one line: it is no address. The host is never left to us: an
// address that others reach has to be written.
absl::StatusOr<rpc::MetricsConfig> ResolveMetrics(absl::string_view address);

}  // namespace hfget

#endif  // HFGET_DAEMON_METRICS_OPTIONS_H_
