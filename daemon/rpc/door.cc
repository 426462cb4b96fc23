#include "daemon/rpc/door.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"

namespace hfget::rpc {
namespace {

// A stranger that knocks all day must not fill the log.
constexpr absl::Duration kNoteEvery = absl::Seconds(10);

std::string Property(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  return values.empty() ? "" : std::string(values.front().data(), values.front().size());
}

}  // namespace

Door::Door(DoorConfig config) : config_(std::move(config)), targets_(config_), ledger_(config_.limits) {}

absl::StatusOr<int> Door::Admit(int fd) {
  const absl::StatusOr<core::PeerUser> peer = ReadPeerUser(fd);
  std::optional<core::Caller> caller;
  if (peer.ok()) caller = core::Admit(*peer, config_.allowed);
  if (!caller) {
    close(fd);
    const absl::Status why = peer.ok() ? absl::PermissionDeniedError(absl::StrCat("user ", peer->uid, " may not use this daemon"))
                                       : peer.status();
    NoteRefused(why);
    return why;
  }
  absl::StatusOr<int> seat = peers_.Seat(fd, *caller, config_.limits.connections);
  if (!seat.ok()) NoteRefused(Annotate(seat.status(), caller->trusted() ? "the daemon's own user" : caller->name));
  return seat;
}

void Door::NoteRefused(const absl::Status& why) {
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mu_);
  if (now < next_note_) return;
  next_note_ = now + kNoteEvery;
  spdlog::warn("a connection was refused: {}", why.message());
}

absl::StatusOr<core::Caller> Door::NameOf(const grpc::CallbackServerContext& context) const {
  const std::string peer = context.peer();
  if (const auto caller = peers_.Find(peer)) return *caller;
  // From here on it came by TCP, where gRPC has let nobody in without a certificate or the token.
  const bool tcp = absl::StartsWith(peer, "ipv4:") || absl::StartsWith(peer, "ipv6:");
  if (tcp && !config_.tcp.client_ca_file.empty()) {
    const auto auth = context.auth_context();
    const std::string subject = auth == nullptr ? "" : Property(*auth, GRPC_X509_SUBJECT_PROPERTY_NAME);
    if (!subject.empty()) return core::Caller{absl::StrCat("certificate ", subject)};
  } else if (tcp && !config_.tcp.token_file.empty()) {
    return core::Caller{"token"};
  }
  return absl::UnauthenticatedError("it is not known who calls: use the daemon's socket, or the certificate or token that it asks for");
}

absl::StatusOr<core::Caller> Door::Enter(const grpc::CallbackServerContext& context) {
  HFGET_ASSIGN_OR_RETURN(core::Caller caller, NameOf(context));
  HFGET_RETURN_IF_ERROR(ledger_.Count(caller, absl::Now()));
  return caller;
}

absl::StatusOr<ClientLedger::Ticket> Door::Take(const core::Caller& caller, ClientLedger::Kind kind) {
  return ledger_.Take(caller, kind, absl::Now());
}

absl::Status Door::Own(const core::Caller& caller, engine::PullSpec& spec) const {
  spec.owner = caller.name;
  if (caller.trusted() && config_.allowed_targets.empty()) return absl::OkStatus();
  const bool scope = spec.repo.hub == hub::Hub::kModelScope;
  std::string& folder = spec.local_dir.empty() ? spec.cache_dir : spec.local_dir;
  if (folder.empty() && config_.own_caches.size() == 2) folder = config_.own_caches[scope ? 1 : 0];
  HFGET_ASSIGN_OR_RETURN(folder, targets_.Resolve(caller.name, folder));
  return absl::OkStatus();
}

absl::Status Door::Own(const core::Caller& caller, engine::DiagnoseSpec& spec) const {
  if (caller.trusted() && config_.allowed_targets.empty()) return absl::OkStatus();
  std::string& folder = spec.local_dir.empty() ? spec.cache_dir : spec.local_dir;
  if (folder.empty() && !config_.own_caches.empty()) folder = config_.own_caches[0];
  HFGET_ASSIGN_OR_RETURN(folder, targets_.Resolve(caller.name, folder));
  // A diagnosis tells whose a token is and how it ends: of the daemon's, no guest learns that, shared or not.
  if (spec.token.empty() && !core::MayManage(caller)) spec.anonymous = true;
  return absl::OkStatus();
}

}  // namespace hfget::rpc
