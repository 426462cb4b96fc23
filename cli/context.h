// What a command may touch. Everything that reaches outside of the process is in here, so that
// tests can stand in for it.
#ifndef HFGET_CLI_CONTEXT_H_
#define HFGET_CLI_CONTEXT_H_

#include <sys/types.h>

#include <functional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/inbox.h"
#include "cli/options.h"
#include "cli/processes.h"
#include "cli/secret_prompt.h"
#include "cli/term.h"

namespace hfget::cli {

struct Timing {
  absl::Duration ready = absl::Seconds(10);      // for a daemon to say that it is ready, or to end
  absl::Duration retry_for = absl::Seconds(30);  // for a daemon that was lost to come back
  absl::Duration retry_every = absl::Milliseconds(500);
  absl::Duration disk = absl::Minutes(10);       // for a disk that stopped a pull in its midst
  absl::Duration look_again = absl::Milliseconds(200);  // for new lines of a log
  absl::Duration poll = absl::Milliseconds(20);
};

struct Context {
  std::ostream& out;  // what the user asked for, for programs: a path, an id, a table, JSON
  std::ostream& err;  // everything else
  Inbox& inbox;
  Processes& processes;
  Environment env;
  Terminal terminal;  // behind err
  std::string cwd;
  uid_t uid = 0;
  Timing timing = {};
  std::function<absl::Time()> now = [] { return absl::Now(); };
  // See secret_prompt.h.
  std::function<absl::StatusOr<std::string>(const std::string& prompt, std::ostream& err)>
      ask_secret = AskSecret;
  Terminal out_terminal = {};  // behind out; draws: it is one
  std::string machine = "this machine";  // for people: "node17 (Linux x86_64)"
};

// "hfget: text", always one line.
void PrintError(Context& context, absl::string_view text);
// A line for people, left out by --quiet and --json.
void PrintNote(Context& context, const Options& options, absl::string_view text);
// Prints `status` (and its JSON object with --json) and answers its exit code.
ExitCode Fail(Context& context, const Options& options, const absl::Status& status);

}  // namespace hfget::cli

#endif  // HFGET_CLI_CONTEXT_H_
