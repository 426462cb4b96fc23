// What --json prints: one object a line, names as in hfget.proto, sizes in bytes, times in RFC
// 3339.
#ifndef HFGET_CLI_JSON_H_
#define HFGET_CLI_JSON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/top_view.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// {"id", "repo", "type", "revision", "commit", "state", "path", "error", sizes, …}. "error" is null
// or an object. `detached`: the command ends before the pull does ("detached": true).
std::string PullJson(const v1::Pull& pull, bool detached = false);
std::string PullsJson(const v1::ListPullsResponse& pulls);        // an array
std::string SourcesJson(const google::protobuf::RepeatedPtrField<v1::Source>& sources);  // an array
// {"daemon", "sources", "pulls", "stats" (or null), "selected", "pieces" (or null)}.
std::string TopJson(const TopSnapshot& top);
std::string StatsJson(const v1::GetStatsResponse& stats);
std::string ExplanationJson(const v1::ExplainSourceResponse& explained);
// {"user", "full_name", "email", "type", "orgs", "token", "token_name", "token_role", "origin",
// "source"}.
std::string WhoAmIJson(const v1::WhoAmIResponse& account, absl::string_view origin);
// What a verification found: {"repo", "type", "revision", "commit", "path", "listing_source", "total_bytes", "total_files", "good_files",
// "bad_files", "no_hash_files", "checked_bytes", "files": [{"path", "verdict", "size_bytes", "found_path", "found_bytes", "found_hash",
// "message"}], "repair", "repair_error"}. "files" are the bad ones; "repair" is null or a pull.
struct VerifyReport {
  v1::Manifest manifest;
  std::vector<v1::FileVerdict> bad;
  v1::VerifySummary summary;
};
std::string VerifyJson(const VerifyReport& report);
// One stored token, as it may be shown.
struct ShownToken {
  std::string name;
  std::string hint;  // "hf_…1a2b"; empty: there is none under this name
  bool active = false;
};
std::string TokensJson(const std::vector<ShownToken>& tokens);  // an array
// For a command that failed before there was a pull: {"state": "failed", "error": {…}}.
std::string ErrorJson(v1::ErrorCause cause, absl::string_view message);

}  // namespace hfget::cli

#endif  // HFGET_CLI_JSON_H_
