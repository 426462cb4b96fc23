// hfget doctor: what only this side knows: the shell's variables, the token as it is written, and one's own rights.
#ifndef HFGET_CLI_OWN_FINDINGS_H_
#define HFGET_CLI_OWN_FINDINGS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/environment.h"
#include "cli/found_token.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// What is odd about a token as it is written at `origin` ("HF_TOKEN", "--token", a path); nullopt: nothing. Check: "token".
std::optional<v1::Finding> JudgeTokenText(absl::string_view text, const std::string& origin);

// Of all places where a token is looked for, up to the one that is used: odd ones, and set but empty variables. `file`:
// --token-file, absolute.
std::vector<v1::Finding> JudgeTokenPlaces(const Environment& env, absl::string_view argument, const std::string& file);

// Variables that decide about the net and that the running daemon has not, or has otherwise: it was started elsewhere.
// `daemon`: as DiagnoseResponse.environment. Check: "environment".
std::vector<v1::Finding> CompareEnvironments(const Environment& mine, const std::map<std::string, std::string>& daemon);

// A folder that is there and that this user may not read: the daemon's pulls would land where one cannot use them. Check: "disk".
std::optional<v1::Finding> JudgeOwnRights(const std::string& folder);

// Without user and password, as the daemon shows its own.
std::string WithoutPassword(absl::string_view url);

}  // namespace hfget::cli

#endif  // HFGET_CLI_OWN_FINDINGS_H_
