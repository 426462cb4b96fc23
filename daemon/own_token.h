// The daemon's own Hugging Face token, found where huggingface_hub finds it.
#ifndef HFGET_DAEMON_OWN_TOKEN_H_
#define HFGET_DAEMON_OWN_TOKEN_H_

#include "daemon/base/secret.h"
#include "daemon/environment.h"

namespace hfget {

// $HF_TOKEN > $HUGGING_FACE_HUB_TOKEN > the file $HF_TOKEN_PATH, or $HF_HOME/token >
// ~/.huggingface/token. Files are read anew at each call, so that a login or a rotated secret
// counts at once. Empty: there is none, it cannot be one (then a line in the log), or
// $HF_HUB_DISABLE_IMPLICIT_TOKEN is set. Source: reference/hf-hub-protocol.md §4.3. Thread: any
// that may block.
Secret FindOwnToken(const Environment& env);

}  // namespace hfget

#endif  // HFGET_DAEMON_OWN_TOKEN_H_
