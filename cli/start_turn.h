// Whose turn it is to start the daemon.
#ifndef HFGET_CLI_START_TURN_H_
#define HFGET_CLI_START_TURN_H_

#include <string>

#include "absl/time/time.h"

namespace hfget::cli {

// Held while a daemon is being started: of several commands at once, one starts it and the others
// find it. An flock on the state folder, so that no file is left and a dead holder holds nothing.
class StartTurn {
 public:
  // Waits for the turn until `timeout` has passed; after that, and where there is no such folder,
  // goes on without: two daemons sort it out by themselves, only with an error to show for it.
  StartTurn(const std::string& folder, absl::Duration timeout, absl::Duration poll);
  ~StartTurn();
  StartTurn(const StartTurn&) = delete;
  StartTurn& operator=(const StartTurn&) = delete;

  bool held() const { return held_; }

 private:
  const int fd_;
  bool held_ = false;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_START_TURN_H_
