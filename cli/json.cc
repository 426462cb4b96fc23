#include "cli/json.h"

#include "cli/json_value.h"
#include "cli/pull_text.h"
#include "cli/verify_text.h"

namespace hfget::cli {
namespace {

Json HostsArray(const v1::Source& source) {
  Json hosts = Json::array();
  for (const v1::DataHost& host : source.data_hosts()) {
    hosts.push_back({{"host", host.host()},
                     {"state", host.state()},
                     {"rate_bytes_per_sec", host.rate_bytes_per_sec()},
                     {"latency_seconds", SecondsJson(host.has_latency(), host.latency())},
                     {"success", host.success()},
                     {"bytes", host.bytes()}});
  }
  return hosts;
}

Json SourceObject(const v1::Source& source) {
  return {{"name", source.name()},
          {"endpoint", source.endpoint()},
          {"dialect", source.dialect()},
          {"enabled", source.enabled()},
          {"state", source.state()},
          {"reason", source.reason()},
          {"score_bytes_per_sec", source.score()},
          {"rate_bytes_per_sec", source.rate_bytes_per_sec()},
          {"latency_seconds", SecondsJson(source.has_latency(), source.latency())},
          {"latency_p95_seconds", SecondsJson(source.has_latency_p95(), source.latency_p95())},
          {"success", source.success()},
          {"connections", source.connections()},
          {"bytes", source.bytes()},
          {"stalls", source.stalls()},
          {"rate_limited", source.rate_limited()},
          {"convictions", source.convictions()},
          {"token_policy", source.token_policy()},
          {"token_verdict", VerdictName(source.token_verdict())},
          {"token_why", source.token_why()},
          {"proven", TimeJson(source.has_proven(), source.proven())},
          {"probed", TimeJson(source.has_probed(), source.probed())},
          {"proxy", source.proxy()},
          {"data_hosts", HostsArray(source)}};
}

Json FilesArray(const v1::Pull& pull) {
  Json files = Json::array();
  for (const v1::FileProgress& file : pull.files()) {
    files.push_back({{"path", file.path()},
                     {"state", FileStateName(file.state())},
                     {"size_bytes", file.size_bytes()},
                     {"done_bytes", file.done_bytes()},
                     {"rate_bytes_per_sec", file.rate_bytes_per_sec()}});
  }
  return files;
}

Json SharesArray(const v1::Pull& pull) {
  Json shares = Json::array();
  for (const v1::SourceShare& share : pull.sources()) {
    shares.push_back({{"name", share.name()},
                      {"bytes", share.bytes()},
                      {"rate_bytes_per_sec", share.rate_bytes_per_sec()},
                      {"connections", share.connections()},
                      {"note", share.note()}});
  }
  return shares;
}

Json PlanArray(const v1::Pull& pull) {
  Json plan = Json::array();
  for (const v1::PlannedFile& file : pull.plan()) {
    plan.push_back(
        {{"path", file.path()}, {"size_bytes", file.size_bytes()}, {"present", file.present()}});
  }
  return plan;
}

Json FailuresObject(const google::protobuf::RepeatedPtrField<v1::FailureCount>& failures) {
  Json json = Json::object();
  for (const v1::FailureCount& failure : failures) json[failure.cause()] = failure.count();
  return json;
}

Json StatesObject(const google::protobuf::RepeatedPtrField<v1::PullStats::StateCount>& states) {
  Json json = Json::object();
  for (const auto& count : states) json[StateName(count.state())] = count.count();
  return json;
}

Json HistogramObject(const v1::DurationHistogram& histogram) {
  return {{"count", histogram.count()}, {"sum_seconds", histogram.sum_seconds()}};
}

Json SourceStatsArray(const v1::GetStatsResponse& stats) {
  Json sources = Json::array();
  for (const v1::SourceStats& source : stats.sources()) {
    sources.push_back({{"name", source.name()},
                       {"state", source.state()},
                       {"received_bytes", source.received_bytes()},
                       {"rate_bytes_per_sec", source.rate_bytes_per_sec()},
                       {"connections", source.connections()},
                       {"latency_seconds", SecondsJson(source.has_latency(), source.latency())},
                       {"success", source.success()},
                       {"convictions", source.convictions()},
                       {"range_requests", source.range_requests()},
                       {"range_retries", FailuresObject(source.range_retries())},
                       {"failures", FailuresObject(source.failures())}});
  }
  return sources;
}

Json PullStatsObject(const v1::PullStats& pulls) {
  Json failed = Json::object();
  for (const auto& count : pulls.failed()) failed[CauseName(count.cause())] = count.count();
  return {{"by_state", StatesObject(pulls.by_state())},
          {"oldest_queued_seconds", SecondsJson(true, pulls.oldest_queued())},
          {"accepted", pulls.accepted()},
          {"joined", pulls.joined()},
          {"ended", StatesObject(pulls.ended())},
          {"failed", failed},
          {"max_active", pulls.max_active()}};
}

Json StatsObject(const v1::GetStatsResponse& stats) {
  return {{"started", TimeJson(stats.has_started(), stats.started())},
          {"sources", SourceStatsArray(stats)},
          {"pulls", PullStatsObject(stats.pulls())},
          {"wasted_bytes", stats.wasted_bytes()},
          {"published_bytes", stats.published_bytes()},
          {"published_files", stats.published_files()},
          {"open_files", stats.open_files()},
          {"verify_duration", HistogramObject(stats.verify_duration())},
          {"verify_failures", stats.verify_failures()},
          {"checkpoint_lag_seconds", SecondsJson(true, stats.checkpoint_lag())},
          {"checkpoint_duration", HistogramObject(stats.checkpoint_duration())},
          {"store_write_duration", HistogramObject(stats.store_write_duration())},
          {"store_write_failures", stats.store_write_failures()},
          {"buffer_pool_bytes", stats.buffer_pool_bytes()},
          {"buffer_pool_used_bytes", stats.buffer_pool_used_bytes()},
          {"buffer_waits", stats.buffer_waits()},
          {"waiting_connections", stats.waiting_connections()},
          {"max_connections", stats.max_connections()}};
}

Json PiecesObject(const v1::GetPieceMapResponse& map) {
  Json files = Json::array();
  for (const v1::FilePieces& file : map.files()) {
    files.push_back({{"path", file.path()},
                     {"size_bytes", file.size_bytes()},
                     {"piece_bytes", file.piece_bytes()},
                     {"pieces", file.pieces()},
                     {"done_percent", Json(file.done_percent())},
                     {"in_flight", Json(file.in_flight())},
                     {"source", Json(file.source())}});
  }
  return {{"sources", Json(map.sources())}, {"files", std::move(files)}};
}

Json DaemonObject(const v1::GetVersionResponse& daemon) {
  return {{"version", daemon.version()}, {"pid", daemon.pid()}, {"started", TimeJson(daemon.has_started(), daemon.started())}};
}

void AddTerms(const v1::Pull& pull, Json* json) {
  Json labels = Json::object();
  for (const auto& [key, value] : pull.labels()) labels[key] = value;
  (*json)["request_id"] = pull.request_id();
  (*json)["priority"] = pull.priority();
  (*json)["deadline"] = TimeJson(pull.has_deadline(), pull.deadline());
  (*json)["labels"] = std::move(labels);
  (*json)["queue_position"] = pull.queue_position();
}

void AddFigures(const v1::Pull& pull, Json* json) {
  (*json)["total_bytes"] = pull.total_bytes();
  (*json)["done_bytes"] = pull.done_bytes();
  (*json)["reused_bytes"] = pull.reused_bytes();
  (*json)["fetched_bytes"] = pull.fetched_bytes();
  (*json)["wasted_bytes"] = pull.wasted_bytes();
  (*json)["total_files"] = pull.total_files();
  (*json)["done_files"] = pull.done_files();
  (*json)["repo_files"] = pull.repo_files();
  (*json)["listing"] = pull.listing();
  (*json)["rate_bytes_per_sec"] = pull.rate_bytes_per_sec();
  (*json)["eta_seconds"] = SecondsJson(pull.has_eta(), pull.eta());
}

Json PullObject(const v1::Pull& pull) {
  Json json = {{"id", pull.id()},
               {"repo", pull.repo()},
               {"type", RepoTypeName(pull.type())},
               {"revision", pull.revision()},
               {"commit", pull.commit()},
               {"state", StateName(pull.state())},
               {"path", pull.path()}};
  json["error"] = pull.has_error() ? ErrorObject(pull.error()) : Json(nullptr);
  AddFigures(pull, &json);
  AddTerms(pull, &json);
  json["listing_source"] = pull.listing_source();
  json["created"] = TimeJson(pull.has_created(), pull.created());
  json["finished"] = TimeJson(pull.has_finished(), pull.finished());
  json["sources"] = SharesArray(pull);
  json["files"] = FilesArray(pull);
  json["notices"] = Json(std::vector<std::string>(pull.notices().begin(), pull.notices().end()));
  if (pull.plan_size() > 0) json["plan"] = PlanArray(pull);
  return json;
}

Json PullsArray(const v1::ListPullsResponse& pulls) {
  Json json = Json::array();
  for (const v1::Pull& pull : pulls.pulls()) json.push_back(PullObject(pull));
  return json;
}

Json SourcesArray(const google::protobuf::RepeatedPtrField<v1::Source>& sources) {
  Json json = Json::array();
  for (const v1::Source& source : sources) json.push_back(SourceObject(source));
  return json;
}

}  // namespace

std::string PullJson(const v1::Pull& pull, bool detached) {
  Json json = PullObject(pull);
  if (detached) json["detached"] = true;
  return Dump(json);
}

std::string PullsJson(const v1::ListPullsResponse& pulls) { return Dump(PullsArray(pulls)); }

std::string SourcesJson(const google::protobuf::RepeatedPtrField<v1::Source>& sources) { return Dump(SourcesArray(sources)); }

std::string TopJson(const TopSnapshot& top) {
  return Dump({{"daemon", DaemonObject(top.daemon)},
               {"sources", SourcesArray(top.sources.sources())},
               {"pulls", PullsArray(top.pulls)},
               {"stats", top.stats ? StatsObject(*top.stats) : Json(nullptr)},
               {"selected", top.selected},
               {"pieces", top.map ? PiecesObject(*top.map) : Json(nullptr)}});
}

std::string StatsJson(const v1::GetStatsResponse& stats) { return Dump(StatsObject(stats)); }

std::string ExplanationJson(const v1::ExplainSourceResponse& explained) {
  Json lines = Json::array();
  for (const v1::Explanation& line : explained.lines()) {
    lines.push_back({{"what", line.what()}, {"value", line.value()}, {"why", line.why()}});
  }
  return Dump({{"source", SourceObject(explained.source())}, {"lines", lines}});
}

std::string WhoAmIJson(const v1::WhoAmIResponse& account, absl::string_view origin) {
  Json orgs = Json::array();
  for (const std::string& org : account.orgs()) orgs.push_back(org);
  return Dump({{"user", account.name()},
               {"full_name", account.full_name()},
               {"email", account.email()},
               {"type", account.type()},
               {"orgs", orgs},
               {"token", account.token_hint()},
               {"token_name", account.token_name()},
               {"token_role", account.token_role()},
               {"origin", std::string(origin)},
               {"source", account.source()}});
}

std::string VerifyJson(const VerifyReport& report) {
  Json files = Json::array();
  for (const v1::FileVerdict& file : report.bad) {
    files.push_back({{"path", file.path()},
                     {"verdict", VerdictName(file.verdict())},
                     {"size_bytes", file.size_bytes()},
                     {"found_path", file.found_path()},
                     {"found_bytes", file.found_bytes()},
                     {"found_hash", file.found_hash()},
                     {"message", file.message()}});
  }
  const v1::Manifest& manifest = report.manifest;
  const v1::VerifySummary& summary = report.summary;
  return Dump({{"repo", manifest.repo()},
               {"type", RepoTypeName(manifest.type())},
               {"revision", manifest.revision()},
               {"commit", manifest.commit()},
               {"path", manifest.path()},
               {"listing_source", manifest.listing_source()},
               {"total_bytes", manifest.total_bytes()},
               {"total_files", manifest.total_files()},
               {"good_files", summary.good_files()},
               {"bad_files", summary.bad_files()},
               {"no_hash_files", summary.no_hash_files()},
               {"checked_bytes", summary.checked_bytes()},
               {"files", std::move(files)},
               {"repair", summary.has_repair() ? PullObject(summary.repair()) : Json(nullptr)},
               {"repair_error", summary.has_repair_error() ? ErrorObject(summary.repair_error()) : Json(nullptr)}});
}

std::string TokensJson(const std::vector<ShownToken>& tokens) {
  Json json = Json::array();
  for (const ShownToken& t : tokens) {
    json.push_back({{"name", t.name}, {"token", t.hint}, {"active", t.active}});
  }
  return Dump(json);
}

std::string ErrorJson(v1::ErrorCause cause, absl::string_view message) {
  v1::Error error;
  error.set_cause(cause);
  error.set_message(std::string(message));
  return Dump({{"state", "failed"}, {"error", ErrorObject(error)}});
}

}  // namespace hfget::cli
