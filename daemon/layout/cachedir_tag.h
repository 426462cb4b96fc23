// CACHEDIR.TAG: tells backup programs that a folder can be fetched again. Source:
// https://bford.info/cachedir/
#ifndef HFGET_DAEMON_LAYOUT_CACHEDIR_TAG_H_
#define HFGET_DAEMON_LAYOUT_CACHEDIR_TAG_H_

#include "absl/strings/string_view.h"

namespace hfget::layout {

constexpr absl::string_view kCachedirTagName = "CACHEDIR.TAG";
constexpr absl::string_view kCachedirTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file is a cache directory tag created by hfget.\n"
    "# For information about cache directory tags, see:\n"
    "#\thttps://bford.info/cachedir/\n";

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_CACHEDIR_TAG_H_
