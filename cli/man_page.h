// Man pages, made from the definitions of the command line.
#ifndef HFGET_CLI_MAN_PAGE_H_
#define HFGET_CLI_MAN_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
}

namespace hfget::cli {

// The commands that have a page of their own, "pull", "auth", …; those of a group are on the group's.
std::vector<std::string> CommandsWithPage(const CLI::App& app);

// "hfget.1", "hfget-pull.1". `command`: empty: hfget itself.
std::string ManPageName(absl::string_view command);

// Its source. REQUIRES: `command` is empty or has a page.
std::string ManPage(const CLI::App& app, absl::string_view command);

}  // namespace hfget::cli

#endif  // HFGET_CLI_MAN_PAGE_H_
