#include "daemon/rpc/service.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "daemon/base/status.h"
#include "daemon/core/access.h"
#include "daemon/rpc/convert.h"
#include "daemon/rpc/explain.h"
#include "daemon/rpc/finding_reactor.h"
#include "daemon/rpc/pull_request.h"
#include "daemon/rpc/slow_call.h"
#include "daemon/rpc/stats_proto.h"
#include "daemon/rpc/waiting_call.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxIdBytes = 256;

}  // namespace

HfgetService::HfgetService(engine::EngineApi& engine, Door& door, ServiceInfo info)
    : engine_(engine), door_(door), info_(std::move(info)), watches_(door.config().max_watches) {}

void HfgetService::BeginDrain() {
  draining_ = true;
  watches_.CloseAll(Draining());
}

absl::StatusOr<core::Caller> HfgetService::Enter(const grpc::CallbackServerContext& context) {
  if (draining_) return Draining();
  return door_.Enter(context);
}

absl::StatusOr<core::Caller> HfgetService::EnterWithId(const grpc::CallbackServerContext& context,
                                                       const std::string& id) {
  HFGET_ASSIGN_OR_RETURN(core::Caller caller, Enter(context));
  if (id.empty()) return absl::InvalidArgumentError("the id of a pull is missing");
  if (id.size() > kMaxIdBytes) return absl::InvalidArgumentError("that is not the id of a pull");
  return caller;
}

absl::StatusOr<core::Caller> HfgetService::EnterToManage(const grpc::CallbackServerContext& context) {
  HFGET_ASSIGN_OR_RETURN(core::Caller caller, Enter(context));
  if (core::MayManage(caller)) return caller;
  return absl::PermissionDeniedError(
      "only the user that the daemon runs as may do that, on the daemon's own socket: ask them");
}

