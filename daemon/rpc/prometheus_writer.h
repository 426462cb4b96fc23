// Writes metrics in Prometheus's text format, one family after the other.
#ifndef HFGET_DAEMON_RPC_PROMETHEUS_WRITER_H_
#define HFGET_DAEMON_RPC_PROMETHEUS_WRITER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "daemon/core/histogram.h"

namespace hfget::rpc {

// REQUIRES: names and labels' keys are [a-z_]; values may be anything.
class PrometheusWriter {
 public:
  using Labels = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

  // A family begins; the samples that follow are its own. `help`: one line.
  void Counter(absl::string_view name, absl::string_view help) { Begin(name, "counter", help); }
  void Gauge(absl::string_view name, absl::string_view help) { Begin(name, "gauge", help); }
  void Sample(Labels labels, int64_t value);
  void Sample(Labels labels, double value);
  // A family of its own.
  void Histogram(absl::string_view name, absl::string_view help, const core::Histogram& histogram);

  // A family with one sample.
  template <typename Value>
  void Counter(absl::string_view name, absl::string_view help, Value value) {
    Counter(name, help);
    Sample({}, value);
  }
  template <typename Value>
  void Gauge(absl::string_view name, absl::string_view help, Value value) {
    Gauge(name, help);
    Sample({}, value);
  }

  std::string Take() { return std::move(text_); }

 private:
  void Begin(absl::string_view name, absl::string_view type, absl::string_view help);
  void Line(absl::string_view suffix, Labels labels, absl::string_view value);

  std::string text_;
  std::string name_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PROMETHEUS_WRITER_H_
