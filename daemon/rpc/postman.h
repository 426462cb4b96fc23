// The thread that brings snapshots to those who watch, so that the engine's does not.
#ifndef HFGET_DAEMON_RPC_POSTMAN_H_
#define HFGET_DAEMON_RPC_POSTMAN_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "daemon/rpc/snapshot_bytes.h"

namespace hfget::rpc {

// A write to a stream costs some 20 us, most of it in gRPC and the kernel, and a thousand watchers want ten thousand a second: a fifth of the
// time of the thread that moves the bytes. One thread suffices, as none of its writes waits for a reader. Thread: Call from any.
class Postman {
 public:
  // Somebody for whom something waits.
  class Reader {
   public:
    virtual ~Reader() = default;
    // Sends what waits. Thread: the postman's.
    virtual void Deliver(SnapshotBytes& bytes) = 0;
  };

  Postman() : thread_([this] { Run(); }) {}
  // REQUIRES: nobody calls any more. Those who still wait are forgotten.
  ~Postman();

  // In the order of the calls.
  void Call(std::shared_ptr<Reader> reader);

 private:
  void Run();

  absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::shared_ptr<Reader>> waiting_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_POSTMAN_H_
