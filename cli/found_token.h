// The Hugging Face token of a command: given to it, or found where huggingface_hub finds one.
// Source: hf-hub-protocol §4.3.
#ifndef HFGET_CLI_FOUND_TOKEN_H_
#define HFGET_CLI_FOUND_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/environment.h"

namespace hfget::cli {

struct FoundToken {
  std::string token;   // as it can stand in a header; empty: there is none
  std::string origin;  // for people: "--token", "HF_TOKEN", a path; empty: there is none
  bool given = false;  // for this command; else found, and then it may be an old one
  // None is to be used, not even the daemon's own: what was given is empty, or
  // HF_HUB_DISABLE_IMPLICIT_TOKEN.
  bool anonymous = false;
  std::string warning;  // a file that cannot be read; empty: nothing
};

// `argument` (--token) > `file` (--token-file, absolute) >
// HF_TOKEN > HUGGING_FACE_HUB_TOKEN > the file of HF_TOKEN_PATH, or else $HF_HOME/token >
// ~/.huggingface/token. White space around it is stripped; a place with nothing in it is passed
// over, but never one that was named. Errors: INVALID_ARGUMENT for a token that cannot stand in a
// header, which is not repeated there, and for a named file that cannot be read.
absl::StatusOr<FoundToken> FindToken(const Environment& env, absl::string_view argument,
                                     const std::string& file = "");

// As huggingface_hub cleans it: no line breaks, no space at its ends. Errors: INVALID_ARGUMENT,
// saying that it is the token `of` somewhere.
absl::StatusOr<std::string> CleanToken(absl::string_view text, absl::string_view of);

// "hf_…1a2b", or "…" for one that is too short to show a part of it.
std::string Redacted(absl::string_view token);

// Overwrites the value of --token in the arguments themselves, so that `ps` and /proc do not show
// it from now on.
void ScrubToken(int argc, char** argv);

}  // namespace hfget::cli

#endif  // HFGET_CLI_FOUND_TOKEN_H_
