// Everything that hfgetd is told: flags over environment over configuration file over defaults.
#ifndef HFGET_DAEMON_OPTIONS_H_
#define HFGET_DAEMON_OPTIONS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/log.h"
#include "daemon/engine/config.h"
#include "daemon/environment.h"
#include "daemon/paths.h"
#include "daemon/rpc/door_config.h"
#include "daemon/rpc/metrics_config.h"

namespace hfget {

// The command line by itself.
struct Flags {
  std::string answer;  // to --help or --version: to be printed, and nothing else done
  std::string config, socket, state_dir, token_file, listen, metrics, log_file, log_level;
  int ready_fd = -1;
  bool no_fsync = false;
};

struct Options {
  engine::EngineConfig engine;  // find_token included
  OwnPath socket;
  rpc::DoorConfig door;
  rpc::MetricsConfig metrics;
  OwnPath state_dir;
  LogOptions log;
  std::map<std::string, std::string> environment;  // Environment::NetVariables
  std::string config_file;  // empty: there is none
  // The memory cap of the byte path. Default 80 MiB: a piece for each of 64 connections, and some
  // on their way to the disk.
  int buffers_mib = 80;
  // Where "ready\n", "usage: <one line>\n" (INVALID_ARGUMENT: a bad flag or configuration) or
  // "error: <one line>\n" is written once; -1: nowhere. With it, hfgetd lives in
  // the background: it logs to a file and lets go of the terminal.
  int ready_fd = -1;
};

// `args` without the program's name. Errors: INVALID_ARGUMENT, one line: exit code 2.
absl::StatusOr<Flags> ParseFlags(std::vector<std::string> args);

// Adds what the environment and the configuration say. Errors: INVALID_ARGUMENT, one line: exit
// code 2.
absl::StatusOr<Options> ResolveOptions(const Flags& flags, const Environment& env);

}  // namespace hfget

#endif  // HFGET_DAEMON_OPTIONS_H_
