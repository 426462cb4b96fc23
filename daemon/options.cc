#include "daemon/options.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "daemon/api_options.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"
#include "daemon/config_file.h"
#include "daemon/metrics_options.h"
#include "daemon/own_token.h"
#include "daemon/source_list.h"

namespace hfget {
namespace {

constexpr std::uintmax_t kMaxConfigBytes = 1 << 20;

void Declare(CLI::App& app, Flags* flags) {
  app.set_version_flag("--version", "hfgetd " HFGET_VERSION);
  app.add_option("--config", flags->config, "Configuration (~/.config/hfget/config.toml)")
      ->type_name("FILE");
  app.add_option("--socket", flags->socket, "Where to listen ($XDG_RUNTIME_DIR/hfget/hfgetd.sock)")
      ->type_name("PATH");
  app.add_option("--listen", flags->listen,
                 "Serve TCP, too; [api] of the configuration says who may come in (client_ca, token_file)")
      ->type_name("HOST:PORT");
  app.add_option("--metrics", flags->metrics, "Serve /metrics for Prometheus and /healthz there (off), such as 127.0.0.1:9464")
      ->type_name("HOST:PORT");
  app.add_option("--state-dir", flags->state_dir, "What is remembered (~/.local/state/hfget)")
      ->type_name("DIR");
  app.add_option("--token-file", flags->token_file,
                 "The Hugging Face token for pulls that bring none; read anew at each pull")
      ->type_name("FILE");
  app.add_option("--log-file", flags->log_file, "Log there (standard error)")->type_name("FILE");
  app.add_option("--log-level", flags->log_level, "Log that and worse (info)")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  app.add_option("--ready-fd", flags->ready_fd,
                 "Write \"ready\" there when serving, then let go of the terminal")
      ->type_name("N")
      ->check(CLI::Range(3, 1 << 20));
  app.add_flag("--no-fsync", flags->no_fsync,
               "Do not wait for the disk: faster, and a power cut may lose what was called done");
}

absl::StatusOr<std::string> ReadConfig(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the configuration ", path, error ? ": " + error.message() : ""));
  }
  if (size > kMaxConfigBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too long to be a configuration"));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A file that was named must be there; the default one may be absent.
absl::StatusOr<ConfigFile> LoadConfig(const std::string& named, const Environment& env,
                                      Options* options) {
  options->config_file = named.empty() ? DefaultConfigFile(env) : env.Absolute(named);
  std::error_code error;
  if (named.empty() && !std::filesystem::exists(options->config_file, error)) {
    options->config_file.clear();
    return ConfigFile();
  }
  HFGET_ASSIGN_OR_RETURN(const std::string text, ReadConfig(options->config_file));
  return ParseConfigFile(text, options->config_file);
}

absl::Status FillEngine(const ConfigFile& config, const Flags& flags, const Environment& env,
                        engine::EngineConfig* engine) {
  HFGET_ASSIGN_OR_RETURN(engine->sources, ListSources(config, env));
  engine->cache_dir = config.cache_dir && !config.cache_dir->empty()
                          ? env.Absolute(*config.cache_dir)
                          : DefaultCacheFolder(env);
  if (config.probe_repo) {
    absl::StatusOr<hub::RepoSpec> spec = hub::ParseRepoSpec(*config.probe_repo);
    if (!spec.ok()) return Annotate(spec.status(), "probe_repo in the configuration");
    engine->probe_repo = spec->repo;
  }
  if (config.bench_repo) {
    absl::StatusOr<hub::RepoSpec> spec = hub::ParseRepoSpec(*config.bench_repo);
    if (!spec.ok()) return Annotate(spec.status(), "repo under [bench] in the configuration");
    engine->bench_repo = spec->repo;
  }
  engine->bench_every = config.bench_schedule.value_or(engine->bench_every);
  if (config.bench_max_bytes.value_or(0) > 0) engine->bench_bytes = *config.bench_max_bytes;
  engine->max_connections = config.max_connections.value_or(engine->max_connections);
  engine->max_active_pulls = config.max_active_pulls.value_or(engine->max_active_pulls);
  engine->remembered_pulls = config.remembered_pulls.value_or(engine->remembered_pulls);
  engine->max_bytes_per_sec = config.max_bytes_per_sec.value_or(engine->max_bytes_per_sec);
  engine->sync_data = !flags.no_fsync;
  const std::string token_file =
      flags.token_file.empty() ? config.token_file.value_or("") : flags.token_file;
  engine->modelscope_cache_dir = config.modelscope_cache_dir && !config.modelscope_cache_dir->empty()
                                     ? env.Absolute(*config.modelscope_cache_dir)
                                     : DefaultModelScopeFolder(env);
  engine->modelscope_ids = config.modelscope_ids;
  engine->find_modelscope_token = [env, file = env.Absolute(config.modelscope_token_file.value_or(""))] {
    return FindOwnModelScopeToken(env, file);
  };
  engine->find_token = [env, file = env.Absolute(token_file)] { return FindOwnToken(env, file); };
  return absl::OkStatus();
}

absl::Status FillDoor(const ConfigFile& config, const Flags& flags, const Environment& env, Options* options) {
  HFGET_ASSIGN_OR_RETURN(options->door, ResolveDoor(config.api, flags.listen, env));
  options->door.own_caches = {options->engine.cache_dir, options->engine.modelscope_cache_dir};
  options->engine.share_token = options->door.share_token;
  options->engine.max_pulls_per_client = config.api.max_pulls_per_client.value_or(options->engine.max_pulls_per_client);
  const core::AllowedUsers& allowed = options->door.allowed;
  if (options->socket.own_folder && (!allowed.users.empty() || !allowed.groups.empty())) {
    return absl::InvalidArgumentError(
        absl::StrCat("allow_users and allow_groups in [api] need a socket that others can reach, and ", options->socket.path,
                     " lies in a folder of this user alone: choose one with --socket, such as /run/hfget/hfgetd.sock"));
  }
  return absl::OkStatus();
}

void FillLog(const ConfigFile& config, const Flags& flags, const Environment& env,
             Options* options) {
  const std::string file = flags.log_file.empty() ? config.log_file.value_or("") : flags.log_file;
  options->log.file = env.Absolute(file);
  if (file.empty() && options->ready_fd >= 0) {
    options->log.file = JoinPath(options->state_dir.path, "hfgetd.log");
  }
  options->log.level = config.log_level.value_or(options->log.level);
  if (!flags.log_level.empty()) options->log.level = flags.log_level;
}

}  // namespace

absl::StatusOr<Flags> ParseFlags(std::vector<std::string> args) {
  CLI::App app("hfgetd: the background part of hfget. It is started by hfget when needed.",
               "hfgetd");
  Flags flags;
  Declare(app, &flags);
  std::reverse(args.begin(), args.end());  // as CLI11 wants them
  try {                                    // CLI11 answers by exception only
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    flags.answer = app.help();
  } catch (const CLI::CallForVersion& version) {
    flags.answer = absl::StrCat(version.what(), "\n");
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(absl::StrCat(error.what(), " (see hfgetd --help)"));
  }
  return flags;
}

absl::StatusOr<Options> ResolveOptions(const Flags& flags, const Environment& env) {
  Options options;
  options.ready_fd = flags.ready_fd;
  options.socket = SocketPath(flags.socket, env);
  options.state_dir = StateFolder(flags.state_dir, env);
  HFGET_ASSIGN_OR_RETURN(const ConfigFile config, LoadConfig(flags.config, env, &options));
  HFGET_RETURN_IF_ERROR(FillEngine(config, flags, env, &options.engine));
  HFGET_RETURN_IF_ERROR(FillDoor(config, flags, env, &options));
  HFGET_ASSIGN_OR_RETURN(options.metrics,
                         ResolveMetrics(flags.metrics.empty() ? config.metrics_listen.value_or("") : flags.metrics));
  options.environment = env.NetVariables();
  options.engine.state_dir = options.state_dir.path;
  options.buffers_mib = config.buffers_mib.value_or(options.buffers_mib);
  FillLog(config, flags, env, &options);
  return options;
}

}  // namespace hfget
