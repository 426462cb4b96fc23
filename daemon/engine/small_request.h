// One small answer, whole in memory: JSON of a hub. Bounded in size and time.
#ifndef HFGET_DAEMON_ENGINE_SMALL_REQUEST_H_
#define HFGET_DAEMON_ENGINE_SMALL_REQUEST_H_

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "daemon/engine/context.h"
#include "daemon/net/http.h"

namespace hfget::engine {

struct SmallAnswer {
  net::NetError error = net::NetError::kNone;
  std::string detail;    // of the error, or "the answer is longer than …"
  net::ResponseHead head;
  std::string body;
  net::Timing timing;
  // As in net::Outcome.
  std::string address;
  int proxy_status = 0;
  std::string issuer;
};

// Starts with the construction; cancels with the destruction. Thread: the engine.
class SmallRequest final : public net::Handler {
 public:
  struct Limits {
    ByteCount max_body_bytes = 64 * kMiB;
    absl::Duration silence = absl::Seconds(20);  // no byte for so long: given up
    absl::Duration total = absl::Minutes(10);    // likewise, however many bytes come
  };

  // `done` may destroy this object.
  SmallRequest(Context& context, net::Request request, Limits limits,
               absl::AnyInvocable<void(SmallAnswer)> done);
  ~SmallRequest() override;

  Next OnHead(net::RequestId id, const net::ResponseHead& head) override;
  Next OnBody(net::RequestId id, absl::string_view data) override;
  void OnDone(net::RequestId id, const net::Outcome& outcome) override;

 private:
  void WatchSilence();
  void GiveUp(absl::string_view why, absl::Duration after);
  void Give();

  Context& context_;
  const Limits limits_;
  absl::AnyInvocable<void(SmallAnswer)> done_;
  SmallAnswer answer_;
  net::RequestId id_ = 0;
  bool running_ = true;
  absl::Time end_;  // of all patience
  absl::Time last_byte_;
  Timers::Id timer_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_SMALL_REQUEST_H_
