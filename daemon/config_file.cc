#include "daemon/config_file.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/repo_id.h"
#include "daemon/toml_reader.h"

namespace hfget {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr char kSourcesHint[] =
    "a list of names, such as sources = [\"tuna\", \"official\"]; what a source is goes under "
    "[source.NAME]";

// A key in quotes may hold anything; a message is one line.
std::string Shown(absl::string_view key) { return hub::Printable(key, 60); }

bool IsSourceName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == name.npos;
}

std::optional<core::TokenPolicy> PolicyOf(const std::optional<std::string>& word) {
  if (!word) return std::nullopt;
  if (*word == "always") return core::TokenPolicy::kAlways;
  if (*word == "if-proven") return core::TokenPolicy::kIfProven;
  return core::TokenPolicy::kNever;
}

SourceSection ReadSource(const toml::table& table, std::string name, Place place,
                         Problems& problems) {
  TomlReader reader(table, absl::StrCat("source.", name), problems);
  SourceSection source;
  source.name = std::move(name);
  source.where = problems.At(place);
  source.endpoint = reader.String("endpoint");
  source.dialect = reader.Word("dialect", {"huggingface", "modelscope"});
  source.enabled = reader.Bool("enabled");
  source.authority = reader.Bool("authority");
  source.token_policy = PolicyOf(reader.Word("token", {"always", "if-proven", "never"}));
  source.proxy = reader.String("proxy");
  source.ca_bundle = reader.String("ca_bundle");
  source.max_connections = reader.Int("max_connections", 1, 256);
  source.max_bytes_per_sec = reader.Rate("rate");
  reader.RefuseTheRest();
  return source;
}

void ReadSources(const toml::table& table, Problems& problems, ConfigFile* config) {
  std::vector<std::pair<Place, SourceSection>>
      found;  // toml++ sorts by name; the order of the file counts
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    const Place place = PlaceOf(key);
    if (!node.is_table()) {
      problems.Add(place, absl::StrCat("source.", Shown(name), " is not a table"),
                   ": describe one source under [source.NAME]");
    } else if (!IsSourceName(name)) {
      problems.Add(place, absl::StrCat("\"", Shown(name), "\" is not a name for a source"),
                   ": use a-z, 0-9, \"-\", \"_\" and \".\"");
    } else if (name == "env") {
      problems.Add(place, "the name \"env\" is taken by $HF_ENDPOINT", ": choose another");
    } else {
      found.emplace_back(place, ReadSource(*node.as_table(), std::move(name), place, problems));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [place, source] : found) config->sources.push_back(std::move(source));
}

void ReadLimits(const toml::table& table, Problems& problems, ConfigFile* config) {
  TomlReader reader(table, "limits", problems);
  config->max_connections = reader.Int("max_connections", 1, 1024);
  config->max_active_pulls = reader.Int("max_active_pulls", 1, 1000);
  config->remembered_pulls = reader.Int("remembered_pulls", 0, 1'000'000);
  config->max_bytes_per_sec = reader.Rate("rate");
  config->buffers_mib = reader.Int("buffers_mib", 8, 65536);
  reader.RefuseTheRest();
}

std::optional<ApiSection::Names> ReadNames(TomlReader& reader, const char* key, absl::string_view hint, const Problems& problems) {
  auto found = reader.Strings(key, hint);
  if (!found) return std::nullopt;
  ApiSection::Names names;
  for (auto& [name, place] : *found) names.emplace_back(std::move(name), problems.At(place));
  return names;
}

void ReadApi(const toml::table& table, Problems& problems, ApiSection* api) {
  TomlReader reader(table, "api", problems);
  api->allow_users = ReadNames(reader, "allow_users", "a list of users, such as [\"ann\", \"1001\"]", problems);
  api->allow_groups = ReadNames(reader, "allow_groups", "a list of groups, such as [\"ml\"]", problems);
  api->allowed_targets = ReadNames(reader, "allowed_targets", "a list of folders, such as [\"/data/models\"]", problems);
  api->listen = reader.String("listen");
  api->tls_cert = reader.String("tls_cert");
  api->tls_key = reader.String("tls_key");
  api->client_ca = reader.String("client_ca");
  api->token_file = reader.String("token_file");
  api->share_token = reader.Bool("share_token");
  api->max_pulls_per_client = reader.Int("max_pulls_per_client", 1, 1'000'000);
  api->max_watches_per_client = reader.Int("max_watches_per_client", 1, 1'000'000);
  api->max_connections_per_client = reader.Int("max_connections_per_client", 1, 1'000'000);
  api->max_calls_per_second = reader.Int("max_calls_per_second", 1, 1'000'000);
  reader.RefuseTheRest();
}

