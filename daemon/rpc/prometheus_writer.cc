#include "daemon/rpc/prometheus_writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace hfget::rpc {
namespace {

// Exact for what is counted here, and short for what is round.
std::string Number(double value) { return absl::StrFormat("%.15g", value); }

}  // namespace

void PrometheusWriter::Begin(absl::string_view name, absl::string_view type, absl::string_view help) {
  name_ = std::string(name);
  const std::string escaped = absl::StrReplaceAll(help, {{"\\", "\\\\"}, {"\n", "\\n"}});
  absl::StrAppend(&text_, "# HELP ", name, " ", escaped, "\n# TYPE ", name, " ", type, "\n");
}

void PrometheusWriter::Line(absl::string_view suffix, Labels labels, absl::string_view value) {
  absl::StrAppend(&text_, name_, suffix);
  absl::string_view before = "{";
  for (const auto& [key, text] : labels) {
    absl::StrAppend(&text_, before, key, "=\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
    before = ",";
  }
  absl::StrAppend(&text_, labels.size() > 0 ? "} " : " ", value, "\n");
}

void PrometheusWriter::Sample(Labels labels, int64_t value) { Line("", labels, absl::StrCat(value)); }
void PrometheusWriter::Sample(Labels labels, double value) { Line("", labels, Number(value)); }

void PrometheusWriter::Histogram(absl::string_view name, absl::string_view help, const core::Histogram& histogram) {
  Begin(name, "histogram", help);
  for (size_t i = 0; i < core::Histogram::kBounds.size(); ++i) {
    Line("_bucket", {{"le", Number(core::Histogram::kBounds[i])}}, absl::StrCat(histogram.WithinBound(i)));
  }
  Line("_bucket", {{"le", "+Inf"}}, absl::StrCat(histogram.count()));
  Line("_sum", {}, Number(histogram.sum_seconds()));
  Line("_count", {}, absl::StrCat(histogram.count()));
}

}  // namespace hfget::rpc
