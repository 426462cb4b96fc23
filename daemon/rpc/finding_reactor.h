// One open Diagnose stream.
#ifndef HFGET_DAEMON_RPC_FINDING_REACTOR_H_
#define HFGET_DAEMON_RPC_FINDING_REACTOR_H_

#include <map>
#include <memory>
#include <string>

#include "daemon/engine/api.h"
#include "daemon/rpc/queue_reactor.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// A diagnosis has some dozens of findings.
class FindingReactor final : public QueueReactor<v1::DiagnoseResponse, engine::FindingSink> {
 public:
  static std::shared_ptr<FindingReactor> New() { return Keep(new FindingReactor); }

  // The first message.
  void Begin(const std::map<std::string, std::string>& environment);
  void OnFinding(const hub::Finding& finding) override;
  void OnEnd() override { Close(absl::OkStatus()); }

 private:
  FindingReactor() = default;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_FINDING_REACTOR_H_
