#include "cli/bench_csv.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "cli/pull_text.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

// The header and the lines are made of the same list, so that neither can have a column that the other has not.
using Field = std::pair<const char*, std::string>;
using Fields = std::vector<Field>;

// What strangers say (a hub, a file's name) neither hides in the cell nor is a formula: spreadsheets take it for one that begins like one.
std::string Harmless(const std::string& text) {
  std::string shown = Printable(text);
  const size_t first = shown.find_first_not_of(' ');
  const bool formula = first != std::string::npos && absl::StrContains("=+-@", shown.substr(first, 1));
  return formula || text.front() == '\t' ? absl::StrCat("'", shown) : shown;
}

std::string Quoted(const std::string& text) {
  if (text.empty()) return text;
  const std::string shown = Harmless(text);
  if (shown.find_first_of(",\"") == std::string::npos) return shown;
  return absl::StrCat("\"", absl::StrReplaceAll(shown, {{"\"", "\"\""}}), "\"");
}

std::string Seconds(bool known, const google::protobuf::Duration& duration) {
  return known ? absl::StrFormat("%.6f", absl::ToDoubleSeconds(DurationOf(duration))) : "";
}

std::string Moment(bool known, const google::protobuf::Timestamp& time) { return known ? TimeText(TimeOf(time)) : ""; }

std::string Flag(bool on) { return on ? "true" : "false"; }

Fields FieldsOf(const v1::BenchPlan& plan, const v1::BenchSample& sample) {
  const v1::BenchLatency& hub = sample.hub();
  const v1::BenchLatency& data = sample.data_host();
  return {{"at", Moment(sample.has_at(), sample.at())},
          {"repo", plan.repo()},
          {"commit", plan.commit()},
          {"file", plan.file()},
          {"source", sample.source()},
          {"round", absl::StrCat(sample.round())},
          {"connections", absl::StrCat(sample.connections())},
          {"bytes", absl::StrCat(sample.bytes())},
          {"duration_seconds", Seconds(sample.has_duration(), sample.duration())},
          {"rate_bytes_per_sec", absl::StrCat(sample.rate_bytes_per_sec())},
          {"brief", Flag(sample.brief())},
          {"limits", absl::StrJoin(sample.limits(), " ")},
          {"error_cause", sample.has_error() ? CauseName(sample.error().cause()) : ""},
          {"error", sample.error().message()},
          {"hub_host", hub.host()},
          {"hub_address", hub.address()},
          {"hub_dns_seconds", Seconds(hub.has_dns(), hub.dns())},
          {"hub_connect_seconds", Seconds(hub.has_connect(), hub.connect())},
          {"hub_tls_seconds", Seconds(hub.has_tls(), hub.tls())},
          {"hub_first_byte_seconds", Seconds(hub.has_first_byte(), hub.first_byte())},
          {"data_host", data.host()},
          {"data_address", data.address()},
          {"data_dns_seconds", Seconds(data.has_dns(), data.dns())},
          {"data_connect_seconds", Seconds(data.has_connect(), data.connect())},
          {"data_tls_seconds", Seconds(data.has_tls(), data.tls())},
          {"data_first_byte_seconds", Seconds(data.has_first_byte(), data.first_byte())}};
}

Fields FieldsOf(const v1::BenchPoint& point) {
  return {{"at", Moment(point.has_at(), point.at())},
          {"source", point.source()},
          {"repo", point.repo()},
          {"file", point.file()},
          {"one_connection_bytes_per_sec", absl::StrFormat("%.0f", point.one_connection_bytes_per_sec())},
          {"best_bytes_per_sec", absl::StrFormat("%.0f", point.best_bytes_per_sec())},
          {"best_connections", absl::StrCat(point.best_connections())},
          {"first_byte_seconds", Seconds(point.has_first_byte(), point.first_byte())},
          {"scheduled", Flag(point.scheduled())},
          {"error", point.error()}};
}

std::string Header(const Fields& fields) {
  return absl::StrCat(absl::StrJoin(fields, ",", [](std::string* out, const Field& field) { *out += field.first; }), "\r\n");
}

std::string Values(const Fields& fields) {
  return absl::StrCat(absl::StrJoin(fields, ",", [](std::string* out, const Field& field) { *out += Quoted(field.second); }), "\r\n");
}

}  // namespace

std::string BenchCsvHeader() { return Header(FieldsOf(v1::BenchPlan(), v1::BenchSample())); }
std::string BenchCsvLine(const v1::BenchPlan& plan, const v1::BenchSample& sample) { return Values(FieldsOf(plan, sample)); }
std::string BenchHistoryCsvHeader() { return Header(FieldsOf(v1::BenchPoint())); }
std::string BenchHistoryCsvLine(const v1::BenchPoint& point) { return Values(FieldsOf(point)); }

}  // namespace hfget::cli
