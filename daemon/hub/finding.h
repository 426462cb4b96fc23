// One thing that was looked at and what came of it, for hfget doctor.
#ifndef HFGET_DAEMON_HUB_FINDING_H_
#define HFGET_DAEMON_HUB_FINDING_H_

#include <string>

namespace hfget::hub {

enum class Severity {
  kOk,
  kNote,     // good to know; a pull works
  kWarning,  // a pull works, worse than it could
  kProblem,  // a pull would fail
};

// Fields as in hfget.proto's Finding. Every text is one line, and printable once it is checked by Printable where a stranger's
// words are in it. No token is ever in one.
struct Finding {
  Severity severity = Severity::kOk;
  std::string check;    // what was looked at: "route", "dns", "tls", …
  std::string cause;    // a word for programs
  std::string subject;  // a source, a folder, a variable
  std::string message;  // what is the matter
  std::string evidence;  // what was seen
  std::string fix;      // the command or setting that mends it; empty: nothing to do
};

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_FINDING_H_
