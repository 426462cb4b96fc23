// Which endpoints there are: the built-in ones, what the configuration changes or adds, and what
// the environment says.
#ifndef HFGET_DAEMON_SOURCE_LIST_H_
#define HFGET_DAEMON_SOURCE_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config_file.h"
#include "daemon/engine/config.h"
#include "daemon/environment.h"

namespace hfget {

// official, tuna, pai (without an endpoint, off), hf-mirror, modelscope.
std::vector<engine::SourceConfig> BuiltInSources();

// In order of preference; sources that are not to be used follow, with enabled = false, so that
// they can be shown.
//   [source.NAME]        changes a built-in source or adds one (endpoint needed, token "never")
//   sources = [...]      only these, in this order
//   $HF_ENDPOINT         goes first: the source that has this endpoint, or a new one named "env"
//   (token "if-proven";
//                        its "not found" is final when it is this machine or when no other
//                        authority is in use)
//   $HFGET_SOURCES=a,b   only these, in this order; goes before the two above
//   $HFGET_PAI_ENDPOINT  host or URL of pai; "/pai-hub" is added when it has no path
// Errors: INVALID_ARGUMENT with the place: an unknown name, a bad endpoint or proxy, a missing CA
// file, token "always" for a host that is neither Hugging Face's nor this machine, no source left.
absl::StatusOr<std::vector<engine::SourceConfig>> ListSources(const ConfigFile& config,
                                                              const Environment& env);

}  // namespace hfget

#endif  // HFGET_DAEMON_SOURCE_LIST_H_
