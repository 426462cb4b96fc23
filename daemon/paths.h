// Where the daemon's own things are when nobody says otherwise. Source: XDG Base Directory;
// reference §4.3 for the cache.
#ifndef HFGET_DAEMON_PATHS_H_
#define HFGET_DAEMON_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "daemon/environment.h"

namespace hfget {

// A path, and whether its folder is hfget's alone, so that it may be made private or refused.
struct OwnPath {
  std::string path;
  bool own_folder = false;
};

// --socket > $HFGET_SOCKET > $XDG_RUNTIME_DIR/hfget/hfgetd.sock > /tmp/hfget-<uid>/hfgetd.sock. The
// client has the same rule (cli/socket.h).
OwnPath SocketPath(absl::string_view flag, const Environment& env);

// --state-dir > $XDG_STATE_HOME/hfget > ~/.local/state/hfget. The path is the folder itself.
OwnPath StateFolder(absl::string_view flag, const Environment& env);

// $XDG_CONFIG_HOME/hfget/config.toml > ~/.config/hfget/config.toml.
std::string DefaultConfigFile(const Environment& env);

// $HF_HUB_CACHE > $HUGGINGFACE_HUB_CACHE > $HF_HOME/hub > $XDG_CACHE_HOME/huggingface/hub >
// ~/.cache/huggingface/hub.
std::string DefaultCacheFolder(const Environment& env);

// $MODELSCOPE_CACHE > ~/.cache/modelscope, as its SDK has it.
std::string DefaultModelScopeFolder(const Environment& env);

// $HF_HOME > $XDG_CACHE_HOME/huggingface > ~/.cache/huggingface.
std::string HfHome(const Environment& env);

}  // namespace hfget

#endif  // HFGET_DAEMON_PATHS_H_
