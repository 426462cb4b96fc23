// What is asked of pulls.
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/status.h"
#include "daemon/core/access.h"
#include "daemon/rpc/convert.h"
#include "daemon/rpc/place_token.h"
#include "daemon/rpc/pull_request.h"
#include "daemon/rpc/pull_terms.h"
#include "daemon/rpc/pulls_reactor.h"
#include "daemon/rpc/service.h"
#include "daemon/rpc/waiting_call.h"
#include "daemon/rpc/waiting_pull.h"

namespace hfget::rpc {
namespace {

// It is kept as long as the pull is queued, and a guest may queue a thousand.
constexpr size_t kMaxGuestRequestBytes = 64 << 10;

constexpr int kMaxPage = 1000;
constexpr int kMaxPrefetch = 1000;

constexpr int kMaxCells = 4096;
constexpr int kDefaultCells = 256;

// What stands in the way of a caller that may not see the pull.
absl::Status Shown(const core::Caller& caller, const std::string& id, const absl::StatusOr<engine::PullSnapshot>& pull) {
  if (!pull.ok()) return pull.status();
  return core::MaySee(caller, pull->owner) ? absl::OkStatus() : engine::NoSuchPull(id);
}

absl::StatusOr<int> CellsAskedFor(const v1::GetPieceMapRequest& request) {
  if (request.most_cells() == 0) return kDefaultCells;
  if (request.most_cells() > 0 && request.most_cells() <= kMaxCells) return request.most_cells();
  return absl::InvalidArgumentError(
      absl::StrCat("a map of ", request.most_cells(), " cells cannot be: 1 to ", kMaxCells, ", or 0 for ", kDefaultCells));
}

// gRPC parses no request of a raw method. Errors: INTERNAL, as gRPC's own.
template <typename Request>
absl::StatusOr<Request> Parsed(grpc::ByteBuffer bytes) {
  Request request;
  const grpc::Status status = grpc::SerializationTraits<Request>::Deserialize(&bytes, &request);
  if (!status.ok()) return FromGrpc(status);
  return request;
}

// A guest hears of nobody else's pulls.
absl::StatusOr<core::PullFilter> FilterFor(const core::Caller& caller, const v1::PullFilter& asked) {
  HFGET_ASSIGN_OR_RETURN(core::PullFilter filter, ToFilter(asked));
  if (!caller.trusted()) filter.owner = caller.name;
  return filter;
}

}  // namespace

absl::StatusOr<engine::PullSpec> HfgetService::SpecOf(const grpc::CallbackServerContext& context,
                                                      const v1::PullRequest& request) {
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, Enter(context));
  return SpecOf(caller, request);
}

absl::StatusOr<engine::PullSpec> HfgetService::SpecOf(const core::Caller& caller, const v1::PullRequest& request) {
  if (!caller.trusted() && request.ByteSizeLong() > kMaxGuestRequestBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the request has ", request.ByteSizeLong(), " bytes, and that of a guest may have ", kMaxGuestRequestBytes,
                     ": name patterns instead of files, or pull in parts"));
  }
  HFGET_ASSIGN_OR_RETURN(engine::PullSpec spec, ToSpec(request));
  HFGET_RETURN_IF_ERROR(door_.Own(caller, spec));
  return spec;
}

