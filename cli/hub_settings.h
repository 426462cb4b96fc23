// The settings that hfget shares with huggingface_hub, found where it finds them. Source:
// hf-hub-protocol §4.3.
#ifndef HFGET_CLI_HUB_SETTINGS_H_
#define HFGET_CLI_HUB_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/environment.h"

namespace hfget::cli {

// HF_HUB_CACHE > HUGGINGFACE_HUB_CACHE > $HF_HOME/hub > $XDG_CACHE_HOME/huggingface/hub >
// ~/.cache/huggingface/hub.
// "~" and "$VAR" are expanded. May be relative.
std::string HubCacheDir(const Environment& env);

// The token for a pull: `argument` (--token) > HF_TOKEN > HUGGING_FACE_HUB_TOKEN > the file of
// HF_TOKEN_PATH, or else $HF_HOME/token. HF_HUB_DISABLE_IMPLICIT_TOKEN leaves the argument alone.
// White space around it is stripped. Empty when there is none. Errors: INVALID_ARGUMENT for one
// that cannot stand in a header; it is not repeated there.
absl::StatusOr<std::string> FindToken(const Environment& env, absl::string_view argument);

// Overwrites the value of --token in the arguments themselves, so that `ps` and /proc do not show
// it from now on.
void ScrubToken(int argc, char** argv);

}  // namespace hfget::cli

#endif  // HFGET_CLI_HUB_SETTINGS_H_
