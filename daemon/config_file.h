// ~/.config/hfget/config.toml: what it may say, and what it said. Nothing is merged here.
#ifndef HFGET_DAEMON_CONFIG_FILE_H_
#define HFGET_DAEMON_CONFIG_FILE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/types.h"
#include "daemon/core/token_policy.h"

namespace hfget {

// [source.NAME]: a new source, or changes to a built-in one. Absent keys keep what is there.
struct SourceSection {
  std::string name;
  std::string where;  // "config.toml:12:1", for messages
  std::optional<std::string> endpoint;
  std::optional<std::string> dialect;  // "huggingface" or "modelscope"
  std::optional<bool> enabled;
  std::optional<bool> authority;
  std::optional<core::TokenPolicy> token_policy;
  std::optional<std::string> proxy;      // "env", "none", or a URL
  std::optional<std::string> ca_bundle;  // as written: not yet expanded
  std::optional<int> max_connections;
  std::optional<ByteCount> max_bytes_per_sec;
};

// [api]: the door. Absent keys keep the defaults.
struct ApiSection {
  // A user or group, as written, with its place for messages.
  using Names = std::vector<std::pair<std::string, std::string>>;
  std::optional<Names> allow_users, allow_groups;
  std::optional<Names> allowed_targets;  // as written
  std::optional<std::string> listen;     // "HOST:PORT"
  std::optional<std::string> tls_cert, tls_key, client_ca, token_file;  // as written
  std::optional<bool> share_token;
  std::optional<int> max_pulls_per_client, max_watches_per_client, max_connections_per_client, max_calls_per_second;
};

struct ConfigFile {
  std::optional<std::string> cache_dir;   // as written
  std::optional<std::string> token_file;  // as written
  std::optional<std::string> probe_repo;  // as written

  // [modelscope]
  std::optional<std::string> modelscope_cache_dir;   // as written
  std::optional<std::string> modelscope_token_file;  // as written
  std::map<std::string, std::string> modelscope_ids;  // [modelscope.ids]: Hugging Face id -> ModelScope's

  // sources = ["tuna", "official"]: which are used, in this order. With the place of each name.
  std::optional<std::vector<std::pair<std::string, std::string>>> source_order;
  std::vector<SourceSection> sources;  // in order of the file

  // [limits]
  std::optional<int> max_connections;
  std::optional<int> max_active_pulls;
  std::optional<int> remembered_pulls;
  std::optional<ByteCount> max_bytes_per_sec;  // rate = "50MB"
  std::optional<int> buffers_mib;

  ApiSection api;

  std::optional<std::string> metrics_listen;  // [metrics] listen = "HOST:PORT"

  // [bench]
  std::optional<absl::Duration> bench_schedule;
  std::optional<std::string> bench_repo;  // as written
  std::optional<ByteCount> bench_max_bytes;

  // [log]
  std::optional<std::string> log_file;
  std::optional<std::string> log_level;
};

// `file`: its name, for messages. Errors: INVALID_ARGUMENT, one line with file:line:column, the
// key, and what to write.
absl::StatusOr<ConfigFile> ParseConfigFile(absl::string_view text, const std::string& file);

}  // namespace hfget

#endif  // HFGET_DAEMON_CONFIG_FILE_H_
