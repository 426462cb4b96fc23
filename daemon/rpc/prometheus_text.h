// The daemon's figures as Prometheus reads them.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4) and …/docs/practices/naming/.
#ifndef HFGET_DAEMON_RPC_PROMETHEUS_TEXT_H_
#define HFGET_DAEMON_RPC_PROMETHEUS_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "daemon/engine/stats.h"

namespace hfget::rpc {

// Pure. Every series of a source that is configured, and of every state and cause, is there from the beginning with a 0, so that the
// first failure is a step that rate() sees. Names and labels are held by dashboards: cli/integrations/grafana has one.
std::string PrometheusText(const engine::Stats& stats, absl::string_view version);

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PROMETHEUS_TEXT_H_
