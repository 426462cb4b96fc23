// The API of hfgetd on top of the engine: checks, posts, and finishes each call from the engine's
// answer. service_pulls.cc: pulls; service_bench.cc: benches; service.cc: all else.
#ifndef HFGET_DAEMON_RPC_SERVICE_H_
#define HFGET_DAEMON_RPC_SERVICE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/bench_reactor.h"
#include "daemon/rpc/door.h"
#include "daemon/rpc/finding_reactor.h"
#include "daemon/rpc/history_reactor.h"
#include "daemon/rpc/manifest_reactor.h"
#include "daemon/rpc/postman.h"
#include "daemon/rpc/pulls_reactor.h"
#include "daemon/rpc/verify_reactor.h"
#include "daemon/rpc/watch_reactor.h"
#include "daemon/rpc/watch_set.h"
#include "hfget/v1/hfget.grpc.pb.h"

namespace hfget::rpc {

// Grows when a client of the old API would no longer work.
constexpr int kApiVersion = 1;

// What GetVersion tells.
struct ServiceInfo {
  std::string version;
  int64_t pid = 0;
  std::string socket;
  std::string state_dir;
  std::string cache_dir;
  absl::Time started;
  std::map<std::string, std::string> environment = {};  // that decides about the net; without passwords
  std::string log_file = {};  // empty: standard error is no file
  bool logs_to_journal = false;
};

// Thread: gRPC's pool calls the methods, the engine's thread answers; neither ever waits here.
// BeginDrain: any. Watches send bytes that were encoded once for many, so that their two methods are raw.
class HfgetService final
    : public v1::Hfget::WithRawCallbackMethod_WatchPull<v1::Hfget::WithRawCallbackMethod_WatchPulls<v1::Hfget::CallbackService>> {
 public:
  // REQUIRES: `engine` and `door` outlive every call: they end after Server::Drain.
  HfgetService(engine::EngineApi& engine, Door& door, ServiceInfo info);

  // From here on every call answers UNAVAILABLE, and open watches end so.
  void BeginDrain();

  grpc::ServerUnaryReactor* Pull(grpc::CallbackServerContext* context,
                                 const v1::PullRequest* request,
                                 v1::PullResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchPull(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* GetPull(grpc::CallbackServerContext* context,
                                    const v1::GetPullRequest* request,
                                    v1::GetPullResponse* response) override;
  grpc::ServerUnaryReactor* GetPieceMap(grpc::CallbackServerContext* context,
                                        const v1::GetPieceMapRequest* request,
                                        v1::GetPieceMapResponse* response) override;
  grpc::ServerUnaryReactor* Prefetch(grpc::CallbackServerContext* context,
                                     const v1::PrefetchRequest* request,
                                     v1::PrefetchResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchPulls(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  // Leaves out the plans of dry runs: a hundred thousand names each.
  grpc::ServerUnaryReactor* ListPulls(grpc::CallbackServerContext* context,
                                      const v1::ListPullsRequest* request,
                                      v1::ListPullsResponse* response) override;
  grpc::ServerUnaryReactor* CancelPull(grpc::CallbackServerContext* context,
                                       const v1::CancelPullRequest* request,
                                       v1::CancelPullResponse* response) override;
  grpc::ServerUnaryReactor* PausePull(grpc::CallbackServerContext* context,
                                      const v1::PausePullRequest* request,
                                      v1::PausePullResponse* response) override;
  grpc::ServerUnaryReactor* ResumePull(grpc::CallbackServerContext* context,
                                       const v1::ResumePullRequest* request,
                                       v1::ResumePullResponse* response) override;
  grpc::ServerUnaryReactor* RetryPull(grpc::CallbackServerContext* context,
                                      const v1::RetryPullRequest* request,
                                      v1::RetryPullResponse* response) override;
  grpc::ServerUnaryReactor* RemovePull(grpc::CallbackServerContext* context,
                                       const v1::RemovePullRequest* request,
                                       v1::RemovePullResponse* response) override;
  grpc::ServerUnaryReactor* ListSources(grpc::CallbackServerContext* context,
                                        const v1::ListSourcesRequest* request,
                                        v1::ListSourcesResponse* response) override;
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const v1::GetStatsRequest* request,
                                     v1::GetStatsResponse* response) override;
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context,
                                   const v1::WhoAmIRequest* request,
                                   v1::WhoAmIResponse* response) override;
  grpc::ServerUnaryReactor* ProbeSource(grpc::CallbackServerContext* context,
                                        const v1::ProbeSourceRequest* request,
                                        v1::ProbeSourceResponse* response) override;
  grpc::ServerUnaryReactor* SetSource(grpc::CallbackServerContext* context,
                                      const v1::SetSourceRequest* request,
                                      v1::SetSourceResponse* response) override;
  grpc::ServerUnaryReactor* ExplainSource(grpc::CallbackServerContext* context,
                                          const v1::ExplainSourceRequest* request,
                                          v1::ExplainSourceResponse* response) override;
  grpc::ServerWriteReactor<v1::DiagnoseResponse>* Diagnose(
      grpc::CallbackServerContext* context, const v1::DiagnoseRequest* request) override;
  grpc::ServerWriteReactor<v1::GetManifestResponse>* GetManifest(grpc::CallbackServerContext* context,
                                                                 const v1::GetManifestRequest* request) override;
  grpc::ServerWriteReactor<v1::VerifyRepoResponse>* VerifyRepo(grpc::CallbackServerContext* context,
                                                               const v1::VerifyRepoRequest* request) override;
  grpc::ServerWriteReactor<v1::BenchSourcesResponse>* BenchSources(grpc::CallbackServerContext* context,
                                                                   const v1::BenchSourcesRequest* request) override;
  grpc::ServerWriteReactor<v1::GetBenchHistoryResponse>* GetBenchHistory(grpc::CallbackServerContext* context,
                                                                         const v1::GetBenchHistoryRequest* request) override;
  grpc::ServerUnaryReactor* GetVersion(grpc::CallbackServerContext* context,
                                       const v1::GetVersionRequest* request,
                                       v1::GetVersionResponse* response) override;

 private:
  // Who calls; counted. Errors: of Door::Enter; UNAVAILABLE while draining.
  absl::StatusOr<core::Caller> Enter(const grpc::CallbackServerContext& context);
  // The same, and that `id` can be one.
  absl::StatusOr<core::Caller> EnterWithId(const grpc::CallbackServerContext& context, const std::string& id);
  // The same for what only the daemon's own user may do.
  absl::StatusOr<core::Caller> EnterToManage(const grpc::CallbackServerContext& context);
  absl::StatusOr<engine::PullSpec> SpecOf(const grpc::CallbackServerContext& context, const v1::PullRequest& request);
  absl::StatusOr<engine::PullSpec> SpecOf(const core::Caller& caller, const v1::PullRequest& request);
  absl::StatusOr<engine::EngineApi::Specs> SpecsOf(const grpc::CallbackServerContext& context, const v1::PrefetchRequest& request);
  absl::StatusOr<engine::PullQuery> QueryOf(const core::Caller& caller, const v1::ListPullsRequest& request);
  grpc::ServerUnaryReactor* PullAndWait(grpc::CallbackServerContext* context, const v1::PullRequest& request, engine::PullSpec spec,
                                        v1::PullResponse* response);
  absl::Status BeginWatch(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes,
                          const std::shared_ptr<WatchReactor>& watch);
  absl::Status BeginWatchAll(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes,
                             const std::shared_ptr<PullsReactor>& watch);
  // Calls `then` with OK when the caller may see the pull, which for others is as if it were not there.
  void IfShown(const core::Caller& caller, const std::string& id, absl::AnyInvocable<void(absl::Status shown)> then);
  // Does something to a pull that the caller may see, and finishes the call with what the engine answers; `out` is of the response.
  using Act = absl::AnyInvocable<void(std::string id, engine::EngineApi::Answer<engine::PullSnapshot> answer)>;
  grpc::ServerUnaryReactor* ActOn(grpc::CallbackServerContext* context, const std::string& id, v1::Pull* out, Act act);
  absl::Status BeginDiagnosis(const grpc::CallbackServerContext& context, const v1::DiagnoseRequest& request,
                              const std::shared_ptr<FindingReactor>& findings);
  absl::Status BeginManifest(const grpc::CallbackServerContext& context, const v1::GetManifestRequest& request,
                             const std::shared_ptr<ManifestReactor>& manifest);
  absl::Status BeginVerify(const core::Caller& caller, const v1::VerifyRepoRequest& request, const std::shared_ptr<VerifyReactor>& verify);
  absl::Status BeginBench(const grpc::CallbackServerContext& context, const v1::BenchSourcesRequest& request,
                          const std::shared_ptr<BenchReactor>& bench);
  absl::Status BeginHistory(const grpc::CallbackServerContext& context, const v1::GetBenchHistoryRequest& request,
                            const std::shared_ptr<HistoryReactor>& history);
  // A place for a call about an account. `own_token`: the daemon's.
  absl::StatusOr<ClientLedger::Ticket> MayAskWhose(const grpc::CallbackServerContext& context, bool own_token);

  engine::EngineApi& engine_;
  Door& door_;
  const ServiceInfo info_;
  std::atomic<bool> draining_{false};
  WatchSet watches_;
  Postman postman_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_SERVICE_H_
