#include "cli/hub_settings.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace hfget::cli {
namespace {

constexpr size_t kMaxTokenFile = 64 * 1024;

std::string HubHome(const Environment& env) {
  const std::string home = env.Get("HF_HOME");
  if (!home.empty()) return env.Expand(home);
  const std::string cache = env.Get("XDG_CACHE_HOME");
  return absl::StrCat(cache.empty() ? env.Home() + "/.cache" : env.Expand(cache), "/huggingface");
}

std::string Clean(absl::string_view token) {
  return std::string(
      absl::StripAsciiWhitespace(absl::StrReplaceAll(token, {{"\r", ""}, {"\n", ""}})));
}

// Empty when it cannot be read: a file without permission is no token, as in huggingface_hub.
std::string ReadTokenFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxTokenFile, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string ImplicitToken(const Environment& env) {
  if (env.IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return "";
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (std::string token = Clean(env.Get(name)); !token.empty()) return token;
  }
  const std::string path = env.Get("HF_TOKEN_PATH");
  return Clean(ReadTokenFile(path.empty() ? HubHome(env) + "/token" : env.Expand(path)));
}

}  // namespace

std::string HubCacheDir(const Environment& env) {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const std::string dir = env.Get(name); !dir.empty()) return env.Expand(dir);
  }
  return HubHome(env) + "/hub";
}

absl::StatusOr<std::string> FindToken(const Environment& env, absl::string_view argument) {
  std::string token = Clean(argument);
  const bool implicit = token.empty();
  if (implicit) token = ImplicitToken(env);
  for (const char c : token) {
    if (absl::ascii_isgraph(static_cast<unsigned char>(c))) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the token ", implicit ? "of the environment or the token file" : "of --token",
                     " has characters that no token has: copy it again from "
                     "https://huggingface.co/settings/tokens"));
  }
  return token;
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
