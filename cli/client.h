// Calls to one daemon.
#ifndef HFGET_CLI_CLIENT_H_
#define HFGET_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/endpoint.h"
#include "hfget/v1/hfget.grpc.pb.h"

namespace hfget::cli {

// The API that this client speaks; GetVersionResponse.api.
constexpr int kApi = 1;

// The same code; a message that says what to do where gRPC's own does not.
absl::Status ToAbslStatus(const grpc::Status& status, absl::string_view socket);

// Errors: of the daemon as they are; UNAVAILABLE when it cannot be reached, DEADLINE_EXCEEDED when
// it does not answer.
class Client {
 public:
  // Connects with the first call.
  explicit Client(const std::string& socket);
  // By TCP.
  Client(const std::string& address, const Access& access);

  // Or the address.
  const std::string& socket() const { return socket_; }

  absl::StatusOr<v1::GetVersionResponse> GetVersion();
  absl::StatusOr<v1::PullResponse> Pull(const v1::PullRequest& request);
  // All of them, by pages. `filter`: beside active_only.
  absl::StatusOr<v1::ListPullsResponse> ListPulls(bool active_only, const v1::PullFilter& filter = {});
  absl::StatusOr<v1::Pull> CancelPull(const std::string& id, bool discard_partial);
  absl::StatusOr<v1::Pull> PausePull(const std::string& id);
  absl::StatusOr<v1::Pull> ResumePull(const std::string& id);
  absl::StatusOr<v1::Pull> RetryPull(const std::string& id);
  absl::Status RemovePull(const std::string& id);
  absl::StatusOr<v1::ListSourcesResponse> ListSources();
  absl::StatusOr<v1::GetStatsResponse> GetStats();
  absl::StatusOr<v1::GetPieceMapResponse> GetPieceMap(const std::string& id, int most_cells);
  absl::StatusOr<v1::ExplainSourceResponse> ExplainSource(const std::string& name);
  absl::StatusOr<v1::SetSourceResponse> SetSource(const std::string& name, v1::SetSourceRequest::Change change);
  absl::StatusOr<v1::ProbeSourceResponse> ProbeSource(const std::string& name);  // empty: all
  // Empty: the daemon's own token.
  absl::StatusOr<v1::WhoAmIResponse> WhoAmI(const std::string& token);
  // `context` outlives the reader.
  std::unique_ptr<grpc::ClientReader<v1::DiagnoseResponse>> Diagnose(
      grpc::ClientContext* context, const v1::DiagnoseRequest& request);
  std::unique_ptr<grpc::ClientReader<v1::VerifyRepoResponse>> VerifyRepo(grpc::ClientContext* context,
                                                                         const v1::VerifyRepoRequest& request);
  std::unique_ptr<grpc::ClientReader<v1::BenchSourcesResponse>> BenchSources(grpc::ClientContext* context,
                                                                             const v1::BenchSourcesRequest& request);
  // All points; the stream is read to its end.
  absl::StatusOr<std::vector<v1::BenchPoint>> GetBenchHistory(const v1::GetBenchHistoryRequest& request);
  std::unique_ptr<grpc::ClientReader<v1::WatchPullResponse>> WatchPull(grpc::ClientContext* context,
                                                                       const std::string& id);

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::Hfget::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                                const Request& request, absl::Duration timeout);

  void Sign(grpc::ClientContext* context) const;

  std::string socket_;  // or address
  std::string token_;  // of the API; empty: none is asked for
  std::unique_ptr<v1::Hfget::Stub> stub_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_CLIENT_H_
