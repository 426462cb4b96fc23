// What the engine is told once, at construction. Filled by daemon/options from flags, config and environment.
#ifndef HFGET_DAEMON_ENGINE_CONFIG_H_
#define HFGET_DAEMON_ENGINE_CONFIG_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/base/types.h"
#include "daemon/core/token_policy.h"
#include "daemon/hub/repo_id.h"

namespace hfget::engine {

// One configured endpoint.
struct SourceConfig {
  std::string name;
  std::string endpoint;  // absolute, no trailing slash, prefix included
  std::string dialect = "huggingface";
  bool enabled = true;
  // "Not found" said by an authority is final. Default: only the source named "official".
  bool authority = false;
  core::TokenPolicy token_policy = core::TokenPolicy::kNever;
  std::string proxy = "env";  // "env", "none", or a URL
  std::string ca_bundle;
  int max_connections = 16;          // at most, for this source
  ByteCount max_bytes_per_sec = 0;   // 0: no limit
};

struct EngineConfig {
  std::vector<SourceConfig> sources;  // in order of preference
  // A small public repo that every hub has, for probes.
  hub::RepoId probe_repo{hub::RepoType::kModel, "openai-community/gpt2"};
  std::optional<hub::RepoId> bench_repo;  // that benches measure with; none: probe_repo
  absl::Duration bench_every = absl::InfiniteDuration();  // by itself, while nothing is pulled; Infinite: never
  ByteCount bench_bytes = 512 * kMiB;     // of such a bench
  std::string cache_dir;              // the default Hugging Face cache (hub folder), absolute
  std::string modelscope_cache_dir;   // likewise ModelScope's
  std::map<std::string, std::string> modelscope_ids;  // Hugging Face id -> ModelScope's, where the user knows
  std::string state_dir;              // the daemon's own, absolute; empty: none that hfget doctor could look at
  int max_connections = 64;           // all sources together; costs 256 KiB of receive buffer each
  int max_active_pulls = 4;           // further ones wait in order
  int max_pulls_per_client = 1000;    // that have not ended, of one owner; a queued one costs some KiB
  int remembered_pulls = 10'000;      // ended ones; older ones are forgotten; one costs 3 to 4 KiB of memory
  ByteCount max_bytes_per_sec = 0;
  // A pull fails when no byte of it has come for so long, from anybody. What is there is kept.
  absl::Duration give_up_after = absl::Minutes(5);
  absl::Duration checkpoint_interval = absl::Seconds(5);
  ByteCount checkpoint_bytes = 64 * kMiB;
  // The daemon's own token, looked for anew at each pull (environment, files). Called on the disk pool, never on the engine
  // thread. Default: none.
  std::function<Secret()> find_token;
  std::function<Secret()> find_modelscope_token;  // likewise, of that realm
  bool share_token = false;  // whether pulls of guests are given the daemon's own tokens, too
  // Looked once more, when a pull begins, whether it may write there. Called on the disk pool. Default: it may.
  std::function<absl::Status(const std::string& owner, const std::string& folder)> check_target;
  bool sync_data = true;  // false (--no-fsync): no fdatasync; a power cut may then lose what was called done
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_CONFIG_H_
