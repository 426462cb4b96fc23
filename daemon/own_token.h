// The daemon's own Hugging Face token: of the file that it was told, or found where huggingface_hub
// finds it.
#ifndef HFGET_DAEMON_OWN_TOKEN_H_
#define HFGET_DAEMON_OWN_TOKEN_H_

#include <string>

#include "daemon/base/secret.h"
#include "daemon/environment.h"

namespace hfget {

// With `token_file` (absolute): what that file holds, and nothing else, so that a secret that is not
// there yet never means somebody else's token. Without: $HF_TOKEN > $HUGGING_FACE_HUB_TOKEN > the
// file $HF_TOKEN_PATH, or $HF_HOME/token > ~/.huggingface/token; none of them when
// $HF_HUB_DISABLE_IMPLICIT_TOKEN is set. Files are read anew at each call, so that a login, a rotated
// secret, or a folder that Kubernetes has swapped counts at once. Empty: there is none; when that is
// because a file cannot be read, or holds no token, the log says so. Source:
// reference/hf-hub-protocol.md §4.3. Thread: any that may block.
Secret FindOwnToken(const Environment& env, const std::string& token_file = "");

// Likewise the daemon's own ModelScope token: of the file, or $MODELSCOPE_API_TOKEN. The SDK's own store of cookies is a
// pickle, which nobody but the SDK should read.
Secret FindOwnModelScopeToken(const Environment& env, const std::string& token_file = "");

}  // namespace hfget

#endif  // HFGET_DAEMON_OWN_TOKEN_H_
