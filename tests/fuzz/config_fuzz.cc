// config.toml, and the sources that follow from it.
#include "daemon/config_file.h"

#include "absl/strings/match.h"
#include "daemon/hub/url.h"
#include "daemon/source_list.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

constexpr ByteCount kFastest = 1'000'000'000'000'000;

bool IsRate(const std::optional<ByteCount>& rate) { return !rate || (*rate >= 0 && *rate <= kFastest); }
bool IsBetween(const std::optional<int>& number, int least, int most) {
  return !number || (*number >= least && *number <= most);
}

void CheckSources(const ConfigFile& config) {
  Environment env;
  env.home = "/home/user";
  const auto sources = ListSources(config, env);
  if (!sources.ok()) return HOLDS(IsOneLine(sources.status().message()));
  HOLDS(!sources->empty() && sources->front().enabled);
  for (const auto& source : *sources) {
    if (source.endpoint.empty()) {
      HOLDS(!source.enabled);
      continue;
    }
    const auto url = hub::ParseUrl(source.endpoint);
    HOLDS(url.ok() && !absl::EndsWith(source.endpoint, "/"));
    if (source.token_policy != core::TokenPolicy::kAlways) continue;
    const bool issuer = absl::EndsWith(url->host, "huggingface.co") || absl::EndsWith(url->host, "hf.co") ||
                        absl::EndsWith(url->host, "modelscope.cn") || absl::EndsWith(url->host, "modelscope.ai");
    HOLDS(issuer || url->IsLoopback());
  }
}

}  // namespace

FUZZ(input) {
  const auto config = ParseConfigFile(input, "config.toml");
  if (!config.ok()) {
    HOLDS(absl::IsInvalidArgument(config.status()));
    HOLDS(absl::StrContains(config.status().message(), "config.toml:"));
    return HOLDS(IsOneLine(config.status().message()) && config.status().message().size() < 2000);
  }
  HOLDS(IsRate(config->max_bytes_per_sec) && IsBetween(config->max_connections, 1, 1024));
  HOLDS(IsBetween(config->max_active_pulls, 1, 1000) && IsBetween(config->buffers_mib, 8, 65536));
  for (const SourceSection& source : config->sources) {
    HOLDS(!source.name.empty() && IsOneLine(source.where));
    HOLDS(IsRate(source.max_bytes_per_sec) && IsBetween(source.max_connections, 1, 256));
  }
  CheckSources(*config);
}

}  // namespace hfget::fuzz
