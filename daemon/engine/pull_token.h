// The token of one pull: where it came from, who is sent it, and what becomes of it when a hub refuses it.
#ifndef HFGET_DAEMON_ENGINE_PULL_TOKEN_H_
#define HFGET_DAEMON_ENGINE_PULL_TOKEN_H_

#include <set>
#include <string>

#include "daemon/base/secret.h"
#include "daemon/core/scheduler.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

// A hub refuses a wrong token even for what is public. One that was only found (environment, token file) may be old: then
// the pull says so and goes on without it. One that was given for this pull was meant: then the pull fails. Whether a source
// may see the token at all is Sources::MaySendToken's word, not said here. Thread: the engine.
class PullToken {
 public:
  PullToken() = default;
  // Of an earlier run: the token itself was not recorded.
  explicit PullToken(records::v1::TokenOrigin origin) : origin_(origin), recorded_(true) {}

  // With a request. `found`: by the caller, in its environment or files. One that was only found does not take the place
  // of one that is there.
  void Bring(Secret token, bool found);
  // Nobody's token is used, not even the daemon's own.
  void Forbid();
  // There is one that nobody has refused.
  bool present() const { return !token_.empty() && !refused_; }
  // Whether to look for the daemon's own, and what was found; empty: nothing.
  bool wants_own() const { return token_.empty() && origin_ != records::v1::TOKEN_ORIGIN_FORBIDDEN && !refused(); }
  // `guest`: who asked for the pull is not its owner, and learns nothing of it.
  void Find(Secret own, bool guest = false);

  // For requests to this source; empty when it, or an authority, has refused it.
  const Secret& For(core::SourceIndex source) const;

  enum class Remedy {
    kAskAgain,   // without it, or with the one that is there by now
    kFail,       // the pull
    kOtherSource,
  };
  // REQUIRES: `sent` is not empty.
  Remedy OnRefused(core::SourceIndex source, const std::string& name, bool authority, const Secret& sent);

  // It is another's: whose, and how it ends, is not said.
  bool hidden() const { return hidden_; }
  // It was found, and an authority refused it.
  bool refused() const { return refused_; }
  // An earlier run had one, and this one has not.
  bool gone() const;
  records::v1::TokenOrigin origin() const { return origin_; }
  // A line for people about what was refused; empty: nothing was.
  const std::string& notice() const { return notice_; }

 private:
  Secret token_;
  records::v1::TokenOrigin origin_ = records::v1::TOKEN_ORIGIN_NONE;
  bool hidden_ = false;
  bool found_ = false;     // not given for this pull
  bool recorded_ = false;  // the origin is an earlier run's
  bool refused_ = false;
  std::set<core::SourceIndex> refused_by_;  // sources that are no authority
  std::string notice_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PULL_TOKEN_H_
