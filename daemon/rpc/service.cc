#include "daemon/rpc/service.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "daemon/rpc/convert.h"
#include "daemon/rpc/finding_reactor.h"
#include "daemon/rpc/explain.h"
#include "daemon/rpc/pull_request.h"
#include "daemon/rpc/slow_call.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMaxIdBytes = 256;

absl::Status Draining() {
  return absl::UnavailableError("the daemon is shutting down: try again when it is back");
}

// One unary call that waits for its answer. Finishes it exactly once: by Finish, or as UNAVAILABLE
// when it is destroyed unanswered, which happens when the engine goes with the question still in
// its mailbox. A call that is never finished would keep the server from ever shutting down.
class WaitingCall {
 public:
  explicit WaitingCall(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  WaitingCall(WaitingCall&& other) noexcept : reactor_(std::exchange(other.reactor_, nullptr)) {}
  WaitingCall& operator=(WaitingCall&&) = delete;
  ~WaitingCall() {
    if (reactor_ != nullptr) Finish(Draining());
  }

  void Finish(const absl::Status& status) {
    std::exchange(reactor_, nullptr)->Finish(ToGrpc(status));
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
};

// An answer for the engine to call: `fill` copies the value into the response, then the call is
// finished.
template <typename T, typename Fill>
engine::EngineApi::Answer<T> AnswerTo(grpc::ServerUnaryReactor* reactor, Fill fill) {
  return [call = WaitingCall(reactor), fill = std::move(fill)](absl::StatusOr<T> result) mutable {
    if (result.ok()) fill(*result);
    call.Finish(result.status());
  };
}

grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context,
                                    const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

}  // namespace

HfgetService::HfgetService(engine::EngineApi& engine, ServiceInfo info)
    : engine_(engine), info_(std::move(info)) {}

void HfgetService::BeginDrain() {
  draining_ = true;
  watches_.CloseAll(Draining());
}

absl::Status HfgetService::CheckServing() const {
  return draining_ ? Draining() : absl::OkStatus();
}

absl::Status HfgetService::CheckId(const std::string& id) const {
  if (draining_) return Draining();
  if (id.empty()) return absl::InvalidArgumentError("the id of a pull is missing");
  if (id.size() > kMaxIdBytes) return absl::InvalidArgumentError("that is not the id of a pull");
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* HfgetService::Pull(grpc::CallbackServerContext* context,
                                             const v1::PullRequest* request,
                                             v1::PullResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
  absl::StatusOr<engine::PullSpec> spec = ToSpec(*request);
  if (!spec.ok()) return FinishNow(context, spec.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  engine_.StartPull(*std::move(spec), AnswerTo<engine::PullStarted>(
                                          reactor, [response](const engine::PullStarted& started) {
                                            *response->mutable_pull() = ToProto(started.pull);
                                            response->set_joined(started.joined);
                                          }));
  return reactor;
}

grpc::ServerWriteReactor<v1::WatchPullResponse>* HfgetService::WatchPull(
    grpc::CallbackServerContext*, const v1::WatchPullRequest* request) {
  const std::shared_ptr<WatchReactor> watch = WatchReactor::New();
  absl::Status status = CheckId(request->id());
  if (status.ok()) status = watches_.Add(watch);
  if (!status.ok()) {
    watch->Close(status);
    return watch.get();
  }
  // An engine that goes without an answer needs no care here: CloseAll has ended the stream before.
  engine_.Watch(request->id(), watch,
                [weak = std::weak_ptr<WatchReactor>(watch)](absl::StatusOr<bool> result) {
                  if (result.ok()) return;
                  if (const auto watch = weak.lock()) watch->Close(result.status());
                });
  return watch.get();
}

grpc::ServerUnaryReactor* HfgetService::GetPull(grpc::CallbackServerContext* context,
                                                const v1::GetPullRequest* request,
                                                v1::GetPullResponse* response) {
  if (absl::Status status = CheckId(request->id()); !status.ok()) return FinishNow(context, status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  engine_.GetPull(request->id(), AnswerTo<engine::PullSnapshot>(
                                     reactor, [response](const engine::PullSnapshot& pull) {
                                       *response->mutable_pull() = ToProto(pull);
                                     }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::ListPulls(grpc::CallbackServerContext* context,
                                                  const v1::ListPullsRequest* request,
                                                  v1::ListPullsResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Pulls = std::vector<engine::PullSnapshot>;
  engine_.ListPulls(request->active_only(), AnswerTo<Pulls>(reactor, [response](Pulls& pulls) {
                      for (engine::PullSnapshot& pull : pulls) {
                        pull.plan.clear();
                        *response->add_pulls() = ToProto(pull);
                      }
                    }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::CancelPull(grpc::CallbackServerContext* context,
                                                   const v1::CancelPullRequest* request,
                                                   v1::CancelPullResponse* response) {
  if (absl::Status status = CheckId(request->id()); !status.ok()) return FinishNow(context, status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  engine_.CancelPull(
      request->id(), request->discard_partial(),
      AnswerTo<engine::PullSnapshot>(reactor, [response](const engine::PullSnapshot& pull) {
        *response->mutable_pull() = ToProto(pull);
      }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::ListSources(grpc::CallbackServerContext* context,
                                                    const v1::ListSourcesRequest*,
                                                    v1::ListSourcesResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Sources = std::vector<engine::SourceSnapshot>;
  engine_.ListSources(AnswerTo<Sources>(reactor, [response](const Sources& sources) {
    for (const auto& source : sources) *response->add_sources() = ToProto(source);
  }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::WhoAmI(grpc::CallbackServerContext* context,
                                               const v1::WhoAmIRequest* request,
                                               v1::WhoAmIResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
  absl::StatusOr<Secret> token = ToToken(request->token());
  if (!token.ok()) return FinishNow(context, token.status());
  const std::shared_ptr<SlowCall> call = SlowCall::New();
  engine_.WhoAmI(*std::move(token), [call, response](absl::StatusOr<engine::AccountAnswer> answer) {
    call->Answer(answer.status(), [&] { *response = ToProto(*answer); });
  });
  return call.get();
}

grpc::ServerUnaryReactor* HfgetService::ProbeSource(grpc::CallbackServerContext* context,
                                                    const v1::ProbeSourceRequest* request,
                                                    v1::ProbeSourceResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Sources = std::vector<engine::SourceSnapshot>;
  engine_.ProbeSource(request->name(), AnswerTo<Sources>(reactor, [response](const Sources& sources) {
                        for (const auto& source : sources) *response->add_sources() = ToProto(source);
                      }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::SetSource(grpc::CallbackServerContext* context,
                                                  const v1::SetSourceRequest* request,
                                                  v1::SetSourceResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
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
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
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

grpc::ServerWriteReactor<v1::DiagnoseResponse>* HfgetService::Diagnose(
    grpc::CallbackServerContext*, const v1::DiagnoseRequest* request) {
  const std::shared_ptr<FindingReactor> findings = FindingReactor::New();
  absl::StatusOr<engine::DiagnoseSpec> spec = ToSpec(*request);
  if (draining_) spec = Draining();
  if (!spec.ok()) {
    findings->Close(spec.status());
    return findings.get();
  }
  findings->Begin(info_.environment);
  engine_.Diagnose(*std::move(spec), findings);
  return findings.get();
}

grpc::ServerUnaryReactor* HfgetService::GetVersion(grpc::CallbackServerContext* context,
                                                   const v1::GetVersionRequest*,
                                                   v1::GetVersionResponse* response) {
  if (absl::Status status = CheckServing(); !status.ok()) return FinishNow(context, status);
  response->set_version(info_.version);
  response->set_api(kApiVersion);
  response->set_pid(info_.pid);
  response->set_socket(ValidUtf8(info_.socket));
  response->set_state_dir(ValidUtf8(info_.state_dir));
  response->set_cache_dir(ValidUtf8(info_.cache_dir));
  response->mutable_started()->set_seconds(absl::ToUnixSeconds(info_.started));
  return FinishNow(context, absl::OkStatus());
}

}  // namespace hfget::rpc
