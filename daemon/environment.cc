#include "daemon/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/file_system.h"
#include "daemon/base/secret.h"

extern char** environ;

namespace hfget {
namespace {

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// The name behind a "$" at the front of `text`, and how long "$NAME" or "${NAME}" is; 0 when it is
// none.
absl::string_view NameAt(absl::string_view text, size_t* length) {
  *length = 0;
  if (text.size() > 1 && text[1] == '{') {
    const size_t end = text.find('}');
    if (end == absl::string_view::npos) return {};
    *length = end + 1;
    return text.substr(2, end - 2);
  }
  size_t end = 1;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  if (end > 1) *length = end;
  return text.substr(1, end - 1);
}

std::string HomeOf(uid_t uid) {
  const struct passwd* entry = getpwuid(uid);
  return entry != nullptr ? entry->pw_dir : "/";
}

// The name of a file is no URL, and may hold an "@".
std::string WithoutPassword(const std::string& value) {
  return absl::StartsWith(value, "/") ? value : WithoutUserInfo(value);
}

}  // namespace

Environment Environment::OfProcess() {
  Environment env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos) continue;
    env.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  env.uid = geteuid();
  env.home = HomeOf(env.uid);
  std::error_code gone;  // the folder may have been removed: then "/" it is
  const std::filesystem::path folder = std::filesystem::current_path(gone);
  if (!gone) env.working_folder = folder.string();
  return env;
}

std::string Environment::Get(absl::string_view name) const {
  const auto it = variables.find(std::string(name));
  return it == variables.end() ? "" : it->second;
}

bool Environment::IsTrue(absl::string_view name) const {
  const std::string value = absl::AsciiStrToUpper(Get(name));
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

std::map<std::string, std::string> Environment::NetVariables() const {
  std::map<std::string, std::string> out;
  for (const char* name :
       {"HF_ENDPOINT", "HFGET_SOURCES", "HFGET_PAI_ENDPOINT", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
        "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    if (const std::string value = Get(name); !value.empty()) out[name] = WithoutPassword(value);
  }
  return out;
}

std::string Environment::Home() const {
  const std::string value = Get("HOME");
  return value.empty() ? home : value;
}

std::string Environment::Expand(absl::string_view path) const {
  std::string out;
  if (path == "~" || absl::StartsWith(path, "~/")) {
    out = Home();
    path.remove_prefix(1);
  }
  while (!path.empty()) {
    size_t length = 0;
    if (path[0] == '$') {
      const absl::string_view name = NameAt(path, &length);
      const auto it = variables.find(std::string(name));
      if (length > 0 && it != variables.end()) {
        out += it->second;
        path.remove_prefix(length);
        continue;
      }
    }
    out += path[0];
    path.remove_prefix(1);
  }
  return out;
}

std::string Environment::Absolute(absl::string_view path) const {
  if (path.empty()) return "";
  const std::string expanded = Expand(path);
  return absl::StartsWith(expanded, "/") ? expanded : JoinPath(working_folder, expanded);
}

}  // namespace hfget
