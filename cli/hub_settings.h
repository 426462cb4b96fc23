// The folders that hfget shares with huggingface_hub and modelscope, found where they find them. Source:
// hf-hub-protocol §4.3.
#ifndef HFGET_CLI_HUB_SETTINGS_H_
#define HFGET_CLI_HUB_SETTINGS_H_

#include <string>

#include "cli/environment.h"

namespace hfget::cli {

// HF_HUB_CACHE > HUGGINGFACE_HUB_CACHE > $HF_HOME/hub > $XDG_CACHE_HOME/huggingface/hub >
// ~/.cache/huggingface/hub.
// "~" and "$VAR" are expanded. May be relative.
std::string HubCacheDir(const Environment& env);

// MODELSCOPE_CACHE > ~/.cache/modelscope, as ModelScope's SDK has it.
std::string ModelScopeCacheDir(const Environment& env);

// The file with the token that is used: HF_TOKEN_PATH, or else "token" beside the cache.
std::string TokenPath(const Environment& env);
// The file with all tokens that were logged in with: "stored_tokens", beside TokenPath.
std::string StoredTokensPath(const Environment& env);

}  // namespace hfget::cli

#endif  // HFGET_CLI_HUB_SETTINGS_H_
