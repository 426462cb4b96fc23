#include "daemon/own_token.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/paths.h"

namespace hfget {
namespace {

constexpr size_t kMaxTokenBytes = 4096;

// As huggingface_hub cleans it: line breaks go, space at the ends goes.
Secret Clean(const std::string& text, const std::string& where) {
  const std::string joined = absl::StrReplaceAll(text, {{"\r", ""}, {"\n", ""}});
  const absl::string_view token = absl::StripAsciiWhitespace(joined);
  const bool plain = std::all_of(token.begin(), token.end(),
                                 [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (!plain || token.size() > kMaxTokenBytes) {
    spdlog::warn("what {} holds is not a token and is not used: no token has spaces or accents",
                 where);
    return Secret();
  }
  return Secret(std::string(token));
}

// One byte more than a token may have tells a file that is something else. nullopt: it is not there.
std::optional<Secret> ReadToken(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();  // follows links
  if (type == std::filesystem::file_type::not_found) return std::nullopt;
  errno = 0;
  std::ifstream file;
  // A pipe would keep us waiting for a writer.
  if (type == std::filesystem::file_type::regular) file.open(path, std::ios::binary);
  if (!file.is_open()) {
    const std::string why = error        ? error.message()
                            : errno != 0 ? std::strerror(errno)
                                         : "it is no regular file";
    spdlog::warn("the token file {} cannot be read and is not used: {}", path, why);
    return Secret();
  }
  std::string text(kMaxTokenBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return Clean(text, path);
}

Secret ReadConfigured(const std::string& path) {
  std::optional<Secret> token = ReadToken(path);
  if (!token) spdlog::warn("the token file {} is not there: no token is used", path);
  return token ? *std::move(token) : Secret();
}

std::vector<std::string> TokenFiles(const Environment& env) {
  const std::string named = env.Get("HF_TOKEN_PATH");
  return {named.empty() ? JoinPath(HfHome(env), "token") : env.Absolute(named),
          env.Absolute("~/.huggingface/token")};
}

}  // namespace

Secret FindOwnModelScopeToken(const Environment& env, const std::string& token_file) {
  if (!token_file.empty()) return ReadConfigured(token_file);
  return Clean(env.Get("MODELSCOPE_API_TOKEN"), "$MODELSCOPE_API_TOKEN");
}

Secret FindOwnToken(const Environment& env, const std::string& token_file) {
  if (!token_file.empty()) return ReadConfigured(token_file);
  if (env.IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return Secret();
  for (const std::string variable : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    Secret token = Clean(env.Get(variable), absl::StrCat("$", variable));
    if (!token.empty()) return token;
  }
  for (const std::string& path : TokenFiles(env)) {
    std::optional<Secret> token = ReadToken(path);
    if (token && !token->empty()) return *std::move(token);
  }
  return Secret();
}

}  // namespace hfget
