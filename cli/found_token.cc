#include "cli/found_token.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/hub_settings.h"

namespace hfget::cli {
namespace {

constexpr size_t kMaxTokenBytes = 4096;  // far above any real one

// Errors: NOT_FOUND, PERMISSION_DENIED and the like, with the reason alone.
absl::StatusOr<std::string> ReadHead(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return absl::ErrnoToStatus(errno, "");
  std::string text(kMaxTokenBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return absl::ErrnoToStatus(errno, "");
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// What strerror says, without what it was about.
std::string Reason(const absl::Status& status) {
  const std::string text(absl::StripAsciiWhitespace(status.message()));
  return text.substr(std::min(text.find_first_not_of(": "), text.size()));
}

absl::StatusOr<FoundToken> OfNamedFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadHead(path);
  if (!text.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the token file ", path, ": ", Reason(text.status())));
  }
  absl::StatusOr<std::string> token = CleanToken(*text, path);
  if (!token.ok()) return token.status();
  FoundToken found;
  found.given = true;
  found.token = *std::move(token);
  found.anonymous = found.token.empty();
  if (!found.anonymous) found.origin = path;
  if (found.anonymous) {
    found.warning = absl::StrCat("the token file ", path, " is empty: no token is used");
  }
  return found;
}

// A file without permission is no token, as in huggingface_hub, which says so too.
absl::StatusOr<std::string> OfDefaultFile(const std::string& path, FoundToken* found) {
  const absl::StatusOr<std::string> text = ReadHead(path);
  if (text.ok()) return CleanToken(*text, path);
  if (!absl::IsNotFound(text.status())) {
    found->warning = absl::StrCat("the token file ", path,
                                  " cannot be read and is not used: ", Reason(text.status()));
  }
  return std::string();
}

absl::StatusOr<FoundToken> Implicit(const Environment& env) {
  FoundToken found;
  found.anonymous = env.IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN");
  if (found.anonymous) return found;
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    absl::StatusOr<std::string> token = CleanToken(env.Get(name), name);
    if (!token.ok()) return token.status();
    found.token = *std::move(token);
    found.origin = name;
    if (!found.token.empty()) return found;
  }
  for (const std::string& path : {TokenPath(env), env.Home() + "/.huggingface/token"}) {
    absl::StatusOr<std::string> token = OfDefaultFile(path, &found);
    if (!token.ok()) return token.status();
    found.token = *std::move(token);
    found.origin = path;
    if (!found.token.empty()) return found;
  }
  found.origin.clear();
  return found;
}

}  // namespace

absl::StatusOr<std::string> CleanToken(absl::string_view text, absl::string_view of) {
  const std::string joined = absl::StrReplaceAll(text, {{"\r", ""}, {"\n", ""}});
  const absl::string_view token = absl::StripAsciiWhitespace(joined);
  const bool plain = std::all_of(token.begin(), token.end(),
                                 [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (plain && token.size() <= kMaxTokenBytes) return std::string(token);
  return absl::InvalidArgumentError(
      absl::StrCat("the token of ", of,
                   " has characters that no token has, or is too long: copy it again from "
                   "https://huggingface.co/settings/tokens"));
}

absl::StatusOr<FoundToken> FindToken(const Environment& env, absl::string_view argument,
                                     const std::string& file) {
  absl::StatusOr<std::string> token = CleanToken(argument, "--token");
  if (!token.ok()) return token.status();
  if (token->empty()) return file.empty() ? Implicit(env) : OfNamedFile(file);
  FoundToken found;
  found.token = *std::move(token);
  found.origin = "--token";
  found.given = true;
  return found;
}

std::string Redacted(absl::string_view token) {
  if (token.size() < 12) return token.empty() ? "" : "…";
  return absl::StrCat(absl::StartsWith(token, "hf_") ? "hf_" : "", "…",
                      token.substr(token.size() - 4));
}

void ScrubToken(int argc, char** argv) {
  constexpr char kFlag[] = "--token";
  constexpr size_t kLength = sizeof(kFlag) - 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kFlag, kLength) != 0) continue;
    char* value = nullptr;
    if (argv[i][kLength] == '=') value = argv[i] + kLength + 1;
    if (argv[i][kLength] == '\0' && i + 1 < argc) value = argv[i + 1];
    if (value != nullptr) std::memset(value, '*', std::strlen(value));
  }
}

}  // namespace hfget::cli