void ReadMetrics(const toml::table& table, Problems& problems, ConfigFile* config) {
  TomlReader reader(table, "metrics", problems);
  config->metrics_listen = reader.String("listen");
  reader.RefuseTheRest();
}

void ReadBench(const toml::table& table, Problems& problems, ConfigFile* config) {
  TomlReader reader(table, "bench", problems);
  config->bench_schedule = reader.Span("schedule", absl::Minutes(1));
  config->bench_repo = reader.String("repo");
  config->bench_max_bytes = reader.Rate("max_bytes");
  reader.RefuseTheRest();
}

void ReadLog(const toml::table& table, Problems& problems, ConfigFile* config) {
  TomlReader reader(table, "log", problems);
  config->log_file = reader.String("file");
  config->log_level = reader.Word("level", {"trace", "debug", "info", "warn", "error"});
  reader.RefuseTheRest();
}

// Ids hold slashes, so that these keys stand in quotes.
void ReadIds(const toml::table& table, Problems& problems, ConfigFile* config) {
  for (const auto& [key, node] : table) {
    const std::string id(key.str());
    const std::optional<std::string> other = node.value<std::string>();
    const absl::StatusOr<hub::RepoSpec> here = hub::ParseRepoSpec(id);
    const bool plain = here.ok() && here->repo.hub == hub::Hub::kHuggingFace && here->revision.empty() && here->path.empty();
    if (!plain || !other || !hub::CheckRepoName(*other).ok() || !absl::StrContains(*other, "/")) {
      problems.Add(PlaceOf(key), absl::StrCat("\"", Shown(id), "\" in modelscope.ids is not a pair of repo ids"),
                   ": write \"org/name\" = \"org-there/name-there\"");
      continue;
    }
    config->modelscope_ids[hub::DisplayName(here->repo)] = *other;
  }
}

void ReadModelScope(const toml::table& table, Problems& problems, ConfigFile* config) {
  TomlReader reader(table, "modelscope", problems);
  config->modelscope_cache_dir = reader.String("cache_dir");
  config->modelscope_token_file = reader.String("token_file");
  if (const auto* ids = reader.Table("ids")) ReadIds(*ids, problems, config);
  reader.RefuseTheRest();
}

ConfigFile ReadAll(const toml::table& table, Problems& problems) {
  ConfigFile config;
  TomlReader reader(table, "", problems);
  config.cache_dir = reader.String("cache_dir");
  config.token_file = reader.String("token_file");
  config.probe_repo = reader.String("probe_repo");
  if (auto names = reader.Strings("sources", kSourcesHint)) {
    config.source_order.emplace();
    for (auto& [name, place] : *names) {
      config.source_order->emplace_back(std::move(name), problems.At(place));
    }
  }
  if (const auto* source = reader.Table("source", "tables: one [source.NAME] for each source")) {
    ReadSources(*source, problems, &config);
  }
  if (const auto* modelscope = reader.Table("modelscope")) ReadModelScope(*modelscope, problems, &config);
  if (const auto* limits = reader.Table("limits")) ReadLimits(*limits, problems, &config);
  if (const auto* api = reader.Table("api")) ReadApi(*api, problems, &config.api);
  if (const auto* metrics = reader.Table("metrics")) ReadMetrics(*metrics, problems, &config);
  if (const auto* bench = reader.Table("bench")) ReadBench(*bench, problems, &config);
  if (const auto* log = reader.Table("log")) ReadLog(*log, problems, &config);
  reader.RefuseTheRest();
  return config;
}

absl::Status SyntaxError(const toml::parse_error& e, const Problems& problems) {
  const std::string what(e.description());
  // The slip that is made most: TOML has no list and tables of one name.
  const bool both = absl::StrContains(what, "array 'sources");
  return absl::InvalidArgumentError(absl::StrCat(
      "not TOML at ", problems.At({e.source().begin.line, e.source().begin.column}), ": ",
      hub::Printable(what, 300),
      both ? ": \"sources\" is the list of names, what a source is goes under [source.NAME]" : ""));
}

}  // namespace

absl::StatusOr<ConfigFile> ParseConfigFile(absl::string_view text, const std::string& file) {
  Problems problems(file);
  try {  // the library of Debian reports a syntax error by an exception only
    const toml::table table = toml::parse(std::string_view(text.data(), text.size()), file);
    ConfigFile config = ReadAll(table, problems);
    if (absl::Status first = problems.First(); !first.ok()) return first;
    return config;
  } catch (const toml::parse_error& e) {
    return SyntaxError(e, problems);
  }
}

}  // namespace hfget
