#include "daemon/paths.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/file_system.h"

namespace hfget {
namespace {

// XDG: a base that is not absolute counts as not set.
std::string XdgBase(const Environment& env, absl::string_view variable,
                    absl::string_view below_home) {
  const std::string value = env.Get(variable);
  if (absl::StartsWith(value, "/")) return value;
  return env.Absolute(JoinPath(env.Home(), below_home));
}

}  // namespace

OwnPath SocketPath(absl::string_view flag, const Environment& env) {
  if (!flag.empty()) return {env.Absolute(flag), false};
  const std::string named = env.Get("HFGET_SOCKET");
  if (!named.empty()) return {env.Absolute(named), false};
  const std::string runtime = env.Get("XDG_RUNTIME_DIR");
  if (absl::StartsWith(runtime, "/")) return {JoinPath(runtime, "hfget/hfgetd.sock"), true};
  return {absl::StrCat("/tmp/hfget-", env.uid, "/hfgetd.sock"), true};
}

OwnPath StateFolder(absl::string_view flag, const Environment& env) {
  if (!flag.empty()) return {env.Absolute(flag), false};
  return {JoinPath(XdgBase(env, "XDG_STATE_HOME", ".local/state"), "hfget"), true};
}

std::string DefaultConfigFile(const Environment& env) {
  return JoinPath(XdgBase(env, "XDG_CONFIG_HOME", ".config"), "hfget/config.toml");
}

std::string HfHome(const Environment& env) {
  const std::string named = env.Get("HF_HOME");
  if (!named.empty()) return env.Absolute(named);
  const std::string cache = env.Get("XDG_CACHE_HOME");
  return env.Absolute(JoinPath(cache.empty() ? "~/.cache" : cache, "huggingface"));
}

std::string DefaultCacheFolder(const Environment& env) {
  for (const absl::string_view variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    const std::string named = env.Get(variable);
    if (!named.empty()) return env.Absolute(named);
  }
  return JoinPath(HfHome(env), "hub");
}

std::string DefaultModelScopeFolder(const Environment& env) {
  const std::string named = env.Get("MODELSCOPE_CACHE");
  return env.Absolute(named.empty() ? "~/.cache/modelscope" : named);
}

}  // namespace hfget
