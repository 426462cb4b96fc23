// One open VerifyRepo stream.
#ifndef HFGET_DAEMON_RPC_VERIFY_REACTOR_H_
#define HFGET_DAEMON_RPC_VERIFY_REACTOR_H_

#include <memory>
#include <utility>
#include <vector>

#include "daemon/core/access.h"
#include "daemon/engine/api.h"
#include "daemon/rpc/queue_reactor.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

class VerifyReactor final : public QueueReactor<v1::VerifyRepoResponse, engine::VerifySink> {
 public:
  static std::shared_ptr<VerifyReactor> New(core::Caller caller) { return Keep(new VerifyReactor(std::move(caller))); }

  void OnManifest(engine::ManifestAnswer manifest) override;
  void OnError(const engine::PullError& error) override { End(ToGrpc(error)); }
  void OnVerdicts(std::vector<engine::FileVerdict> verdicts) override;
  void OnProgress(const engine::VerifyProgress& progress) override;
  void OnSummary(const engine::VerifySummary& summary) override;
  bool Behind() const override { return waiting() > kMostWaiting; }

 private:
  // A message has up to 128 verdicts.
  static constexpr size_t kMostWaiting = 32;

  explicit VerifyReactor(core::Caller caller) : caller_(std::move(caller)) {}

  const core::Caller caller_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_VERIFY_REACTOR_H_
