// One open GetManifest stream.
#ifndef HFGET_DAEMON_RPC_MANIFEST_REACTOR_H_
#define HFGET_DAEMON_RPC_MANIFEST_REACTOR_H_

#include <memory>

#include "daemon/engine/api.h"
#include "daemon/rpc/queue_reactor.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {

// A listing of a million files is made into messages as they are read, never all at once.
class ManifestReactor final : public QueueReactor<v1::GetManifestResponse, engine::ManifestSink> {
 public:
  static constexpr size_t kFilesAtOnce = 1000;

  static std::shared_ptr<ManifestReactor> New() { return Keep(new ManifestReactor); }

  void OnManifest(engine::ManifestAnswer manifest) override;
  void OnError(const engine::PullError& error) override { End(ToGrpc(error)); }

 private:
  ManifestReactor() = default;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_MANIFEST_REACTOR_H_
