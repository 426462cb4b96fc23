#include "daemon/own_token.h"

#include <algorithm>
#include <fstream>
#include <iterator>
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

// One byte more than a token may have tells a file that is something else.
std::string Head(const std::string& path) {
  std::string text(kMaxTokenBytes + 1, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::vector<std::string> TokenFiles(const Environment& env) {
  const std::string named = env.Get("HF_TOKEN_PATH");
  return {named.empty() ? JoinPath(HfHome(env), "token") : env.Absolute(named),
          env.Absolute("~/.huggingface/token")};
}

}  // namespace

Secret FindOwnToken(const Environment& env) {
  if (env.IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return Secret();
  for (const std::string variable : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    Secret token = Clean(env.Get(variable), absl::StrCat("$", variable));
    if (!token.empty()) return token;
  }
  for (const std::string& path : TokenFiles(env)) {
    Secret token = Clean(Head(path), path);
    if (!token.empty()) return token;
  }
  return Secret();
}

}  // namespace hfget