grpc::ServerUnaryReactor* HfgetService::ListSources(grpc::CallbackServerContext* context,
                                                    const v1::ListSourcesRequest*,
                                                    v1::ListSourcesResponse* response) {
  const absl::StatusOr<core::Caller> caller = Enter(*context);
  if (!caller.ok()) return FinishNow(context, caller.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Sources = std::vector<engine::SourceSnapshot>;
  engine_.ListSources(AnswerTo<Sources>(reactor, [response, caller = *caller](const Sources& sources) {
    for (const auto& source : sources) *response->add_sources() = ToProto(source, caller);
  }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::GetStats(grpc::CallbackServerContext* context,
                                                 const v1::GetStatsRequest*,
                                                 v1::GetStatsResponse* response) {
  if (const auto caller = EnterToManage(*context); !caller.ok()) return FinishNow(context, caller.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  engine_.GetStats(AnswerTo<engine::Stats>(
      reactor, [response](const engine::Stats& stats) { *response = ToProto(stats); }));
  return reactor;
}

absl::StatusOr<ClientLedger::Ticket> HfgetService::MayAskWhose(const grpc::CallbackServerContext& context,
                                                               bool own_token) {
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, Enter(context));
  if (own_token && !core::MayManage(caller)) {
    return absl::PermissionDeniedError("whose the daemon's own token is, is told to the daemon's user alone: send a token of yours");
  }
  return door_.Take(caller, ClientLedger::Kind::kSlowCall);
}

grpc::ServerUnaryReactor* HfgetService::WhoAmI(grpc::CallbackServerContext* context,
                                               const v1::WhoAmIRequest* request,
                                               v1::WhoAmIResponse* response) {
  absl::StatusOr<Secret> token = ToToken(request->token());
  absl::StatusOr<ClientLedger::Ticket> ticket = MayAskWhose(*context, token.ok() && token->empty());
  if (!ticket.ok()) return FinishNow(context, ticket.status());
  if (!token.ok()) return FinishNow(context, token.status());
  const std::shared_ptr<SlowCall> call = SlowCall::New(*std::move(ticket));
  engine_.WhoAmI(*std::move(token), [call, response](absl::StatusOr<engine::AccountAnswer> answer) {
    call->Answer(answer.status(), [&] { *response = ToProto(*answer); });
  });
  return call.get();
}

grpc::ServerUnaryReactor* HfgetService::ProbeSource(grpc::CallbackServerContext* context,
                                                    const v1::ProbeSourceRequest* request,
                                                    v1::ProbeSourceResponse* response) {
  const absl::StatusOr<core::Caller> caller = EnterToManage(*context);
  if (!caller.ok()) return FinishNow(context, caller.status());
  absl::StatusOr<ClientLedger::Ticket> ticket = door_.Take(*caller, ClientLedger::Kind::kSlowCall);
  if (!ticket.ok()) return FinishNow(context, ticket.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Sources = std::vector<engine::SourceSnapshot>;
  auto fill = [response, ticket = *std::move(ticket)](const Sources& sources) {
    for (const auto& source : sources) *response->add_sources() = ToProto(source);
  };
  engine_.ProbeSource(request->name(), AnswerTo<Sources>(reactor, std::move(fill)));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::SetSource(grpc::CallbackServerContext* context,
                                                  const v1::SetSourceRequest* request,
                                                  v1::SetSourceResponse* response) {
  if (const auto caller = EnterToManage(*context); !caller.ok()) return FinishNow(context, caller.status());
  const absl::StatusOr<engine::SourceChange> change = ToChange(request->change());
  if (!change.ok()) return FinishNow(context, change.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  engine_.SetSource(request->name(), *change,
                    AnswerTo<engine::SourceSnapshot>(reactor, [response](const engine::SourceSnapshot& source) {
                      *response->mutable_source() = ToProto(source);
                    }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::ExplainSource(grpc::CallbackServerContext* context,
                                                      const v1::ExplainSourceRequest* request,
                                                      v1::ExplainSourceResponse* response) {
  if (const auto caller = EnterToManage(*context); !caller.ok()) return FinishNow(context, caller.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Sources = std::vector<engine::SourceSnapshot>;
  // The same list as ListSources, so that both say the same.
  engine_.ListSources([call = WaitingCall(reactor), response, name = request->name()](
                          absl::StatusOr<Sources> sources) mutable {
    if (!sources.ok()) return call.Finish(sources.status());
    std::vector<std::string> names;
    for (const auto& source : *sources) {
      names.push_back(source.name);
      if (source.name != name) continue;
      *response->mutable_source() = ToProto(source);
      for (auto& line : Explain(source, absl::Now())) *response->add_lines() = std::move(line);
      return call.Finish(absl::OkStatus());
    }
    call.Finish(absl::NotFoundError(
        absl::StrCat("no source is named \"", name, "\"; there are ", absl::StrJoin(names, ", "))));
  });
  return reactor;
}

absl::Status HfgetService::BeginDiagnosis(const grpc::CallbackServerContext& context, const v1::DiagnoseRequest& request,
                                          const std::shared_ptr<FindingReactor>& findings) {
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, Enter(context));
  HFGET_ASSIGN_OR_RETURN(engine::DiagnoseSpec spec, ToSpec(request));
  HFGET_RETURN_IF_ERROR(door_.Own(caller, spec));
  HFGET_ASSIGN_OR_RETURN(ClientLedger::Ticket ticket, door_.Take(caller, ClientLedger::Kind::kSlowCall));
  findings->Hold(std::move(ticket));
  findings->Begin(caller.trusted() ? info_.environment : std::map<std::string, std::string>());
  engine_.Diagnose(std::move(spec), findings);
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::DiagnoseResponse>* HfgetService::Diagnose(
    grpc::CallbackServerContext* context, const v1::DiagnoseRequest* request) {
  const std::shared_ptr<FindingReactor> findings = FindingReactor::New();
  const absl::Status status = BeginDiagnosis(*context, *request, findings);
  if (!status.ok()) findings->Close(status);
  return findings.get();
}

absl::Status HfgetService::BeginManifest(const grpc::CallbackServerContext& context, const v1::GetManifestRequest& request,
                                         const std::shared_ptr<ManifestReactor>& manifest) {
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, Enter(context));
  HFGET_ASSIGN_OR_RETURN(engine::PullSpec spec, SpecOf(caller, request.pull()));
  HFGET_ASSIGN_OR_RETURN(ClientLedger::Ticket ticket, door_.Take(caller, ClientLedger::Kind::kSlowCall));
  manifest->Hold(std::move(ticket));
  engine_.ReadManifest(std::move(spec), manifest);
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::GetManifestResponse>* HfgetService::GetManifest(grpc::CallbackServerContext* context,
                                                                             const v1::GetManifestRequest* request) {
  const std::shared_ptr<ManifestReactor> manifest = ManifestReactor::New();
  const absl::Status status = BeginManifest(*context, *request, manifest);
  if (!status.ok()) manifest->Close(status);
  return manifest.get();
}

absl::Status HfgetService::BeginVerify(const core::Caller& caller, const v1::VerifyRepoRequest& request,
                                       const std::shared_ptr<VerifyReactor>& verify) {
  const v1::PullRequest& pull = request.pull();
  if (pull.dry_run() || pull.wait() != v1::PullRequest::WAIT_UNSPECIFIED || pull.cancel_on_disconnect() || !pull.request_id().empty()) {
    return absl::InvalidArgumentError(
        "a verification takes no dry_run, wait, cancel_on_disconnect or request_id: leave them out, and watch the repair");
  }
  HFGET_ASSIGN_OR_RETURN(engine::PullSpec spec, SpecOf(caller, pull));
  HFGET_ASSIGN_OR_RETURN(ClientLedger::Ticket ticket, door_.Take(caller, ClientLedger::Kind::kSlowCall));
  verify->Hold(std::move(ticket));
  engine_.Verify(std::move(spec), request.repair(), verify);
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::VerifyRepoResponse>* HfgetService::VerifyRepo(grpc::CallbackServerContext* context,
                                                                           const v1::VerifyRepoRequest* request) {
  const absl::StatusOr<core::Caller> caller = Enter(*context);
  const std::shared_ptr<VerifyReactor> verify = VerifyReactor::New(caller.ok() ? *caller : core::Caller());
  const absl::Status status = caller.ok() ? BeginVerify(*caller, *request, verify) : caller.status();
  if (!status.ok()) verify->Close(status);
  return verify.get();
}

grpc::ServerUnaryReactor* HfgetService::GetVersion(grpc::CallbackServerContext* context,
                                                   const v1::GetVersionRequest*,
                                                   v1::GetVersionResponse* response) {
  const absl::StatusOr<core::Caller> caller = Enter(*context);
  if (!caller.ok()) return FinishNow(context, caller.status());
  response->set_version(info_.version);
  response->set_api(kApiVersion);
  response->set_cache_dir(ValidUtf8(info_.cache_dir));
  response->mutable_started()->set_seconds(absl::ToUnixSeconds(info_.started));
  if (!caller->trusted()) return FinishNow(context, absl::OkStatus());
  response->set_pid(info_.pid);
  response->set_socket(ValidUtf8(info_.socket));
  response->set_state_dir(ValidUtf8(info_.state_dir));
  response->set_log_file(ValidUtf8(info_.log_file));
  response->set_logs_to_journal(info_.logs_to_journal);
  return FinishNow(context, absl::OkStatus());
}

}  // namespace hfget::rpc
