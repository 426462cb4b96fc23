// systemd's journal, where a daemon that it started logs to. Pure.
#ifndef HFGET_CLI_JOURNAL_H_
#define HFGET_CLI_JOURNAL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/log_span.h"

namespace hfget::cli {

// The words that choose its unit: "--user-unit" or "--unit", and the name. `cgroup`: what /proc/<pid>/cgroup holds; when that names no
// service, the unit is hfgetd.service, of a user unless `root`.
std::vector<std::string> JournalUnit(absl::string_view cgroup, bool root);

// journalctl with its words.
std::vector<std::string> JournalCommand(const std::vector<std::string>& unit, const LogSpan& span, bool follow);

}  // namespace hfget::cli

#endif  // HFGET_CLI_JOURNAL_H_