grpc::ServerUnaryReactor* HfgetService::Pull(grpc::CallbackServerContext* context,
                                             const v1::PullRequest* request,
                                             v1::PullResponse* response) {
  absl::StatusOr<engine::PullSpec> spec = SpecOf(*context, *request);
  if (!spec.ok()) return FinishNow(context, spec.status());
  if (Waits(*request)) return PullAndWait(context, *request, *std::move(spec), response);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const core::Caller caller{spec->owner};
  engine_.StartPull(*std::move(spec),
                    AnswerTo<engine::PullStarted>(reactor, [response, caller](const engine::PullStarted& started) {
                      *response->mutable_pull() = ToProto(started.pull, caller);
                      response->set_joined(started.joined);
                    }));
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::PullAndWait(grpc::CallbackServerContext* context, const v1::PullRequest& request,
                                                    engine::PullSpec spec, v1::PullResponse* response) {
  const core::Caller caller{spec.owner};
  absl::StatusOr<ClientLedger::Ticket> ticket = door_.Take(caller, ClientLedger::Kind::kWatch);
  if (!ticket.ok()) return FinishNow(context, ticket.status());
  const bool bound = spec.bound;
  // Whoever is cut off by the end of the daemon has not gone.
  auto release = [this, bound](const std::string& id) {
    if (bound && !draining_) engine_.ReleasePull(id);
  };
  const int files = request.wait() == v1::PullRequest::WAIT_FILES ? request.wait_files() : WaitingPull::kAll;
  const std::shared_ptr<WaitingPull> call = WaitingPull::New(*std::move(ticket), caller, files, response, std::move(release));
  if (const absl::Status added = watches_.Add(call); !added.ok()) {
    call->Close(added);
    return call.get();
  }
  engine_.StartPull(std::move(spec), [this, call](absl::StatusOr<engine::PullStarted> started) {
    if (!started.ok()) return call->Close(started.status());
    if (!call->Begin(started->pull.id, started->joined)) return;
    engine_.Watch(started->pull.id, call, [weak = std::weak_ptr<WaitingPull>(call)](absl::StatusOr<bool> found) {
      if (found.ok()) return;
      if (const auto call = weak.lock()) call->Close(found.status());
    });
  });
  return call.get();
}

absl::StatusOr<std::vector<absl::StatusOr<engine::PullSpec>>> HfgetService::SpecsOf(const grpc::CallbackServerContext& context,
                                                                                    const v1::PrefetchRequest& request) {
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, Enter(context));
  if (request.pulls().empty()) return absl::InvalidArgumentError("no pull is asked for: name at least one repo in pulls");
  if (request.pulls_size() > kMaxPrefetch) {
    return absl::InvalidArgumentError(absl::StrCat(request.pulls_size(), " pulls are asked for, and one call may ask for ", kMaxPrefetch,
                                                   ": call several times"));
  }
  std::vector<absl::StatusOr<engine::PullSpec>> specs;
  for (const v1::PullRequest& pull : request.pulls()) {
    specs.push_back(Waits(pull) ? absl::InvalidArgumentError("Prefetch waits for no pull: leave wait out, and watch them")
                                : SpecOf(caller, pull));
  }
  return specs;
}

