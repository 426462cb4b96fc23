// What the user asked for on the command line.
#ifndef HFGET_CLI_OPTIONS_H_
#define HFGET_CLI_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace hfget::cli {

struct PullOptions {
  std::string repo;
  std::vector<std::string> files;
  std::string type;  // empty: what the repo id says, or else a model
  std::string revision;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::string local_dir;
  std::string cache_dir;
  bool has_local_dir = false;
  bool has_cache_dir = false;
  std::string authority;
  std::string modelscope_id;
  uint64_t limit_rate = 0;  // bytes per second; 0: none
  int max_connections = 0;
  bool dry_run = false;
  bool detach = false;
  std::string request_id;
  int priority = 0;
  std::string deadline;  // "30m", "2026-01-31T08:00:00Z"; empty: none
};

// Where a command takes its Hugging Face token from.
struct TokenOptions {
  std::string token;  // --token: visible to others, until it is overwritten
  std::string file;   // "-": standard input
};

struct AuthOptions {
  bool no_check = false;   // login
  std::string token_name;  // logout; empty: all
};

struct LogsOptions {
  bool follow = false;
  int64_t lines = -1;  // -1: as many as there are since `since`, or a hundred
  std::string since;   // "10m", "2026-01-31T08:00:00Z"; empty: whatever its age
};

struct ManOptions {
  std::string command;  // empty: of hfget itself
  std::string into;     // a folder, for all pages
};

struct TopOptions {
  bool once = false;
  double interval = 1;  // Units: seconds
};

struct BenchOptions {
  std::string what;         // REPO[/FILE]; empty: the daemon's choice
  std::string sources;      // "a,b"; empty: all
  int64_t size_bytes = 0;   // 0, here and below: the daemon's default
  int64_t max_bytes = 0;
  std::string connections;  // "1,2,4,8"
  int rounds = 0;
  std::string duration, watch, since;  // spans such as "20s" or "7d"; empty: not given
  bool csv = false;
  std::string html;  // a file; "-": standard output
};

struct Options {
  std::string command;  // "pull", "daemon start", …
  std::string socket;
  std::string address;  // of a daemon that is reached by TCP; see endpoint.h for this and the next four
  std::string api_token_file, ca, cert, key;
  std::string daemon_user;  // whose daemon may answer at the socket, besides one's own and root's
  std::string config;
  std::string state_dir;
  bool quiet = false;
  bool json = false;
  PullOptions pull;
  TokenOptions token;  // pull, verify, bench, auth login, auth whoami
  AuthOptions auth;
  LogsOptions logs;
  ManOptions man;
  TopOptions top;
  BenchOptions bench;  // bench, bench history
  std::string daemon_token_file;  // daemon start
  std::string id;      // watch, cancel, top
  std::vector<std::string> ids;     // pause, resume, retry, rm
  std::vector<std::string> labels;  // pull, ps: "key=value"; ps also "key"
  bool all = false;    // ps
  bool purge = false;  // cancel
  bool repair = false;  // verify
  std::string shell;   // completion
  std::string source;  // sources: --explain, enable, disable, reset, probe
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_OPTIONS_H_
