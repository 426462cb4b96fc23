// SIGINT, SIGTERM, SIGWINCH and SIGCONT, taken by a thread of their own: no code runs inside a
// signal handler.
#ifndef HFGET_CLI_SIGNALS_H_
#define HFGET_CLI_SIGNALS_H_

#include "cli/inbox.h"

namespace hfget::cli {

// From now on signals go to `inbox`; one that nobody waits for ends the process with 128 + its
// number. A signal that was ignored when we were started (nohup, a background job of a script)
// stays ignored. REQUIRES: called once, before any other thread exists; `inbox` lives as long as
// the process.
void RouteSignals(Inbox* inbox);

}  // namespace hfget::cli

#endif  // HFGET_CLI_SIGNALS_H_
