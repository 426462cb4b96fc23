#include "cli/follow.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "cli/inbox_stream.h"
#include "cli/pull_text.h"

namespace hfget::cli {
namespace {

// What another try cannot mend. The rest is a daemon that went away.
bool IsFinal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

absl::Status ReadSnapshots(Client* client, const std::string& id, Inbox* inbox, grpc::ClientContext* call) {
  const auto reader = client->WatchPull(call, id);
  v1::WatchPullResponse response;
  while (reader->Read(&response)) inbox->PutSnapshot(std::move(*response.mutable_pull()));
  return ToAbslStatus(reader->Finish(), client->socket());
}

}  // namespace

void Follower::TakeSnapshot(const v1::Pull& pull) {
  for (const std::string& notice : pull.notices()) {
    if (notices_.insert(notice).second) view_.Say(absl::StrCat("note: ", notice));
  }
  SayPaused(pull);
  followed_.pull = pull;
  followed_.status = absl::OkStatus();
  view_.Update(pull, context_.now());
}

void Follower::SayPaused(const v1::Pull& pull) {
  const bool paused = pull.state() == v1::PULL_STATE_PAUSED;
  const bool waits = leave_at_ != absl::InfiniteFuture();
  // A trial of the disk that fails again is no end of the pause.
  if (pull.fetched_bytes() > followed_.pull.fetched_bytes()) leave_at_ = absl::InfiniteFuture();
  if (!paused || waits) return;
  if (!pull.has_error()) {  // as long as somebody wants it so
    if (followed_.pull.state() != v1::PULL_STATE_PAUSED) view_.Say(absl::StrCat("paused ", PauseText(pull)));
    return;
  }
  leave_at_ = context_.now() + context_.timing.disk;
  if (asked_for_it_ && pull.fetched_bytes() == 0) leave_at_ = context_.now();
  if (!LeavesPaused()) view_.Say(absl::StrCat("paused: ", pull.error().message(), "; it goes on by itself"));
}

bool Follower::LeavesPaused() const { return asked_for_it_ && context_.now() >= leave_at_; }

Follower::Next Follower::Take(const Inbox::News& news) {
  if (news.snapshot) TakeSnapshot(*news.snapshot);
  if (news.resized) view_.Resized();
  if (news.resumed) view_.Resumed();
  view_.Tick(context_.now());
  followed_.signal = news.signal;
  if (news.ended && !IsOver(followed_.pull)) {
    followed_.status = news.ended->ok()
                           ? absl::UnavailableError("the daemon ended the stream early")
                           : *news.ended;
  }
  const bool lost = !followed_.status.ok() && !IsFinal(followed_.status);
  return lost ? Next::kReconnect : Next::kStop;
}

Follower::Next Follower::ReadStream(Client* client) {
  Inbox* const inbox = &context_.inbox;
  const InboxStream stream(inbox, [inbox, client, id = followed_.pull.id()](grpc::ClientContext* call) {
    return ReadSnapshots(client, id, inbox, call);
  });
  for (;;) {
    const absl::Time leave_at = asked_for_it_ ? leave_at_ : absl::InfiniteFuture();
    const Next next = Take(context_.inbox.Wait(std::min(view_.NextTick(), leave_at)));
    if (followed_.signal != 0 || IsOver(followed_.pull) || !followed_.status.ok()) return next;
    if (LeavesPaused()) return Next::kStop;
  }
}

bool Follower::Reconnect(Client* client) {
  if (!std::exchange(said_lost_, true)) {
    view_.Say("lost the daemon, trying again; the pull itself is safe");
  }
  const absl::Time deadline = context_.now() + context_.timing.retry_for;
  for (;;) {
    followed_.signal = context_.inbox.Wait(context_.now() + context_.timing.retry_every).signal;
    if (followed_.signal != 0) return false;
    absl::StatusOr<Client> next = control_.Connect(Start::kAfterCrash);
    if (next.ok()) {
      *client = *std::move(next);
      return true;
    }
    if (IsFinal(next.status()) || context_.now() >= deadline) {
      followed_.status = absl::Status(
          next.status().code(), absl::StrCat("lost the daemon (", next.status().message(),
                                             "): hfget watch ", followed_.pull.id(), " goes on"));
      return false;
    }
  }
}

bool Follower::BringToken(Client* client, const v1::PullRequest* request) {
  if (request == nullptr || request->token().empty()) return false;
  if (followed_.pull.state() != v1::PULL_STATE_NEEDS_TOKEN) return false;
  absl::StatusOr<v1::PullResponse> response = client->Pull(*request);
  if (!response.ok()) return false;
  followed_.pull = response->pull();
  return true;
}

Followed Follower::Follow(Client client, const v1::Pull& pull, const v1::PullRequest* request) {
  context_.inbox.Open();
  const absl::Cleanup close = [this] { context_.inbox.Close(); };
  asked_for_it_ = request != nullptr;
  TakeSnapshot(pull);
  while (!IsOver(followed_.pull) && !LeavesPaused()) {
    if (ReadStream(&client) == Next::kReconnect && followed_.signal == 0) {
      if (!Reconnect(&client)) break;
      followed_.status = absl::OkStatus();
      continue;
    }
    // Once: a token that is asked for again right away is of no use.
    if (!BringToken(&client, std::exchange(request, nullptr))) break;
  }
  view_.Finish();
  return std::move(followed_);
}

}  // namespace hfget::cli
