#include "cli/hub_settings.h"

#include <filesystem>

#include "absl/strings/str_cat.h"

namespace hfget::cli {
namespace {

std::string HubHome(const Environment& env) {
  const std::string home = env.Get("HF_HOME");
  if (!home.empty()) return env.Expand(home);
  const std::string cache = env.Get("XDG_CACHE_HOME");
  return absl::StrCat(cache.empty() ? env.Home() + "/.cache" : env.Expand(cache), "/huggingface");
}

}  // namespace

std::string HubCacheDir(const Environment& env) {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const std::string dir = env.Get(name); !dir.empty()) return env.Expand(dir);
  }
  return HubHome(env) + "/hub";
}

std::string ModelScopeCacheDir(const Environment& env) {
  const std::string dir = env.Get("MODELSCOPE_CACHE");
  return dir.empty() ? env.Home() + "/.cache/modelscope" : env.Expand(dir);
}

std::string TokenPath(const Environment& env) {
  const std::string path = env.Get("HF_TOKEN_PATH");
  return path.empty() ? HubHome(env) + "/token" : env.Expand(path);
}

std::string StoredTokensPath(const Environment& env) {
  return (std::filesystem::path(TokenPath(env)).parent_path() / "stored_tokens").string();
}

}  // namespace hfget::cli