grpc::ServerUnaryReactor* HfgetService::Prefetch(grpc::CallbackServerContext* context, const v1::PrefetchRequest* request,
                                                 v1::PrefetchResponse* response) {
  auto specs = SpecsOf(*context, *request);
  if (!specs.ok()) return FinishNow(context, specs.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  using Started = std::vector<absl::StatusOr<engine::PullStarted>>;
  engine_.StartPulls(*std::move(specs), request->all_or_nothing(), AnswerTo<Started>(reactor, [response](const Started& all) {
                       for (const auto& started : all) {
                         v1::PrefetchResponse::Result* result = response->add_results();
                         if (started.ok()) {
                           *result->mutable_pull() = ToProto(started->pull, core::Caller{started->pull.owner});
                           result->set_joined(started->joined);
                         } else if (!absl::IsCancelled(started.status())) {
                           *result->mutable_error() = ToError(started.status());
                         }
                       }
                     }));
  return reactor;
}

absl::Status HfgetService::BeginWatch(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes,
                                      const std::shared_ptr<WatchReactor>& watch) {
  HFGET_ASSIGN_OR_RETURN(const auto request, Parsed<v1::WatchPullRequest>(bytes));
  const std::string& id = request.id();
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, EnterWithId(context, id));
  HFGET_ASSIGN_OR_RETURN(ClientLedger::Ticket ticket, door_.Take(caller, ClientLedger::Kind::kWatch));
  HFGET_ASSIGN_OR_RETURN(const int64_t known, FromPlaceToken(request.resume_token(), "resume_token"));
  watch->Hold(std::move(ticket), caller, known);
  HFGET_RETURN_IF_ERROR(watches_.Add(watch));
  // An engine that goes without an answer needs no care here: CloseAll has ended the stream before.
  const std::weak_ptr<WatchReactor> weak = watch;
  IfShown(caller, id, [this, id, weak](const absl::Status& shown) {
    const auto watch = weak.lock();
    if (watch == nullptr) return;
    if (!shown.ok()) return watch->Close(shown);
    engine_.Watch(id, watch, [weak](absl::StatusOr<bool> result) {
      if (result.ok()) return;
      if (const auto watch = weak.lock()) watch->Close(result.status());
    });
  });
  return absl::OkStatus();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* HfgetService::WatchPull(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request) {
  const std::shared_ptr<WatchReactor> watch = WatchReactor::New(postman_);
  const absl::Status status = BeginWatch(*context, *request, watch);
  if (!status.ok()) watch->Close(status);
  return watch.get();
}

absl::Status HfgetService::BeginWatchAll(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes,
                                         const std::shared_ptr<PullsReactor>& watch) {
  HFGET_ASSIGN_OR_RETURN(const auto request, Parsed<v1::WatchPullsRequest>(bytes));
  HFGET_ASSIGN_OR_RETURN(const core::Caller caller, Enter(context));
  HFGET_ASSIGN_OR_RETURN(core::PullFilter filter, FilterFor(caller, request.filter()));
  HFGET_ASSIGN_OR_RETURN(const int64_t after, FromPlaceToken(request.resume_token(), "resume_token"));
  HFGET_ASSIGN_OR_RETURN(ClientLedger::Ticket ticket, door_.Take(caller, ClientLedger::Kind::kWatch));
  watch->Hold(std::move(ticket), caller);
  HFGET_RETURN_IF_ERROR(watches_.Add(watch));
  engine_.WatchAll(std::move(filter), after, watch, [weak = std::weak_ptr<PullsReactor>(watch)](absl::StatusOr<engine::WatchBegun> begun) {
    const auto watch = weak.lock();
    if (watch != nullptr) begun.ok() ? watch->Begin(*begun) : watch->Close(begun.status());
  });
  return absl::OkStatus();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* HfgetService::WatchPulls(grpc::CallbackServerContext* context,
                                                                     const grpc::ByteBuffer* request) {
  const std::shared_ptr<PullsReactor> watch = PullsReactor::New(postman_);
  const absl::Status status = BeginWatchAll(*context, *request, watch);
  if (!status.ok()) watch->Close(status);
  return watch.get();
}

grpc::ServerUnaryReactor* HfgetService::GetPull(grpc::CallbackServerContext* context,
                                                const v1::GetPullRequest* request,
                                                v1::GetPullResponse* response) {
  return ActOn(context, request->id(), response->mutable_pull(),
               [this](std::string id, auto answer) { engine_.GetPull(std::move(id), std::move(answer)); });
}

absl::StatusOr<engine::PullQuery> HfgetService::QueryOf(const core::Caller& caller, const v1::ListPullsRequest& request) {
  engine::PullQuery query;
  HFGET_ASSIGN_OR_RETURN(query.filter, FilterFor(caller, request.filter()));
  query.active_only = request.active_only();
  if (request.page_size() < 0 || request.page_size() > kMaxPage) {
    return absl::InvalidArgumentError(absl::StrCat("a page of ", request.page_size(), " pulls cannot be: 1 to ", kMaxPage, ", or 0 for all"));
  }
  query.most = request.page_size();
  query.brief = request.brief();
  if (request.page_token().empty()) return query;
  HFGET_ASSIGN_OR_RETURN(query.before, FromPlaceToken(request.page_token(), "page_token"));
  return query;
}

grpc::ServerUnaryReactor* HfgetService::ListPulls(grpc::CallbackServerContext* context,
                                                  const v1::ListPullsRequest* request,
                                                  v1::ListPullsResponse* response) {
  const absl::StatusOr<core::Caller> caller = Enter(*context);
  if (!caller.ok()) return FinishNow(context, caller.status());
  absl::StatusOr<engine::PullQuery> query = QueryOf(*caller, *request);
  if (!query.ok()) return FinishNow(context, query.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  engine_.ListPulls(*std::move(query), AnswerTo<engine::PullPage>(reactor, [response, caller = *caller](engine::PullPage& page) {
                      for (engine::PullSnapshot& pull : page.pulls) {
                        pull.plan.clear();
                        *response->add_pulls() = ToProto(pull, caller);
                      }
                      if (page.next > 0) response->set_next_page_token(ToPlaceToken(page.next));
                    }));
  return reactor;
}

void HfgetService::IfShown(const core::Caller& caller, const std::string& id, absl::AnyInvocable<void(absl::Status shown)> then) {
  if (caller.trusted()) return then(absl::OkStatus());
  engine_.GetPull(id, [caller, id, then = std::move(then)](const absl::StatusOr<engine::PullSnapshot>& pull) mutable {
    then(Shown(caller, id, pull));
  });
}

grpc::ServerUnaryReactor* HfgetService::ActOn(grpc::CallbackServerContext* context, const std::string& id, v1::Pull* out, Act act) {
  const absl::StatusOr<core::Caller> caller = EnterWithId(*context, id);
  if (!caller.ok()) return FinishNow(context, caller.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto answer = [call = WaitingCall(reactor), out, caller = *caller](absl::StatusOr<engine::PullSnapshot> pull) mutable {
    if (pull.ok()) *out = ToProto(*pull, caller);
    call.Finish(pull.status());
  };
  IfShown(*caller, id, [act = std::move(act), answer = std::move(answer), id](const absl::Status& shown) mutable {
    shown.ok() ? act(id, std::move(answer)) : answer(shown);
  });
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::GetPieceMap(grpc::CallbackServerContext* context, const v1::GetPieceMapRequest* request,
                                                    v1::GetPieceMapResponse* response) {
  const absl::StatusOr<core::Caller> caller = EnterWithId(*context, request->id());
  if (!caller.ok()) return FinishNow(context, caller.status());
  const absl::StatusOr<int> cells = CellsAskedFor(*request);
  if (!cells.ok()) return FinishNow(context, cells.status());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto answer = AnswerTo<engine::PieceMapSnapshot>(
      reactor, [response](const engine::PieceMapSnapshot& map) { *response = ToProto(map); });
  const std::string& id = request->id();
  IfShown(*caller, id, [this, id, cells = *cells, answer = std::move(answer)](const absl::Status& shown) mutable {
    shown.ok() ? engine_.GetPieceMap(id, cells, std::move(answer)) : answer(shown);
  });
  return reactor;
}

grpc::ServerUnaryReactor* HfgetService::CancelPull(grpc::CallbackServerContext* context,
                                                   const v1::CancelPullRequest* request,
                                                   v1::CancelPullResponse* response) {
  return ActOn(context, request->id(), response->mutable_pull(),
               [this, discard = request->discard_partial()](std::string id, auto answer) {
                 engine_.CancelPull(std::move(id), discard, std::move(answer));
               });
}

grpc::ServerUnaryReactor* HfgetService::PausePull(grpc::CallbackServerContext* context, const v1::PausePullRequest* request,
                                                  v1::PausePullResponse* response) {
  return ActOn(context, request->id(), response->mutable_pull(),
               [this](std::string id, auto answer) { engine_.PausePull(std::move(id), std::move(answer)); });
}

grpc::ServerUnaryReactor* HfgetService::ResumePull(grpc::CallbackServerContext* context, const v1::ResumePullRequest* request,
                                                   v1::ResumePullResponse* response) {
  return ActOn(context, request->id(), response->mutable_pull(),
               [this](std::string id, auto answer) { engine_.ResumePull(std::move(id), std::move(answer)); });
}

grpc::ServerUnaryReactor* HfgetService::RetryPull(grpc::CallbackServerContext* context, const v1::RetryPullRequest* request,
                                                  v1::RetryPullResponse* response) {
  return ActOn(context, request->id(), response->mutable_pull(),
               [this](std::string id, auto answer) { engine_.RetryPull(std::move(id), std::move(answer)); });
}

grpc::ServerUnaryReactor* HfgetService::RemovePull(grpc::CallbackServerContext* context, const v1::RemovePullRequest* request,
                                                   v1::RemovePullResponse* response) {
  // Nothing is left of it to be answered.
  auto nobody = std::make_shared<v1::Pull>();
  return ActOn(context, request->id(), nobody.get(), [this, nobody](std::string id, auto answer) {
    engine_.RemovePull(std::move(id), [nobody, answer = std::move(answer)](absl::StatusOr<bool> removed) mutable {
      answer(removed.ok() ? absl::StatusOr<engine::PullSnapshot>(engine::PullSnapshot()) : removed.status());
    });
  });
}

}  // namespace hfget::rpc
