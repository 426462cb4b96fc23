// One range on its way: request, redirects, checks of the answer, bytes into piece buffers.
#ifndef HFGET_DAEMON_ENGINE_FETCH_H_
#define HFGET_DAEMON_ENGINE_FETCH_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "daemon/core/failure.h"
#include "daemon/core/scheduler.h"
#include "daemon/disk/buffer_pool.h"
#include "daemon/engine/context.h"
#include "daemon/hub/answer.h"
#include "daemon/hub/manifest.h"
#include "daemon/net/http.h"

namespace hfget::engine {

// Where a file's bytes are at one source; kept by the transfer between fetches.
struct Target {
  hub::Url url;
  bool data_host = false;
  absl::Time expires = absl::InfiniteFuture();  // wall time
  std::optional<hub::Zone> led_from;  // where the one is who led there; nullopt: it is the source's own address
};

// Where the redirect leads that `answerer` gave to who asked at `from`. REQUIRES: redirect.kind == kRedirect.
Target LedTo(const Target& from, const hub::Answer& redirect, hub::Zone answerer);

struct FetchJob {
  core::FlightId flight = 0;
  core::SourceIndex source = 0;
  const hub::ManifestFile* file = nullptr;  // outlives the fetch
  std::string commit;
  Target target;      // where to ask first: the resolve URL, or what an earlier fetch was led to
  bool resolved = false;  // `target` was learnt from an earlier answer
  ByteRange range;    // begins at a piece's start, or inside it where `head` ends
  disk::Buffer head;  // the first piece's bytes that an earlier fetch brought; may be empty
  core::SourceIndex head_source = -1;  // who sent them
  core::SourceIndex head_also = -1;    // somebody else who did; -1: nobody
  Secret token;       // sent to the source's own origin only; empty: none
  std::shared_ptr<core::TokenBucket> bucket;  // of the pull; null: no limit
};

struct FetchResult {
  core::Failure failure = core::Failure::kNone;
  std::string why;                     // one line
  std::optional<absl::Duration> rest;  // 429, 503
  hub::HubError hub_error;             // when a hub spoke
  std::string commit;                  // that was asked for
  bool old_link = false;               // it went to where an earlier answer had led
  Secret token_sent;                   // with the request that it answered; empty: none
  ByteCount body_bytes = 0;            // received
  absl::Duration body_time;            // from the first body byte on
  disk::Buffer rest_of_piece;          // what came of a piece that is not whole; empty when nothing did
  PieceIndex rest_piece = 0;
  core::SourceIndex rest_sender = -1;
  core::SourceIndex rest_also = -1;    // somebody else who sent it; -1: nobody
  bool yielded = false;                // ended by Yield

  // A connection that breaks after so much was cut by somebody who counts bytes or minutes, and another is made at once.
  static constexpr ByteCount kCutAfter = 4 * kMiB;
  bool WasCut() const { return failure == core::Failure::kReset && body_bytes >= kCutAfter; }
};

// Thread: the engine.
class Fetch final : public net::Handler {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    // The answer was accepted; `target` led to the bytes.
    virtual void OnTarget(Fetch& fetch, const Target& target) = 0;
    // A whole piece, checked as far as a piece can be. `also`: a second sender of its first bytes, or -1.
    virtual void OnPiece(Fetch& fetch, PieceIndex piece, disk::Buffer buffer, core::SourceIndex also) = 0;
    virtual void OnBytes(Fetch& fetch, ByteCount received, ByteCount position) = 0;
    // No buffer is free: the fetch is paused until Unpause.
    virtual void OnPaused(Fetch& fetch) = 0;
    // The last call; the fetch may be destroyed after it returned.
    virtual void OnEnd(Fetch& fetch, FetchResult result) = 0;
  };

  Fetch(Context& context, FetchJob job, Observer& observer);
  ~Fetch() override;

  void Start();
  // Somebody else takes over from `end` on. REQUIRES: `end` is a piece's start behind the current piece.
  void Shorten(ByteCount end);
  void Unpause();
  // Ends here and now, well; what came of a piece is in the result.
  void Yield();
  // Ends without a result: the observer is not called.
  void Abandon();
  // Ends it as stalled when nothing came for `limit`.
  void CheckStall(absl::Duration limit, absl::Time now);

  const FetchJob& job() const { return job_; }
  core::FlightId flight() const { return job_.flight; }
  core::SourceIndex source() const { return job_.source; }
  bool over() const { return over_; }
  ByteCount received() const { return result_.body_bytes; }
  // Received for a piece that is not whole yet.
  ByteCount unfinished_bytes() const { return buffer_.size(); }

  Next OnHead(net::RequestId id, const net::ResponseHead& head) override;
  Next OnBody(net::RequestId id, absl::string_view data) override;
  void OnDone(net::RequestId id, const net::Outcome& outcome) override;

 private:
  void Request();
  Next Take(absl::string_view data);
  Next Pause();
  // Until a limit on the rate allows more.
  Next PauseUntil(absl::Time open);
  // As much as goes into the piece. REQUIRES: there is a buffer.
  size_t Append(absl::string_view data);
  bool MoreWillCome() const;
  // The answer, be its body whole or not.
  void OnAnswered(const net::Outcome& outcome);
  // The request is not waited for any more.
  void GiveUp();
  void End(core::Failure failure, std::string why);

  Context& context_;
  FetchJob job_;
  Observer& observer_;
  net::RequestId id_ = 0;
  bool running_ = false;   // a request is with the client
  bool unanswered_ = false;  // it went to the hub itself, and its head has not come
  bool over_ = false;
  bool paused_ = false;
  std::optional<Timers::Id> rate_timer_;  // set: paused by a limit on the rate
  bool accepted_ = false;  // the body is the range's bytes
  std::optional<Target> redirect_;
  std::string error_body_; // beginning of an error answer, for its words
  std::optional<hub::Answer> verdict_;
  net::ResponseHead head_;
  int hops_ = 0;
  ByteCount position_ = 0;
  ByteRange asked_;        // as sent; the range may have been shortened since
  disk::Buffer buffer_;
  size_t taken_before_pause_ = 0;  // bytes that the client will give once more
  bool shortened_ = false;
  core::SourceIndex also_ = -1;
  FetchResult result_;
  absl::Time asked_at_;
  absl::Time answered_at_ = absl::InfiniteFuture();
  absl::Time last_activity_;
  absl::Time first_byte_ = absl::InfinitePast();
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_FETCH_H_
