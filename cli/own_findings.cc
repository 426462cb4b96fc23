#include "cli/own_findings.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/hub_settings.h"

namespace hfget::cli {
namespace {

constexpr const char* kNetVariables[] = {
    "HF_ENDPOINT",  "HFGET_SOURCES", "HFGET_PAI_ENDPOINT", "http_proxy",   "https_proxy",    "HTTPS_PROXY",       "all_proxy",
    "ALL_PROXY",    "no_proxy",      "NO_PROXY",           "SSL_CERT_FILE", "SSL_CERT_DIR",  "CURL_CA_BUNDLE",    "REQUESTS_CA_BUNDLE"};
constexpr std::streamsize kMostOfAFile = 8192;

v1::Finding Make(v1::Finding::Severity severity, absl::string_view check, absl::string_view cause, const std::string& subject,
                 std::string message, std::string fix) {
  v1::Finding finding;
  finding.set_severity(severity);
  finding.set_check(std::string(check));
  finding.set_cause(std::string(cause));
  finding.set_subject(subject);
  finding.set_message(std::move(message));
  finding.set_fix(std::move(fix));
  return finding;
}

std::string Rewrite(const std::string& origin) {
  if (absl::StartsWith(origin, "/")) return absl::StrCat("write it anew: hfget auth login, or printf %s \"$TOKEN\" > ", origin);
  if (origin == "--token") return "copy it again from https://huggingface.co/settings/tokens";
  return absl::StrCat("set it anew: export ", origin, "=hf_… (without quotes in the value, spaces and line breaks)");
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<size_t>(kMostOfAFile), '\0');
  file.read(text.data(), kMostOfAFile);
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

// A file ends with a line break as a matter of course.
absl::string_view WithoutLastBreak(absl::string_view text) {
  if (absl::EndsWith(text, "\n")) text.remove_suffix(1);
  if (absl::EndsWith(text, "\r")) text.remove_suffix(1);
  return text;
}

bool IsQuote(char c) { return c == '"' || c == '\'' || c == '`'; }

}  // namespace

std::optional<v1::Finding> JudgeTokenText(absl::string_view text, const std::string& origin) {
  const absl::string_view token = absl::StripAsciiWhitespace(text);
  const auto says = [&](v1::Finding::Severity severity, absl::string_view cause, absl::string_view what) {
    return Make(severity, "token", cause, origin, absl::StrCat("the token of ", origin, what), Rewrite(origin));
  };
  if (token.empty()) return std::nullopt;
  if (IsQuote(token.front()) || IsQuote(token.back())) {
    return says(v1::Finding::SEVERITY_WARNING, "token-quotes", " has quotes in it: no token has, and the hub refuses it");
  }
  if (token.find_first_of("\r\n") != absl::string_view::npos) {
    return says(v1::Finding::SEVERITY_WARNING, "token-newline", " has a line break in its middle: the lines are joined, which is seldom the token");
  }
  if (!std::all_of(token.begin(), token.end(), [](unsigned char c) { return absl::ascii_isgraph(c); })) {
    // The one slip that a pull cannot do without mending: such a token cannot stand in a header.
    return says(v1::Finding::SEVERITY_PROBLEM, "token-space", " has a space or another character in it that no token has");
  }
  if (absl::StartsWithIgnoreCase(token, "bearer") || absl::StartsWith(token, "HF_TOKEN=")) {
    return says(v1::Finding::SEVERITY_WARNING, "token-prefix", " has a word before the token itself: the token alone begins with hf_");
  }
  if (token.size() == text.size()) return std::nullopt;
  const bool line_break = text.find_first_of("\r\n") != absl::string_view::npos;
  return says(v1::Finding::SEVERITY_NOTE, line_break ? "token-newline" : "token-space",
              line_break ? " has a line break at an end; hfget leaves it out, other programs may send it and get \"illegal header\""
                         : " has a space at an end; hfget leaves it out, other programs may not");
}

std::vector<v1::Finding> JudgeTokenPlaces(const Environment& env, absl::string_view argument, const std::string& file) {
  std::vector<v1::Finding> findings;
  const auto look = [&](absl::string_view text, const std::string& origin) {
    if (auto odd = JudgeTokenText(text, origin)) findings.push_back(*std::move(odd));
    return !absl::StripAsciiWhitespace(text).empty();
  };
  if (!absl::StripAsciiWhitespace(argument).empty()) {
    look(argument, "--token");
    return findings;
  }
  if (!file.empty()) {
    if (file != "-") look(WithoutLastBreak(Contents(file)), file);
    return findings;
  }
  if (env.IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return findings;
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (look(env.Get(name), name)) return findings;
    if (!env.Has(name)) continue;
    findings.push_back(Make(v1::Finding::SEVERITY_NOTE, "token", "token-empty", name,
                            absl::StrCat(name, " is set and empty: it is passed over"), absl::StrCat("unset ", name)));
  }
  for (const std::string& path : {TokenPath(env), env.Home() + "/.huggingface/token"}) {
    if (look(WithoutLastBreak(Contents(path)), path)) return findings;
  }
  return findings;
}

std::string WithoutPassword(absl::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == absl::string_view::npos ? 0 : scheme + 3;
  const size_t at = url.substr(0, url.find('/', begin)).rfind('@');
  if (at == absl::string_view::npos || at < begin) return std::string(url);
  return absl::StrCat(url.substr(0, begin), url.substr(at + 1));
}

std::vector<v1::Finding> CompareEnvironments(const Environment& mine, const std::map<std::string, std::string>& daemon) {
  std::vector<v1::Finding> findings;
  for (const char* name : kNetVariables) {
    const std::string here = WithoutPassword(mine.Get(name));
    const auto it = daemon.find(name);
    const std::string there = it == daemon.end() ? "" : it->second;
    if (here == there) continue;
    v1::Finding finding =
        Make(here.empty() ? v1::Finding::SEVERITY_NOTE : v1::Finding::SEVERITY_WARNING, "environment", "daemon-environment", name,
             absl::StrCat("the running daemon ", there.empty() ? absl::StrCat("has no ", name) : absl::StrCat("has another ", name),
                          ": it keeps what it was started with"),
             "hfget daemon stop && hfget daemon start");
    finding.set_evidence(absl::StrCat("here ", here.empty() ? "none" : here, ", there ", there.empty() ? "none" : there));
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::optional<v1::Finding> JudgeOwnRights(const std::string& folder) {
  if (folder.empty() || access(folder.c_str(), F_OK) != 0 || access(folder.c_str(), R_OK | X_OK) == 0) return std::nullopt;
  v1::Finding finding =
      Make(v1::Finding::SEVERITY_WARNING, "disk", "not-readable", folder, "you may not read the folder that files are pulled into",
           absl::StrCat("ls -ld ", folder, "; give yourself the right to read it, or choose another one: --cache-dir, --local-dir"));
  finding.set_evidence(std::strerror(errno));
  return finding;
}

}  // namespace hfget::cli
