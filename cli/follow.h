// Stays with a pull until it is over, the user goes away, or the daemon is lost for good.
#ifndef HFGET_CLI_FOLLOW_H_
#define HFGET_CLI_FOLLOW_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "cli/client.h"
#include "cli/context.h"
#include "cli/daemon_control.h"
#include "cli/view.h"

namespace hfget::cli {

struct Followed {
  v1::Pull pull;        // as far as it was seen
  int signal = 0;       // the user went away by this one
  absl::Status status;  // not OK: the pull is out of sight, `pull` is not its end
};

// A stream that breaks is said once and taken up again, for Timing.retry_for at most: with a daemon
// that comes back, or a new one when the old one crashed; its pulls go on by themselves. One that
// was stopped on purpose stays stopped. A pull that waits for the disk is left, with its request, when it could not even begin or
// the disk stays as it is; who only watches, waits.
class Follower {
 public:
  Follower(Context* context, DaemonControl* control, View* view)
      : context_(*context), control_(*control), view_(*view) {}

  // `request` brought the pull: it is sent once more when a restarted daemon has lost its token.
  // May be null.
  Followed Follow(Client client, const v1::Pull& pull, const v1::PullRequest* request);

 private:
  enum class Next { kStop, kReconnect };

  Next ReadStream(Client* client);
  Next Take(const Inbox::News& news);
  void TakeSnapshot(const v1::Pull& pull);
  bool Reconnect(Client* client);
  void SayPaused(const v1::Pull& pull);
  // The pull waits for the disk, and whoever asked for it need not.
  bool LeavesPaused() const;
  bool BringToken(Client* client, const v1::PullRequest* request);

  Context& context_;
  DaemonControl& control_;
  View& view_;
  Followed followed_;
  std::set<std::string> notices_;  // said already
  bool said_lost_ = false;
  bool asked_for_it_ = false;  // and does not only watch
  absl::Time leave_at_ = absl::InfiniteFuture();  // while it is paused
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_FOLLOW_H_
