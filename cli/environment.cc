#include "cli/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace hfget::cli {
namespace {

std::string HomeOf(const passwd* user) {
  return user == nullptr || user->pw_dir == nullptr ? "" : user->pw_dir;
}

bool IsNameChar(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// The variable's name at the front of `text`, which begins after a "$"; `length` is what it takes
// up there.
std::string VariableName(absl::string_view text, size_t* length) {
  const bool braced = absl::StartsWith(text, "{");
  size_t end = braced ? 1 : 0;
  while (end < text.size() && (braced ? text[end] != '}' : IsNameChar(text[end]))) ++end;
  if (braced && end == text.size()) return "";  // never closed
  *length = end + (braced ? 1 : 0);
  return std::string(text.substr(braced ? 1 : 0, end - (braced ? 1 : 0)));
}

}  // namespace

Environment Environment::OfProcess() {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos)
      values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(values));
}

std::string Environment::Get(absl::string_view name) const {
  const auto it = values_.find(std::string(name));
  return it == values_.end() ? "" : it->second;
}

bool Environment::IsTrue(absl::string_view name) const {
  const std::string value = absl::AsciiStrToUpper(Get(name));
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

std::string Environment::Home() const {
  const std::string home = Get("HOME");
  return home.empty() ? HomeOf(getpwuid(geteuid())) : home;
}

std::string Environment::ExpandUser(absl::string_view path) const {
  if (!absl::StartsWith(path, "~")) return std::string(path);
  const size_t end = std::min(path.find('/'), path.size());
  const std::string user(path.substr(1, end - 1));
  const std::string home = user.empty() ? Home() : HomeOf(getpwnam(user.c_str()));
  return home.empty() ? std::string(path) : absl::StrCat(home, path.substr(end));
}

std::string Environment::Expand(absl::string_view path) const {
  const std::string text = ExpandUser(path);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t length = 0;
    const std::string name =
        text[i] == '$' ? VariableName(absl::string_view(text).substr(i + 1), &length) : "";
    if (const auto it = values_.find(name); !name.empty() && it != values_.end()) {
      out += it->second;
      i += length;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string AbsolutePath(absl::string_view cwd, absl::string_view path) {
  const std::filesystem::path whole =
      std::filesystem::path(std::string(cwd)) / std::filesystem::path(std::string(path));
  for (const auto& part : whole) {
    if (part == "..") return whole.string();
  }
  std::string out = whole.lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace hfget::cli
